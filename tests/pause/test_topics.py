"""Which promise an observation puts to the test, and which one a difference breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pause.histories import History, at, text
from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI, ClassId, Intent
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, read_state
from whop_contracts.pause.oracle.blame import answer_topics, broken_topics, finding, read_topic

DATED = State("paused", at(600))
PAUSED = State("paused")
EVENING = (at(1_200),)
HALF = (at(1_200) + NANO // 2,)


def sees(status: str | None, until: int | None = None, *, readable: bool = True) -> State:
    return State(status, until, until_read=readable)


def evidence(wish: Intent | None, *before: State, operation: Any = "pause") -> Evidence:
    exchange = History().exchange(operation, 1).exchange
    return Evidence(exchange, intent=wish, before=frozenset(before) if before else None)


def asking(row: ClassId = "instant", until: tuple[int, ...] = EVENING, offset: int = 0) -> Intent:
    return Intent(row, until=until, offset=offset)


@pytest.mark.parametrize(
    ("asked", "topics"),
    [
        (evidence(None, operation="unpause"), ["unpaused", "date-dropped"]),
        (evidence(None), []),
        (evidence(asking("past"), DATED), ["past"]),
        (evidence(asking()), ["status", "until"]),
        (evidence(Intent("omitted"), ACTIVE), ["status", "indefinite"]),
        (evidence(asking("far")), ["status", "until", "far"]),
        (evidence(asking(offset=-60)), ["status", "until", "offset"]),
        (evidence(asking(until=HALF)), ["status", "until", "fraction"]),
        (evidence(asking(), ACTIVE, DATED), ["status", "until", "replaced"]),
        (evidence(Intent("omitted"), DATED), ["status", "indefinite", "replaced"]),
        (evidence(asking(), PAUSED), ["status", "until"]),
        (evidence(asking(), State("active", at(600))), ["status", "until"]),
        (
            evidence(asking("far", HALF, 60), DATED),
            ["status", "until", "far", "offset", "fraction", "replaced"],
        ),
    ],
)
def test_what_an_answer_puts_to_the_test(asked: Evidence, topics: list[str]) -> None:
    assert answer_topics(asked) == topics


@pytest.mark.parametrize(
    ("asked", "seen", "broken"),
    [
        # An unpause leaves an active campaign without a date.
        (evidence(None, operation="unpause"), sees("active", at(600)), ["date-dropped"]),
        (evidence(None, operation="unpause"), sees("paused"), ["unpaused"]),
        (evidence(asking("past")), sees("paused"), ["past"]),
        # Another status is one mistake, whatever becomes of the date then ...
        (evidence(asking(), ACTIVE), sees("active"), ["status"]),
        (evidence(asking(), ACTIVE), sees("active", EVENING[0]), ["status"]),
        (evidence(asking(), ACTIVE), sees("active", EVENING[0] + MILLI), ["status"]),
        (evidence(asking(), DATED), sees("active", at(600)), ["status"]),
        (evidence(asking()), sees("active", EVENING[0]), ["status"]),
        (evidence(None), sees("active"), ["status"]),
        # ... unless the date is one that nobody asked for.
        (evidence(asking(), ACTIVE), sees("active", at(777)), ["status", "until"]),
        (evidence(asking(), ACTIVE), sees("active", EVENING[0] + MILLI + 1), ["status", "until"]),
        (evidence(None), sees("active", at(777)), ["status", "indefinite"]),
        # Paused, or with a status that cannot be read: the date is wrong.
        (evidence(asking(), ACTIVE), sees(None, at(777)), ["until"]),
        (evidence(asking(), ACTIVE), sees("paused", at(777)), ["until"]),
        (evidence(asking(), ACTIVE), sees("paused"), ["until"]),
        (evidence(Intent("omitted"), ACTIVE), sees("paused", at(777)), ["indefinite"]),
        # The date of before, where there was one, has been kept.
        (evidence(asking(), DATED), sees("paused", at(600)), ["replaced"]),
        (evidence(Intent("omitted"), DATED), sees("paused", at(600)), ["replaced"]),
        (evidence(asking(), DATED), sees("paused", at(777)), ["until"]),
        (evidence(asking(), DATED, PAUSED), sees("paused"), ["until"]),
        # A fraction that is lost is less than a second.
        (evidence(asking(until=HALF)), sees("paused", EVENING[0]), ["fraction"]),
        (evidence(asking(until=HALF)), sees("paused", HALF[0] - NANO + 1), ["fraction"]),
        (evidence(asking(until=HALF)), sees("paused", HALF[0] - NANO), ["until"]),
        (evidence(asking(until=HALF)), sees("paused"), ["until"]),
        (evidence(asking()), sees("paused", EVENING[0] - NANO // 2), ["until"]),
        # A far date that is another is told as one, unless a zone explains it.
        (evidence(asking("far")), sees("paused", at(777)), ["far"]),
        (evidence(asking("far", offset=60)), sees("paused", EVENING[0] + 3_600 * NANO), ["offset"]),
        # Of the instants that a text may mean, the nearest tells.
        (
            evidence(asking(until=(at(600) + NANO // 2, HALF[0]))),
            sees("paused", at(600)),
            ["fraction"],
        ),
    ],
)
def test_what_a_wrong_answer_breaks(asked: Evidence, seen: State, broken: list[str]) -> None:
    assert broken_topics(asked, seen) == broken


@pytest.mark.parametrize(
    ("offset", "minutes"),
    [(330, (330, 660, 30, 60, 300)), (-210, (210, 420, 30, 60, 180)), (60, (60, 120)), (-720, (720, 1_440))],
)
def test_a_zone_dropped_flipped_or_read_by_half_explains_a_date(
    offset: int, minutes: tuple[int, ...]
) -> None:
    asked = evidence(asking(offset=offset))
    for off in (sign * one for one in minutes for sign in (1, -1)):
        for rest in (0, NANO - 1, 1 - NANO):
            assert broken_topics(asked, sees("paused", EVENING[0] + off * 60 * NANO + rest)) == ["offset"]
        for rest in (NANO, -NANO):
            assert broken_topics(asked, sees("paused", EVENING[0] + off * 60 * NANO + rest)) == ["until"]


@pytest.mark.parametrize("offset", [330, 60])
def test_and_nothing_else_does(offset: int) -> None:
    asked = evidence(asking(until=HALF, offset=offset))
    for off in (7, 90, 50, 11):
        assert broken_topics(asked, sees("paused", HALF[0] + off * 60 * NANO)) == ["until"]
    assert broken_topics(asked, sees("paused", EVENING[0])) == ["fraction"], "a cut fraction is no zone"
    assert broken_topics(asked, sees("paused")) == ["until"]


OVER = ["resumes", "resumed-status", "date-dropped"]


@pytest.mark.parametrize(
    ("stakes", "allowed", "seen", "broken"),
    [
        (["unpaused"], {ACTIVE}, sees("active", at(600)), "date-dropped"),
        (["unpaused"], {ACTIVE}, sees("paused"), "unpaused"),
        (["stored"], {DATED}, sees("active"), "stored"),
        (OVER, {ACTIVE}, sees("paused", at(600)), "resumes"),
        (OVER, {ACTIVE}, sees("paused"), "resumes"),
        (OVER, {ACTIVE}, sees("active", at(600)), "date-dropped"),
        (OVER, {ACTIVE}, sees("stale"), "resumed-status"),
        (["cancelled", *OVER], {ACTIVE}, sees("paused"), "cancelled"),
        (["cancelled", *OVER], {ACTIVE}, sees("paused", at(600)), "resumes"),
        (["cancelled", *OVER], {ACTIVE}, sees("active", at(600)), "date-dropped"),
        (["cancelled", *OVER], {ACTIVE}, sees("stale"), "resumed-status"),
        (["cancelled"], {PAUSED}, sees("active"), "cancelled"),
        (["early"], {DATED}, sees("active"), "early"),
        (["by-itself"], {ACTIVE, DATED}, sees("active", at(600)), "date-dropped"),
        (["by-itself"], {ACTIVE, DATED}, sees("stale"), "resumed-status"),
        (["by-itself"], {ACTIVE}, sees("stale"), "by-itself"),
        (["by-itself"], {PAUSED, DATED}, sees("stale"), "by-itself"),
    ],
)
def test_what_a_wrong_read_breaks(stakes: Any, allowed: set[State], seen: State, broken: str) -> None:
    assert read_topic(stakes, frozenset(allowed), seen) == broken


@pytest.mark.parametrize(
    ("allowed", "seen", "topic", "told"),
    [
        ({ACTIVE}, sees("paused"), None, Finding("active", "paused indefinitely", "/status")),
        ({ACTIVE, PAUSED}, sees("stale"), None, Finding("active or paused indefinitely", "stale", "/status")),
        ({DATED}, sees("paused"), None, Finding(f"paused until {text(600)}", "paused indefinitely", "/paused_until")),
        ({DATED, ACTIVE}, sees("paused"), None, Finding(f"active or paused until {text(600)}", "paused indefinitely", "/paused_until")),
        ({DATED}, sees("active"), "status", Finding(f"paused until {text(600)}", "active", "/status")),
        ({DATED}, sees("active", at(777)), "until",
         Finding(f"paused until {text(600)}", f"active with paused_until {text(777)}", "/paused_until")),
        ({DATED}, sees(None, at(777)), None, Finding(f"paused until {text(600)}", "a status that cannot be read", "/paused_until")),
        ({DATED}, sees("stale", readable=False), None,
         Finding(f"paused until {text(600)}", "stale, with a paused_until that cannot be read", "/status")),
    ],
)  # fmt: skip
def test_how_a_difference_is_told(allowed: set[State], seen: State, topic: Any, told: Finding) -> None:
    assert finding(allowed, seen, topic) == told


@pytest.mark.parametrize("distance", [0, 1, 999_999, 1_000_000, 1_000_001, NANO])
def test_a_date_holds_to_the_millisecond(distance: int) -> None:
    for sign in (1, -1):
        assert sees("paused", at(600) + sign * distance).matches(DATED) is (distance <= MILLI)
        assert sees("paused", at(600) + sign * distance).matches(replace(DATED, slack=NANO))


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        (
            {"status": "active", "paused_until": None},
            State("active", None),
        ),
        (
            {"status": "paused", "paused_until": text(600)},
            State("paused", at(600)),
        ),
        (
            {"status": "Paused", "paused_until": "soon"},
            State(None, None, until_read=False),
        ),
        ({"status": 5, "paused_until": 5}, State(None, None, until_read=False)),
        ({}, State(None, None, until_read=False)),
    ],
)
def test_the_state_that_a_document_shows(document: dict[str, Any], seen: State) -> None:
    assert read_state(document) == seen
