"""The rules of the oracle as functions: sets of states, what a read tests, what a resume says."""

from dataclasses import replace  # noqa: I001 - names in rows, not one a line

from hypothesis import given
from hypothesis import strategies as st

from pause.histories import ID, History, at
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import LAST, MILLI
from whop_contracts.pause.evidence import ACTIVE, Resume, State
from whop_contracts.pause.oracle.blame import (
    BY_ITSELF, CANCELLED, EARLY, OTHERS, PAST, PROMPTLY, RESUMED, STAYS, STORED, UNPAUSED,
)  # fmt: skip
from whop_contracts.pause.oracle.states import (
    LAG, PROMPT, Campaign, adopt, elapse, end_time, is_about, observe, union,
)  # fmt: skip

DUE = (at(600), at(600))
DATED = State("paused", at(600), MILLI, DUE)
PAUSED, STALE = State("paused"), State("stale")
LATE = at(600) + int((PROMPT + LAG) * NANO)
OVER = at(660) + int(LAG * NANO)


def when(ns):
    return None if ns is None else Window(ns, ns)


def sets(*states):
    return frozenset(states)


def test_what_a_request_leaves():
    for status, leaves in ((200, sets(PAUSED)), (500, sets(ACTIVE, PAUSED)), (422, sets(ACTIVE))):
        history = History()
        history.exchange("retrieve", 0, shows=("active", None))
        history.exchange("pause", 1, status=status)
        assert history.oracle.possible(ID, None) == leaves
    assert union(sets(ACTIVE), None) is union(None, sets(PAUSED)) is None


def test_what_time_does():
    for states, now, left in (
        (sets(DATED), at(600) - 10 * MILLI - 1, sets(DATED)),
        (sets(DATED), at(600) - 10 * MILLI, sets(DATED, ACTIVE)),
        (sets(replace(DATED, slack=NANO)), at(599), sets(replace(DATED, slack=NANO), ACTIVE)),
        (sets(DATED), OVER, sets(DATED, ACTIVE)),
        (sets(DATED), OVER + 1, sets(ACTIVE)),
        (sets(DATED), None, sets(DATED, ACTIVE)),
        (sets(PAUSED, STALE), OVER * 2, sets(PAUSED, STALE)),
        (None, OVER, None),
    ):
        assert elapse(states, when(now), 60 * NANO) == left


def test_what_a_response_leaves_possible():
    assert observe(sets(DATED, ACTIVE, PAUSED), State("paused", at(600) + MILLI)) == {DATED}
    assert observe(sets(DATED, ACTIVE), PAUSED) == frozenset()
    assert observe(sets(DATED, PAUSED, ACTIVE), State("paused", until_read=False)) == {DATED, PAUSED}
    assert observe(None, PAUSED) is None


def test_what_is_shown_is_the_state_from_then_on():
    for shown, now, state in (
        (State("active"), at(1), ACTIVE),
        (State("active", at(600)), at(1), State("active", at(600))),
        (PAUSED, at(1), PAUSED),
        (State("paused", at(600)), at(1), DATED),
        (State("paused", at(600)), at(600) - 1, DATED),
        (State("paused", at(600)), at(600), State("paused", at(600), MILLI, (at(600), LAST))),
        (State("paused", at(600)), None, State("paused", at(600), MILLI, (at(600), LAST))),
        (State(None), at(1), None),
        (State("paused", until_read=False), at(1), None),
    ):
        assert adopt(shown, when(now)) == (None if state is None else {state})


def known(*states, cause="", seen=None, cancelled=()):
    causes = (cause,) if cause else ()
    return Campaign(frozenset(states), causes, confirmed=when(seen), cancelled=sorted(cancelled))


