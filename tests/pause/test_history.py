"""The history of a failure: what was asked and what came of it, in its order, and no more than a reader takes in."""

from __future__ import annotations

from pause.histories import History, at, text
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle.history import LENGTH, before

OTHER = "adcamp_2"


def told(evidence: Evidence) -> list[tuple[str, int]]:
    return [(one.asked, one.status) for one in evidence.trail]


def test_a_request_is_told_by_what_it_asks_for() -> None:
    history = History()
    history.read(0, "active")
    history.pause(1, 600)
    history.pause(2)
    history.unpause(3)
    history.pause(4, body={"paused_until": "tomorrow"}, status=400, shows=None)
    history.pause(5, 600, role="none", status=401, shows=None)
    history.pause(6, 600, status=None)
    last = history.read(7, "active")
    assert told(last) == [
        ("read", 200),
        (f"pause until {text(600)}", 200),
        ("pause without a date", 200),
        ("unpause", 200),
        ("POST (string)", 400),
        ("POST (no-credential)", 401),
        (f"pause until {text(600)}", 0),
    ]
    assert [one.number for one in last.trail] == [1, 2, 3, 4, 5, 6, 7]
    assert last.trail[1].shown is not None
    assert (last.trail[1].shown.status, last.trail[1].shown.until) == ("paused", at(600))


def test_an_exchange_does_not_stand_in_its_own_history() -> None:
    history = History()
    assert history.read(0, "active").trail == ()
    assert told(history.pause(1)) == [("read", 200)]


def test_reads_that_show_the_same_are_one_and_the_oldest_is_forgotten() -> None:
    history = History()
    for second in range(5):
        history.read(second, "active")
    history.read(6, "paused", 600)
    assert [(one.number, one.asked) for one in history.read(7, "active").trail] == [(1, "read"), (6, "read")]
    for second in range(8, 30):
        history.pause(second, 600 + second)
    trail = history.read(31, "active").trail
    assert len(trail) == LENGTH
    assert [one.number for one in trail] == list(range(30 - LENGTH, 30))


def test_of_other_campaigns_what_was_done_is_told_and_reads_are_not() -> None:
    history = History()
    history.read(0, "active")
    history.read(1, "active", campaign=OTHER)
    history.pause(2, 600, campaign=OTHER)
    events = before(history.read(3, "active").trail, "adcamp_1")
    assert [(one.campaign, one.asked) for one in events] == [
        ("adcamp_1", "read"),
        (OTHER, f"pause until {text(600)}"),
    ]
