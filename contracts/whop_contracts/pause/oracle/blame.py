"""Topics: which promise an observation puts to the test, and which one a difference breaks."""

from __future__ import annotations

from collections.abc import Iterable

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, Topic

_DATES = frozenset({"until", "offset", "fraction", "far", "indefinite", "replaced"})


def answer_topics(evidence: Evidence) -> list[Topic]:
    """What the answer to a pause or an unpause puts to the test."""
    if evidence.exchange.request.operation == "unpause":
        return ["unpaused", "date-dropped"]
    asked = evidence.intent
    if asked is None:
        return []
    if asked.request_class == "past":
        return ["past"]
    topics: list[Topic] = ["status", "until" if asked.until else "indefinite"]
    if asked.request_class == "far":
        topics.append("far")
    if asked.offset:
        topics.append("offset")
    if any(until % NANO for until in asked.until):
        topics.append("fraction")
    if any(s.status == "paused" and s.until is not None for s in evidence.before or ()):
        topics.append("replaced")
    return topics


def broken_topics(evidence: Evidence, seen: State) -> list[Topic]:
    """The promises that an answer outside the possible states breaks: the status, the date, or each of them."""
    topics = answer_topics(evidence)
    if "unpaused" in topics:
        return ["date-dropped" if seen.status == "active" else "unpaused"]
    if "past" in topics:
        return ["past"]
    if seen.status is None or seen.status == "paused":
        return [_date_topic(evidence, seen, topics)]
    # An active campaign shows no date: that is the same mistake, not another one.
    dates = [state.until for state in evidence.before or ()] + list(
        evidence.intent.until if evidence.intent else ()
    )
    strange = seen.until is not None and all(date is None or abs(date - seen.until) > MILLI for date in dates)
    return ["status", _date_topic(evidence, seen, topics)] if strange else ["status"]


def _date_topic(evidence: Evidence, seen: State, topics: list[Topic]) -> Topic:
    """Which promise a wrong date breaks, told by how it differs from what was asked."""
    asked = evidence.intent
    if "replaced" in topics and any(s.until is not None and seen.matches(s) for s in evidence.before or ()):
        return "replaced"
    if asked is None or not asked.until:
        return "indefinite"
    shift = None if seen.until is None else min((seen.until - until for until in asked.until), key=abs)
    if shift is not None and "offset" in topics and _is_offset(shift, asked.offset):
        return "offset"
    if "far" in topics:
        return "far"
    return "fraction" if shift is not None and "fraction" in topics and abs(shift) < NANO else "until"


def _is_offset(shift: int, offset: int) -> bool:
    """Whether a date is off by what a mistaken zone explains: the offset dropped or flipped, its minutes or its hours alone."""
    minutes = abs(offset)
    tells = {minutes, 2 * minutes, minutes % 60, 2 * (minutes % 60), minutes - minutes % 60} - {0}
    return any(abs(abs(shift) - tell * 60 * NANO) < NANO for tell in tells)


def read_topic(stakes: list[Topic], allowed: frozenset[State], seen: State) -> Topic:
    """The promise that a read outside the possible states breaks: the likeliest cause, told further by what is shown."""
    if stakes[0] == "siblings" and stakes[1:] and seen.matches(ACTIVE):
        # A pause that ends, ends by itself more often than by a request to another campaign.
        return stakes[1]
    if stakes[0] == "unpaused" and seen.status == "active":
        return "date-dropped"
    if "resumes" in stakes:
        if "cancelled" in stakes and seen.status == "paused" and seen.until is None:
            return "cancelled"
        if seen.status == "paused":
            return "resumes"
        return "date-dropped" if seen.status == "active" else "resumed-status"
    if stakes == ["by-itself"] and ACTIVE in allowed and len(allowed) > 1:
        return "date-dropped" if seen.status == "active" else "resumed-status"
    return stakes[0]


def finding(allowed: Iterable[State], seen: State, topic: Topic | None = None) -> Finding:
    """What was possible, and what is shown instead; at the status unless only the date differs, or ``topic`` is about dates."""
    expected = " or ".join(sorted(str(state) for state in allowed))
    wrong_status = seen.status is not None and all(state.status != seen.status for state in allowed)
    about_status = wrong_status and topic not in _DATES
    return Finding(expected, str(seen), "/status" if about_status else "/paused_until")
