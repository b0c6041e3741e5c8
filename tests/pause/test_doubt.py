"""What cannot be told apart is not held against anybody: reads that lag behind a moved clock, two requests at once, ends that nobody has told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pause.histories import ID, START, History, at, text, topic
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO
from whop_contracts.pause import catalogue
from whop_contracts.pause.evidence import ACTIVE, Evidence, State
from whop_contracts.pause.oracle.campaign import Campaign

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


@pytest.mark.parametrize("sent_after", [1.9, 2.1])
def test_what_resumes_late_may_be_read_late_too(sent_after: float) -> None:
    history = History()
    history.read(0, "active")
    history.pause(1, 600)
    history.read(1.1, "paused", 600)
    history.read(620, "paused", 600, wall=START + 1.2)
    seen = history.read(620 + sent_after, "paused", 600, wall=START + 1.2 + sent_after)
    assert (seen.lagging, topic(seen)) == ((True, None) if sent_after < 2 else (False, "prompt"))


@pytest.mark.parametrize(
    ("waited", "more", "moved"), [(0.25, NANO + 1, True), (0.25, NANO, False), (700.0, NANO, False), (700.0, NANO + 1, True)]
)  # fmt: skip
def test_a_clock_was_moved_where_it_is_a_second_further_than_the_time_that_went_by(
    waited: float,
    more: int,
    moved: bool,  # noqa: FBT001
) -> None:
    history = History(tolerance=0)
    history.read(0, "active")
    history.pause(1, 3)
    last = replace(history.read(4.4, "paused", 3).exchange, sent=START + 5, received=START + 5)
    history.expectation.follow(last)
    assert last.now is not None
    now = last.now.end + int(waited * NANO) + more
    late = replace(last, sent=last.received + waited, received=last.received + waited, now=Window(now, now))
    seen = history.expectation.follow(late)
    assert (seen.lagging, topic(seen)) == ((True, None) if moved else (False, "resumes"))


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


def test_a_second_request_whose_first_is_not_known_stands_alone() -> None:
    campaign = Campaign(possible=frozenset({ACTIVE}))
    until = frozenset({State("paused", at(600))})
    for _ in range(2):
        assert campaign.beside(until, first=False, surely=True, maybe=True) == (until | {ACTIVE}, True)
        assert campaign.beside(until, first=False, surely=True, maybe=True) == (until, True)


def test_a_first_request_whose_second_never_came_is_forgotten_by_the_next() -> None:
    history = History()
    history.read(0, "active")
    history.pause(1, 600, overlaps=9)
    history.read(5, "paused", 600)
    history.pause(6, 1_200, overlaps=5)
    history.pause(6, 1_800, overlaps=4)
    assert states(history, 7) == {f"paused until {text(1_200)}", f"paused until {text(1_800)}"}


def test_where_neither_of_two_is_sure_the_next_read_settles_it() -> None:
    campaign = Campaign(possible=frozenset({ACTIVE}))
    one, other = (frozenset({State("paused", at(second))}) for second in (600, 700))
    assert campaign.beside(one, first=True, surely=False, maybe=True)[1] is False
    assert campaign.beside(other, first=False, surely=False, maybe=True) == (one | other | {ACTIVE}, False)


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


@pytest.mark.parametrize("status", ["inactive", "stale"])
def test_what_the_answer_to_a_pause_shows_of_a_resting_campaign_is_what_it_is(status: str) -> None:
    history = History()
    history.read(0, status)
    history.pause(1, shows=(status, None))
    assert states(history, 2) == {status}
    assert topic(history.read(3, "paused")) == "stored"


# -- a date that has passed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "stakes", "broken"),
    [(200, {"past"}, "past"), (504, {"past"}, "past"), (422, {"unchanged", "past"}, "unchanged")],
)
def test_a_pause_until_a_date_that_has_passed_is_put_to_the_test_by_the_next_read(
    status: int, stakes: set[str], broken: str | None
) -> None:
    history = History()
    history.read(200, "active")
    history.pause(201, 60, status=status, shows=("active", None) if status == 200 else None)
    seen = history.read(301, "paused", 60)
    assert seen.stakes == stakes
    assert topic(seen) == broken


# -- a request to another campaign ------------------------------------------------------------------------------------


def aside(second: float, *, cancelled: bool) -> Evidence:
    """A pause without a date, then one of another campaign, and a read that shows the first one over."""
    history = History()
    history.read(0, "active")
    if cancelled:
        history.pause(1, 10)
    history.pause(2)
    history.read(5, "paused")
    history.pause(5.1, campaign="adcamp_2")
    return history.read(second, "active")


def test_a_pause_that_ends_ends_by_itself_more_often_than_by_a_request_to_another_campaign() -> None:
    assert aside(20, cancelled=False).stakes == {"siblings", "indefinite-stays"}
    assert topic(aside(20, cancelled=False)) == "indefinite-stays"
    assert topic(aside(5.9, cancelled=False)) == "siblings"


def test_where_a_cancelled_date_passed_too_both_are_told_and_no_more() -> None:
    seen = aside(20, cancelled=True)
    assert topic(seen) == "cancelled"
    assert seen.further is not None
    assert seen.further.topic == "indefinite-stays"


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
