"""The formats that the schemas assert, for texts that validators get wrong."""

import json
from pathlib import Path

import pytest

from whop_contracts import schemas

DATE_TIMES = (
    *("2026-09-21T14:13:20Z", "2026-09-21T14:13:20.401Z", "2026-09-21t14:13:20z", "2026-09-21T14:13:20.4Z"),
    *("2026-09-21T14:13:20.123456789012Z", "2026-09-21T14:13:20+00:00", "2026-09-21T14:13:20-00:00"),
    *("2026-09-21T14:13:20+23:59", "2026-09-21T14:13:20+05:45", "2026-12-31T23:59:60Z"),
    *("1970-01-01T00:00:00Z", "2026-07-01T05:29:60+05:30", "2024-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"),
)
OTHERS = (
    *("", " ", "now", "2026-09-21", "14:13:20Z", "2026-09-21T14:13:20", "2026-09-21T14:13:20.401"),
    *("2026-09-21 14:13:20Z", "2026-09-21T14:13Z", "2026-09-21T14Z", "2026-09-21T14:13:20,5Z"),
    *("2026-09-21T14:13:20.Z", "2026-09-21T14:13:20+0200", "2026-09-21T14:13:20+02"),
    *("2026-09-21T14:13:20+24:00", "2026-09-21T14:13:20+02:60", "2026-09-21T14:13:61Z"),
    *("2026-09-21T14:60:20Z", "2026-09-21T24:00:00Z", "2026-9-21T14:13:20Z", "26-09-21T14:13:20Z"),
    *("02026-09-21T14:13:20Z", "+2026-09-21T14:13:20Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z"),
    *("2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z"),
    *("0000-01-01T00:00:00Z", "2026-W39-1T14:13:20Z", "2026-264T14:13:20Z", "20260921T141320Z"),
    *("2026-09-21T14:13:20Z\n", "\n2026-09-21T14:13:20Z", "2026-09-21T14:13:20Z ", "2026-09-21T14:13:20Z\0"),
    *("2026-09-21T14:13:20 Z", "2026-09-21T14:13:20ZZ", "2026-09-21T14:13:20UTC"),
    *("2026-09-21T14:13:20Z[UTC]", "2026-09-21T14:13:20\u221202:00"),
    *("\u0662\u0660\u0662\u0666-09-21T14:13:20Z", "2026-09-21T14:13:20\uff3a", "1790000000"),
    *("1790000000000", "Mon, 21 Sep 2026 14:13:20 GMT"),
)
ASSIGNED = ("US", "DE", "GB", "GR", "SS", "CW", "AX", "NO", "AQ")
UNASSIGNED = (
    *("ZZ", "XX", "XK", "UK", "EU", "AN", "us", "Us", "USA", "840", "U", "", " US", "US\n", "XK-"),
    "<string>",
)


def test_a_date_time_is_one_of_rfc_3339():
    expected = [("", "an RFC 3339 timestamp with an offset")]
    for text in (*DATE_TIMES, *OTHERS):
        right = text in DATE_TIMES
        assert schemas.is_date_time(text) is right, text
        found = schemas.violations("ad-campaign", "/properties/paused_until", text)
        assert [(one.pointer, one.expected) for one in found] == ([] if right else expected), text


def test_the_vectors_of_the_json_schema_test_suite_hold_but_for_two():
    """We accept a second of 60 in any minute: where leap seconds fall depends on the zone."""
    file = json.loads((Path(__file__).parent / "date-time-vectors.json").read_text("utf-8"))
    assert len(file["vectors"]) == 27
    for vector in file["vectors"]:
        right = vector["suite"] ^ (vector["text"] in file["deliberately_other"])
        assert schemas.is_date_time(vector["text"]) is right, vector
        found = schemas.violations("ad-campaign", "/properties/paused_until", vector["text"])
        assert (not found) is right, vector


def test_a_country_is_an_assigned_code_of_two_capitals():
    for text in (*ASSIGNED, *UNASSIGNED):
        assert schemas.is_country(text) is (text in ASSIGNED), text


def test_a_format_accepts_what_is_not_a_text():
    for value in (None, 5, 1.5, True, [], {}, ["ZZ"]):
        assert all(check(value) is True for check in schemas.FORMATS.values())


class Passing:
    """A validator that accepts these values and no others."""

    def __init__(self, *values):
        self.values = values

    def is_valid(self, value):
        return value in self.values


@pytest.mark.parametrize("which", ["_fast", "_plain"])
def test_a_validator_that_accepts_something_wrong_stops_every_run(monkeypatch, which):
    for wrong, message in (
        ("2023-02-29T00:00:00Z", "the format date-time is not asserted: '2023-02-29T00:00:00Z' passed"),
        ("ZZ", "the format iso-3166-1-alpha-2 is not asserted: 'ZZ' passed"),
        ("adcamp_x\n", "a pattern accepts a line end after an id"),
    ):

        def lenient(_, wrong=wrong):
            return Passing(wrong)

        with monkeypatch.context() as patch:
            patch.setattr(schemas, which, lenient)
            with pytest.raises(schemas.FormatNotAssertedError) as stopped:
                schemas.self_test()
        assert str(stopped.value) == message
    schemas.self_test()


@pytest.mark.parametrize("name", schemas.FORMATS)
def test_a_format_that_is_not_checked_stops_every_run(monkeypatch, name):
    left = {format_: check for format_, check in schemas.FORMATS.items() if format_ != name}
    for formats in (left, left | {name: lambda _: True}):
        monkeypatch.setattr(schemas, "FORMATS", formats)
        with pytest.raises(schemas.FormatNotAssertedError, match=f"the format {name} is not asserted"):
            schemas.self_test()
