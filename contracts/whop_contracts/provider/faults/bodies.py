"""Bodies that are read wrongly, accepted although malformed, or crash; rejected requests that take effect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import SECOND
from whop_contracts.provider.faults.invalid_dates import accepting, always, for_ever, is_of, matches
from whop_contracts.provider.faults.making import Table, after, around, built, failing
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import SEED, Call, Campaign, Rejection, Request, crash

# -- JSON that is not an object --

_SHAPES = (
    *Table("accepting", accepting(Provider.no_object), 102)(
        ("accepts-arrays", "an array has no such member, so there is no date", (is_of(list), for_ever)),
        ("accepts-string-body", "a string has no such member", (is_of(str), for_ever)),
        ("accepts-number-body", "a number has no such member", (is_of(int, float), for_ever)),
        ("accepts-flag-body", "a boolean has no such member", (is_of(bool), for_ever)),
        ("accepts-any-json", "any JSON will do", (always, for_ever)),
    ),
    *Table("accepting", failing(Provider.no_object), 100)(
        ("crashes-on-arrays", "a member of an array is read by name", is_of(list)),
        ("crashes-on-scalars", "a member of a scalar is read", lambda body: not isinstance(body, list)),
    ),
)

# -- malformed JSON --


def _mended(mend: Callable[[bytes], Any]) -> type[Provider]:
    """Read a body that is not JSON as something else, if it can be mended."""

    def parse(go: _Parse, provider: Provider, content: bytes) -> Any:
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


def _without_trailing_comma(content: bytes) -> Any:
    return json.loads(re.sub(rb",\s*([}\]])", rb"\1", content))


def _python_json(content: bytes) -> Any:
    body = json.loads(content)
    return dict.fromkeys(body) if isinstance(body, dict) else {}


def _crash_on_nan(content: bytes) -> Any:
    json.loads(content)
    raise crash()


def _bad_utf8(content: bytes) -> bool:
    return content.decode("utf-8", "ignore").encode() != content


def _is_not_utf8(request: Request) -> bool:
    return _bad_utf8(request.content)


def _without_rest(content: bytes) -> Any:
    if not _bad_utf8(content):
        raise ValueError
    return {}


_Parse = Callable[[bytes], Any]
_MALFORMED = (
    *Table("accepting", _mended, 102)(
        ("accepts-malformed-json", "a body that does not parse counts as none", lambda _: {}),
        ("accepts-single-quotes", "a lenient parser", lambda c: json.loads(c.replace(b"'", b'"'))),
        ("accepts-trailing-comma", "a lenient parser", _without_trailing_comma),
        ("accepts-trailing-garbage", "the parser stops after the first text", _first_text),
        ("accepts-nan", "the language's own parser reads NaN", _python_json),
        ("bad-utf-8-drops-the-date", "the rest of the text is lost", _without_rest),
        ("accepts-bad-utf-8", "invalid bytes are skipped", lambda c: json.loads(c.decode("utf-8", "ignore"))),
    ),
    *Table("accepting", built, 100)(
        ("crashes-on-malformed-json", "a parser's error is not caught", failing(Provider.unparsable)(always)),
        ("crashes-on-bad-utf-8", "a decoder's error is raised", failing(Provider.read_body)(_is_not_utf8)),
        ("crashes-on-nan", "NaN cannot be stored", _mended(_crash_on_nan)),
    ),
)

# -- valid bodies --


def _with_member(wanted: Callable[[str, Any], bool]) -> Callable[[Any, Campaign], bool]:
    """Whether a body has an undocumented member whose name and value are as wanted."""

    def has(body: Any, _campaign: Campaign) -> bool:
        members = body.items() if isinstance(body, dict) else ()
        return any(wanted(name, value) for name, value in members if name != "paused_until")

    return has


def _has_emoji(name: str, value: Any) -> bool:
    """Whether the name or the string of a member has an emoji."""
    return any(map(matches("[🀀-🿿]"), (text for text in (name, value) if isinstance(text, str))))


def _has_nested(body: Any, _campaign: Campaign) -> bool:
    return isinstance(body, dict) and any(isinstance(value, dict | list) for value in body.values())


class _MassAssigning(Provider):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        super().pause(campaign, request)
        body = self.read_body(request)
        for name, value in body.items() if isinstance(body, dict) else ():
            if name in {"title", "status"}:
                setattr(campaign, name, value)
            elif name in campaign.rest and name != "config":
                campaign.rest[name] = value
        return self.success("pause", self.render_campaign(campaign))


def _title(go: Callable[..., int | None], _: Provider, body: Any, campaign: Campaign) -> int | None:
    if isinstance(body, dict) and isinstance(body.get("title"), str):
        campaign.title = body["title"]
    return go(body, campaign)


def _escaped_name(go: _Parse, _: Provider, content: bytes) -> Any:
    body = go(content)
    return {} if isinstance(body, dict) and b"paused_until" not in content else body


def _unsupported(_: Provider) -> Rejection:
    return Rejection(415, "unsupported_media_type", "Send application/json.")


def _has_parameter(request: Request) -> bool:
    return ";" in (request.header("content-type") or "")


def _parameter_hides_body(go: Callable[[Request], Any], _: Provider, request: Request) -> Any:
    return MISSING if _has_parameter(request) else go(request)


def _is_other_media(request: Request) -> bool:
    return bool(request.content) and "json" not in (request.header("content-type") or "json")


_VALID = (
    *Table("values", failing(Provider.decide_until), 100)(
        ("crashes-on-emoji-member", "the column has three bytes per character", _with_member(_has_emoji)),
        ("crashes-on-many-members", "a log of two columns", lambda b, _: isinstance(b, dict) and len(b) > 2),
        ("crashes-on-nested-member", "the log is flat", _has_nested),
    ),
    *Table("values", failing(Provider.read_body), 100)(
        ("crashes-on-long-body", "the log's line is too long", lambda request: len(request.content) > 1000),
    ),
    *Table("pausing", built)(
        ("mass-assignment", "whatever the body names is assigned", _MassAssigning),
        ("title-assignment", "the title is always writable", around(Provider.decide_until)(_title)),
    ),
    *Table("pausing", built, 100)(
        (
            "undocumented-member-crashes",
            "an unknown argument",
            failing(Provider.decide_until)(_with_member(lambda *_: True)),
        ),
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
        ("escaped-name-lost", "the name is looked for in the bytes", around(Provider.parse)(_escaped_name)),
        (
            "refuses-charset",
            "compared as a string",
            failing(Provider.read_body, _unsupported)(_has_parameter),
        ),
    ),
    *Table("dates", around(Provider.read_body))(
        ("charset-hides-body", "a body parser is chosen by the whole media type", _parameter_hides_body),
    ),
)

# -- rejected, and in effect all the same --

_Act = Callable[[Provider, Campaign], object]
_Affected = Callable[[Provider, Request, Call | None], list[Campaign]]


def _acting(affected: _Affected) -> Callable[[tuple[tuple[int, ...], _Act]], type[Provider]]:
    """Do something to the affected campaigns after a rejection with one of the statuses."""

    def make(how: tuple[tuple[int, ...], _Act]) -> type[Provider]:
        statuses, act = how

        def then(provider: Provider, request: Request, call: Call | None, rejection: Rejection) -> None:
            for campaign in affected(provider, request, call) if rejection.status in statuses else ():
                act(provider, campaign)

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


def _toggle(provider: Provider, campaign: Campaign) -> None:
    (_pause if campaign.status == "active" else _resume)(provider, campaign)


def _set(name: str, value: Any) -> _Act:
    return lambda _provider, campaign: setattr(campaign, name, value)


def _postpone(_provider: Provider, campaign: Campaign) -> None:
    if campaign.paused_until is not None:
        campaign.paused_until += 3_600 * SECOND


def _zero_budget(_provider: Provider, campaign: Campaign) -> None:
    campaign.rest = {**campaign.rest, "daily_budget": 0.0}


_ACTING = (
    *Table("refusing", _acting(_addressed), 104)(
        ("422-pauses", "the status is saved before the date is validated", ((422,), _pause)),
        ("400-pauses", "the route pauses before it parses", ((400,), _pause)),
        ("415-pauses", "the route pauses before it reads the media type", ((415,), _pause)),
        ("405-pauses", "the handler runs before the method is checked", ((405,), _pause)),
        ("refusal-resumes", "a failed update is rolled back to active", ((400, 422), _resume)),
        ("refusal-toggles", "a failed update flips the status", ((400, 422), _toggle)),
        ("refusal-forgets-date", "the date is cleared first", ((400, 422), _set("paused_until", None))),
        ("refusal-deactivates", "invalid campaigns are switched off", ((422,), _set("status", "inactive"))),
        ("refusal-zeroes-budget", "a reservation is not released", ((400, 422), _zero_budget)),
        ("refusal-changes-title", "the failure is noted in the title", ((422,), _set("title", "(invalid)"))),
    ),
    *Table("refusing", _acting(_addressed), 206)(
        ("401-pauses", "the credential is checked on the way out", ((401,), _pause)),
        ("403-pauses", "the permission is checked on the way out", ((403,), _pause)),
        ("401-resumes", "a failed sign-in ends what was scheduled", ((401,), _resume)),
        ("403-forgets-date", "a reader may change the date", ((403,), _set("paused_until", None))),
    ),
)
_ELSEWHERE = Table("refusing", _acting(_others_paused), 104)(
    ("422-resumes-another-campaign", "a rollback has the wrong scope", ((422,), _resume)),
    ("400-resumes-another-campaign", "a rollback has the wrong scope", ((400,), _resume)),
    ("401-resumes-another-campaign", "a failed sign-in ends the session's pauses", ((401,), _resume)),
    ("404-resumes-another-campaign", "the last row read is rolled back", ((404,), _resume)),
    ("405-resumes-another-campaign", "the wrong handler runs on a shared object", ((405,), _resume)),
    ("422-forgets-another-date", "a shared buffer is cleared", ((422,), _set("paused_until", None))),
    ("404-forgets-another-date", "a shared buffer is cleared", ((404,), _set("paused_until", None))),
    ("422-postpones-another-campaign", "a failed job delays the others", ((422,), _postpone)),
    ("403-stales-another-campaign", "an audit marks what it meets", ((403,), _set("status", "stale"))),
)

FAULTS: Final = (*_SHAPES, *_MALFORMED, *_VALID, *_ACTING, *_ELSEWHERE)

# -- what only generated requests find: no vector was written for it --


def _is_big(value: Any) -> bool:
    """Whether a value is, or contains, an integer beyond 64 bits."""
    if isinstance(value, list | dict):
        return any(map(_is_big, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= 2**64


def _named(wanted: Callable[[str], bool]) -> Callable[[Any, Campaign], bool]:
    return _with_member(lambda name, _: wanted(name))


def _is_negative(body: Any) -> bool:
    return isinstance(body, int | float) and body < 0


DRAWN: Final = (
    *Table("accepting", failing(Provider.decide_until), 100)(
        ("crashes-on-dollar-in-name", "an operator of the store", _named(lambda name: "$" in name)),
        ("crashes-on-other-letter-in-name", "a column in ASCII", _named(lambda name: not name.isascii())),
        ("crashes-on-big-integer", "a column of 64 bits", _with_member(lambda _, value: _is_big(value))),
        ("crashes-on-control-character", "a log format", _named(matches(r"[\0-\x1f]"))),
    ),
    *Table("accepting", accepting(Provider.no_object), 102)(
        ("accepts-negative-numbers", "less than nothing is nothing", (_is_negative, for_ever)),
    ),
)
