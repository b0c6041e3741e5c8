"""The consumer's side of the contract: whether a request is one that the documentation lets a client send.

A rule of level *must* comes from the page or an RFC. Strict mode rejects a request that breaks one, with the
status of the first such rule in the order of :data:`RULES`, and nothing is carried out. What a provider may
ignore or reject is *should*: reported, never rejected. Not checked, because the provider decides: unknown
tokens and campaigns, dates in the past. OPTIONS requests are a browser's own and are not checked.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote

import httpx

from whop_contracts.exchange import Finding, Operation, Request, Response
from whop_contracts.json_text import essence, read_json
from whop_contracts.pause.clause import Level, Source
from whop_contracts.redaction import Redactor, is_secret_header
from whop_contracts.schemas import brief, should_violations, violations

_ROUTE: Final = re.compile(r"/api/v1/ad_campaigns/(?P<id>[^/]+)(?:/(?P<action>pause|unpause))?")
_METHODS: Final[dict[Operation, tuple[str, ...]]] = {
    "pause": ("POST",),
    "unpause": ("POST",),
    "retrieve": ("GET", "HEAD"),
}
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_LONGEST_PATH: Final = 200
_KEPT: Final = 500
"""How many broken requests are reported one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for clients. ``status`` is strict mode's response; None for a rule of level *should*."""

    id: str
    statement: str
    source: Source
    status: int | None = None

    @property
    def level(self) -> Level:
        """*must* for what strict mode rejects."""
        return "should" if self.status is None else "must"


Headers = Iterable[tuple[str, str]]
Found = tuple[tuple[Rule, Finding], ...]
"""The rules that one request breaks, in the order of :data:`RULES`."""
RULES: Final = tuple(
    Rule(**row | {"source": Source(*row["source"])})
    for row in json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
)
"""Every rule: first those of level *must*, in the order in which strict mode responds to them."""


def received(method: str, path: str, headers: Headers, content: bytes) -> Request:
    """A request as it came. ``path`` is percent-encoded with its query; operation and campaign follow."""
    match = _ROUTE.fullmatch(path.partition("?")[0])
    operation = cast("Operation", match["action"] or "retrieve") if match else None
    campaign = unquote(match["id"]) if match else ""
    return Request(method.upper(), path, operation, campaign, tuple(headers), content)


def broken_rules(request: Request) -> Found:
    """Every rule that a request breaks, in the order of :data:`RULES`."""
    if request.method == "OPTIONS" or request.url.partition("?")[0] == "/":  # as health checks send
        return ()
    found = [*_in_address(request), *_in_credential(request), *_in_body(request)]
    return tuple(
        (rule, finding) for rule in RULES for name, finding in found if rule.id == f"consumer.{name}"
    )


def _in_address(request: Request) -> Iterator[tuple[str, Finding]]:
    path, query, _ = request.url.partition("?")
    operation, id_ = request.operation, ("ad-campaign", "/properties/id", request.campaign)
    if operation is None:
        yield "route", Finding("/api/v1/ad_campaigns/{id}, …/pause or …/unpause", brief(path))
    else:
        if request.method not in _METHODS[operation]:
            yield "method", Finding(_METHODS[operation][0], request.method)
        if wrong := violations(*id_):
            yield from (("id", finding) for finding in wrong)
        else:
            yield from (("usual-id", finding) for finding in should_violations(*id_))
    if query:
        yield "undocumented", Finding("no query", "a query")


def _in_credential(request: Request) -> Iterator[tuple[str, Finding]]:
    value = (request.header("authorization") or "").strip()
    scheme, _, token = value.partition(" ")
    if not value:
        yield "credential", Finding("an Authorization header", "none, or an empty one")
    elif scheme.lower() != "bearer":
        yield "bearer-token", Finding("the word Bearer and a token", "another scheme, or none")
    elif not token.strip():
        yield "bearer-token", Finding("the word Bearer and a token", "no token after it")
    elif not _TOKEN.fullmatch(token.strip()):
        expected = "a token of letters, digits and - . _ ~ + /"
        yield "bearer-token", Finding(expected, "one with other characters, as of a placeholder")


def _in_body(request: Request) -> Iterator[tuple[str, Finding]]:
    if not request.content.strip() or request.operation is None:
        return
    if request.operation != "pause":
        yield "needless-body", Finding("no body", f"{len(request.content)} bytes")
        return
    media_type, text = request.header("content-type"), read_json(request.content)
    if essence(media_type) != "application/json":
        actual = "no Content-Type" if media_type is None else brief(media_type)
        yield "media-type", Finding("Content-Type: application/json", actual)
    if text.problem:
        yield "json", Finding("one JSON text in UTF-8", text.problem)
    else:
        yield from (("schema", finding) for finding in violations("pause-request", "", text.value))
    for name in text.value if isinstance(text.value, dict) else ():
        if name != "paused_until":
            yield "undocumented", Finding("documented members alone", f"a member {brief(name)}")
    for name in dict.fromkeys(text.duplicates):
        yield "member-once", Finding("each member once", f"{brief(name)} more than once")


