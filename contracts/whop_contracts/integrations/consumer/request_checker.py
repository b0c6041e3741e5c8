"""A checker in front of a provider: checks client requests by the rules and reports what breaks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from whop_contracts.exchange import Request, Response
from whop_contracts.integrations.consumer import Found, broken_rules, received, rejection
from whop_contracts.pause.clause import Level
from whop_contracts.redaction import Redactor, is_secret_header

_LEAST_SECRET: Final = 8
_LONGEST_PATH: Final = 200
_KEPT: Final = 500
"""How many broken requests are reported one by one; the others are counted."""


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
    """Checks what a provider receives and keeps what was broken, from any thread.

    The first 500 broken requests are kept, the others counted. The credentials that requests carry and the
    values in ``secrets`` are never reported.
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
            self._learn(request)
            self._requests += 1
            found = tuple(broken_rules(self._clean(request)))
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
            rows = (Broken(**self._redactor.data(asdict(one))) for one in self._kept)
            return tuple(
                replace(one, path=one.path[: _LONGEST_PATH - 1] + "…") if one.path[_LONGEST_PATH:] else one
                for one in rows
            )

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

    def _learn(self, request: Request) -> None:
        """Keep the credentials of a request out of every report from here on."""
        for name, value in request.headers:
            if is_secret_header(name):
                for secret in {value.strip(), value.strip().rpartition(" ")[2]} - self._known:
                    if len(secret) >= _LEAST_SECRET:
                        self._known.add(secret)
                        self._redactor.add(secret)

    def _clean(self, request: Request) -> Request:
        """The request without secrets, save in headers that no rule quotes.

        A finding may cut what it quotes, and half a secret would not be recognized any more.
        """
        text = self._redactor.text
        headers = tuple(
            (name, value if is_secret_header(name) else text(value)) for name, value in request.headers
        )
        return replace(
            request,
            method=text(request.method),
            url=text(request.url),
            campaign=text(request.campaign),
            headers=headers,
            content=self._redactor.bytes(request.content),
        )


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

    def checked(
        method: str,
        path: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        content: bytes = b"",
    ) -> Response:
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        request = received(method, path, pairs, content)
        found = checker.check(request)
        watch(found)
        response = rejection(request, found) if refuse else None
        return refuse(response) if refuse and response else handle(method, path, pairs, content)

    return checked
