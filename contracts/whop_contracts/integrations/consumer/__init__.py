"""The consumer's side of the contract: whether a request is one that the documentation lets a client send.

``whop-contracts serve --report FILE`` reports requests that break a rule, ``serve --strict`` rejects them.
The pytest fixtures ``ad_campaign_provider`` and ``strict_ad_campaign_provider`` do the same in tests.

A rule of level *must* comes from the page or an RFC. Strict mode rejects a request that breaks one, with the
status of the first such rule in the order of :data:`RULES`, and nothing is carried out. What a provider may
ignore or reject is *should*: reported, never rejected. Not checked, because the provider decides: unknown
tokens and campaigns, dates in the past. OPTIONS requests are a browser's own and are not checked.

Pure: nothing here sends, reads a clock or writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import unquote

from whop_contracts.exchange import Finding, Operation, Request, Response
from whop_contracts.json_text import read_json
from whop_contracts.pause.clause import Level, Source
from whop_contracts.schemas import brief, should_violations, violations

Found = tuple[tuple["Rule", Finding], ...]
"""The rules that one request breaks, in the order of :data:`RULES`."""
Check = Callable[[Request], Iterator[Finding]]

_ROUTE: Final = re.compile(r"/api/v1/ad_campaigns/(?P<id>[^/]+)(?:/(?P<action>pause|unpause))?")
_METHODS: Final[dict[Operation, tuple[str, ...]]] = {
    "pause": ("POST",),
    "unpause": ("POST",),
    "retrieve": ("GET", "HEAD"),
}
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MEMBERS: Final = frozenset({"paused_until"})
_ERROR_TYPES: Final = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    415: "unsupported_media_type",
    422: "unprocessable_entity",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for clients. ``status`` is strict mode's response; None for a rule of level *should*."""

    id: str
    statement: str
    source: Source
    check: Check
    status: int | None = None

    @property
    def level(self) -> Level:
        """*must* for what strict mode rejects."""
        return "should" if self.status is None else "must"


def received(method: str, path: str, headers: tuple[tuple[str, str], ...], content: bytes) -> Request:
    """A request as it came. ``path`` is percent-encoded with its query; operation and campaign follow."""
    match = _ROUTE.fullmatch(path.partition("?")[0])
    operation = cast("Operation", match["action"] or "retrieve") if match else None
    campaign = unquote(match["id"]) if match else ""
    return Request(method.upper(), path, operation, campaign, tuple(headers), content)


def broken_rules(request: Request) -> Iterator[tuple[Rule, Finding]]:
    """Every rule that a request breaks, in the order of :data:`RULES`."""
    if request.method != "OPTIONS" and request.url.partition("?")[0] != "/":  # as health checks send
        for rule in RULES:
            for finding in rule.check(request):
                yield rule, finding


def rejection(request: Request, found: Found) -> Response | None:
    """Strict mode's response, in the documented error shape; None for a request that breaks no *must*."""
    rule, finding = next(((rule, finding) for rule, finding in found if rule.status), (None, None))
    if rule is None or finding is None or rule.status is None:
        return None
    at = f" at {finding.pointer}" if finding.pointer else ""
    message = f"{rule.statement} Expected {finding.expected}; actual: {finding.actual}{at}. [{rule.id}]"
    headers = [("content-type", "application/json")]
    if rule.status == 401:  # noqa: PLR2004 - a challenge goes with it
        headers.append(("www-authenticate", 'Bearer realm="api"'))
    if rule.status == 405 and request.operation:  # noqa: PLR2004 - the allowed methods go with it
        headers.append(("allow", ", ".join(_METHODS[request.operation])))
    body = {"error": {"type": _ERROR_TYPES[rule.status], "message": message}}
    return Response(rule.status, tuple(headers), json.dumps(body, ensure_ascii=False).encode())


# -- the rules: first those of level must, in the order in which strict mode responds to them ----------------

_rules: list[Rule] = []
_ADDRESS: Final = Source("page", "the request's address")
_HEADERS: Final = Source("page", "the request's headers")
_BODY: Final = Source("page", "request body, paused_until")
_ID: Final = Source("example", "id")


def _rule(name: str, statement: str, source: Source, status: int | None = None) -> Callable[[Check], Check]:
    """Register a check as the rule ``consumer.<name>``."""

    def register(check: Check) -> Check:
        _rules.append(Rule(f"consumer.{name}", statement, source, check, status))
        return check

    return register


