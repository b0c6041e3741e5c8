"""What clauses see: states as documents show them, and the exchanges before a failure."""

from dataclasses import replace

from pause.histories import OTHER, History, at, text
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.evidence import (
    TRAIL,
    State,
    describe_event,
    events_about,
    read_state,
)


def test_a_date_holds_to_the_millisecond():
    for distance in (0, 1, 999_999, 1_000_000, 1_000_001, NANO):
        dated = State("paused", at(600))
        for sign in (1, -1):
            shown = State("paused", at(600) + sign * distance)
            assert shown.matches(dated) is (distance <= MILLI)
            assert shown.matches(replace(dated, slack=NANO))


def test_the_state_that_a_document_shows():
    for document, state in (
        ({"status": "active", "paused_until": None}, State("active")),
        ({"status": "paused", "paused_until": text(600)}, State("paused", at(600))),
        ({"status": "Paused", "paused_until": "soon"}, State(None, until_read=False)),
        ({"status": 5, "paused_until": 5}, State(None, until_read=False)),
        ({}, State(None, until_read=False)),
    ):
        assert read_state(document) == state
        assert not state.whole or state.as_dict() == document


def described(evidence):
    return [(describe_event(one), one.status) for one in evidence.trail]


def test_an_event_says_what_was_requested():
    history = History()
    assert history.read(0, "active").trail == (), "an exchange is not in its own trail"
    history.pause(1, 600)
    history.pause(2)
    history.unpause(3)
    history.pause(4, body={"paused_until": "tomorrow"}, status=400, shows=None)
    history.pause(5, 600, role="none", status=401, shows=None)
    history.pause(6, 600, status=None)
    history.pause(6.5, body={"paused_until": text(700), "note": 1})
    last = history.read(7, "active")
    assert described(last) == [
        ("read", 200),
        (f"pause until {text(600)}", 200),
        ("pause without a date", 200),
        ("unpause", 200),
        ("POST (string)", 400),
        ("POST (no-credential)", 401),
        (f"pause until {text(600)}", 0),
        (f"pause until {text(700)}", 200),
    ]
    assert [one.number for one in last.trail] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert last.trail[0].at == at(0.01)
    assert last.trail[3].as_dict() == {
        "number": 4, "at": text(3.01), "campaign": "adcamp_1", "asked": "unpause", "until": None,
        "answer": "200", "status": "active", "paused_until": None,
    }  # fmt: skip
    assert last.trail[1].as_dict()["until"] == text(600)
    assert last.trail[6].as_dict() == last.trail[6].as_dict() | {"answer": "no response", "status": None}
    cut_off = replace(last.trail[6], trouble="timed out", at=None).as_dict()
    assert (cut_off["answer"], cut_off["at"]) == ("timed out", None)
    dated = last.trail[1]
    assert (dated.operation, dated.until, dated.request_class) == ("pause", at(600), "instant")
    assert dated.shown == State("paused", at(600))


def test_equal_reads_in_a_row_are_one_event_and_the_oldest_events_are_dropped():
    history = History()
    for second in range(5):
        history.read(second, "active")
    history.read(6, "paused", 600)
    assert [one.number for one in history.read(7, "active").trail] == [1, 6]
    for second in range(8, 30):
        history.pause(second, 600 + second)
    trail = history.read(31, "active").trail
    assert [one.number for one in trail] == list(range(30 - TRAIL, 30))


def test_of_other_campaigns_only_writes_matter():
    history = History()
    history.read(0, "active")
    history.read(1, "active", campaign=OTHER)
    history.pause(2, 600, campaign=OTHER)
    events = events_about(history.read(3, "active").trail, "adcamp_1")
    assert [(one.campaign, one.operation) for one in events] == [("adcamp_1", "retrieve"), (OTHER, "pause")]
