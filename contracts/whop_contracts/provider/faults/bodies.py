"""Bodies that are read wrongly, accepted although malformed, or crash; rejected requests that take effect."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import (
    HOUR,
    Go,
    Row,
    Table,
    after,
    around,
    built,
    by_row,
    change,
    condition,
    crashing,
    failing,
    stored,
)
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import SEED, Call, Campaign, Rejection, Request, crash

# -- malformed JSON --


def _first_text(content: bytes) -> Any:
    return json.JSONDecoder().raw_decode(content.decode("utf-8", "replace").lstrip())[0]


def _python_json(content: bytes) -> Any:
    body = json.loads(content)
    return dict.fromkeys(body) if isinstance(body, dict) else {}


def _crash_on_nan(content: bytes) -> Any:
    json.loads(content)
    raise crash()


def _text(request: Request) -> str:
    return request.content.decode("utf-8", "replace")


def _media_type(request: Request) -> str:
    return (request.header("content-type") if request.content else None) or "application/json"


def _without_rest(content: bytes) -> Any:
    if "\ufffd" in content.decode("utf-8", "replace"):
        return {}
    raise ValueError


_MENDS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "as Python": _python_json,
    "crash on NaN": _crash_on_nan,
    "first text": _first_text,
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


# -- valid bodies --


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


def _with_member(row: Row) -> type[Provider]:
    """Crash on a body with an undocumented member of which a part is as a row describes it."""

    def has(body: Any, _campaign: Campaign) -> bool:
        members = body.items() if isinstance(body, dict) else ()
        parts = (_PARTS[row["part"]](*member) for member in members if member[0] != "paused_until")
        return any(map(condition(row), itertools.chain.from_iterable(parts)))

    return failing(Provider.decide_until)(has)


def _has_nested(body: Any, _campaign: Campaign) -> bool:
    return isinstance(body, dict) and any(isinstance(value, dict | list) for value in body.values())


def _mass_assigned(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    go(campaign, request)
    body = provider.read_body(request)
    known = {"title", "status", *campaign.rest} - {"config"}
    change(
        campaign, {name: body[name] for name in known.intersection(body if isinstance(body, dict) else ())}
    )
    return provider.success("pause", provider.render_campaign(campaign))


def _title(go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    if isinstance(body, dict) and isinstance(body.get("title"), str):
        campaign.title = body["title"]
    return go(body, campaign)


def _foreign_digits(go: Go, _: Provider, text: str) -> Any:
    folded = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    return None if folded != text and re.match(r"\d{4}-\d\d-\d\dT", folded) else go(text)


# -- media types and names --


def _escaped_name(go: Go, _: Provider, content: bytes) -> Any:
    """Take a body for one without a date unless the bytes of the name are in it."""
    body = go(content)
    return {} if isinstance(body, dict) and b"paused_until" not in content else body


def _has_parameter(request: Request) -> bool:
    """Whether the media type has a parameter."""
    return ";" in (request.header("content-type") or "")


def _unsupported(_: Provider) -> Rejection:
    return Rejection(415, "unsupported_media_type", "Send application/json.")


@by_row(Provider.read_body)
def _edited_date(row: Row, go: Go, _: Provider, request: Request) -> Any:
    """Replace a pattern in a date if the media type has a parameter or, by the row, if there are ``more``
    members.
    """
    body = go(request)
    until = body.get("paused_until") if isinstance(body, dict) else None
    wanted = len(body) > 1 if "more" in row and until else _has_parameter(request)
    if not isinstance(until, str) or not wanted:
        return body
    return body | {"paused_until": re.sub(row["pattern"], row["replacement"], until)}


_body_hidden = around(Provider.read_body)(lambda go, _, sent: MISSING if _has_parameter(sent) else go(sent))
_charset_drops_escapes = around(Provider.read_body)(
    lambda go, p, request: (
        _escaped_name(lambda _: go(request), p, request.content) if _has_parameter(request) else go(request)
    )
)

# -- rejected, and in effect all the same --


@by_row(Provider.check_until)
def _changing_before_rejecting(
    row: Row, go: Go, provider: Provider, until: int | None, campaign: Campaign
) -> Any:
    """Change a paused campaign before an instant in the past is rejected."""
    if until is not None and until <= provider.now() and campaign.status == "paused":
        change(campaign, row["sets"])
    return go(until, campaign)


def _addressed(provider: Provider, request: Request, call: Call | None) -> list[Campaign]:
    """The campaign that a pause is about, if it is known."""
    try:
        found = call or provider.locate(request.path)
    except Rejection:
        return []
    campaign = provider.state.campaigns.get(found.id)
    return [campaign] if campaign is not None and found.operation == "pause" else []


def _others_paused(provider: Provider, request: Request, _: Call | None) -> list[Campaign]:
    every = (provider.state.campaigns[id_] for id_ in SEED.campaigns if id_ not in request.path)
    return [one for one in every if one.status == "paused"]


_AFFECTED: Final[Mapping[str, Callable[[Provider, Request, Call | None], Iterable[Campaign]]]] = {
    "addressed": _addressed,
    "others that are paused": _others_paused,
    "all": lambda provider, _request, _call: provider.state.campaigns.values(),
}


@by_row(Provider.after_rejection, after)
def _acting(row: Row, provider: Provider, request: Request, call: Call | None, why: Rejection) -> None:
    """After a rejection with one of the statuses set what a row ``sets`` ``of`` campaigns, or do ``then``."""
    if why.status in row["statuses"] and request.method == row.get("method", request.method):
        for campaign in _AFFECTED[row.get("of", "addressed")](provider, request, call):
            change(campaign, row.get("sets", {}))
            match row.get("then"), campaign.status:
                case "pause" | "toggle", "active":
                    provider.apply_pause(campaign, None)
                case "resume" | "toggle", "paused":
                    provider.apply_unpause(campaign)
                case "postpone", _:
                    campaign.paused_until = campaign.paused_until and campaign.paused_until + HOUR


FAULTS: Final = (
    *Table("values", around(Provider.read_until), 102)(
        ("accepts-foreign-digits", "digits of any script match", _foreign_digits),
    ),
    *stored(_mended, "mended bodies", "crashes of menders"),
    *stored(crashing(Provider.unparsable, lambda: None), "malformed bodies"),
    *stored(_with_member, "crashing members", "undocumented members", "emoji in members"),
    *Table("values", failing(Provider.decide_until), 100)(
        ("crashes-on-many-members", "a log of two columns", lambda b, _: isinstance(b, dict) and len(b) > 2),
        ("crashes-on-nested-member", "the log is flat", _has_nested),
    ),
    *stored(crashing(Provider.read_body, _text), "bad bytes", "long bodies", "no body", "compact bodies"),
    *stored(crashing(Provider.read_body, _text, Provider.unparsable), "bodies on several lines"),
    *stored(crashing(Provider.read_body, _media_type), "other media types"),
    *stored(crashing(Provider.read_body, _media_type, _unsupported), "media types with parameters"),
    *Table("pausing", built)(
        ("mass-assignment", "whatever the body names is assigned", around(Provider.pause)(_mass_assigned)),
        ("title-assignment", "the title is always writable", around(Provider.decide_until)(_title)),
    ),
    *Table("dates", built)(
        ("escaped-name-lost", "the name is looked for in the bytes", around(Provider.parse)(_escaped_name)),
        ("charset-hides-body", "a body parser is chosen by the whole media type", _body_hidden),
        ("charset-loses-escaped-name", "another parser reads bodies with a charset", _charset_drops_escapes),
    ),
    *stored(_edited_date, "dates of some bodies"),
    *stored(_acting, "effects of rejected requests", "effects of unauthorized requests"),
    *stored(_acting, "effects of other methods", "effects on other campaigns", "effects on all"),
    *stored(_changing_before_rejecting, "effects of dates in the past"),
)