def rejection(request: Request, found: Found) -> Response | None:
    """Strict mode's response, in the documented error shape; None for a request that breaks no *must*."""
    status = found[0][0].status if found else None
    if status is None:
        return None
    rule, finding = found[0]
    at = f" at {finding.pointer}" if finding.pointer else ""
    message = f"{rule.statement} Expected {finding.expected}; actual: {finding.actual}{at}. [{rule.id}]"
    headers = [("content-type", "application/json")]
    if status == httpx.codes.UNAUTHORIZED:
        headers.append(("www-authenticate", 'Bearer realm="api"'))
    if status == httpx.codes.METHOD_NOT_ALLOWED and request.operation:
        headers.append(("allow", ", ".join(_METHODS[request.operation])))
    body = {"error": {"type": httpx.codes(status).name.lower(), "message": message}}
    return Response(status, tuple(headers), json.dumps(body, ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that one request broke. ``number`` counts checked requests, from 1; ``path`` has no query."""

    number: int
    method: str
    path: str
    rule: str
    level: Level
    promise: str
    source: str
    pointer: str
    expected: str
    actual: str

    def __str__(self) -> str:
        at = f" at {self.pointer}" if self.pointer else ""
        found = f"expected {self.expected}, actual {self.actual}{at}"
        return f"request {self.number}, {self.method} {self.path}: {found} ({self.rule})"


class RequestChecker:
    """Checks what a provider receives, from any thread. Keeps 500 broken requests and counts the others.

    The credentials that requests carry and the values in ``secrets`` are never reported.
    """

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._known = set(secrets)
        self._redactor = Redactor(secrets)
        self._kept: list[Broken] = []
        self._requests = self._broken = self._left_out = 0
        self._lock = threading.RLock()

    def check(self, request: Request) -> Found:
        """Check one request; returns what it breaks, without secrets."""
        with self._lock:
            for name, value in request.headers:
                if is_secret_header(name):
                    for secret in {value.strip(), value.strip().rpartition(" ")[2]} - self._known:
                        self._known.add(secret)
                        self._redactor.add(secret)
            self._requests += 1
            found = broken_rules(self._clean(request))
            breaks = any(rule.level == "must" for rule, _ in found)
            self._broken += breaks
            if found and len({one.number for one in self._kept}) >= _KEPT:
                self._left_out += breaks
                return found
            path = request.url.partition("?")[0]
            for rule, finding in found:
                about = rule.id, rule.level, rule.statement, str(rule.source)
                what = finding.pointer, finding.expected, finding.actual
                self._kept.append(Broken(self._requests, request.method, path, *about, *what))
            return found

    @property
    def findings(self) -> tuple[Broken, ...]:
        """One row per rule that a request broke, of either level, in the order of the requests."""
        with self._lock:
            rows = [Broken(**self._redactor.data(asdict(one))) for one in self._kept]
            cut = self._redactor.redact_then_cut
            return tuple(replace(one, path=cut(one.path, _LONGEST_PATH)) for one in rows)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """The findings of level *must*."""
        return tuple(one for one in self.findings if one.level == "must")

    def document(self) -> dict[str, Any]:
        """The report: how many requests were checked, broken and left out, and a row per finding."""
        with self._lock:
            return {
                "schema_version": "1",
                "requests": self._requests,
                "broken": self._broken,
                "left_out": self._left_out,
                "broken_requests": [asdict(one) for one in self.findings],
            }

    def _clean(self, request: Request) -> Request:
        """The request without secrets in what a rule may quote: a finding may cut a secret in half."""
        text = self._redactor.text
        headers = tuple(
            (name, value if is_secret_header(name) else text(value)) for name, value in request.headers
        )
        method, url, campaign = map(text, (request.method, request.url, request.campaign))
        content = self._redactor.bytes(request.content)
        return replace(request, method=method, url=url, campaign=campaign, headers=headers, content=content)


def guarded(
    handle: Callable[[str, str, Any, bytes], Response],
    checker: RequestChecker,
    *,
    refuse: Callable[[Response], Response] | None = None,
    watch: Callable[[Found], None] = lambda _found: None,
) -> Callable[..., Response]:
    """A provider's ``handle`` with ``checker`` in front of it, for the same arguments.

    ``refuse`` completes strict mode's response; without it every request goes to ``handle``. ``watch`` gets
    what each request breaks before the provider responds.
    """

    def checked(method: str, path: str, headers: Headers = (), content: bytes = b"") -> Response:
        request = received(method, path, headers, content)
        found = checker.check(request)
        watch(found)
        response = rejection(request, found) if refuse else None
        return refuse(response) if refuse and response else handle(method, path, request.headers, content)

    return checked
