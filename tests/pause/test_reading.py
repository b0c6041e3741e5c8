"""Instants, JSON and the rows of the conformance table, as tables."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pause.histories import START, History, at
from whop_contracts.exchange import Response, Window
from whop_contracts.instants import NANO, USUAL_FORM, form_of, loose_instants, read_instant, write_instant
from whop_contracts.json_text import is_json, read_json, read_response
from whop_contracts.pause.classify import read_intent
from whop_contracts.provider import dates

NOW = Window(at(0), at(0.1))


@given(
    seconds=st.integers(-62_135_000_000, 253_402_000_000),
    nanos=st.integers(0, NANO - 1),
    offset=st.integers(-839, 839),
)
def test_writing_and_reading_are_inverse(seconds: int, nanos: int, offset: int) -> None:
    ns = seconds * NANO + nanos
    read = read_instant(write_instant(ns, digits=9, offset_minutes=offset))
    assert read is not None
    assert read.ns == ns


def provider_reads(text: str) -> int | None:
    try:
        return dates.split(text).instant()
    except dates.NotAnInstant:
        return None


@given(
    st.from_regex(
        r"\A(19|20|99)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])?\Z"
    )
)
def test_the_judges_and_the_provider_read_dates_alike(text: str) -> None:
    """Two readers, by two hands: where they differ, one of them is wrong."""
    read = read_instant(text)
    assert (None if read is None else read.ns) == provider_reads(text)


def test_the_form_of_a_timestamp() -> None:
    assert form_of("2023-12-01T05:00:00.401Z") == USUAL_FORM
    for text, form in (
        ("2023-12-01T05:00:00Z", "YYYY-MM-DDThh:mm:ssZ"),
        ("2023-12-01t05:00:00.4010z", "YYYY-MM-DDthh:mm:ss.ffffz"),
        ("2023-12-01T05:00:00.401+05:30", "YYYY-MM-DDThh:mm:ss.fff+05:30"),
        ("2023-12-01T05:00:00.401Z\n", None),
        ("2023-02-30T05:00:00.401Z", None),
    ):
        assert form_of(text) == form


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{}", None), (b" [1]\n", None), (b"null", None), (b'"\\ud800"', None), (b"1" * 5_000, None),
        (b"", "empty"), (b"  ", "empty"), (b"\xef\xbb\xbf{}", "byte order mark"), (b"\xff", "UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b"-Infinity", "Infinity"), (b"{}{}", "no JSON"), (b"{", "no JSON"), (b"{'a': 1}", "no JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)  # fmt: skip
def test_one_json_text_is_read_strictly(content: bytes, problem: str | None) -> None:
    read = read_json(content)
    assert (read.problem is None) == (problem is None)
    assert (problem or "") in (read.problem or "")


def test_an_answer_without_a_body_says_nothing_and_one_that_could_not_be_had_says_why() -> None:
    assert read_response(None) is None
    assert read_response(Response(204)) is None
    said = read_response(Response(200, undecoded="broken off"))
    assert said is not None
    assert said.problem == "broken off"


def test_keys_met_twice_are_noted() -> None:
    assert read_json(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}').duplicates == ("c", "a")


@pytest.mark.parametrize(
    ("media_type", "json_"),
    [
        ("application/json", True), ("application/json; charset=utf-8", True), ("Application/JSON", True),
        ("application/problem+json", True), ("application/vnd.whop+json;v=1", True), ("text/json", False),
        ("text/html", False),
        ("application/jsonx", False), ("", False), (None, False), ("+json", False),
    ],
)  # fmt: skip
def test_media_types_of_json(media_type: str | None, json_: bool) -> None:  # noqa: FBT001
    assert is_json(media_type) is json_


@pytest.mark.parametrize(
    ("media_type", "row"),
    [
        ("application/json", "omitted"), ("Application/JSON ; charset=utf-8", "omitted"),
        ("application/merge-patch+json", "media-type"),
        ("text/plain", "media-type"), ("", "media-type"), (None, "media-type"),
    ],
)  # fmt: skip
def test_a_body_under_another_media_type_than_the_pages_is_a_row_of_its_own(
    media_type: str | None, row: str
) -> None:
    assert read_intent(b"{}", media_type, NOW, None).request_class == row


def test_without_a_clock_it_is_unclear_whether_a_date_has_passed() -> None:
    good = json.dumps({"paused_until": write_instant(at(86_400))}).encode()
    assert read_intent(good, "application/json", None, None).request_class == "unclear"


@pytest.mark.parametrize(
    ("how", "row"),
    [
        ({"role": "none"}, "no-credential"), ({"role": "empty"}, "no-credential"), ({"role": "altered"},
        "wrong-credential"),
        ({"role": "scheme"}, "scheme"), ({"role": "readonly"}, "permission"), ({"scope": "foreign"},
        "foreign"),
        ({"scope": "invented"}, "unknown-id"), ({"scope": "malformed"}, "malformed-id"),
        ({"scope": "recased"}, "recased-id"),
        ({"method": "PUT"}, "method"), ({"role": "none", "scope": "invented"}, "several"),
        ({"role": "unstated", "status": 401}, "unstated"), ({"role": "unstated", "status": 422}, "omitted"),
        ({}, "omitted"),
    ],
)  # fmt: skip
def test_the_row_of_a_request(how: dict[str, object], row: str) -> None:
    assert History().exchange("pause", 1, body={}, **({"status": 404} | how)).request_class == row  # type: ignore[arg-type]


def test_loose_dates_still_name_their_instant() -> None:
    wanted = (1_767_225_600 * NANO,)
    for loose in (
        *("2026-01-01", " 2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "2026-01-01T00:00Z"),
        "2026-01-01T01:00:00+0100",
    ):
        assert loose_instants(loose) == wanted, loose
    assert loose_instants("2026-02-30") == ()
    assert START > 0
