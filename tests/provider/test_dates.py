"""RFC 3339 as the provider reads and writes it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from talking import REQUESTS

from whop_contracts.provider import dates

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_date_time_names_one_instant():
    for text, instant in REQUESTS["instants in nanoseconds"].items():
        assert dates.split(text).instant() == dates.split_loosely(text).instant() == instant, text


def test_anything_else_names_none():
    for text in REQUESTS["no instants"]:
        with pytest.raises(dates.NotAnInstant):
            dates.split(text)


def test_a_loose_text_names_one_instant_to_a_loose_reader_only():
    for text, seconds in REQUESTS["loose instants in seconds"].items():
        assert dates.split_loosely(text).instant() == seconds * dates.SECOND, text
        with pytest.raises(dates.NotAnInstant):
            dates.split(text)


def test_reading_undoes_writing_and_agrees_with_the_language_s_own_dates():
    chance = random.Random(0)
    for _ in range(3000):
        second = chance.randrange(-62_135_510_400, 253_402_214_400)
        instant = second * dates.SECOND + chance.randrange(dates.SECOND)
        offset = chance.choice([None, 0, 330, -210, 14 * 60, -12 * 60])
        assert dates.split(dates.write(instant, digits=9, offset=offset)).instant() == instant
        moment = EPOCH + timedelta(seconds=second)
        assert dates.split(moment.isoformat()).instant() == second * dates.SECOND
        assert dates.write(instant, digits=0) == moment.isoformat().replace("+00:00", "Z")
        assert dates.http_date(instant).startswith(moment.strftime("%a, %d %b "))


def test_surplus_digits_are_cut_off():
    assert dates.write(999_999_999) == "1970-01-01T00:00:00.999Z"
    assert dates.write(-1, digits=6, offset=-90) == "1969-12-31T22:29:59.999999-01:30"


def test_the_date_header_is_spelt_as_http_wants_it():
    assert dates.http_date(784_111_777 * dates.SECOND) == "Sun, 06 Nov 1994 08:49:37 GMT"
