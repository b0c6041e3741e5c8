"""Bodies that are read wrongly, accepted although malformed, or crash; rejected requests that take effect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE
from whop_contracts.provider.faults import Go, Table, after, always, around, built, failing, matches, rows
from whop_contracts.provider.faults.invalid_dates import accepting, crashing
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import SEED, Call, Campaign, Rejection, Request, crash

# -- malformed JSON --


def mended(mend: Callable[[bytes], Any]) -> type[Provider]:
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


def _bad_utf8(content: bytes) -> bool:
    return content.decode("utf-8", "ignore").encode() != content


def _without_rest(content: bytes) -> Any:
    if not _bad_utf8(content):
        raise ValueError
    return {}


# -- valid bodies --


def with_member(wanted: Callable[[str, Any], bool]) -> type[Provider]:
    """Crash on a body with an undocumented member whose name and value are as wanted."""

    def has(body: Any, _campaign: Campaign) -> bool:
        members = body.items() if isinstance(body, dict) else ()
        return any(wanted(name, value) for name, value in members if name != "paused_until")

    return failing(Provider.decide_until)(has)


def _has_emoji(name: str, value: Any) -> bool:
    return any(map(matches("[🀀-🿿]"), (text for text in (name, value) if isinstance(text, str))))


def _has_nested(body: Any, _campaign: Campaign) -> bool:
    return isinstance(body, dict) and any(isinstance(value, dict | list) for value in body.values())


def _mass_assigned(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    go(campaign, request)
    body = provider.read_body(request)
    for name, value in body.items() if isinstance(body, dict) else ():
        if name in {"title", "status"}:
            setattr(campaign, name, value)
        elif name in campaign.rest and name != "config":
            campaign.rest[name] = value
    return provider.success("pause", provider.render_campaign(campaign))


def _title(go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    if isinstance(body, dict) and isinstance(body.get("title"), str):
        campaign.title = body["title"]
    return go(body, campaign)


def escaped_name(go: Go, _: Provider, content: bytes) -> Any:
    """Take a body for one without a date unless the bytes of the name are in it."""
    body = go(content)
    return {} if isinstance(body, dict) and b"paused_until" not in content else body


def has_parameter(request: Request) -> bool:
    """Whether the media type has a parameter."""
    return ";" in (request.header("content-type") or "")


def _is_other_media(request: Request) -> bool:
    return bool(request.content) and "json" not in (request.header("content-type") or "json")


_refused = failing(
    Provider.read_body, lambda _: Rejection(415, "unsupported_media_type", "Send application/json.")
)
_body_hidden = around(Provider.read_body)(lambda go, _, sent: MISSING if has_parameter(sent) else go(sent))

# -- rejected, and in effect all the same --

_Act = Callable[[Provider, Campaign], object]
_Affected = Callable[[Provider, Request, Call | None], list[Campaign]]


def _acting(affected: _Affected) -> Callable[[dict[str, Any]], type[Provider]]:
    """Do something to the affected campaigns after a rejection with one of the statuses."""

    def make(row: dict[str, Any]) -> type[Provider]:
        def then(provider: Provider, request: Request, call: Call | None, rejection: Rejection) -> None:
            for campaign in affected(provider, request, call) if rejection.status in row["statuses"] else ():
                _ACTS[row["then"]](provider, campaign)

        return after(Provider.after_rejection)(then)

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


def _pause(provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "active":
        provider.apply_pause(campaign, None)


def _resume(provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "paused":
        provider.apply_unpause(campaign)


def _postpone(_provider: Provider, campaign: Campaign) -> None:
    if campaign.paused_until is not None:
        campaign.paused_until += 60 * MINUTE


def _set(name: str, value: Any) -> _Act:
    return lambda _provider, campaign: setattr(campaign, name, value)


_ACTS: Final[dict[str, _Act]] = {
    "pause": _pause,
    "resume": _resume,
    "toggle": lambda p, campaign: (_pause if campaign.status == "active" else _resume)(p, campaign),
    "postpone": _postpone,
    "forget date": _set("paused_until", None),
    "deactivate": _set("status", "inactive"),
    "make stale": _set("status", "stale"),
    "change title": _set("title", "(invalid)"),
    "zero budget": lambda _, campaign: setattr(campaign, "rest", {**campaign.rest, "daily_budget": 0.0}),
}

# -- what only generated requests find: no vector was written for it --


FAULTS: Final = (
    *Table("accepting", accepting(Provider.no_object), 102)(*rows("accepted bodies")),
    *Table("accepting", crashing(Provider.no_object), 100)(*rows("crashing bodies")),
    *Table("accepting", mended, 102)(
        ("accepts-malformed-json", "a body that does not parse counts as none", lambda _: {}),
        ("accepts-single-quotes", "a lenient parser", lambda c: json.loads(c.replace(b"'", b'"'))),
        (
            "accepts-trailing-comma",
            "a lenient parser",
            lambda c: json.loads(re.sub(rb",\s*(?=[}\]])", b"", c)),
        ),
        ("accepts-trailing-garbage", "the parser stops after the first text", _first_text),
        ("accepts-nan", "the language's own parser reads NaN", _python_json),
        ("bad-utf-8-drops-the-date", "the rest of the text is lost", _without_rest),
        ("accepts-bad-utf-8", "invalid bytes are skipped", lambda c: json.loads(c.decode("utf-8", "ignore"))),
    ),
    *Table("accepting", built, 100)(
        ("crashes-on-malformed-json", "a parser's error is not caught", failing(Provider.unparsable)(always)),
        (
            "crashes-on-bad-utf-8",
            "a decoder's error is raised",
            failing(Provider.read_body)(lambda request: _bad_utf8(request.content)),
        ),
        ("crashes-on-nan", "NaN cannot be stored", mended(_crash_on_nan)),
    ),
    *Table("values", with_member, 100)(
        ("crashes-on-emoji-member", "the column has three bytes per character", _has_emoji),
    ),
    *Table("values", failing(Provider.decide_until), 100)(
        ("crashes-on-many-members", "a log of two columns", lambda b, _: isinstance(b, dict) and len(b) > 2),
        ("crashes-on-nested-member", "the log is flat", _has_nested),
    ),
    *Table("values", failing(Provider.read_body), 100)(
        ("crashes-on-long-body", "the log's line is too long", lambda request: len(request.content) > 1000),
    ),
    *Table("pausing", built)(
        ("mass-assignment", "whatever the body names is assigned", around(Provider.pause)(_mass_assigned)),
        ("title-assignment", "the title is always writable", around(Provider.decide_until)(_title)),
    ),
    *Table("pausing", built, 100)(
        ("undocumented-member-crashes", "an unknown argument", with_member(always)),
        ("other-media-type-crashes", "it is parsed as a form", failing(Provider.read_body)(_is_other_media)),
    ),
    *Table("pausing", failing(Provider.admit), 100)(
        ("resting-campaign-crashes", "no delivery to pause", lambda c, _: c.status in {"inactive", "stale"}),
    ),
    *Table("dates", failing(Provider.parse, Provider.unparsable))(
        ("refuses-json-on-lines", "a pattern that has no line ends", lambda content: b"\n" in content),
    ),
    *Table("dates", failing(Provider.parse), 100)(
        ("crashes-on-compact-json", "a pattern that has a space", lambda c: b'"paused_until":"' in c),
    ),
    *Table("dates", built)(
        ("escaped-name-lost", "the name is looked for in the bytes", around(Provider.parse)(escaped_name)),
        ("refuses-charset", "compared as a string", _refused(has_parameter)),
        ("charset-hides-body", "a body parser is chosen by the whole media type", _body_hidden),
    ),
    *Table("refusing", _acting(_addressed), 104)(*rows("effects of rejected requests")),
    *Table("refusing", _acting(_addressed), 206)(*rows("effects of unauthorized requests")),
    *Table("refusing", _acting(_others_paused), 104)(*rows("effects on other campaigns")),
)
