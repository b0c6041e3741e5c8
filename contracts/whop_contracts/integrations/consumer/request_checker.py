"""A witness before a provider: judges what clients send by :mod:`whop_contracts.integrations.consumer`, and tells which requests broke the contract."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from whop_contracts.exchange import Finding, Request, Response
from whop_contracts.integrations.consumer import Found, Rule, judge, received, refusal
from whop_contracts.pause.clause import Level
from whop_contracts.redaction import Redactor

A = TypeVar("A")
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})
_LEAST_SECRET: Final = 8
_LONGEST_PATH: Final = 200
_KEPT: Final = 500
"""How many broken requests are told one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that one request broke. ``number`` counts every request that was judged, from 1; ``path`` is told without its query."""

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
        said = f"expected {self.expected}, actual {self.actual}{at}"
        return f"request {self.number}, {self.method} {self.path}: {said} ({self.rule})"

    def data(self) -> dict[str, Any]:
        """As the report has it."""
        return {name: getattr(self, name) for name in Broken.__slots__}


class RequestChecker:
    """Judges what a provider receives and remembers what was broken, from any thread. A credential that passes by is kept out of what it tells.

    The first 500 broken requests are told, the others counted. ``secrets`` are values never to be told, whether they are seen or not.
    """

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._known = set(secrets)
        self._redactor = Redactor(secrets)
        self._told: list[Broken] = []
        self._requests = self._broken = self._left_out = 0
        self._lock = threading.RLock()

    def see(self, request: Request) -> Found:
        """Take in one request: what it breaks, without secrets."""
        with self._lock:
            self._learn(request)
            self._requests += 1
            found = tuple(judge(self._clean(request)))
            breaks = any(rule.level == "must" for rule, _ in found)
            self._broken += breaks
            if found and len({one.number for one in self._told}) >= _KEPT:
                self._left_out += breaks
            else:
                self._told += (_told(self._requests, request, rule, finding) for rule, finding in found)
            return found

    @property
    def broken(self) -> tuple[Broken, ...]:
        """What broke a *must*, in the order of the requests; a request has a row for each finding."""
        return tuple(one for one in self.told if one.level == "must")

    @property
    def told(self) -> tuple[Broken, ...]:
        """The same with what only a *should* asks for."""
        with self._lock:
            return tuple(_cut(self._redactor.data(one.data())) for one in self._told)

    def document(self) -> dict[str, Any]:
        """The report: ``requests`` judged, how many of them are ``broken`` and how many of those ``left_out``, and a row for each finding."""
        with self._lock:
            return {
                "schema_version": "1",
                "requests": self._requests,
                "broken": self._broken,
                "left_out": self._left_out,
                "broken_requests": [one.data() for one in self.told],
            }

    def _learn(self, request: Request) -> None:
        for name, value in request.headers:
            if name.lower() in _CREDENTIALS:
                for secret in {value.strip(), value.strip().rpartition(" ")[2]} - self._known:
                    if len(secret) >= _LEAST_SECRET:
                        self._known.add(secret)
                        self._redactor.add(secret)

    def _clean(self, request: Request) -> Request:
        """The request without secrets but where no rule quotes them: findings cut what they quote, and half a secret is known to nobody."""
        text = self._redactor.text
        return Request(
            text(request.method),
            text(request.url),
            request.operation,
            text(request.campaign),
            tuple(
                (name, value if name.lower() in _CREDENTIALS else text(value))
                for name, value in request.headers
            ),
            self._redactor.bytes(request.content),
        )


def guarded(
    answering: Callable[[str, str, Any, bytes], A],
    witness: RequestChecker,
    *,
    refuse: Callable[[Response], A] | None = None,
    watch: Callable[[Found], None] = lambda _found: None,
) -> Callable[..., A]:
    """A provider's one entry with ``witness`` before it, for the same arguments.

    ``refuse`` makes strict mode's answer out of a response; without it ``answering`` is always asked. ``watch`` is told what each
    request breaks before the answer is given.
    """

    def handle(
        method: str,
        path: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        content: bytes = b"",
    ) -> A:
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        request = received(method, path, pairs, content)
        found = witness.see(request)
        watch(found)
        answer = refusal(request, found) if refuse else None
        return refuse(answer) if refuse and answer else answering(method, path, pairs, content)

    return handle


def _cut(row: dict[str, Any]) -> Broken:
    path = row["path"]
    return Broken(**{**row, "path": path if len(path) <= _LONGEST_PATH else path[: _LONGEST_PATH - 1] + "…"})


def _told(number: int, request: Request, rule: Rule, finding: Finding) -> Broken:
    return Broken(
        number=number,
        method=request.method,
        path=request.url.partition("?")[0],
        rule=rule.id,
        level=rule.level,
        promise=rule.statement,
        source=str(rule.source),
        pointer=finding.pointer,
        expected=finding.expected,
        actual=finding.actual,
    )
