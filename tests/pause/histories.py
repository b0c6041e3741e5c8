"""Small builders for histories: exchanges with a campaign, told by what was asked and what was shown."""

from __future__ import annotations

import json
from typing import Any

from whop_contracts.exchange import Exchange, Request, Response, Role, Scope, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle

START = 1_790_000_000
ID = "adcamp_1"


def at(seconds: float) -> int:
    """Nanoseconds of the provider, so many seconds after the start."""
    return int((START + seconds) * NANO)


def text(seconds: float) -> str:
    """The instant so many seconds after the start, as the page writes it."""
    return write_instant(at(seconds))


class History:
    """Exchanges in their order, each at a second of its own choosing, judged by one expectation."""

    def __init__(self, *, uncertain: float = 0.0, tolerance: float = 60.0) -> None:
        self.expectation = Oracle(tolerance=tolerance)
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
        overlaps: int | None = None,
        wall: float | None = None,
        content_type: str | None = "application/json",
        document: dict[str, Any] | None = None,
        answer: bytes | None = None,
        clock: bool = True,
    ) -> Evidence:
        self.number += 1
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = None
        if status is not None:
            shown: dict[str, Any] | bytes = b"{}"
            if shows is not None:
                shown = {
                    "id": campaign,
                    "status": shows[0],
                    "paused_until": None if shows[1] is None else text(shows[1]),
                }
                shown |= document or {}
            raw = shown if isinstance(shown, bytes) else json.dumps(shown).encode()
            raw = raw if answer is None else answer
            response = Response(status, (("content-type", "application/json"),), raw)
        sent = START + second if wall is None else wall
        headers = () if content_type is None else (("content-type", content_type),)
        return self.expectation.follow(
            Exchange(
                number=self.number,
                request=Request(
                    method or ("GET" if operation == "retrieve" else "POST"),
                    f"http://x/ad_campaigns/{campaign}/{operation}",
                    operation,  # type: ignore[arg-type]
                    campaign,
                    headers,
                    content,
                ),
                response=response,
                sent=sent,
                received=sent + 0.01,
                now=Window(
                    at(second) - int(self.uncertain * NANO), at(second + 0.01) + int(self.uncertain * NANO)
                )
                if clock
                else None,
                role=role,
                scope=scope,
                overlaps=overlaps,
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


def topic(evidence: Evidence) -> str | None:
    """The topic that an answer breaks, if it breaks one."""
    return evidence.breach.topic if evidence.breach else None
