"""The oracle, a history per rule: a conforming one fails no clause, another the one that names its cause."""

import codecs  # noqa: I001 - names in rows, not one a line
import gzip
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pause.histories import (
    CLAUSES, ID, OTHER, START, History, at, begun, failed, fails, follow, pause, read, send, text,
    unpause,
)  # fmt: skip
from whop_contracts.exchange import Finding, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.evidence import ACTIVE, State
from whop_contracts.pause.oracle.blame import (
    AS_ACTIVE, AT_ONCE, BY_ITSELF, CANCELLED, CLEARED, EARLY, FAR, FRACTION, INDEFINITE, OFFSET, OTHERS,
    PAST, PROMPTLY, REPLACED, RESUMED, RESUMES, STATUS, STAYS, STORED, UNCHANGED, UNCHANGED_BY_OTHERS,
    UNPAUSED, UNTIL,
)  # fmt: skip
from whop_contracts.pause.oracle.states import LAG

UNTIL_600 = (pause(1, 600), read(2, "paused", 600))
TOMORROW = {"paused_until": "tomorrow"}


def beside(history):
    """A read of a second campaign that shows it active."""
    return history.read(0, "active", campaign=OTHER)


RULES = {
    # -- time
    "before its instant a pause ends": ((*UNTIL_600, read(590, "active")), (EARLY,)),
    "before its instant a pause loses its date": ((*UNTIL_600, read(300, "paused")), (EARLY,)),
    "a moment before its instant it stands": ((*UNTIL_600, read(599.999, "paused", 600)), ()),
    "at its instant it may be over": ((*UNTIL_600, read(600, "active")), ()),
    "at its instant it may stand": ((*UNTIL_600, read(600, "paused", 600)), ()),
    "six seconds late is prompt": ((*UNTIL_600, read(606, "paused", 600)), ()),
    "twelve seconds late warns": ((*UNTIL_600, read(612, "paused", 600)), (PROMPTLY,)),
    "late and as another status fails": ((*UNTIL_600, read(612, "inactive")), (AS_ACTIVE,)),
    "late and with its date fails": ((*UNTIL_600, read(612, "active", 600)), (CLEARED,)),
    "late and without its date fails": ((*UNTIL_600, read(612, "paused")), (AS_ACTIVE,)),
    "late up to the tolerance warns": ((*UNTIL_600, read(660, "paused", 600)), (PROMPTLY,)),
    "late beyond the tolerance fails": ((*UNTIL_600, read(664, "paused", 600)), (RESUMES,)),
    "resumed in time": ((*UNTIL_600, read(664, "active")), ()),
    "resumed as another status": ((*UNTIL_600, read(664, "inactive")), (AS_ACTIVE,)),
    "resumed with its date": ((*UNTIL_600, read(664, "active", 600)), (CLEARED,)),
    "resumed early enough with its date": ((*UNTIL_600, read(602, "active", 600)), (CLEARED,)),
    "resumed early enough as another status": ((*UNTIL_600, read(602, "inactive")), (AS_ACTIVE,)),
    "an indefinite pause stays": ((pause(1), read(2, "paused"), read(7_000, "active")), (STAYS,)),
    "a longer pause replaces a shorter one": (
        (pause(1, 600), pause(2, 1_200), read(3, "paused", 1_200), read(800, "paused", 1_200),
         read(1_300, "active")), ()),
    "a cancelled date fires": (
        (pause(1, 600), unpause(2), pause(3), read(4, "paused"), read(700, "active")), (CANCELLED, STAYS)),
    "nothing happens by itself": ((read(100, "paused"),), (BY_ITSELF,)),
    # -- the response to a pause
    "a pause that does not pause": ((pause(1, 600, shows=("active", None)),), (STATUS,)),
    "a wrong status and a date from nowhere": ((pause(1, 600, shows=("active", 77_777)),), (STATUS, UNTIL)),
    "another date": ((pause(1, 600, shows=("paused", 601)),), (UNTIL,)),
    "no date": ((pause(1, 600, shows=("paused", None)),), (UNTIL,)),
    "a date to the millisecond": ((pause(1, 600, shows=("paused", 600.001)),), ()),
    "a dropped offset": (
        (pause(1, body={"paused_until": text(90_000).replace("Z", "+05:30")}, shows=("paused", 90_000)),),
        (OFFSET,)),
    "a kept offset": (
        (pause(1, body={"paused_until": text(90_000).replace("Z", "+05:30")}, shows=("paused", 70_200)),),
        ()),
    "a lost fraction": ((pause(1, 600.4, shows=("paused", 600)),), (FRACTION,)),
    "a date that nobody sent": ((pause(1, shows=("paused", 600)),), (INDEFINITE,)),
    "a capped date": ((pause(1, 86_400 * 400, shows=("paused", 86_400 * 30)),), (FAR,)),
    "the date of the pause before": ((pause(1, 600), pause(2, 1_200, shows=("paused", 600))), (REPLACED,)),
    "an unreadable status is left to its clause": ((pause(1, 600, shows=("Paused", 600)),), ()),
    "an unreadable date is left to its clause": ((pause(1, 600, document={"paused_until": "soon"}),), ()),
    "another media type may be read": ((pause(1, 600, content_type="text/plain"),), ()),
    "another media type may be ignored": (
        (pause(1, 600, content_type="text/plain", shows=("paused", None)),), ()),
    "another media type pauses": (
        (pause(1, 600, content_type="text/plain", shows=("active", None)),), (STATUS,)),
    "a past date may show as active": ((pause(1, -50, shows=("active", None)), read(80, "active")), ()),
    "a past date may show as paused until it": ((pause(1, -50), read(80, "active")), ()),
    "a past date pauses indefinitely": ((pause(1, -50, shows=("paused", None)),), (PAST,)),
    "a past date pauses until another": ((pause(1, -50, shows=("paused", 900)),), (PAST,)),
    "a past date stays paused": ((pause(1, -50), read(80, "paused", -50)), (PAST,)),
    "the first instant of all is past": (
        (pause(1, body={"paused_until": "0001-01-01T00:00:00Z"}, shows=("paused", None)),), (PAST,)),
    "a past date that was seen stays paused": (
        (pause(100, -50), read(140, "paused", -50), read(170, "paused", -50)), (PAST,)),
    "a past date may take the tolerance": ((pause(100, -50), read(140, "paused", -50)), ()),
    # -- reads after requests
    "a pause that is not stored": ((pause(1, 600), read(4, "active")), (STORED,)),
    "a date that nobody asked for is no lag": ((pause(1, 600), read(1.1, "paused", 700)), (STORED,)),
    "an unpause with the date": ((pause(1, 600), unpause(2), read(5, "active", 600)), (CLEARED,)),
    "an unpause that is not stored": ((pause(1), unpause(2), read(5, "paused")), (UNPAUSED,)),
    "an unpause that is not shown": ((pause(1), unpause(2, shows=("paused", None))), (UNPAUSED,)),
    "an unpause that keeps the date": ((pause(1, 9), unpause(2, shows=("active", 9))), (CLEARED,)),
    "no response, and another date": (
        (send("pause", 1, body={"paused_until": text(600)}, status=None), read(5, "paused", 900)), (STORED,)),
    "a 503, and another date": (
        (send("pause", 1, body={"paused_until": text(600)}, status=503), read(5, "paused", 900)), (STORED,)),
    # -- other campaigns
    "a pause pauses others": (
        (beside, pause(1, 600), read(2, "paused", 600, campaign=OTHER)), (OTHERS,)),
    "a refused pause pauses others": (
        (beside, pause(1, status=422, body=TOMORROW), read(5, "paused", campaign=OTHER)), (UNCHANGED,)),
    "a pause without a credential pauses others": (
        (beside, pause(1, status=401, role="none"), read(5, "paused", campaign=OTHER)),
        (UNCHANGED_BY_OTHERS,)),
    "a pause without permission pauses others": (
        (beside, pause(1, status=403, role="readonly"), read(5, "paused", campaign=OTHER)),
        (UNCHANGED_BY_OTHERS,)),
    "a request without a response is no cause": (
        (beside, pause(1, status=None), read(5, "paused", campaign=OTHER)), (BY_ITSELF,)),
    "a 503 is no cause": ((beside, pause(1, status=503), read(5, "paused", campaign=OTHER)), (BY_ITSELF,)),
    "a read is no cause": ((beside, read(1, "active"), read(5, "paused", campaign=OTHER)), (BY_ITSELF,)),
    "what was done to a campaign itself comes first": (
        (beside, pause(1, 600, campaign=OTHER), pause(2, 600), read(5, "active", campaign=OTHER)), (STORED,)),
    # A pause that ends, ends by itself more often than by a request to another campaign.
    "an indefinite pause ends long after a pause of another campaign": (
        (pause(2), read(5, "paused"), pause(5.1, campaign=OTHER), read(20, "active")), (STAYS,)),
    "an indefinite pause ends right after a pause of another campaign": (
        (pause(2), read(5, "paused"), pause(5.1, campaign=OTHER), read(5.9, "active")), (OTHERS,)),
    "a cancelled date passed, too": (
        (pause(1, 10), pause(2), read(5, "paused"), pause(5.1, campaign=OTHER), read(20, "active")),
        (CANCELLED, STAYS)),
    # -- lag
    "a read may show what was before": ((pause(1, 600), read(1.5, "active")), (AT_ONCE,)),
    "a lagging read after one that did not": (
        (pause(1, 600), read(1.2, "paused", 600), read(1.4, "active")), (AT_ONCE,)),
    "a state that came back does not hide what came between": (
        (pause(1), unpause(1.1), read(1.2, "active"), read(2.05, "paused")), (AT_ONCE,)),
    "what a lagging read shows was possible then": (
        (pause(1, 600), pause(100, 1_200), read(101, "paused", 600)), (AT_ONCE,)),
    "nobody ended the first pause": ((pause(1, 600), pause(100, 1_200), read(101.5, "active")), (STORED,)),
    "a lagging read may show what is over": (
        (pause(1, 600), pause(661.5, 6_000), read(663, "paused", 600)), (AT_ONCE,)),
    "a lagging read may show a resume": (
        (pause(1, 600), pause(599, 6_000), read(600.5, "active")), (AT_ONCE,)),
    "time that passes by itself is no lag": ((pause(1, 600), read(700, "paused", 600)), (RESUMES,)),
    # -- without the provider's clock
    "without a clock a pause is followed": (
        (pause(1, clock=False), read(5, "stale", clock=False)), (STORED,)),
    "without a clock a read may lag": ((pause(1, clock=False), read(1.5, "active", clock=False)), (AT_ONCE,)),
    "without a clock a date may be over": ((pause(1, 600, clock=False), read(5, "active", clock=False)), ()),
    "without a clock a date may stand": (
        (pause(1, 600, clock=False), read(5, "paused", 600, clock=False)), ()),
    "a clock that is known later is used then": (
        (pause(1, 600, clock=False), read(5, "paused", 600), read(6, "stale")), (EARLY,)),
    # -- other first reads, and responses about other campaigns
    "a campaign is found paused and resumes late": ((read(662, "paused", 600),), (PROMPTLY,), "paused", 600),
    "a campaign is found paused and never resumes": ((read(663, "paused", 600),), (RESUMES,), "paused", 600),
    "a campaign is found paused and resumes": ((read(10, "active"),), (STAYS,), "paused"),
    "an unpause leaves an inactive campaign as it was": (
        (unpause(1, shows=("inactive", None)), read(5, "inactive")), (), "inactive"),
    "a refused unpause is no cause": (
        (send("unpause", 1, status=409), read(10, "active")), (STAYS,), "paused"),
    "after an unreadable first read anything may lag": (
        (pause(1, 600), read(2, "stale")), (AT_ONCE,), "?"),
    "and only for a while": ((pause(1, 600), read(5, "stale")), (STORED,), "?"),
    "a read or an unpause about another campaign is not compared": (
        (read(1, "paused", document={"id": OTHER}),
         unpause(2, shows=("paused", None), document={"id": OTHER})), ()),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_what_fails(rule):
    steps, clauses, *first = RULES[rule]
    evidence = follow(*steps, history=begun(*first))
    assert failed(evidence) == clauses
    assert evidence.tested.issuperset(clauses)


def test_a_dated_pause_is_kept_and_resumes():
    history = begun()
    steps = (*UNTIL_600, read(596, "paused", 600), read(601, "active"), read(9_000, "active"))
    seen = [step(history) for step in steps]
    assert [failed(one) for one in seen] == [()] * 5
    assert (seen[0].tested, seen[2].tested) == ({STATUS, UNTIL}, {EARLY, AT_ONCE})
    resumed = seen[3].resumed
    assert resumed is not None
    assert (resumed.due, resumed.before - resumed.due < 2 * NANO) == (at(600), True)
    assert seen[3].tested == RESUMED | {PROMPTLY, AT_ONCE, BY_ITSELF}


def test_a_past_date_is_no_evidence_of_a_resume():
    for looks in ((), (read(20, "paused", -50),), (read(20, "active"),)):
        for shows in (("paused", -50), ("active", None)):
            history = begun()
            steps = (pause(1, -50, shows=shows), *looks, read(200, "active"))
            seen = [step(history) for step in steps]
            assert [failed(one) for one in seen] == [()] * len(steps)
            assert not any(one.resumed or one.tested & {RESUMES, AS_ACTIVE, PROMPTLY, EARLY} for one in seen)


def test_what_an_uncertain_clock_leaves_open_is_possible():
    for second, status in ((598, "active"), (598, "paused"), (602, "active"), (663, "paused")):
        seen = follow(
            *UNTIL_600, read(second, status, 600 if status == "paused" else None), history=begun(uncertain=3)
        )
        assert seen.possible


def test_a_refused_request_that_acts():
    for how, clause in (
        ({"body": TOMORROW, "status": 422}, UNCHANGED),
        ({"body": b"{", "status": 400}, UNCHANGED),
        ({"body": {}, "status": 401, "role": "none"}, UNCHANGED_BY_OTHERS),
        ({"body": {}, "status": 403, "role": "readonly"}, UNCHANGED_BY_OTHERS),
        ({"body": {}, "status": 404, "scope": "invented", "campaign": "adcamp_nobody"}, UNCHANGED),
        ({"body": {"paused_until": "2001-01-01T00:00:00Z"}, "status": 422}, UNCHANGED),
    ):
        steps = (send("pause", 1, **how), read(1.1, "active"), send("pause", 2, **how), read(2.1, "paused"))
        assert failed(follow(*steps)) == (clause,)


def test_a_request_without_a_response_may_have_acted():
    for status in (None, 429, 500, 502, 503, 504, 520, 527):
        for left in (("active", None), ("paused", 600)):
            sent = send("pause", 1, body={"paused_until": text(600)}, status=status)
            assert failed(follow(sent, read(5, *left))) == (), (status, left)
    several = [pause(second, until, status=503) for second, until in ((1, None), (2, 600), (3, 1_200))]
    for left in (("active", None), ("paused", None), ("paused", 600), ("paused", 1_200)):
        assert failed(follow(*several, read(10, *left))) == ()


moves = st.lists(
    st.one_of(
        st.tuples(st.just("pause"), st.one_of(st.none(), st.integers(2, 4_000))),
        st.tuples(st.sampled_from(["unpause", "refuse", "read"]), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 3_000)),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=150)
@given(moves=moves, ahead=st.floats(-2.0, 2.0))
def test_no_conforming_history_fails(moves, ahead):
    """A provider of ten lines, whose clock differs from the middle of what is known, is never accused."""
    history = History(uncertain=2.05)
    now, until, paused = 0.0, None, False
    history.read(0, "active")
    for what, number in moves:
        now += 0.5
        if what == "wait":
            now += number or 0
            continue
        if paused and until is not None and now + ahead >= until:
            paused, until = False, None
        if what == "pause":
            paused, until = True, None if number is None else now + number + 10
            evidence = history.pause(now, until)
        elif what == "unpause":
            paused, until = False, None
            evidence = history.unpause(now)
        elif what == "refuse":
            evidence = history.exchange("pause", now, body={"paused_until": 5}, status=422)
        else:
            evidence = history.read(now, "paused" if paused else "active", until if paused else None)
        assert failed(evidence) == ()


def test_a_campaign_outside_the_run_is_not_followed():
    for scope in ("invented", "malformed", "foreign"):
        history = begun()
        for second in (1, 2):
            evidence = history.pause(second, 600, campaign=OTHER, scope=scope)
            assert (evidence.before, evidence.document, failed(evidence)) == (None, None, ())
            assert (dict(evidence.documents.first), evidence.documents.last) == ({}, None)
        assert OTHER not in history.oracle._campaigns


def test_an_unknown_first_state_becomes_known_by_a_pause():
    history = History()
    assert history.read(0, "?").tested == {AT_ONCE}
    assert history.possible(0) is None
    assert failed(history.unpause(0.5, shows=("paused", None))) == ()
    assert history.possible(0.6) is None, "an inactive campaign may stay as it was"
    history.pause(1)
    assert failed(history.read(5, "active")) == (STORED,)


def test_an_id_in_another_case_may_be_the_same_campaign():
    history = begun()
    evidence = history.pause(1, 600, campaign=ID.upper(), scope="recased")
    assert (failed(evidence), evidence.request_class) == ((), "recased-id")
    assert {state.status for state in history.possible(2) or ()} == {"active", "paused"}
    assert failed(history.read(5, "paused", 700)) == (STORED,)
    assert begun().pause(1, 600, campaign=OTHER.upper(), scope="recased").before is None


def test_every_method_on_the_pause_route_is_classified():
    history = begun()
    assert history.read(1, "active").request_class is None
    wrong = history.exchange(None, 2, method="PUT", body={}, status=405)
    assert (wrong.request_class, wrong.intent and wrong.intent.request_class) == ("method", "omitted")


def test_a_date_beyond_the_campaigns_own_end_is_far():
    history = History()
    history.read(0, "active", document={"config": {"end_time": text(1_000)}})
    assert history.pause(1, 999).request_class == "instant"
    assert history.pause(2, 1_000).request_class == "far"
    history.read(3, "paused", 1_000, document={"config": {"end_time": text(5_000)}})
    assert history.pause(4, 2_000).request_class == "far", "the end that was read first counts"


def test_a_request_that_must_be_refused_may_lead_anywhere_if_it_is_accepted():
    for how in (
        {"role": "none", "body": {}},
        {"role": "readonly", "body": {}},
        {"role": "scheme", "body": TOMORROW},
        {"body": {"paused_until": 5}},
        {"body": b"["},
        {"body": {"paused_until": "9999-12-31T23:59:60Z"}},
    ):
        steps = (send("pause", 1, shows=("active", None), **how), read(5, "paused", 900))
        assert failed(follow(*steps)) == ()


def test_what_a_pause_does_to_an_inactive_campaign_is_open():
    for status in ("inactive", "stale"):
        for left, resumed in ((("paused", 600.0), ("active", None)), ((status, None), (status, None))):
            tries = [step for at_ in (1, 2) for step in (pause(at_, 600, shows=left), read(at_ + 0.5, *left))]
            assert failed(follow(*tries, unpause(3, shows=resumed), history=begun(status))) == ()
        history = begun(status)
        history.pause(1, shows=(status, None))
        assert history.possible(2) == {State(status)}, "its response shows what it did"
        assert failed(history.read(3, "paused")) == (STORED,)


def test_a_read_may_lag_by_the_senders_clock_or_by_the_providers():
    for more, lags in ((LAG, True), (LAG + 0.001, False)):
        history = begun()
        paused = history.pause(1, 6_000)
        seen = history.read(600, "active", wall=paused.exchange.received + more)
        assert seen.lagging is lags
        assert not lags or seen.findings[AT_ONCE].expected == "what the last request left"
    for second, clause in ((2.99, AT_ONCE), (2.991, STORED)):
        late = follow(pause(0.99, 600), read(second, "active", wall=START + 1_000))
        assert (late.lagging, failed(late)) == (clause == AT_ONCE, (clause,))
        assert late.tested == {clause, AT_ONCE}


def test_after_requests_in_an_unknown_order_either_state_is_possible_and_a_read_decides_it_late():
    history = begun()
    history.pause(1)
    history.oracle.widen(ID, frozenset({ACTIVE}))
    either = frozenset({ACTIVE, State("paused")})
    assert history.possible(1.05) == either
    history.read(1.1, "active")
    assert history.possible(1.2) == either
    history.oracle.widen(OTHER, frozenset({ACTIVE}))
    assert history.possible(1.2, OTHER) is history.possible(1.2, "adcamp_nobody") is None


def test_of_two_equal_states_a_lagging_read_may_show_the_older():
    history = begun()
    follow(pause(1), unpause(1.1), pause(1.2, 600), history=history)
    assert history.read(1.3, "active").lagging
    assert history.read(2.05, "paused").lagging


def test_after_a_clock_was_moved_what_fell_due_may_be_read_late_like_any_write():
    for late, clause in ((700, RESUMES), (620, PROMPTLY)):
        for after, clauses in ((1.9, (AT_ONCE,)), (2.1, (clause,))):
            history = begun()
            follow(pause(1, 600), read(1.1, "paused", 600), history=history)
            history.read(late, "paused", 600, wall=START + 1.2)
            seen = history.read(late + after, "paused", 600, wall=START + 1.2 + after)
            assert failed(seen) == clauses
            stale = [seen.findings[AT_ONCE].expected] if AT_ONCE in seen.findings else []
            assert stale == ["what is due by now"] * (clauses == (AT_ONCE,))


def test_reads_go_back_behind_a_state_that_was_seen_four_times_in_a_row_at_most():
    history = begun()

    def go_back(start):
        for more in range(4):
            assert history.read(start + more / 100, "active").lagging
            assert history.oracle.went_back(ID)

    history.pause(1, 600)
    assert all(history.read(1.02 + more / 100, "active").lagging for more in range(6)), "it was not seen yet"
    assert not history.oracle.went_back(ID)
    assert not history.oracle.went_back(OTHER)
    history.read(1.2, "paused", 600)
    assert not history.oracle.went_back(ID)
    go_back(1.3)
    history.read(1.4, "paused", 600)
    assert not history.oracle.went_back(ID)
    go_back(1.5)
    history.pause(1.6, 700)
    assert all(history.read(1.62 + more / 100, "active").lagging for more in range(6))
    assert not history.oracle.went_back(ID)
    history.read(1.7, "paused", 700)
    go_back(1.8)
    assert failed(history.read(1.9, "active")) == (EARLY,)


def test_a_clock_that_was_moved_to_before_an_instant_leaves_what_was_seen():
    history = begun()
    follow(pause(1, 6_000), read(1.1, "paused", 6_000), history=history)
    assert all(
        history.read(5_000 + more, "active", wall=START + 1.2 + more).lagging
        for more in (0, 0.01, 0.02, 0.03)
    )
    assert failed(history.read(5_000.1, "active", wall=START + 1.3)) == (EARLY,)
    moved = begun()
    follow(pause(1, 600), read(1.1, "paused", 600), history=moved)
    assert not moved.read(700, "stale", wall=START + 1.2).lagging, "no state from before a write"


@pytest.mark.parametrize("waited", [0.25, 700.0])
@pytest.mark.parametrize(("more", "clause"), [(NANO + 1, AT_ONCE), (NANO, RESUMES)])
def test_a_clock_was_moved_if_it_gained_more_than_a_second(waited, more, clause):
    history = begun(tolerance=0)
    history.pause(1, 3)
    last = replace(history.read(4.4, "paused", 3).exchange, sent=START + 5, received=START + 5)
    history.oracle.follow(last)
    assert last.now is not None
    now, sent = last.now.end + int(waited * NANO) + more, last.received + waited
    seen = history.oracle.follow(replace(last, sent=sent, received=sent, now=Window(now, now)))
    assert failed(seen) == (clause,)


def test_a_read_that_may_be_late_settles_nothing_once_reads_have_lagged():
    for lags in (False, True):
        history = begun()
        history.pause(1, 600)
        if lags:
            assert history.read(1.1, "active").lagging
        history.read(1.2, "paused", 600)
        # One second past the date both are possible; and the state before the pause may still be shown.
        history.read(601, "active", wall=START + 1.3)
        assert (len(history.possible(601) or ()) == 2) == lags


def test_a_read_directly_after_an_unanswered_request_settles_nothing():
    history = begun()
    follow(pause(1, 600, status=504), read(1.1, "active"), history=history)
    assert len(history.possible(2) or ()) == 2
    history.read(4, "active")
    assert history.possible(4) == {ACTIVE}


def test_a_response_without_a_document_shows_nothing():
    for answer in (b"", b"[]", b"null", b"{", b'"active"', b"\xff"):
        history = begun()
        evidence = history.pause(1, 600, answer=answer)
        assert (evidence.document, evidence.shown, failed(evidence)) == (None, None, ())
        assert failed(history.read(5, "active")) == (STORED,), "it was accepted nevertheless"


def test_a_refusal_shows_nothing_whatever_is_in_it():
    evidence = begun().exchange("pause", 1, body={}, status=422, shows=("active", 9))
    assert (evidence.document, evidence.shown, evidence.text is not None) == (None, None, True)


def test_a_response_about_another_campaign_is_only_compared_with_the_request():
    for shows, clauses in ((("paused", 600), ()), (("active", None), (STATUS,)), (("paused", 777), (UNTIL,))):
        history = begun()
        evidence = history.pause(1, 600, shows=shows, document={"id": OTHER})
        assert (evidence.document or {})["id"] == OTHER
        assert (evidence.shown, failed(evidence)) == (None, clauses)
        assert history.possible(5) == {State("paused", at(600), MILLI, (at(600), at(600)))}
        assert failed(history.read(5, "active")) == (STORED,)


def spoilt(spoil, status, until=None, campaign=ID):
    shown = {"id": campaign, "status": status, "paused_until": None if until is None else text(until)}
    return spoil(json.dumps(shown).encode())


SPOILT = {
    "a byte order mark": lambda content: codecs.BOM_UTF8 + content,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "gzip without a label": lambda content: gzip.compress(content, mtime=0),
}


def test_a_malformed_response_is_used_to_know_the_state_and_only_its_format_is_checked():
    for spoil in SPOILT.values():
        history = History()
        first = history.exchange("retrieve", 0, answer=spoilt(spoil, "active"))
        assert (first.shown, first.document, history.possible(0)) == (ACTIVE, None, {ACTIVE})
        wrong = history.pause(1, 600, answer=spoilt(spoil, "paused", 700))
        assert (failed(wrong), wrong.tested, fails(wrong, "response.json-text")) == ((), frozenset(), True)
        assert not any(fails(wrong, clause) for clause in CLAUSES if not clause.startswith("response."))
        assert len(history.possible(2) or ()) == 2, "what was asked for, or what was shown"
        refused_ = history.pause(9, status=422, answer=spoilt(spoil, "active"))
        assert refused_.shown is None, "a refusal shows nothing"
        assert failed(history.exchange("retrieve", 10, answer=spoilt(spoil, "paused", 900))) == ()
        assert {state.until for state in history.possible(11) or ()} == {at(900)}
        other = history.exchange("retrieve", 12, answer=spoilt(spoil, "active", campaign=OTHER))
        assert (other.shown, len(history.possible(12) or ())) == (None, 1)
        assert failed(history.read(20, "active")) == (EARLY,)


def test_the_first_document_of_every_operation_and_the_last_of_all_are_kept():
    history = History()
    first = history.read(0, "active")
    assert (dict(first.documents.first), first.documents.last) == ({}, None)
    paused = history.pause(1, 600)
    assert (dict(paused.documents.first), paused.documents.last) == (
        {"retrieve": first.document},
        first.document,
    )
    kept = json.dumps(dict(paused.documents.first))
    history.read(2, "paused", 600)
    other = history.exchange(None, 3, method="PUT", body={}, shows=("paused", 600))
    last = history.read(4, "paused", 600)
    firsts = {"retrieve": first.document, "pause": paused.document, "other": other.document}
    assert (dict(last.documents.first), last.documents.last) == (firsts, other.document)
    assert list(last.documents.first) == list(firsts)
    assert json.dumps(dict(paused.documents.first)) == kept, "what was handed out does not change"


def test_a_read_after_a_past_date_tests_its_clause():
    for status, tested in ((200, {PAST}), (504, {PAST}), (422, {UNCHANGED, PAST})):
        shows = ("active", None) if status == 200 else None
        seen = follow(pause(201, 60, status=status, shows=shows), read(301, "paused", 60))
        assert (seen.tested, failed(seen)) == (tested | {AT_ONCE}, (UNCHANGED if status == 422 else PAST,))
        soon = follow(pause(201, 60, status=status, shows=shows), read(204, "active"))
        assert soon.tested == tested | {AT_ONCE}
        refused = send("pause", 202, body={"paused_until": 5}, status=422)
        assert follow(refused, read(205, "active")).tested == {UNCHANGED, AT_ONCE}
        seen = follow(pause(201, 60, status=422, shows=None), refused, read(301, "active"))
        assert seen.tested == {UNCHANGED, PAST, AT_ONCE}, "several refused requests share one read"


def test_how_a_late_state_reads():
    paused = f"paused until {text(600)}"
    for late, clause, words in (
        (read(2, "active"), AT_ONCE, ("what the last request left", "what stood before it: active")),
        (read(610, "paused", 600), PROMPTLY, (f"active since {text(600)}", f"still {paused}")),
    ):
        steps = (pause(1, 600), late) if clause == AT_ONCE else (*UNTIL_600, late)
        assert follow(*steps).findings == {clause: Finding(*words, "/status")}


WRONG_DATE = (pause(1, 600, shows=("paused", 700)), (UNTIL,))
ASKED, OVERDUE = (pause(1, 600), ()), (read(700, "paused", 600), (RESUMES,))


def test_what_fails_after_a_failure():
    for steps in (
        # After a wrong response, what was asked for or what was shown may be true, and is due like any date.
        (WRONG_DATE, (read(5, "paused", 600), ())),
        (WRONG_DATE, (read(5, "paused", 700), ()), (read(763, "paused", 700), (RESUMES,))),
        (WRONG_DATE, (read(763, "paused", 700), (RESUMES,))),
        (WRONG_DATE, (read(5, "paused", 650), (STORED,))),
        # A wrong state that a read showed counts from then on: one bug is one failure.
        (ASKED, (read(5, "paused", 900), (STORED,)), (read(6, "paused", 900), ()), (read(901, "active"), ())),
        (ASKED, (read(5, "paused", 900), (STORED,)), (read(963, "paused", 900), (RESUMES,))),
        (ASKED, (read(5, "paused"), (STORED,)), (read(10, "active"), (STAYS,))),
        # An overdue pause may end at any time.
        (ASKED, OVERDUE, (read(701, "paused", 600), ()), (read(900, "active"), ())),
    ):
        history = begun()
        assert [failed(step(history)) for step, _ in steps] == [clauses for _, clauses in steps]


def test_a_date_that_was_never_requested_may_be_another_clients():
    """Only after a read that agreed, and without a write since."""
    elsewhere = read(300, "paused", 900)
    early = [{"paused_until": write_instant(at(900) - by * MILLI)} for by in (1, 2)]
    for steps, others in (
        ((*UNTIL_600, elsewhere), True),
        ((elsewhere,), True),
        ((pause(1), read(2, "paused"), elsewhere), True),
        ((*UNTIL_600, read(300, "paused", 601)), True),
        ((*UNTIL_600, read(300, "paused")), False),
        ((pause(1, 900), *UNTIL_600, elsewhere), False),
        ((pause(1, body=early[0], shows=None), *UNTIL_600, elsewhere), False),
        ((pause(1, body=early[1], shows=None), *UNTIL_600, elsewhere), True),
        ((pause(1, 900, status=422), read(2, "active"), elsewhere), False),
        ((pause(1, body={"pausedUntil": text(900)}, shows=None), *UNTIL_600, elsewhere), False),
        ((pause(1, 600), elsewhere), False),
        ((*UNTIL_600, beside, pause(3, status=422, body=TOMORROW, campaign=OTHER), elsewhere), False),
    ):
        assert follow(*steps).unrequested is others, steps
    disagreed = History()
    follow(*UNTIL_600[:1], read(9, "paused", 700), history=disagreed)
    assert not disagreed.read(300, "paused", 900).unrequested
    assert not begun("paused", 600).read(300, "paused", 900).unrequested


# -- another company's campaign ----------------------------------------------------------------------------

THEIRS = {"campaign": "adcamp_theirs", "scope": "foreign"}


def their(second, status, until=None, **more):
    return read(second, status, until, **{**THEIRS, **more})


def refused(second, status=403):
    return pause(second, status=status, shows=None, **THEIRS)


def test_a_refused_request_must_not_change_another_companys_campaign():
    """``kept`` is None if the last read tests nothing."""
    for steps, kept in (
        ((refused(1), their(2, "paused")), False),
        ((refused(1, 404), their(2, "paused", 600)), False),
        ((refused(1), their(2, "active")), True),
        ((refused(1, 200), their(2, "paused")), None),
        ((refused(1, 500), their(2, "paused")), None),
        ((refused(1, None), their(2, "paused")), None),
        # Others may change it while we request nothing.
        ((their(5, "paused"), refused(6), their(7, "paused"), their(8, "active")), None),
        # After an accepted request the next read counts.
        ((refused(1, 200), refused(2), their(3, "paused")), None),
        ((refused(1, 200), refused(2), their(3, "paused"), refused(4), their(5, "active")), False),
        # Each campaign is followed by itself.
        ((their(1, "paused", campaign="adcamp_another"), refused(2), their(3, "active")), True),
        # A response without a campaign settles nothing.
        ((refused(1), their(2, "active", answer=b""), their(3, "paused")), False),
        ((refused(1), their(2, "active", answer=b"[]"), their(3, "paused")), False),
        ((refused(1), send("retrieve", 2, status=404, **THEIRS), their(3, "paused")), False),
        # Its own date may pass, and not before.
        ((their(0, "paused", 600), refused(1), their(3, "active")), False),
        ((their(0, "paused", 600), refused(1), their(601, "active")), True),
        ((their(0, "paused", 600), refused(1), their(650, "paused", 600)), True),
        ((their(0, "paused", 600), refused(1), their(700, "paused", 600)), False),
    ):
        seen = follow(their(0, "active"), *steps, history=History())
        assert failed(seen) == ((UNCHANGED_BY_OTHERS,) if kept is False else ())
        assert seen.tested == (frozenset() if kept is None else {UNCHANGED_BY_OTHERS})
        assert fails(seen, UNCHANGED_BY_OTHERS) is (kept is False)
