"""Clauses about documents and errors, each with responses that it fails and responses that it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from pause.histories import CLAUSES, History, fails, text

UNTOUCHED = "pausing.touches-nothing-else"


@pytest.mark.parametrize(
    ("shown", "by", "fails_it"),
    [
        (None, "retrieve", False),
        ({"config": None}, "retrieve", False),
        ({"config": {"objective": "awareness"}}, "retrieve", False),
        ({"config": {"end_time": None}}, "retrieve", True),
        ({"config": None}, "pause", True),
        ({"config": {"end_time": text(9_999)}}, "pause", True),
        ({"config": {"end_time": text(300)}}, "pause", False),
    ],
)
def test_a_refused_date_may_be_after_an_end_that_no_response_has_shown(
    shown: Any, by: str, fails_it: Any
) -> None:
    history = History()
    status = "active" if by == "retrieve" else "paused"
    history.exchange(by, 0, body={}, shows=(status, None), document=shown)
    refused = history.pause(1, 600, status=422, shows=None)
    assert fails(refused, "request.date-is-accepted") == fails_it


@pytest.mark.parametrize("status", [500, 501, 503, 520, 527, 528, 404, 200])
def test_a_sibling_that_fails_is_reported(status: int) -> None:
    history = History()
    history.read(0, "active")
    evidence = history.exchange("retrieve", 1, status=status)
    clause = CLAUSES["response.siblings-answer-alike"]
    found = [finding.actual for finding in clause.check(evidence)] if clause.applies(evidence) else []
    assert (str(status) in found) == (status in {500, 501, 528})


RICH = {"title": "Spring", "platform": "meta", "target_country_codes": ["US", "DE"], "daily_budget": 5.5}


@pytest.mark.parametrize(
    "poor",
    [
        {"title": None},
        {"platform": "facebook"},
        {"target_country_codes": ["us", "de"]},
        {"daily_budget": None},
    ],
)
def test_a_sibling_that_shows_less_is_no_change(poor: dict[str, Any]) -> None:
    history = History()
    history.read(0, "active", document=RICH | poor)
    assert not fails(history.pause(1, document=RICH), UNTOUCHED)
    assert not fails(history.read(2, "paused", document=RICH | poor), UNTOUCHED)


@pytest.mark.parametrize("changed", [{"title": "Autumn"}, {"daily_budget": 6.5}, {"platform": None}])
def test_a_change_between_like_responses_is_one(changed: dict[str, Any]) -> None:
    history = History()
    history.read(0, "active", document=RICH)
    assert fails(history.pause(1, document=RICH | changed), UNTOUCHED)
    assert fails(history.read(2, "paused", document=RICH | changed), UNTOUCHED)


def test_a_member_that_a_sibling_does_not_show_is_compared_with_its_like() -> None:
    history = History()
    history.read(0, "active", document=RICH | {"daily_budget": None})
    assert fails(history.read(1, "active", document=RICH), UNTOUCHED)
