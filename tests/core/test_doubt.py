"""What cannot be told apart is not held against anybody: reads that lag behind a moved clock, two requests at once, other companies' hands."""

from __future__ import annotations

from typing import Any

import pytest

from core.histories import ID, START, History, at, text, topic
from whop_contracts import catalogue
from whop_contracts.evidence import Evidence
from whop_contracts.exchange import Window

CLAUSES = {clause.id: clause for clause in catalogue.clauses()}


def states(history: History, second: float, campaign: str = ID) -> set[str]:
    now = Window(at(second), at(second))
    return {str(state) for state in history.expectation.possible(campaign, now) or ()}


def fails(evidence: Evidence, clause: str) -> bool:
    return CLAUSES[clause].applies(evidence) and any(CLAUSES[clause].check(evidence))


# -- a clock that is moved -------------------------------------------------------------------------------------------


def leapt(sent_after: float) -> Evidence:
    """A pause of ten minutes, the provider's clock moved past it at once, and a read so many seconds of ours later."""
    history = History()
    history.read(0, "active")
    history.pause(1, 600)
    history.read(1.1, "paused", 600)
    history.read(700, "paused", 600, wall=START + 1.2)
    return history.read(700 + sent_after, "paused", 600, wall=START + 1.2 + sent_after)


def test_what_fell_due_when_a_clock_was_moved_may_be_read_late_as_any_write() -> None:
    assert leapt(1.9).lagging
    assert topic(leapt(1.9)) is None
    assert topic(leapt(2.1)) == "resumes"


def test_where_time_went_on_by_itself_it_may_not() -> None:
    history = History()
    history.read(0, "active")
    history.pause(1, 600)
    assert topic(history.read(700, "paused", 600)) == "resumes"


def test_a_read_that_may_be_late_does_not_settle_what_is_in_doubt_once_reads_have_lagged() -> None:
    for lags in (False, True):
        history = History()
        history.read(0, "active")
        history.pause(1, 600)
        if lags:
            assert history.read(1.1, "active").lagging
        history.read(1.2, "paused", 600)
        # One second past the date both may be; that it was active before the pause may still be shown.
        history.read(601, "active", wall=START + 1.3)
        assert (len(states(history, 601)) == 2) == lags


def test_a_read_directly_after_what_may_not_have_been_carried_out_settles_nothing_that_a_late_one_could_show() -> (
    None
):
    history = History()
    history.read(0, "active")
    history.pause(1, 600, status=504)
    history.read(1.1, "active")
    assert len(states(history, 2)) == 2
    history.read(4, "active")
    assert states(history, 4) == {"active"}


# -- two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", [1, 2])
def test_of_two_pauses_at_once_the_one_that_comes_second_may_be_refused(refused: int) -> None:
    history = History()
    history.read(0, "active")
    how: dict[str, Any] = {"status": 409, "shows": None}
    first = history.pause(1, 600, overlaps=3, **(how if refused == 1 else {}))
    second = history.pause(1, 1_200, overlaps=2, **(how if refused == 2 else {}))
    assert not any(fails(one, "request.date-is-accepted") for one in (first, second))
    assert states(history, 2) == {f"paused until {text(1_200 if refused == 1 else 600)}"}


def test_where_both_are_refused_nothing_has_changed() -> None:
    history = History()
    history.read(0, "active")
    for number in (3, 2):
        history.pause(1, 600, overlaps=number, status=422, shows=None)
    assert states(history, 2) == {"active"}


def test_where_neither_is_answered_either_may_hold_or_none() -> None:
    history = History()
    history.read(0, "active")
    history.pause(1, 600, overlaps=3, status=None)
    history.pause(1, 1_200, overlaps=2, status=None)
    assert states(history, 2) == {"active", f"paused until {text(600)}", f"paused until {text(1_200)}"}


# -- campaigns that are neither active nor paused ---------------------------------------------------------------------


