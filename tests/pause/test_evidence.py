"""What clauses see: states as documents show them, and the exchanges before a failure."""

from dataclasses import replace

from pause.histories import OTHER, History, at, text
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.evidence import TRAIL, State, describe_before, read_state


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


def test_an_event_says_what_was_requested():
    history = History()
    assert describe_before(history.read(0, "active")) == [], "an exchange is not before itself"
    history.pause(1, 600)
    history.pause(2)
    history.unpause(3)
    history.pause(4, body={"paused_until": "tomorrow"}, status=400, shows=None)
    history.pause(5, 600, role="none", status=401, shows=None)
    history.pause(6, 600, status=None)
    history.pause(6.5, body={"paused_until": text(700), "note": 1})
    last = history.read(7, "active")
    events = describe_before(last)
    assert [(one["number"], one["asked"], one["answer"], one["until"]) for one in events] == [
        (1, "read", "200", None),
        (2, f"pause until {text(600)}", "200", text(600)),
        (3, "pause without a date", "200", None),
        (4, "unpause", "200", None),
        (5, "POST (string)", "400", None),
        (6, "POST (no-credential)", "401", None),
        (7, f"pause until {text(600)}", "no response", text(600)),
        (8, f"pause until {text(700)}", "200", text(700)),
    ]
    assert events[3] == {
        "number": 4, "at": text(3.01), "campaign": "adcamp_1", "asked": "unpause", "until": None,
        "answer": "200", "status": "active", "paused_until": None,
    }  # fmt: skip
    assert (events[1]["status"], events[1]["paused_until"], events[6]["status"]) == (
        "paused",
        text(600),
        None,
    )
    cut_off = replace(last.trail[6].exchange, trouble="timed out", now=None)
    (event,) = describe_before(replace(last, trail=(replace(last.trail[6], exchange=cut_off),)))
    assert (event["answer"], event["at"]) == ("timed out", None)
    assert not any(one.response.content or one.text or one.trail for one in last.trail), "memory stays small"


def numbers(evidence):
    return [one["number"] for one in describe_before(evidence)]


def test_equal_reads_in_a_row_are_one_event_and_the_oldest_events_are_dropped():
    history = History()
    for second in range(5):
        history.read(second, "active")
    history.read(6, "paused", 600)
    assert numbers(history.read(7, "active")) == [1, 6]
    for second in range(8, 30):
        history.pause(second, 600 + second)
    assert numbers(history.read(31, "active")) == list(range(30 - TRAIL, 30))


def test_of_other_campaigns_only_writes_matter():
    history = History()
    history.read(0, "active")
    history.read(1, "active", campaign=OTHER)
    history.pause(2, 600, campaign=OTHER)
    events = describe_before(history.read(3, "active"))
    assert [(one["campaign"], one["asked"][:5]) for one in events] == [("adcamp_1", "read"), (OTHER, "pause")]
