"""A client of one provider in this process."""

from __future__ import annotations

import json
from typing import Any

from whop_contracts.provider import SEED, ManualClock, Provider, build

START = 1_790_000_000.0
"""2026-09-21T14:13:20Z"""
BASE = "/api/v1/ad_campaigns"
ACTIVE = SEED.campaigns[0]
OMITTED: Any = object()


class Talk:
    """One provider, its clock, and the token that is sent."""

    def __init__(self, **what: Any) -> None:
        self.clock = ManualClock(START)
        self.provider: Provider = build(clock=self.clock, **what)
        self.token: str | None = SEED.token

    def send(self, method: str, path: str, content: bytes = b"", **headers: str):
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        pairs = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.provider.handle(method, BASE + path, pairs, content)

    def pause(self, campaign: str = ACTIVE, until: Any = OMITTED):
        body = {} if until is OMITTED else {"paused_until": until}
        return self.post(json.dumps(body).encode(), campaign, Content_Type="application/json")

    def post(self, content: bytes, campaign: str = ACTIVE, **headers: str):
        return self.send("POST", f"/{campaign}/pause", content, **headers)

    def unpause(self, campaign: str = ACTIVE):
        return self.send("POST", f"/{campaign}/unpause")

    def read(self, campaign: str = ACTIVE) -> dict[str, Any]:
        response = self.send("GET", f"/{campaign}")
        assert response.status == 200
        return json.loads(response.content)

    def state(self, campaign: str = ACTIVE) -> tuple[str, str | None]:
        document = self.read(campaign)
        return document["status"], document["paused_until"]


def body(response) -> Any:
    return json.loads(response.content)
