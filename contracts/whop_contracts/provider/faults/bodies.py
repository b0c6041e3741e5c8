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
    change,
    condition,
    crashing,
    failing,
    stored,
)
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import SEED, Call, Campaign, Rejection, Request, crash

# -- malformed JSON --

_COMMA: Final = re.compile(rb",\s*(?=[}\]])")


def _mended(mend: Callable[[bytes], Any]) -> type[Provider]:
    """Read a body that is not JSON as something else, if it can be mended."""

    def parse(go: Go, provider: Provider, content: bytes) -> Any:
        try:
            return go(content)
        except Rejection:
            try:
                return mend(content)
            except ValueError:
                raise provider.unparsable() from None

    return around(Provider.parse)(parse)


def _first_text(content: bytes) -> Any:
    return json.JSONDecoder().raw_decode(content.decode("utf-8", "replace").lstrip())[0]


def _python_json(content: bytes) -> Any:
    body = json.loads(content)
    return dict.fromkeys(body) if isinstance(body, dict) else {}


def _crash_on_nan(content: bytes) -> Any:
    json.loads(content)
    raise crash()


def _text(content: bytes) -> str:
    return content.decode("latin-1")


def _bad_utf8(content: bytes) -> bool:
    return content.decode("utf-8", "ignore").encode() != content


def _without_rest(content: bytes) -> Any:
    if not _bad_utf8(content):
        raise ValueError
    return {}


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