@_rule("route", "The path is one of the documented routes.", _ADDRESS, 404)
def _route(request: Request) -> Iterator[Finding]:
    if request.operation is None:
        path = request.url.partition("?")[0]
        yield Finding("/api/v1/ad_campaigns/{id}, …/pause or …/unpause", brief(path))


@_rule("method", "The method is the one that the route is documented with.", _ADDRESS, 405)
def _method(request: Request) -> Iterator[Finding]:
    if request.operation and request.method not in _METHODS[request.operation]:
        yield Finding(_METHODS[request.operation][0], request.method)


@_rule("credential", "Every request carries a credential.", _HEADERS, 401)
def _credential(request: Request) -> Iterator[Finding]:
    if not (request.header("authorization") or "").strip():
        yield Finding("an Authorization header", "none, or an empty one")


@_rule("bearer-token", "The credential is a bearer token.", _HEADERS, 401)
def _bearer_token(request: Request) -> Iterator[Finding]:
    value = (request.header("authorization") or "").strip()
    scheme, _, token = value.partition(" ")
    if not value:
        return
    if scheme.lower() != "bearer":
        yield Finding("the word Bearer and a token", "another scheme, or none")
    elif not token.strip():
        yield Finding("the word Bearer and a token", "no token after it")
    elif not _TOKEN.fullmatch(token.strip()):
        expected = "a token of letters, digits and - . _ ~ + /"
        yield Finding(expected, "one with other characters, as of a placeholder")


@_rule("id", "The id in the path is a campaign's.", _ID, 404)
def _id(request: Request) -> Iterator[Finding]:
    if request.operation:
        yield from violations("ad-campaign", "/properties/id", request.campaign)


@_rule("media-type", "A body is said to be JSON.", _HEADERS, 415)
def _media_type(request: Request) -> Iterator[Finding]:
    if not _has_body(request):
        return
    value = request.header("content-type")
    if value is None:
        yield Finding("Content-Type: application/json", "no Content-Type")
    elif value.partition(";")[0].strip().lower() != "application/json":
        yield Finding("Content-Type: application/json", brief(value))


@_rule("json", "A body is one JSON text.", Source("rfc", "RFC 8259"), 400)
def _json(request: Request) -> Iterator[Finding]:
    if _has_body(request) and (problem := read_json(request.content).problem):
        yield Finding("one JSON text in UTF-8", problem)


@_rule(
    "schema",
    "A pause's body is an object, and paused_until in it an RFC 3339 timestamp with an offset.",
    _BODY,
    422,
)
def _schema(request: Request) -> Iterator[Finding]:
    if _has_body(request) and not (text := read_json(request.content)).problem:
        yield from violations("pause-request", "", text.value)


@_rule("usual-id", "An id has only letters and digits after its prefix.", _ID)
def _usual_id(request: Request) -> Iterator[Finding]:
    if request.operation and not violations("ad-campaign", "/properties/id", request.campaign):
        yield from should_violations("ad-campaign", "/properties/id", request.campaign)


@_rule("undocumented", "Nothing is sent that the page does not name: no query, no other member.", _BODY)
def _undocumented(request: Request) -> Iterator[Finding]:
    if "?" in request.url:
        yield Finding("no query", "a query")
    body = read_json(request.content).value if _has_body(request) else None
    for name in body if isinstance(body, dict) else ():
        if name not in _MEMBERS:
            yield Finding("documented members alone", f"a member {brief(name)}")


@_rule("member-once", "No member comes twice in a body.", Source("rfc", "RFC 8259, 4"))
def _member_once(request: Request) -> Iterator[Finding]:
    if _has_body(request):
        for name in dict.fromkeys(read_json(request.content).duplicates):
            yield Finding("each member once", f"{brief(name)} more than once")


@_rule("needless-body", "Retrieve and unpause carry no body.", Source("sibling", "retrieve and unpause"))
def _needless_body(request: Request) -> Iterator[Finding]:
    if request.operation in {"retrieve", "unpause"} and request.content.strip():
        yield Finding("no body", f"{len(request.content)} bytes")


RULES: Final = tuple(_rules)
"""Every rule, in the order in which strict mode responds to them."""


def _has_body(request: Request) -> bool:
    """Whether the request has a body where the page documents one."""
    return request.operation == "pause" and bool(request.content.strip())
