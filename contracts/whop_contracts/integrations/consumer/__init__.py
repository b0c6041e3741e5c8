"""The consumer's side of the contract: whether a request is one that the documentation lets a client send.

``whop-contracts serve --report FILE`` writes which requests broke it, ``serve --strict`` refuses them too, and the pytest fixtures
``ad_campaign_provider`` (``.broken_requests``) and ``strict_ad_campaign_provider`` (fails the test) do the same for an application's own tests.

A rule of level *must* is what the page says of a request, or the RFCs that it stands on; a request that breaks one is broken, and refused
in strict mode, with the status of the first rule that it breaks, in the order of :data:`RULES`; nothing is carried out then. What a provider
may ignore as well as refuse is *should*: told, never refused. A token that nobody knows, a campaign that is not there and a date that has
passed are for the provider to answer, and break nothing here: both sides keep the contract. OPTIONS requests are a browser's own and not judged.

Pure: nothing here sends, reads a clock or writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from urllib.parse import unquote

from whop_contracts.exchange import Finding, Operation, Request, Response
from whop_contracts.json_text import Text, read_json
from whop_contracts.pause.clause import Level, Source
from whop_contracts.schemas import brief, should_violations, violations

Found = tuple[tuple["Rule", Finding], ...]
"""What one request breaks, in the order of the rules."""

_ROUTE: Final = re.compile(r"/api/v1/ad_campaigns/(?P<id>[^/]+)(?:/(?P<action>pause|unpause))?")
_METHODS: Final[dict[Operation, tuple[str, ...]]] = {
    "pause": ("POST",),
    "unpause": ("POST",),
    "retrieve": ("GET", "HEAD"),
}
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_MEMBERS: Final = frozenset({"paused_until"})
_LONGEST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of a client. ``status`` is what strict mode answers, ``code`` the error's type; None for what is never refused."""

    id: str
    statement: str
    source: Source
    check: Callable[[Request], Iterator[Finding]]
    status: int | None = None
    code: str = ""

    @property
    def level(self) -> Level:
        """*must* for what strict mode refuses."""
        return "should" if self.status is None else "must"


def received(method: str, path: str, headers: tuple[tuple[str, str], ...], content: bytes) -> Request:
    """A request as it came, ``path`` percent-encoded with its query; its operation and campaign by the documented routes."""
    match = _ROUTE.fullmatch(path.partition("?")[0])
    operation = cast("Operation", match["action"] or "retrieve") if match else None
    return Request(
        method.upper(), path, operation, unquote(match["id"]) if match else "", tuple(headers), content
    )


def judge(request: Request) -> Iterator[tuple[Rule, Finding]]:
    """Every rule that a request breaks, in the order of the table."""
    if request.method != "OPTIONS":
        for rule in RULES:
            for finding in rule.check(request):
                yield rule, finding


def refusal(request: Request, broken: Found) -> Response | None:
    """What strict mode answers, in the error's documented shape; None for a request that breaks no *must*."""
    rule, finding = next(((rule, found) for rule, found in broken if rule.status), (None, None))
    if rule is None or finding is None or rule.status is None:
        return None
    at = f" at {finding.pointer}" if finding.pointer else ""
    message = f"{rule.statement} Expected {finding.expected}; actual: {finding.actual}{at}. [{rule.id}]"
    headers = [("content-type", "application/json")]
    if rule.status == 401:  # noqa: PLR2004 - a challenge goes with it
        headers.append(("www-authenticate", 'Bearer realm="api"'))
    if rule.status == 405 and request.operation:  # noqa: PLR2004 - what is allowed goes with it
        headers.append(("allow", ", ".join(_METHODS[request.operation])))
    body = {"error": {"type": rule.code, "message": message}}
    return Response(rule.status, tuple(headers), json.dumps(body, ensure_ascii=False).encode())


# -- the rules -----------------------------------------------------------------------------------------------------


def _route(request: Request) -> Iterator[Finding]:
    if request.operation is None:
        yield Finding("/api/v1/ad_campaigns/{id}, …/pause or …/unpause", brief(request.url.partition("?")[0]))


def _method(request: Request) -> Iterator[Finding]:
    if request.operation and request.method not in _METHODS[request.operation]:
        yield Finding(_METHODS[request.operation][0], request.method)


def _credential(request: Request) -> Iterator[Finding]:
    if not (request.header("authorization") or "").strip():
        yield Finding("an Authorization header", "none, or an empty one")


def _bearer(request: Request) -> Iterator[Finding]:
    value = (request.header("authorization") or "").strip()
    scheme, _, token = value.partition(" ")
    if not value:
        return
    if scheme.lower() != "bearer":
        yield Finding("the word Bearer and a token", "another scheme, or none")
    elif not token.strip():
        yield Finding("the word Bearer and a token", "no token behind it")
    elif not _TOKEN.fullmatch(token.strip()):
        yield Finding(
            "a token of letters, digits and - . _ ~ + /", "one with other characters, as of a placeholder"
        )


