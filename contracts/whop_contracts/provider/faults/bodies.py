"""Bodies that are read wrongly, accepted although malformed, or crash; rejected requests that take effect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from whop_contracts.exchange import Request
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Faulty, Row, change, coded, condition, stored
from whop_contracts.provider.faults.steps import Go, act, around, by_row, failing, rejected
from whop_contracts.provider.faults.values import on_value
from whop_contracts.provider.messages import MISSING
from whop_contracts.provider.state import Campaign, Rejection, crash


def _python_json(content: bytes) -> Any:
    body = json.loads(content)
    return dict.fromkeys(body) if isinstance(body, dict) else {}


def _crash_on_nan(content: bytes) -> Any:
    json.loads(content)
    raise crash()


def _without_rest(content: bytes) -> Any:
    if "\ufffd" in content.decode("utf-8", "replace"):
        return {}
    raise ValueError


_MENDS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "as Python": _python_json,
    "crash on NaN": _crash_on_nan,
    "first text": lambda body: json.JSONDecoder().raw_decode(body.decode("utf-8", "replace").lstrip())[0],
    "without bad bytes": lambda content: json.loads(content.decode("utf-8", "ignore")),
    "without the rest": _without_rest,
}


@by_row(Provider.parse)
def _mended(row: Row, go: Go, provider: Provider, content: bytes) -> Any:
    """Read a body that is not JSON by ``mend``, or after a ``pattern`` was replaced, if that is possible."""
    try:
        return go(content)
    except Rejection:
        try:
            if "mend" in row:
                return _MENDS[row["mend"]](content)
            return json.loads(re.sub(row["pattern"].encode(), row["replacement"].encode(), content))
        except ValueError:
            raise provider.unparsable() from None


def _inside(value: Any) -> Iterator[Any]:
    """A value and all values inside it."""
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _inside(part)


_PARTS: Final[Mapping[str, Callable[[str, Any], Iterable[Any]]]] = {
    "name": lambda name, _: [name],
    "name or value": lambda name, value: [name, value],
    "value or one inside": lambda _, value: _inside(value),
}


def _with_member(row: Row) -> Faulty:
    """Crash on a body with an undocumented member of which a part is as a row describes it."""
    parts, holds = _PARTS[row["part"]], condition(row)

    def has(body: Any, _campaign: Campaign) -> bool:
        members = body.items() if isinstance(body, dict) else ()
        undocumented = [member for member in members if member[0] != "paused_until"]
        return any(holds(part) for name, value in undocumented for part in parts(name, value))

    return failing(Provider.decide_until)(has)


_CRASHES: Final[Mapping[str, Callable[[Any, Campaign], bool]]] = {
    "crashes-on-many-members": lambda body, _: isinstance(body, dict) and len(body) > 2,
    "crashes-on-nested-member": lambda body, _: (
        isinstance(body, dict) and any(isinstance(value, dict | list) for value in body.values())
    ),
}


def _mass_assigned(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    go(campaign, request)
    body = provider.read_body(request)
    known = {"title", "status", *campaign.rest} - {"config"}
    named = known.intersection(body) if isinstance(body, dict) else ()
    change(campaign, {name: body[name] for name in named})
    return provider.success("pause", provider.render_campaign(campaign))


def _title(go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    if isinstance(body, dict) and isinstance(body.get("title"), str):
        campaign.title = body["title"]
    return go(body, campaign)


def _foreign_digits(go: Go, _: Provider, text: str) -> Any:
    folded = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    return None if folded != text and re.match(r"\d{4}-\d\d-\d\dT", folded) else go(text)


def _text(request: Request) -> str:
    return request.content.decode("utf-8", "replace")


def _media_type(request: Request) -> str:
    return (request.header("content-type") if request.content else None) or "application/json"


def _has_parameter(request: Request) -> bool:
    return ";" in (request.header("content-type") or "")


def _name_lost(go: Go, _: Provider, request: Request) -> Any:
    """Take a body for one without a date unless the bytes of the name are in it."""
    body = go(request)
    return {} if isinstance(body, dict) and b"paused_until" not in request.content else body


@by_row(Provider.read_body)
def _edited_date(row: Row, go: Go, _: Provider, request: Request) -> Any:
    """Replace a pattern in the date of a body with ``more`` members, or of a media type with a parameter."""
    body = go(request)
    until = body.get("paused_until") if isinstance(body, dict) else None
    if not isinstance(until, str) or not (len(body) > 1 if "more" in row else _has_parameter(request)):
        return body
    return body | {"paused_until": re.sub(row["pattern"], row["replacement"], until)}


@by_row(Provider.check_until)
def _acting_first(row: Row, go: Go, provider: Provider, until: int | None, campaign: Campaign) -> Any:
    """`act` before an instant in the past is rejected."""
    if until is not None and until <= provider.now():
        act(row, provider, campaign)
    return go(until, campaign)


_CODED: Final[Mapping[str, Faulty]] = {
    "accepts-foreign-digits": around(Provider.read_until)(_foreign_digits),
    "mass-assignment": around(Provider.pause)(_mass_assigned),
    "title-assignment": around(Provider.decide_until)(_title),
    "escaped-name-lost": around(Provider.read_body)(_name_lost),
    "charset-hides-body": around(Provider.read_body)(
        lambda go, _, sent: MISSING if _has_parameter(sent) else go(sent)
    ),
    "charset-loses-escaped-name": around(Provider.read_body)(
        lambda go, provider, sent: _name_lost(go, provider, sent) if _has_parameter(sent) else go(sent)
    ),
}


def _unsupported(_: Provider) -> Rejection:
    return Rejection(415, "unsupported_media_type", "Send application/json.")


FAULTS: Final = (
    *stored(coded(_CODED), "digits"),
    *stored(_mended, "mended bodies", "crashes of menders"),
    *stored(lambda _: around(Provider.unparsable)(lambda *_: crash()), "malformed bodies"),
    *stored(_with_member, "crashing members", "undocumented members", "emoji in members"),
    *stored(coded(_CRASHES, failing(Provider.decide_until)), "many members"),
    *stored(on_value(Provider.read_body, of=_text), "bad bytes", "long bodies", "no body", "compact bodies"),
    *stored(on_value(Provider.read_body, of=_text, error=Provider.unparsable), "bodies on several lines"),
    *stored(on_value(Provider.read_body, of=_media_type), "other media types"),
    *stored(on_value(Provider.read_body, of=_media_type, error=_unsupported), "media types with parameters"),
    *stored(coded(_CODED), "assigned members", "bodies that are lost"),
    *stored(_edited_date, "dates of some bodies"),
    *stored(rejected, "effects of rejected requests", "effects of unauthorized requests"),
    *stored(rejected, "effects of other methods", "effects on other campaigns", "effects on all"),
    *stored(_acting_first, "effects of dates in the past"),
)
