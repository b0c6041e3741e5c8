"""Builders for histories: exchanges with a campaign, by what was requested and what was shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from whop_contracts.exchange import Exchange, Request, Response, Role, Scope, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause import catalogue
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.pause.oracle import Oracle

START = 1_790_000_000
ID, OTHER = "adcamp_1", "adcamp_2"
CLAUSES = {clause.id: clause for clause in catalogue.clauses()}


def at(seconds: float) -> int:
    """Nanoseconds of the provider, so many seconds after the start."""
    return int((START + seconds) * NANO)


def text(seconds: float) -> str:
    """The instant so many seconds after the start, as the page writes it."""
    return write_instant(at(seconds))


class History:
    """Exchanges in their order, each at a second of its own, followed by one oracle."""

    def __init__(self, *, uncertain: float = 0.0, tolerance: float = 60.0) -> None:
        self.oracle = Oracle(tolerance=tolerance)
        self.uncertain = uncertain
        self.number = 0

    def exchange(
        self,
        operation: str | None,
        second: float,
        *,
        body: Any = None,
        status: int | None = 200,
        shows: tuple[str, float | None] | None = None,
        campaign: str = ID,
        role: Role = "full",
        scope: Scope = "named",
        method: str | None = None,
        wall: float | None = None,
        content_type: str | None = "application/json",
        document: dict[str, Any] | None = None,
        answer: bytes | None = None,
        clock: bool = True,
        headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
        **more: Any,
    ) -> Evidence:
        """Send one request; ``more`` are further fields of the response."""
        self.number += 1
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if shows is not None:
            until = None if shows[1] is None else text(shows[1])
            document = {"id": campaign, "status": shows[0], "paused_until": until} | (document or {})
        raw = json.dumps(document or {}).encode() if answer is None else answer
        sent = START + second if wall is None else wall
        spread = int(self.uncertain * NANO)
        request = Request(
            method or ("GET" if operation == "retrieve" else "POST"),
            f"http://x/ad_campaigns/{campaign}/{operation}",
            operation,  # type: ignore[arg-type]
            campaign,
            () if content_type is None else (("content-type", content_type),),
            content,
        )
        return self.oracle.follow(
            Exchange(
                number=self.number,
                request=request,
                response=None if status is None else Response(status, headers, raw, **more),
                sent=sent,
                received=sent + 0.01,
                now=Window(at(second) - spread, at(second + 0.01) + spread) if clock else None,
                role=role,
                scope=scope,
            )
        )

    def read(self, second: float, status: str, until: float | None = None, **more: Any) -> Evidence:
        return self.exchange("retrieve", second, shows=(status, until), **more)

    def pause(
        self, second: float, until: float | None = None, *, shows: Any = "as asked", **more: Any
    ) -> Evidence:
        body = more.pop("body", {} if until is None else {"paused_until": text(until)})
        seen = ("paused", until) if shows == "as asked" else shows
        return self.exchange("pause", second, body=body, shows=seen, **more)

    def unpause(self, second: float, **more: Any) -> Evidence:
        return self.exchange("unpause", second, **{"shows": ("active", None), "content_type": None, **more})

    def possible(self, second: float, campaign: str = ID) -> frozenset[State] | None:
        """The states that are possible at a second."""
        return self.oracle.possible(campaign, Window(at(second), at(second)))


Step = Callable[[History], Evidence]


def read(*given: Any, **named: Any) -> Step:
    return lambda history: history.read(*given, **named)


def pause(*given: Any, **named: Any) -> Step:
    return lambda history: history.pause(*given, **named)


def unpause(*given: Any, **named: Any) -> Step:
    return lambda history: history.unpause(*given, **named)


def send(*given: Any, **named: Any) -> Step:
    return lambda history: history.exchange(*given, **named)


def begun(status: str = "active", until: float | None = None, **options: float) -> History:
    """A history whose first read shows a state."""
    history = History(**options)
    assert failed(history.read(0, status, until)) == ()
    return history


def follow(*steps: Step, history: History | None = None) -> Evidence:
    """Take steps, by default after a first read that shows the campaign active. Only the last may fail."""
    history = history or begun()
    for step in steps[:-1]:
        assert failed(step(history)) == ()
    return steps[-1](history)


def failed(evidence: Evidence) -> tuple[str, ...]:
    """The ids of the clauses that the oracle fails."""
    return tuple(one.clause for one in evidence.findings)


def fails(evidence: Evidence, clause: str) -> bool:
    return CLAUSES[clause].applies(evidence) and any(CLAUSES[clause].check(evidence))