def test_what_a_read_tests():
    for campaign, allowed, now, tested in (
        # What was done last is the likeliest cause, until a dated pause is over.
        (known(DATED, cause=STORED), {DATED}, at(5), {STORED}),
        (known(DATED, cause=STORED), {ACTIVE}, at(900), RESUMED),
        (known(DATED, cause=PAST), {ACTIVE}, at(900), {PAST}),
        (known(cause=UNPAUSED), {ACTIVE}, at(5), {UNPAUSED}),
        (known(DATED), {ACTIVE}, at(900), RESUMED),
        (known(DATED), {DATED}, at(5), {EARLY}),
        # What was done to another campaign is only one cause of several.
        (known(PAUSED, cause=OTHERS), {PAUSED}, at(5), {OTHERS}),
        (known(PAUSED, cause=OTHERS, seen=at(1)), {PAUSED}, at(5), {OTHERS, STAYS}),
        (known(DATED, cause=OTHERS), {DATED}, at(5), {OTHERS, EARLY}),
        (known(DATED, cause=OTHERS), {ACTIVE}, at(900), RESUMED),
        # From seven seconds after the instant on a pause is late.
        (known(DATED), {DATED, ACTIVE}, LATE, {BY_ITSELF}),
        (known(DATED), {DATED, ACTIVE}, LATE + 1, {PROMPTLY}),
        # A cancelled date counts if it fell due after the last read, and not after this one.
        (known(PAUSED, seen=at(1), cancelled=(at(500),)), {PAUSED}, at(500), {CANCELLED, STAYS}),
        (known(PAUSED, seen=at(1), cancelled=(at(500),)), {PAUSED}, at(500) - 1, {STAYS}),
        (known(PAUSED, seen=at(500), cancelled=(at(500),)), {PAUSED}, at(501), {STAYS}),
        (known(PAUSED, seen=at(500) - 1, cancelled=(at(500),)), {PAUSED}, at(501), {CANCELLED, STAYS}),
        (known(DATED, seen=at(1), cancelled=(at(500),)), {ACTIVE}, at(900), {CANCELLED, *RESUMED}),
        (known(PAUSED, cancelled=(at(500),)), {PAUSED}, at(501), {BY_ITSELF}),
        # An indefinite pause that was seen has stood after a second.
        (known(PAUSED, seen=at(1)), {PAUSED}, at(2), {STAYS}),
        (known(PAUSED, seen=at(1)), {PAUSED}, at(2) - 1, {BY_ITSELF}),
        (known(ACTIVE, seen=at(1)), {ACTIVE}, at(900), {BY_ITSELF}),
        (known(PAUSED), {PAUSED}, at(900), {BY_ITSELF}),
        # Without a clock time says nothing.
        (known(DATED, seen=at(1), cancelled=(at(2),)), {DATED, ACTIVE}, None, {BY_ITSELF}),
        (known(PAUSED, seen=at(1), cancelled=(at(2),)), {PAUSED, ACTIVE}, None, {BY_ITSELF}),
    ):  # fmt: skip
        assert campaign.clauses_of_read(frozenset(allowed), when(now)) == tested


@given(st.lists(st.integers(0, 20)), st.integers(-1, 21), st.integers(-1, 21))
def test_a_cancelled_date_is_found_wherever_it_is(dates, seen, now):
    campaign = known(STALE, seen=seen, cancelled=tuple(dates))
    tested = campaign.clauses_of_read(frozenset({STALE}), when(now))
    assert (tested == {CANCELLED}) is any(seen < date <= now for date in dates)


def resumed(campaign, now, status="active"):
    exchange = replace(History().exchange("retrieve", 0).exchange, now=when(now))
    return campaign.resumed(State(status), exchange)


def test_between_which_readings_a_resume_happened():
    for campaign, now, after_ in (
        (known(DATED, seen=at(5)), at(601), at(600)),
        (known(DATED, seen=at(602)), at(605), at(602)),
        (known(DATED, seen=at(602), cause=STORED), at(605), at(600)),
        (known(DATED), at(605), at(600)),
        (known(DATED), at(600), at(600)),
        (known(DATED), at(600) - 1, None),
        (known(DATED), None, None),
        (known(PAUSED), at(605), None),
        (Campaign(), at(605), None),
    ):
        expected = None if now is None or after_ is None else Resume(ID, at(600), after_, now)
        assert resumed(campaign, now) == expected
        assert resumed(campaign, now, "paused") is None


def test_which_campaign_a_document_is_about():
    for document, about in (
        ({"id": ID}, True),
        ({"id": ID.upper()}, True),
        ({"id": "adcamp_2"}, False),
        ({}, True),
        ({"id": 5}, True),
    ):
        assert is_about(document, History().read(0, "active").exchange) is about


def test_the_campaigns_own_end():
    for config, ns in (
        ({"end_time": "1970-01-01T00:00:01Z"}, NANO),
        ({"end_time": "1970-01-01T00:00:00Z"}, 0),
        ({"end_time": "1970-01-02"}, 86_400 * NANO),
        ({"end_time": "soon"}, None),
        ({"end_time": 5}, None),
        ({}, None),
        (None, None),
        (["end_time"], None),
    ):
        assert end_time({"config": config}) == ns
        assert end_time({}) is None
