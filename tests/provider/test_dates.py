"""RFC 3339 as the provider reads and writes it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from whop_contracts.provider import dates

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

GOOD = [
    ("1970-01-01T00:00:00Z", 0),
    ("2023-12-01T05:00:00.401Z", 1_701_406_800_401_000_000),
    ("2023-12-01t05:00:00.401z", 1_701_406_800_401_000_000),
    ("2023-12-01T10:30:00.401+05:30", 1_701_406_800_401_000_000),
    ("2023-12-01T01:30:00.401-03:30", 1_701_406_800_401_000_000),
    ("2023-12-01T05:00:00.401-00:00", 1_701_406_800_401_000_000),
    ("2023-12-01T05:00:00.5Z", 1_701_406_800_500_000_000),
    ("2023-12-01T05:00:00.045Z", 1_701_406_800_045_000_000),
    ("2023-12-01T05:00:00.123456Z", 1_701_406_800_123_456_000),
    ("2023-12-01T05:00:00.123456789Z", 1_701_406_800_123_456_789),
    ("2023-12-01T05:00:00.1234567899999Z", 1_701_406_800_123_456_789),
    ("2023-12-01T04:59:60Z", 1_701_406_800_000_000_000),
    ("2024-02-29T12:00:00Z", 1_709_208_000_000_000_000),
    ("2000-02-29T00:00:00Z", 951_782_400_000_000_000),
    ("2038-01-19T03:14:08Z", 2_147_483_648_000_000_000),
    ("9999-12-31T23:59:59.999Z", 253_402_300_799_999_000_000),
    ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
    ("2023-12-01T05:00:00+23:59", 1_701_320_460_000_000_000),
]
BAD = [
    *("", " ", "now", "2023-12-01", "2023-12-01T05:00:00", "2023-12-01T05:00Z", "2023-12-01 05:00:00Z"),
    *("2023-12-01T05:00:00.Z", "2023-12-01T05:00:00,5Z", "2023-12-01T05:00:00+0100"),
    *("2023-12-01T05:00:00+01", "2023-12-01T05:00:00+24:00", "2023-12-01T05:00:00+01:60"),
    *("2023-12-01T24:00:00Z", "2023-12-01T05:60:00Z", "2023-12-01T05:00:61Z", "2023-13-01T05:00:00Z"),
    *("2023-00-01T05:00:00Z", "2023-12-00T05:00:00Z", "2023-02-29T05:00:00Z", "1900-02-29T05:00:00Z"),
    *("2023-04-31T05:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01"),
    *("9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "12023-12-01T05:00:00Z", "+2023-12-01T05:00:00Z"),
    *("2023-12-01T05:00:00Z\n", " 2023-12-01T05:00:00Z", "2023-W48-5T05:00:00Z", "20231201T050000Z"),
    *("\uff12\uff10\uff12\uff13-12-01T05:00:00Z", "1701406800", "2023-12-01T05:00:00Z\0", "\ud800"),
]
LOOSE = [
    *((" 2023-12-01T05:00:00Z\n", 1_701_406_800), ("2023-12-01 05:00:00Z", 1_701_406_800)),
    *(("2023-12-01T05:00Z", 1_701_406_800), ("2023-12-01T06:00:00+0100", 1_701_406_800)),
    *(("2023-12-01T05:00:00", 1_701_406_800), ("2023-12-01", 1_701_388_800)),
]


def test_a_date_time_names_one_instant() -> None:
    for text, instant in GOOD:
        assert dates.split(text).instant() == dates.split_loosely(text).instant() == instant, text


def test_anything_else_names_none() -> None:
    for text in BAD:
        with pytest.raises(dates.NotAnInstant):
            dates.split(text)


def test_a_loose_text_names_one_instant_to_a_loose_reader_only() -> None:
    for text, seconds in LOOSE:
        assert dates.split_loosely(text).instant() == seconds * dates.SECOND, text
        with pytest.raises(dates.NotAnInstant):
            dates.split(text)


def test_reading_undoes_writing() -> None:
    chance = random.Random(0)
    for _ in range(3000):
        instant = chance.randrange(-62_135_510_400 * dates.SECOND, 253_402_214_400 * dates.SECOND)
        offset = chance.choice([None, 0, 330, -210, 14 * 60, -12 * 60])
        assert dates.split(dates.write(instant, digits=9, offset=offset)).instant() == instant


def test_the_calendar_agrees_with_the_language_s_own() -> None:
    chance = random.Random(0)
    for _ in range(3000):
        moment = EPOCH + timedelta(
            days=chance.randrange(-719_162, 2_932_896), seconds=chance.randrange(86_400)
        )
        seconds = (moment - EPOCH) // timedelta(seconds=1)
        assert dates.split(moment.isoformat()).instant() == seconds * dates.SECOND
        assert dates.write(seconds * dates.SECOND, digits=0) == moment.isoformat().replace("+00:00", "Z")
        assert dates.http_date(seconds * dates.SECOND).startswith(moment.strftime("%a, %d %b "))


def test_surplus_digits_are_cut_off() -> None:
    assert dates.write(999_999_999) == "1970-01-01T00:00:00.999Z"
    assert dates.write(-1, digits=6, offset=-90) == "1969-12-31T22:29:59.999999-01:30"


def test_the_date_header_is_spelt_as_http_wants_it() -> None:
    assert dates.http_date(784_111_777 * dates.SECOND) == "Sun, 06 Nov 1994 08:49:37 GMT"
