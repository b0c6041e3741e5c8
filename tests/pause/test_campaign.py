"""One campaign: what a read of it puts to the test, what a resume tells, and what is taken for true."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pause.histories import ID, History, at
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import LAST, MILLI
from whop_contracts.pause.evidence import ACTIVE, Resume, State
from whop_contracts.pause.oracle.campaign import LAG, PROMPT, Campaign, about, adopted, end_time, union

DUE = (at(600), at(600))
DATED = State("paused", at(600), MILLI, DUE)
PAUSED = State("paused")
OVER = ["resumes", "resumed-status", "date-dropped"]
LATE = at(600) + int((PROMPT + LAG) * NANO)


def when(ns: int) -> Window:
    return Window(ns, ns)


def known(*settled: State, cancelled: tuple[int, ...] = (), **more: Any) -> Campaign:
    campaign = Campaign(settled=frozenset(settled), **more)
    for date in cancelled:
        campaign.cancel(date)
    return campaign


@pytest.mark.parametrize(
    ("campaign", "allowed", "now", "stakes"),
    [
        # What was done last is the likeliest cause, until a dated pause is over.
        (known(DATED, cause="stored"), {DATED}, at(5), ["stored"]),
        (known(DATED, cause="stored"), {ACTIVE}, at(900), OVER),
        (known(DATED, cause="past"), {ACTIVE}, at(900), ["past"]),
        (known(cause="unpaused"), {ACTIVE}, at(5), ["unpaused"]),
        (known(DATED), {ACTIVE}, at(900), OVER),
        (known(DATED), {DATED}, at(5), ["early"]),
        # From seven seconds after the instant on a pause is late.
        (known(DATED), {DATED, ACTIVE}, LATE, ["by-itself"]),
        (known(DATED), {DATED, ACTIVE}, LATE + 1, ["prompt"]),
        # A cancelled date counts if it fell due after the last read, and not after this one.
        (known(PAUSED, confirmed=when(at(1)), cancelled=(at(500),)), {PAUSED}, at(500), ["cancelled", "indefinite-stays"]),
        (known(PAUSED, confirmed=when(at(1)), cancelled=(at(500),)), {PAUSED}, at(500) - 1, ["indefinite-stays"]),
        (known(PAUSED, confirmed=when(at(500)), cancelled=(at(500),)), {PAUSED}, at(501), ["indefinite-stays"]),
        (known(PAUSED, confirmed=when(at(500) - 1), cancelled=(at(500),)), {PAUSED}, at(501), ["cancelled", "indefinite-stays"]),
        (known(PAUSED, confirmed=when(at(1)), cancelled=(at(700), at(400), at(500), at(500))), {PAUSED}, at(450), ["cancelled", "indefinite-stays"]),
        (known(DATED, confirmed=when(at(1)), cancelled=(at(500),)), {ACTIVE}, at(900), ["cancelled", *OVER]),
        (known(PAUSED, cancelled=(at(500),)), {PAUSED}, at(501), ["by-itself"]),
        # An indefinite pause has stood after a second, if it was seen.
        (known(PAUSED, confirmed=when(at(1))), {PAUSED}, at(2), ["indefinite-stays"]),
        (known(PAUSED, confirmed=when(at(1))), {PAUSED}, at(2) - 1, ["by-itself"]),
        (known(ACTIVE, confirmed=when(at(1))), {ACTIVE}, at(900), ["by-itself"]),
        (known(PAUSED), {PAUSED}, at(900), ["by-itself"]),
    ],
)  # fmt: skip
def test_what_a_read_puts_to_the_test(
    campaign: Campaign, allowed: set[State], now: int, stakes: list[str]
) -> None:
    assert campaign.stakes(frozenset(allowed), when(now)) == stakes


@pytest.mark.parametrize("settled", [DATED, PAUSED, ACTIVE])
def test_without_a_clock_time_tells_nothing(settled: State) -> None:
    campaign = known(settled, confirmed=when(at(1)), cancelled=(at(2),))
    assert campaign.stakes(frozenset({settled, ACTIVE}), None) == ["by-itself"]


@given(st.lists(st.integers(0, 20)), st.integers(-1, 21), st.integers(-1, 21))
def test_a_cancelled_date_is_found_wherever_it_stands(dates: list[int], after: int, now: int) -> None:
    campaign = known(State("stale"), confirmed=when(after), cancelled=tuple(dates))
    stakes = campaign.stakes(frozenset({State("stale")}), when(now))
    assert (stakes == ["cancelled"]) is any(after < date <= now for date in dates)


def test_cancelled_dates_are_kept_once_each() -> None:
    assert known(cancelled=(5, 3, 5, 3, 4)).cancelled == [3, 4, 5]


def read_at(ns: int, *, clock: bool = True) -> Any:
    exchange = History().exchange("retrieve", 0, clock=clock).exchange
    return exchange if not clock else type(exchange)(
        exchange.number, exchange.request, None, exchange.sent, exchange.received, when(ns)
    )  # fmt: skip


SEEN = State("active", None)


@pytest.mark.parametrize(
    ("campaign", "now", "resume"),
    [
        (known(DATED, confirmed=when(at(5))), at(601), Resume(ID, at(600), at(600), at(601))),
        (known(DATED, confirmed=when(at(602))), at(605), Resume(ID, at(600), at(602), at(605))),
        (
            known(DATED, confirmed=when(at(602)), cause="stored"),
            at(605),
            Resume(ID, at(600), at(600), at(605)),
        ),
        (known(DATED), at(605), Resume(ID, at(600), at(600), at(605))),
        (known(DATED), at(600), Resume(ID, at(600), at(600), at(600))),
        (known(DATED), at(600) - 1, None),
        (known(PAUSED), at(605), None),
        (Campaign(), at(605), None),
    ],
)
def test_between_which_readings_a_resume_happened(campaign: Campaign, now: int, resume: Resume) -> None:
    assert campaign.resumed(SEEN, read_at(now)) == resume


def test_what_is_no_resume() -> None:
    paused = State("paused", None)
    assert known(DATED).resumed(paused, read_at(at(605))) is None
    assert known(DATED).resumed(SEEN, read_at(0, clock=False)) is None


@pytest.mark.parametrize(
    ("seen", "now", "states"),
    [
        (State("active", None), at(1), {ACTIVE}),
        (
            State("active", at(600)),
            at(1),
            {State("active", at(600))},
        ),
        (State("paused", None), at(1), {PAUSED}),
        (State("paused", at(600)), at(1), {DATED}),
        (State("paused", at(600)), at(600) - 1, {DATED}),
        (
            State("paused", at(600)),
            at(600),
            {State("paused", at(600), MILLI, (at(600), LAST))},
        ),
        (
            State("paused", at(600)),
            None,
            {State("paused", at(600), MILLI, (at(600), LAST))},
        ),
        (State(None), at(1), None),
        (State("paused", until_read=False), at(1), None),
    ],
)
def test_what_is_shown_is_taken_for_true(seen: State, now: int | None, states: Any) -> None:
    assert adopted(seen, None if now is None else when(now)) == states


def test_what_is_possible_where_either_may_hold() -> None:
    one, other = frozenset({ACTIVE}), frozenset({PAUSED})
    assert union(one, other) == {ACTIVE, PAUSED}
    assert union(None, one) is union(one, None) is union(None, None) is None


@pytest.mark.parametrize(
    ("document", "its"), [({"id": ID}, True), ({"id": ID.upper()}, True), ({"id": "adcamp_2"}, False), ({}, True), ({"id": 5}, True)]
)  # fmt: skip
def test_whose_document_it_is(document: dict[str, Any], its: bool) -> None:  # noqa: FBT001
    assert about(document, History().read(0, "active").exchange) is its


@pytest.mark.parametrize(
    ("document", "ns"),
    [
        ({"config": {"end_time": "1970-01-01T00:00:01Z"}}, NANO),
        ({"config": {"end_time": "1970-01-01T00:00:00Z"}}, 0),
        ({"config": {"end_time": "1970-01-02"}}, 86_400 * NANO),
        ({"config": {"end_time": "soon"}}, None),
        ({"config": {"end_time": 5}}, None),
        ({"config": {}}, None),
        ({"config": None}, None),
        ({"config": ["end_time"]}, None),
        ({}, None),
    ],
)
def test_the_campaigns_own_end(document: dict[str, Any], ns: int | None) -> None:
    assert end_time(document) == ns
