"""What a pause request asks for, as whole values, and the edges of the rows that it falls under."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from pause.histories import History, at
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.json_text import is_json, read_json
from whop_contracts.pause.classify import (
    FIRST,
    LAST,
    LONG_BODY,
    MILLI,
    YEAR,
    Intent,
    loose_instants,
    read_intent,
)

NOW = Window(at(0), at(0.5))
DAY = at(86_400)
END = at(1_000_000)


def asks(value: Any, **more: Any) -> bytes:
    return json.dumps({"paused_until": value} | more).encode()


def read(content: bytes, media_type: str = "application/json", end_time: int | None = END) -> Intent:
    return read_intent(content, media_type, NOW, end_time)


@pytest.mark.parametrize(
    ("content", "wished"),
    [
        (b"", Intent("nothing")),
        (b" \r\n", Intent("nothing")),
        (b"null", Intent("nothing")),
        (b"{}", Intent("omitted")),
        (b'{"note": 1}', Intent("omitted", extra=True)),
        (asks(None), Intent("nothing")),
        (asks(None, note=1), Intent("nothing", extra=True)),
        (asks(5), Intent("type")),
        (asks(5, note=1), Intent("type", extra=True)),
        (asks("soon"), Intent("string")),
        (asks("soon", note=1), Intent("string", extra=True)),
        (asks("2026-09-23"), Intent("loose", until=(1_790_121_600 * NANO,))),
        (asks("2026-09-23", note=1), Intent("loose", until=(1_790_121_600 * NANO,), extra=True)),
        (asks(write_instant(DAY)), Intent("instant", until=(DAY,))),
        (asks(write_instant(DAY), note=1), Intent("instant", until=(DAY,), extra=True)),
        (asks(write_instant(DAY, offset_minutes=-90)), Intent("instant", until=(DAY,), offset=-90)),
        (asks(write_instant(DAY).lower()), Intent("edge", until=(DAY,), slack=NANO)),
        (asks(write_instant(DAY).replace("Z", "-00:00")), Intent("edge", until=(DAY,), slack=NANO)),
        (asks(write_instant(DAY).replace("Z", "+00:00")), Intent("instant", until=(DAY,))),
        (asks(write_instant(at(-5))), Intent("past", until=(at(-5),))),
        (b"[]", Intent("no-object")),
        (b"{", Intent("malformed")),
        (b"{" + b" " * LONG_BODY, Intent("malformed", long=True)),
        (b"{}" + b" " * (LONG_BODY - 2), Intent("omitted")),
        (b"{}" + b" " * (LONG_BODY - 1), Intent("omitted", long=True)),
    ],
)
def test_what_a_body_asks_for(content: bytes, wished: Intent) -> None:
    assert read(content) == wished


def test_the_date_holds_to_a_millisecond_and_an_edge_to_a_second() -> None:
    assert (MILLI, NANO) == (1_000_000, 1_000_000_000)
    assert read(asks(write_instant(DAY))).slack == MILLI


@pytest.mark.parametrize(
    ("content", "wished"),
    [
        (asks(write_instant(DAY), note=1), Intent("media-type", until=(DAY,), extra=True)),
        (b"{}", Intent("media-type")),
        (b"{", Intent("media-type")),
        (b"paused_until=2026-09-23", Intent("media-type")),
        (b"", Intent("nothing")),
    ],
)
def test_under_another_media_type_it_may_still_be_read(content: bytes, wished: Intent) -> None:
    assert read(content, "text/plain") == wished


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (write_instant(NOW.end, digits=9), "past"),
        (write_instant(NOW.end + 1, digits=6), "past"),
        (write_instant(NOW.end + 1_000, digits=6), "instant"),
        (write_instant(END - 1_000, digits=6), "instant"),
        (write_instant(END), "far"),
        (write_instant(DAY, digits=6), "instant"),
        (write_instant(DAY, digits=7), "far"),
        (write_instant(DAY, offset_minutes=-720), "instant"),
        (write_instant(DAY, offset_minutes=-721), "far"),
        (write_instant(DAY, offset_minutes=840), "instant"),
        (write_instant(DAY, offset_minutes=841), "far"),
        ("0001-01-01T00:00:00Z", "past"),
        ("0001-01-01T00:00:00+00:01", "unclear"),
        ("9999-12-31T23:59:59.999Z", "far"),
        ("9999-12-31T23:59:60Z", "unclear"),
        ("9999-12-31T23:59:00-00:01", "unclear"),
    ],
)
def test_where_the_rows_of_a_date_end(text: str, row: str) -> None:
    assert read(asks(text)).request_class == row


def test_a_year_ahead_is_an_ordinary_date_and_no_more() -> None:
    assert FIRST < at(0) + YEAR < LAST
    assert read(asks(write_instant(at(0) + YEAR)), end_time=None).request_class == "instant"
    assert read(asks(write_instant(at(0) + YEAR + MILLI)), end_time=None).request_class == "far"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "an empty body"),
        (b"\xef\xbb\xbf{}", "a byte order mark before the JSON"),
        (b'{"a": "\xff"}', "bytes that are not UTF-8 (at 7)"),
        (b"[" * 100_000, "JSON nested too deeply to read"),
        (b"[NaN]", "no JSON text (NaN is no JSON value)"),
    ],
)
def test_why_a_body_is_no_json(content: bytes, problem: str) -> None:
    assert read_json(content).problem == problem


@pytest.mark.parametrize("digits", [1, 20, 999])
def test_whole_numbers_are_read_exactly(digits: int) -> None:
    number = int("9" * digits)
    read_back = read_json(str(number).encode()).value
    assert type(read_back) is int
    assert read_back == number


@pytest.mark.parametrize("digits", [1_000, 100_000])
def test_and_beyond_a_thousand_digits_still_as_numbers(digits: int) -> None:
    assert read_json(b"9" * digits).value == sys.float_info.max
    assert read_json(b"-" + b"9" * digits).value == -sys.float_info.max


def test_no_number_of_json_is_infinite() -> None:
    assert read_json(b"[1e400, -1e400, 1e308]").value == [sys.float_info.max, -sys.float_info.max, 1e308]


def test_a_media_type_has_two_halves() -> None:
    assert is_json("application/vnd.x+json")
    for other in ("/x+json", "/+json", "a/b/c+json", "x+json", "application/json+", "application /json"):
        assert not is_json(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-01T00:00:00+0130", (1_767_220_200 * NANO,)),
        ("2026-01-01t00:00z", (1_767_225_600 * NANO,)),
        ("2026-01-01T00:00:00+01", (1_767_222_000 * NANO,)),
        ("2026-01-01T00:00:00 -01:30", (1_767_231_000 * NANO,)),
    ],
)
def test_a_loose_date_keeps_its_zone(text: str, found: tuple[int, ...]) -> None:
    assert loose_instants(text) == found


@pytest.mark.parametrize(
    ("status", "row"),
    [(401, "unstated"), (403, "unstated"), (404, "unstated"), (200, "omitted"), (422, "omitted"), (405,
    "omitted"), (None, "omitted")],
)  # fmt: skip
@pytest.mark.parametrize("unstated", ["role", "scope"])
def test_a_recording_does_not_say_why_it_was_refused(status: int | None, row: str, unstated: str) -> None:
    how: dict[str, Any] = {unstated: "unstated"}
    assert History().exchange("pause", 1, body={}, status=status, **how).request_class == row
