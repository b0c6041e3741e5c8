"""How a pause request is read: the row of the conformance table that it falls under, and what it asks for.

The judges' side alone: the provider reads bodies and dates by code of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, Instant, read_instant
from whop_contracts.json_text import essence, read_json

MILLI: Final = 1_000_000
DAY: Final = 86_400 * NANO
YEAR: Final = 365 * DAY
LONG_BODY: Final = 4_000
FIRST: Final = -62_135_596_800 * NANO
LAST: Final = 253_402_300_800 * NANO
ClassId = Literal[
    "instant", "far", "edge", "past", "unclear", "omitted", "nothing", "loose", "string", "type", "malformed",
    "no-object", "media-type", "unknown-id", "malformed-id", "recased-id", "no-credential", "wrong-credential",
    "scheme", "permission", "foreign", "method", "several", "unstated",
]  # fmt: skip
ACTING: Final[frozenset[ClassId]] = frozenset(
    {
        "instant",
        "far",
        "edge",
        "past",
        "unclear",
        "omitted",
        "nothing",
        "loose",
        "media-type",
        "recased-id",
        "scheme",
    }
)
"""The rows whose requests may be carried out by a conforming provider."""
CREDENTIAL: Final[frozenset[ClassId]] = frozenset(
    {"no-credential", "wrong-credential", "scheme", "permission", "foreign"}
)
"""The rows of requests that are refused for who sends them."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a pause request asks for. ``until`` holds the instants that its text may mean (none: indefinitely), ``slack`` how
    far, in nanoseconds, an answer may lie from them; ``extra`` says that undocumented members came along.
    """

    request_class: ClassId
    until: tuple[int, ...] = ()
    slack: int = MILLI
    offset: int = 0
    extra: bool = False
    long: bool = False


def read_intent(content: bytes, media_type: str | None, now: Window | None, end_time: int | None) -> Intent:
    """Read a pause request's body: what it asks for, and the row that says how it is to be answered.

    ``now`` is the provider's clock (unknown: whether an instant is past cannot be told), ``end_time`` the campaign's
    ``config.end_time`` in nanoseconds.
    """
    long = len(content) > LONG_BODY
    if not content.strip():
        return Intent("nothing")
    text = read_json(content)
    if essence(media_type) != "application/json":
        # A ``+json`` too is another type than the page's: a provider need not know it.
        inner = Intent("unclear") if text.problem else _member(text.value, now, end_time)
        return replace(inner, request_class="media-type")
    if text.problem:
        return Intent("malformed", long=long)
    return replace(_member(text.value, now, end_time), long=long)


def _member(body: Any, now: Window | None, end_time: int | None) -> Intent:
    if body is None:
        return Intent("nothing")
    if not isinstance(body, dict):
        return Intent("no-object")
    extra = bool(body.keys() - {"paused_until"})
    if "paused_until" not in body:
        return Intent("omitted", extra=extra)
    value = body["paused_until"]
    if value is None:
        return Intent("nothing", extra=extra)
    if not isinstance(value, str):
        return Intent("type", extra=extra)
    instant = read_instant(value)
    if instant is None:
        meant = loose_instants(value)
        return Intent("loose" if meant else "string", until=meant, extra=extra)
    slack = NANO if instant.edge else MILLI
    return Intent(
        _when(instant, now, end_time),
        until=(instant.ns,),
        slack=slack,
        offset=instant.offset_minutes or 0,
        extra=extra,
    )


def _when(instant: Instant, now: Window | None, end_time: int | None) -> ClassId:
    if now is None or not FIRST <= instant.ns < LAST:
        return "unclear"
    if instant.ns <= now.end:
        # Past, or so close that it may be: the same answers conform.
        return "past"
    if instant.edge:
        return "edge"
    ordinary = (
        instant.ns <= now.start + YEAR
        and (end_time is None or instant.ns < end_time)
        and instant.digits <= 6  # noqa: PLR2004
        and -12 * 60 <= (instant.offset_minutes or 0) <= 14 * 60
    )
    return "instant" if ordinary else "far"


_LOOSE: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s?(?:([Zz])|([+-]\d\d):?(\d\d)?)?)?", re.ASCII
)


def loose_instants(value: str) -> tuple[int, ...]:
    """The one instant that a string still names to a lenient reader, as a tuple; empty where it names none.

    Lenient are: white space around it, a space for the T, no seconds, ``+0100`` or ``+01``, a bare date, no zone (the last
    two read as UTC).
    """
    match = _LOOSE.fullmatch(value.strip())
    if match is None:
        return ()
    day, clock, seconds, zulu, hours, minutes = match.groups()
    zone = "Z" if zulu or not hours else f"{hours}:{minutes or '00'}"
    instant = read_instant(f"{day}T{clock or '00:00'}{seconds or ':00'}{zone}")
    return () if instant is None else (instant.ns,)


_BY_ROLE: Final[dict[str, ClassId]] = {
    "none": "no-credential",
    "empty": "no-credential",
    "unknown": "wrong-credential",
    "altered": "wrong-credential",
    "scheme": "scheme",
    "readonly": "permission",
}
_BY_SCOPE: Final[dict[str, ClassId]] = {
    "invented": "unknown-id",
    "malformed": "malformed-id",
    "recased": "recased-id",
    "foreign": "foreign",
}


def class_of(exchange: Exchange, asked: Intent) -> ClassId:
    """The row of the conformance table that a pause request falls under, its address and credential included.

    Two departures at once are ``several``: the page does not say which is refused first. In a recording that does not say
    whose credential and campaign it shows, an answer that may be about them decides nothing.
    """
    found: list[ClassId] = ["method"] if exchange.request.method != "POST" else []
    found += [row for row in (_BY_ROLE.get(exchange.role), _BY_SCOPE.get(exchange.scope)) if row]
    if len(found) == 1:
        return found[0]
    if found:
        return "several"
    if "unstated" in (exchange.role, exchange.scope):
        status = exchange.response.status if exchange.response else 0
        if status in (401, 403, 404):
            return "unstated"
    return asked.request_class
