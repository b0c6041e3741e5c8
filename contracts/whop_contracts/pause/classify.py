"""Classification: the request class of a pause request, and what the request asks for.

The provider does not use this module: it reads bodies and dates with its own code.
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
    "instant", "far", "edge", "past", "unclear", "omitted", "nothing", "extra", "loose", "string", "type",
    "malformed", "no-object", "media-type", "unknown-id", "malformed-id", "recased-id", "no-credential",
    "wrong-credential", "scheme", "permission", "foreign", "method", "several", "unstated",
]  # fmt: skip
"""The ids of the request classes. Besides them, *unclear* is a date that cannot be compared with the
provider's clock, and *unstated* a request whose recording lacks its body, or one that was rejected and whose
recording does not tell whose credential and campaign it names.
"""
_GOOD: Final = frozenset({"instant", "far", "omitted", "nothing"})
"""The classes of bodies that are *extra* if they have undocumented members besides."""
ID_PREFIX: Final = "adcamp_"
"""What every campaign id starts with."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the body of a pause request asks for, and the class of the body.

    ``until`` holds the instants that its date may mean (empty: indefinitely), ``slack`` how many nanoseconds
    a response may differ from them, ``offset`` the minutes east of UTC. ``extra`` says that there are
    undocumented members, ``long`` that a provider may reject the body for its length.
    """

    request_class: ClassId
    until: tuple[int, ...] = ()
    slack: int = MILLI
    offset: int = 0
    extra: bool = False
    long: bool = False


def read_intent(content: bytes, media_type: str | None, now: Window | None, end_time: int | None) -> Intent:
    """Read the body of a pause request.

    ``now`` is the provider's clock (None: a date cannot be compared with it and is *unclear*), ``end_time``
    the campaign's ``config.end_time`` in nanoseconds.
    """
    long = len(content) > LONG_BODY
    if not content.strip():
        return Intent("nothing")
    text = read_json(content)
    if essence(media_type) != "application/json":
        # ``+json`` is another type than the documented one, too: a provider need not know it.
        inner = Intent("unclear") if text.problem else _read_body(text.value, now, end_time)
        return replace(inner, request_class="media-type")
    if text.problem:
        return Intent("malformed", long=long)
    return replace(_read_body(text.value, now, end_time), long=long)


def _read_body(body: Any, now: Window | None, end_time: int | None) -> Intent:
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
    return Intent(
        _class_of_date(instant, now, end_time),
        until=(instant.ns,),
        slack=NANO if instant.edge else MILLI,
        offset=instant.offset_minutes or 0,
        extra=extra,
    )


def _class_of_date(instant: Instant, now: Window | None, end_time: int | None) -> ClassId:
    if now is None or not FIRST <= instant.ns < LAST:
        return "unclear"
    if instant.ns <= now.end:
        # It has passed, or may have: the same responses conform.
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
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d*)?)?(?:([Zz])|([+-]\d\d):?(\d\d))?)?", re.ASCII
)


def loose_instants(value: str) -> tuple[int, ...]:
    """The instant that a lenient reader finds in a string, as a tuple of one; empty if it finds none.

    Lenient are: white space around it, a space for the T, no seconds, a decimal point without digits,
    ``+0100``, a bare date, no zone (the last two are read as UTC).
    """
    match = _LOOSE.fullmatch(value.strip())
    if match is None:
        return ()
    day, clock, seconds, zulu, hours, minutes = match.groups()
    zone = "Z" if zulu or not hours else f"{hours}:{minutes}"
    instant = read_instant(f"{day}T{clock or '00:00'}{(seconds or ':00').rstrip('.')}{zone}")
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
    """The class of a pause request: of its method, its id and its credential, else of its body.

    Two departures at once are ``several``: the page does not say which one is rejected first. If a recording
    does not tell whose credential and campaign it shows, a 401, 403 or 404 is ``unstated``; without the body
    that was sent, every request is.
    """
    found: list[ClassId] = ["method"] if exchange.request.method != "POST" else []
    found += [row for row in (_BY_ROLE.get(exchange.role), _BY_SCOPE.get(exchange.scope)) if row]
    if found:
        return found[0] if len(found) == 1 else "several"
    if "unstated" in (exchange.role, exchange.scope):
        status = exchange.response.status if exchange.response else 0
        if status in (401, 403, 404):
            return "unstated"
    if not exchange.request.content_known:
        return "unstated"
    return "extra" if asked.extra and asked.request_class in _GOOD else asked.request_class