def _id(request: Request) -> Iterator[Finding]:
    if request.operation:
        yield from _departures(violations("ad-campaign", "/properties/id", request.campaign))


def _usual_id(request: Request) -> Iterator[Finding]:
    if request.operation and not violations("ad-campaign", "/properties/id", request.campaign):
        yield from _departures(should_violations("ad-campaign", "/properties/id", request.campaign))


def _media_type(request: Request) -> Iterator[Finding]:
    if not _carries(request):
        return
    value = request.header("content-type")
    if value is None:
        yield Finding("Content-Type: application/json", "no Content-Type")
    elif value.partition(";")[0].strip().lower() != "application/json":
        yield Finding("Content-Type: application/json", brief(value))


def _json(request: Request) -> Iterator[Finding]:
    if _carries(request) and (problem := _body(request).problem):
        yield Finding("one JSON text in UTF-8", problem)


def _schema(request: Request) -> Iterator[Finding]:
    if _carries(request) and not (text := _body(request)).problem:
        yield from _departures(violations("pause-request", "", text.value))


def _undocumented(request: Request) -> Iterator[Finding]:
    if "?" in request.url:
        yield Finding("no query", "a query")
    text = _body(request)
    if _carries(request) and not text.problem and isinstance(text.value, dict):
        for name in text.value.keys() - _MEMBERS:
            yield Finding("documented members alone", f"a member {brief(name)}")


def _twice(request: Request) -> Iterator[Finding]:
    if _carries(request):
        for name in dict.fromkeys(_body(request).duplicates):
            yield Finding("each member once", f"{brief(name)} more than once")


def _needless_body(request: Request) -> Iterator[Finding]:
    if request.operation in {"retrieve", "unpause"} and request.content.strip():
        yield Finding("no body", f"{len(request.content)} bytes")


def _version(request: Request) -> Iterator[Finding]:
    value = request.header("api-version-date")
    if value is None:
        return
    try:
        well_formed = len(value) == len("2026-01-31") and date.fromisoformat(value)
    except ValueError:
        well_formed = False
    if not well_formed:
        yield Finding("an Api-Version-Date like 2026-01-31, or none", brief(value))


def _idempotency(request: Request) -> Iterator[Finding]:
    length = len(request.header("idempotency-key") or "")
    if length > _LONGEST_KEY:
        yield Finding(f"an Idempotency-Key of {_LONGEST_KEY} characters at most", f"{length} characters")


def _carries(request: Request) -> bool:
    """Whether a body comes where the page knows one."""
    return request.operation == "pause" and bool(request.content.strip())


def _body(request: Request) -> Text:
    return read_json(request.content)


def _departures(found: tuple[Any, ...]) -> Iterator[Finding]:
    for one in found:
        yield Finding(one.expected, one.actual, one.pointer)


def _rows() -> Iterator[Rule]:
    address, header = Source("page", "the request's address"), Source("page", "the request's headers")
    body, later = Source("page", "request body, paused_until"), Source("sdk", "headers of a later generation")
    refused = (
        ("route", "The path is one of the documented routes.", address, _route, 404, "not_found"),
        ("method", "The method is the one that the route is documented with.", address, _method, 405, "method_not_allowed"),
        ("credential", "Every request carries a credential.", header, _credential, 401, "unauthorized"),
        ("bearer-token", "The credential is a token behind the word Bearer.", header, _bearer, 401, "unauthorized"),
        ("id", "The id in the path is a campaign's.", Source("example", "id"), _id, 404, "not_found"),
        ("media-type", "A body is said to be JSON.", header, _media_type, 415, "unsupported_media_type"),
        ("json", "A body is one JSON text.", Source("rfc", "RFC 8259"), _json, 400, "bad_request"),
        ("schema", "A pause's body is an object, and paused_until in it an RFC 3339 timestamp with an offset.", body, _schema, 422,
         "unprocessable_entity"),
    )  # fmt: skip
    told = (
        ("usual-id", "An id has letters and digits alone behind its prefix.", Source("example", "id"), _usual_id),
        ("undocumented", "Nothing is sent that the page does not name: no query, no other member.", body, _undocumented),
        ("member-once", "No member comes twice in a body.", Source("rfc", "RFC 8259, 4"), _twice),
        ("needless-body", "Retrieve and unpause carry no body.", Source("sibling", "retrieve and unpause"), _needless_body),
        ("version-date", "An Api-Version-Date is an ISO date.", later, _version),
        ("idempotency-key", "An Idempotency-Key has 255 characters at most.", later, _idempotency),
    )  # fmt: skip
    for name, statement, source, check, status, code in refused:
        yield Rule(f"consumer.{name}", statement, source, check, status, code)
    for name, statement, source, check in told:
        yield Rule(f"consumer.{name}", statement, source, check)


RULES: Final = tuple(_rows())
"""Every rule. Those that are refused first, in the order in which strict mode answers them."""