def _year_one(go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    text = body.get("paused_until") if isinstance(body, dict) else None
    return None if isinstance(text, str) and text.startswith("0001-01-01") else go(body, campaign)


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


def _is_other_media(request: Request) -> bool:
    return bool(request.content) and "json" not in (request.header("content-type") or "json")


def _edited_date(wanted: Callable[[Request, Any], bool], pattern: str, replacement: str) -> type[Provider]:
    """Replace a pattern in a date if a predicate holds for the request and its body."""

    def read(go: Go, _: Provider, request: Request) -> Any:
        body = go(request)
        until = body.get("paused_until") if isinstance(body, dict) else None
        if not isinstance(until, str) or not wanted(request, body):
            return body
        return body | {"paused_until": re.sub(pattern, replacement, until)}

    return around(Provider.read_body)(read)


_refusing_charset = failing(
    Provider.read_body, lambda _: Rejection(415, "unsupported_media_type", "Send application/json.")
)(_has_parameter)
_body_hidden = around(Provider.read_body)(lambda go, _, sent: MISSING if _has_parameter(sent) else go(sent))
_charset_drops_escapes = around(Provider.read_body)(
    lambda go, p, request: (
        _escaped_name(lambda _: go(request), p, request.content) if _has_parameter(request) else go(request)
    )
)
_charset_drops_fraction = _edited_date(lambda request, _: _has_parameter(request), r"\.\d+", "")
_members_drop_offset = _edited_date(lambda _, body: len(body) > 1, r"[+-]\d\d:\d\d$", "Z")

# -- rejected, and in effect all the same --


def _changing_before_rejecting(row: Row) -> type[Provider]:
    """Change a paused campaign before an instant in the past is rejected."""

    def check(go: Go, provider: Provider, until: int | None, campaign: Campaign) -> Any:
        if until is not None and until <= provider.now() and campaign.status == "paused":
            change(campaign, row["sets"])
        return go(until, campaign)

    return around(Provider.check_until)(check)


def _acting(
    affected: Callable[[Provider, Request, Call | None], list[Campaign]],
) -> Callable[[Row], type[Provider]]:
    """After a rejection with one of a row's statuses, set what it ``sets`` of the affected campaigns.

    Or do to them what it says in ``then``.
    """

    def make(row: Row) -> type[Provider]:
        def act(provider: Provider, request: Request, call: Call | None, rejection: Rejection) -> None:
            method = row.get("method", request.method)
            wanted = rejection.status in row["statuses"] and request.method == method
            for campaign in affected(provider, request, call) if wanted else ():
                change(campaign, row.get("sets", {}))
                _act(row.get("then"), provider, campaign)

        return after(Provider.after_rejection)(act)

    return make


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


def _act(what: str | None, provider: Provider, campaign: Campaign) -> None:
    match what, campaign.status:
        case "pause" | "toggle", "active":
            provider.apply_pause(campaign, None)
        case "resume" | "toggle", "paused":
            provider.apply_unpause(campaign)
        case "postpone", _:
            campaign.paused_until = campaign.paused_until and campaign.paused_until + HOUR


FAULTS: Final = (
    *Table("accepting", around(Provider.decide_until), 102)(
        ("year-one-is-for-ever", "the zero value of a time means no time", _year_one),
    ),
    *Table("values", around(Provider.read_until), 102)(
        ("accepts-foreign-digits", "digits of any script match", _foreign_digits),
    ),
    *Table("accepting", _mended, 102)(
        ("accepts-malformed-json", "a body that does not parse counts as none", lambda _: {}),
        ("accepts-single-quotes", "a lenient parser", lambda c: json.loads(c.replace(b"'", b'"'))),
        ("accepts-trailing-comma", "a lenient parser", lambda c: json.loads(_COMMA.sub(b"", c))),
        ("accepts-trailing-garbage", "the parser stops after the first text", _first_text),
        ("accepts-nan", "the language's own parser reads NaN", _python_json),
        ("bad-utf-8-drops-the-date", "the rest of the text is lost", _without_rest),
        ("accepts-bad-utf-8", "invalid bytes are skipped", lambda c: json.loads(c.decode("utf-8", "ignore"))),
        ("accepts-unclosed-object", "the parser closes what is open", lambda c: json.loads(c + b"}")),
    ),
    *Table("accepting", built, 100)(
        (
            "crashes-on-malformed-json",
            "a parser's error is not caught",
            failing(Provider.unparsable)(lambda: True),
        ),
        (
            "crashes-on-bad-utf-8",
            "a decoder's error is raised",
            failing(Provider.read_body)(lambda request: _bad_utf8(request.content)),
        ),
        ("crashes-on-nan", "NaN cannot be stored", _mended(_crash_on_nan)),
    ),
    *stored(_with_member, "crashing members", "undocumented members", "emoji in members"),
    *Table("values", failing(Provider.decide_until), 100)(
        ("crashes-on-many-members", "a log of two columns", lambda b, _: isinstance(b, dict) and len(b) > 2),
        ("crashes-on-nested-member", "the log is flat", _has_nested),
    ),
    *stored(crashing(Provider.read_body, lambda request: _text(request.content)), "long bodies", "no body"),
    *Table("pausing", built)(
        ("mass-assignment", "whatever the body names is assigned", around(Provider.pause)(_mass_assigned)),
        ("title-assignment", "the title is always writable", around(Provider.decide_until)(_title)),
    ),
    *Table("pausing", failing(Provider.read_body), 100)(
        ("other-media-type-crashes", "it is parsed as a form", _is_other_media),
    ),
    *Table("dates", built)(
        ("escaped-name-lost", "the name is looked for in the bytes", around(Provider.parse)(_escaped_name)),
        ("charset-hides-body", "a body parser is chosen by the whole media type", _body_hidden),
        ("charset-loses-escaped-name", "another parser reads bodies with a charset", _charset_drops_escapes),
        ("charset-loses-fraction", "another parser reads bodies with a charset", _charset_drops_fraction),
        ("other-members-lose-offset", "a body of several members is rebuilt", _members_drop_offset),
        ("refuses-charset", "compared as a string", _refusing_charset),
    ),
    *stored(crashing(Provider.parse, _text), "compact bodies"),
    *stored(crashing(Provider.parse, _text, Provider.unparsable), "bodies on several lines"),
    *stored(
        _acting(_addressed),
        "effects of rejected requests",
        "effects of unauthorized requests",
        "effects of other methods",
    ),
    *stored(_acting(_others_paused), "effects on other campaigns"),
    *stored(_changing_before_rejecting, "effects of dates in the past"),
)
