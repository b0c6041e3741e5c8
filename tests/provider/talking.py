"""A client of one provider in this process, and the requests of a run, which tell two providers apart."""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from whop_contracts.cli.planning import planned, run_in_process
from whop_contracts.provider import SEED, ManualClock, Provider, Response, build
from whop_contracts.settings import Settings

START = 1_790_000_000.0
"""2026-09-21T14:13:20Z"""
BASE = "/api/v1/ad_campaigns"
ACTIVE = SEED.campaigns[0]
OMITTED: Any = object()
REQUESTS = json.loads(Path(__file__).with_name("requests.json").read_text("utf-8"))
Step = tuple[Any, ...]


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


@cache
def recorded() -> tuple[Step, ...]:
    """Each request of a thorough run on the conforming provider, after the time at which it was sent."""
    provider = build(clock=(clock := ManualClock(START)))
    handle, sent = provider.handle, []

    def keep(*request: Any) -> Response:
        sent.append((clock.now(), *request))
        return handle(*request)

    provider.handle = keep
    run_in_process(planned(Settings(profile="thorough")), provider, random.Random(0), lambda *_: None)
    return tuple(sent)


def transcript(**what: Any) -> Iterator[tuple[Any, ...]]:
    """What a provider responds to the recorded requests, without Date headers.

    A fault that a run finds shows in them: up to the first difference the run sends the same requests.
    """
    provider = build(clock=(clock := ManualClock(START)), **what)
    for time, *request in recorded():
        clock.set(time)
        response = provider.handle(*request)
        headers = tuple(pair for pair in response.headers if pair[0] != "date")
        yield response.status, headers, response.content