@pytest.mark.parametrize("status", ["inactive", "stale"])
@pytest.mark.parametrize("shown", ["as asked", "as before"])
def test_what_a_pause_makes_of_a_resting_campaign_is_its_own(status: str, shown: str) -> None:
    history = History()
    history.read(0, status)
    left = ("paused", 600.0) if shown == "as asked" else (status, None)
    for second in (1, 2):
        assert topic(history.pause(second, 600, shows=left)) is None
        assert topic(history.read(second + 0.5, *left)) is None
    assert topic(history.unpause(3, shows=left if shown == "as before" else ("active", None))) is None


# -- another company's campaign ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "after", "broken"),
    [
        (403, ("paused", None), "unchanged-credential"),
        (404, ("paused", 600.0), "unchanged-credential"),
        (403, ("active", None), None),
        (200, ("paused", None), None),
        (500, ("paused", None), None),
        (None, ("paused", None), None),
    ],
)
def test_another_companys_campaign_is_as_it_was_after_a_refusal(
    status: int | None, after: tuple[str, float | None], broken: str | None
) -> None:
    history = History()
    history.read(0, "active", scope="foreign")
    history.pause(1, status=status, shows=None, scope="foreign")
    seen = history.read(2, *after, scope="foreign")
    assert topic(seen) == broken
    assert fails(seen, "authorization.nothing-changes") == (broken is not None)


def test_others_may_change_their_campaign_where_we_have_asked_for_nothing() -> None:
    history = History()
    history.read(0, "active", scope="foreign")
    assert topic(history.read(5, "paused", scope="foreign")) is None
    history.pause(6, status=403, shows=None, scope="foreign")
    assert topic(history.read(7, "paused", scope="foreign")) is None
    assert topic(history.read(8, "active", scope="foreign")) is None


def test_its_own_date_may_pass() -> None:
    history = History()
    history.read(0, "paused", 600, scope="foreign")
    history.pause(1, status=403, shows=None, scope="foreign")
    assert topic(history.read(700, "active", scope="foreign")) is None


# -- an end that nobody has told --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "by", "fails_it"),
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
def test_a_refused_date_may_lie_after_an_end_that_no_answer_has_told(
    told: Any, by: str, fails_it: Any
) -> None:
    history = History()
    history.exchange(by, 0, body={}, shows=("active" if by == "retrieve" else "paused", None), document=told)
    refused = history.pause(1, 600, status=422, shows=None)
    assert fails(refused, "request.date-is-accepted") == fails_it


@pytest.mark.parametrize(
    ("status", "warns"), [(500, True), (501, True), (503, False), (404, False), (200, False)]
)
def test_a_sibling_that_fails_is_told(status: int, warns: object) -> None:
    history = History()
    history.read(0, "active")
    answer = history.exchange("retrieve", 1, status=status)
    clause = CLAUSES["response.siblings-answer-alike"]
    told = [finding.actual for finding in clause.check(answer)] if clause.applies(answer) else []
    assert (str(status) in told) == warns


# -- siblings that answer poorly --------------------------------------------------------------------------------------

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
def test_a_poorer_answer_of_a_sibling_is_no_change(poor: dict[str, Any]) -> None:
    history = History()
    history.read(0, "active", document=RICH | poor)
    assert not fails(history.pause(1, document=RICH), "pausing.touches-nothing-else")
    assert not fails(history.read(2, "paused", document=RICH | poor), "pausing.touches-nothing-else")


@pytest.mark.parametrize("changed", [{"title": "Autumn"}, {"daily_budget": 6.5}, {"platform": None}])
def test_a_change_between_like_answers_is_one(changed: dict[str, Any]) -> None:
    history = History()
    history.read(0, "active", document=RICH)
    assert fails(history.pause(1, document=RICH | changed), "pausing.touches-nothing-else")
    assert fails(history.read(2, "paused", document=RICH | changed), "pausing.touches-nothing-else")


def test_a_siblings_member_is_compared_with_its_like() -> None:
    history = History()
    history.read(0, "active", document=RICH | {"daily_budget": None})
    assert fails(history.read(1, "active", document=RICH), "pausing.touches-nothing-else")
