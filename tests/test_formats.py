"""The formats that the schemas assert, for texts that validators get wrong."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from whop_contracts import schemas

TEXTS = json.loads(Path(__file__).with_name("formats.json").read_text("utf-8"))
DATE_TIMES, OTHERS = TEXTS["date_times"], TEXTS["others"]
ASSIGNED, UNASSIGNED = TEXTS["assigned_countries"], TEXTS["unassigned_countries"]
HOSTILE = TEXTS["hostile_texts"]


def test_a_date_time_is_one_of_rfc_3339():
    expected = [("", "an RFC 3339 timestamp with an offset")]
    for text in (*DATE_TIMES, *OTHERS):
        right = text in DATE_TIMES
        assert schemas.is_date_time(text) is right, text
        found = schemas.violations("ad-campaign", "/properties/paused_until", text)
        assert [(one.pointer, one.expected) for one in found] == ([] if right else expected), text


def test_the_vectors_of_the_json_schema_test_suite_hold_but_for_two():
    """We accept a second of 60 in any minute: where leap seconds fall depends on the zone."""
    assert len(TEXTS["vectors"]) == 27
    for vector in TEXTS["vectors"]:
        right = vector["suite"] ^ (vector["text"] in TEXTS["deliberately_other"])
        assert schemas.is_date_time(vector["text"]) is right, vector
        found = schemas.violations("ad-campaign", "/properties/paused_until", vector["text"])
        assert (not found) is right, vector


def test_a_country_is_an_assigned_code_of_two_capitals():
    for text in (*ASSIGNED, *UNASSIGNED):
        assert schemas.is_country(text) is (text in ASSIGNED), text


def test_a_format_accepts_what_is_not_a_text():
    for value in (None, 5, 1.5, True, [], {}, ["ZZ"]):
        assert all(check(value) is True for check in schemas.FORMATS.values())


def test_a_validator_that_accepts_something_wrong_stops_every_run(monkeypatch):
    for wrong, message in (
        ("2023-02-29T00:00:00Z", "the format date-time is not asserted: '2023-02-29T00:00:00Z' passed"),
        ("ZZ", "the format iso-3166-1-alpha-2 is not asserted: 'ZZ' passed"),
        ("adcamp_x\n", "a pattern accepts a line end after an id"),
    ):
        passing = SimpleNamespace(is_valid=wrong.__eq__)
        for which in ("_fast", "_plain"):
            with monkeypatch.context() as patch:
                patch.setattr(schemas, which, lambda _, passing=passing: passing)
                with pytest.raises(schemas.FormatNotAssertedError) as stopped:
                    schemas.self_test()
            assert str(stopped.value) == message
    schemas.self_test()


def test_a_format_that_is_not_checked_stops_every_run(monkeypatch):
    known = schemas.FORMATS
    for name in known:
        left = {other: check for other, check in known.items() if other != name}
        for formats in (left, left | {name: lambda _: True}):
            monkeypatch.setattr(schemas, "FORMATS", formats)
            with pytest.raises(schemas.FormatNotAssertedError, match=f"the format {name} is not asserted"):
                schemas.self_test()
