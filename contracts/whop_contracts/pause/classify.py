"""Classification: the class of a pause request, and what it asks for. The provider has its own readers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, Instant, loose_instants, read_instant
from whop_contracts.json_text import essence, read_json

MILLI: Final = 1_000_000
DAY: Final = 86_400 * NANO
YEAR: Final = 365 * DAY
LONG_BODY: Final = 4_000
FIRST: Final = -62_135_596_800 * NANO
LAST: Final = 253_402_300_800 * NANO
ClassId = Literal[
    "instant", "omitted", "far", "edge", "nothing", "extra", "media-type", "past", "loose", "string", "type",
    "malformed", "lax-json", "no-object", "unknown-id", "malformed-id", "recased-id", "method", "several",
    "no-credential", "wrong-credential", "scheme", "permission", "foreign", "unclear", "unstated",
]  # fmt: skip
"""The ids of the request classes, in the order of the documentation page."""
NO_ROW: Final = frozenset({"unclear", "unstated"})
"""The classes about which nothing is documented: *unclear* is a date that cannot be compared with the
provider's clock, *unstated* a request whose recording lacks its body, or one that was rejected and whose
recording does not tell whose credential and campaign it names.
"""
_GOOD: Final = frozenset({"instant", "far", "omitted", "nothing"})
"""The classes of bodies that are *extra* if they have undocumented members besides."""
_MEMBER: Final = "paused_until"
ID_PREFIX: Final = "adcamp_"
"""What every campaign id starts with."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the body of a pause request asks for, and the class of the body.

    ``until`` are the instants that its date may mean (empty: indefinitely), ``slack`` is how many nanoseconds
    a response may differ from them, ``offset`` the minutes east of UTC. ``aliases`` are the instants of
    members whose names differ from the documented one in case or separators only. ``extra`` says that there
    are undocumented members, ``long`` that a provider may reject the body for its length.
    """

    request_class: ClassId
    until: tuple[int, ...] = ()
    slack: int = MILLI
    offset: int = 0
    aliases: tuple[int, ...] = ()
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
        return replace(_read_laxly(content, now, end_time), long=long)
    return replace(_read_body(text.value, now, end_time), long=long)


def _read_laxly(content: bytes, now: Window | None, end_time: int | None) -> Intent:
    """Read a body that is no JSON: *lax-json* if only bytes that are not UTF-8, NaN or Infinity keep it from
    being one, outside the date.
    """
    try:
        body = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Intent("malformed")
    inner = _read_body(body, now, end_time)
    good = inner.request_class in {*_GOOD, "edge", "unclear"}
    return replace(inner, request_class="lax-json") if good else Intent("malformed")


def _read_body(body: Any, now: Window | None, end_time: int | None) -> Intent:
    if body is None:
        return Intent("nothing")
    if not isinstance(body, dict):
        return Intent("no-object")
    others = {name: value for name, value in body.items() if name != _MEMBER}
    aliases = [read_instant(value) for name, value in others.items() if _is_alias(name, value)]
    intent = _read_date(body[_MEMBER], now, end_time) if _MEMBER in body else Intent("omitted")
    return replace(intent, extra=bool(others), aliases=tuple(one.ns for one in aliases if one))


def _is_alias(name: str, value: Any) -> bool:
    return isinstance(value, str) and re.sub("[_-]", "", name).lower() == _MEMBER.replace("_", "")


def _read_date(value: Any, now: Window | None, end_time: int | None) -> Intent:
    if value is None:
        return Intent("nothing")
    if not isinstance(value, str):
        return Intent("type")
    instant = read_instant(value)
    if instant is None:
        meant = loose_instants(value)
        return Intent("loose" if meant else "string", until=meant)
    return Intent(
        _class_of_date(instant, now, end_time),
        until=(instant.ns,),
        slack=NANO if instant.edge else MILLI,
        offset=instant.offset_minutes,
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
        and -12 * 60 <= instant.offset_minutes <= 14 * 60
    )
    return "instant" if ordinary else "far"


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
