"""A client of one provider in this process, and scripts of requests.

Two providers are alike if no script can tell them apart.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from whop_contracts.provider import SEED, ManualClock, Provider, build

START = 1_790_000_000.0
"""2026-09-21T14:13:20Z"""
BASE = "/api/v1/ad_campaigns"
ACTIVE = SEED.campaigns[0]
FULL = f"Bearer {SEED.token}"
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


BAD = (*REQUESTS["rejected dates"], *REQUESTS["dates that lenient parsers read"], "x" * 5000)
BODIES = [one.encode("latin-1") for one in REQUESTS["bodies in Latin-1"]]
SPELT = [one.encode() for one in REQUESTS["one date spelt in several ways"]]
TOKEN = SEED.token
TOKENS = (
    *(None, "", "Bearer", "Bearer ", "Bearer nobody", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN[:-4]}"),
    *(f"Bearer {TOKEN}more", f"Bearer {TOKEN[:15]}X{TOKEN[16:]}", f"Bearer {TOKEN} more"),
    *(f"Bearer x,{TOKEN}", f'Bearer "{TOKEN}"', f"Bearer {TOKEN[3:]}", f"Bearer {TOKEN[:-1]}X"),
    *(f"Bearer zz_00000{TOKEN[8:]}", f"Bearer {TOKEN[:9]}-{TOKEN[9:]}", f"Bearer {SEED.readonly_token}"),
    f"Bearer {SEED.foreign_token}",
)
IDS = (
    *("adcamp_Zz9Yy8Xx7Ww6V", "adcamp_", "adcamp", "x", "prod_Kb7Qw2Zr9Xt4M", "Kb7Qw2Zr9Xt4M"),
    *(SEED.campaigns[0] + "more", SEED.campaigns[0][:-3], SEED.campaigns[0].lower()),
    *("%20" + SEED.campaigns[0], "a" * 2000, "a" * 300, "x'%20OR%201=1", "..%2Fadmin", "%C3%A9t%C3%A9"),
    *("x%00y", "adcamp_%00", SEED.foreign_campaign),
)


def pause(
    campaign: str, body: Any = None, token: str | None = FULL, media_type: str = "application/json"
) -> Step:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return _step("POST", f"{BASE}/{campaign}/pause", content, token, media_type)


def unpause(campaign: str) -> Step:
    return _step("POST", f"{BASE}/{campaign}/unpause")


def read(campaign: str) -> Step:
    return _step("GET", f"{BASE}/{campaign}")


def until(text: Any) -> dict[str, Any]:
    return {"paused_until": text}


def at(time: str) -> dict[str, Any]:
    """Until a time of the first day."""
    return until(f"2026-09-21T{time}Z")


def _step(
    method: str, path: str, content: bytes = b"", token: str | None = FULL, media_type: str | None = None
) -> Step:
    headers = {} if token is None else {"Authorization": token}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return (method, path, headers, content)


A, B, C, D = SEED.campaigns
DATED, LATER = until("2027-03-01T10:00:00.5Z"), until("2027-04-01T10:00:00.5+05:30")


def pausing() -> Iterator[Step | float]:
    for one in (A, B, C, D):
        yield from (read(one), pause(one, {}), read(one), unpause(one), read(one), pause(one), unpause(one))
    for text in REQUESTS["accepted dates"]:
        yield from (pause(A, until(text)), read(A), unpause(A))
    for body in SPELT:
        yield from (pause(A, body), read(A), unpause(A))
    for body in (*SPELT, json.dumps(DATED).encode()):
        yield pause(A, body, media_type="application/json; charset=utf-8")
    yield from (pause(A, LATER | {"1-a": [True, {}, {"": 0}]}), read(A), unpause(A))
    for first, second in ((DATED, LATER), (LATER, DATED), (DATED, {}), ({}, DATED), (DATED, DATED), ({}, {})):
        yield from (pause(B, first), pause(B, second), read(B), pause(B, LATER), read(B), unpause(B))
    yield from (pause(A, DATED), pause(B, {}), read(A), read(B), unpause(A), read(B), unpause(B))
    yield from (pause(A, b"null"), read(A), unpause(A), pause(A, until(None)), read(A), unpause(A))
    yield from (pause(SEED.inactive, {}), read(SEED.inactive), pause(SEED.stale, DATED), read(SEED.stale))


def rejecting() -> Iterator[Step | float]:
    """What must be rejected, on an active campaign and on a paused one, while another one is paused."""
    yield pause(D, LATER)
    for target, again in ((B, unpause(B)), (C, pause(C, LATER))):
        yield again
        for rejected in rejections(target):
            yield from (rejected, read(target), read(D), again)


def addressing() -> Iterator[Step | float]:
    """Credentials, methods and ids."""
    for target, again in ((B, unpause(B)), (C, pause(C, LATER))):
        yield from (pause(D, LATER), again)
        for rejected in unauthorized(target):
            yield from (rejected, read(target), read(D), again)
    for one in IDS:
        yield from (pause(one, DATED), read(A), read(one), read(D))
    yield from (pause(IDS[0], DATED, token=None), pause(A, {}, f"Bearer {SEED.token.swapcase()}"), read(A))


def rejections(target: str) -> Iterator[Step]:
    """Requests that must be rejected, most of them."""
    yield from (pause(target, until(value)) for value in BAD)
    yield from (pause(target, body) for body in BODIES)
    yield pause(target, DATED, media_type="text/plain")


def unauthorized(target: str) -> Iterator[Step]:
    """Requests that most credentials and methods do not allow."""
    yield from (pause(target, body, token) for token in TOKENS for body in (DATED, {}))
    yield from (_step(method, f"{BASE}/{target}/pause") for method in ("GET", "PUT", "PATCH", "DELETE"))


def resuming() -> Iterator[Step | float]:
    """Pauses that end and some that do not, from 14:13:20.250 to more than a day later."""
    a, b = A, B
    yield from (pause(a, at("14:13:50.75")), 2, read(a), 27.5, read(a), 1, read(a))
    yield from (pause(a, until("2026-09-21T15:16:50.75+01:00")), 60, read(a), 119.2, read(a), 0.8, read(a))
    soon, sooner = at("14:20:30.500"), at("14:18:30.500")
    yield from (
        *(pause(a, soon), read(a), pause(b, {}), 210, read(a), 8.5, read(a), 1.1, read(a), 0.15, read(a)),
    )
    yield from (60, read(a), read(b), 300, read(a), 3600, read(a), read(b), unpause(b))
    # It is 15:26:30.5 now, and a has been resumed.
    yield from (pause(a, at("15:30:00.25")), read(a), 1, read(a), 209, read(a), unpause(a))
    # It is 15:30:00.5: timers that are cancelled, postponed, moved forward, or dropped.
    yield from (pause(a, at("15:31:00")), unpause(a), pause(a, {}), 60, read(a), 3600, read(a), unpause(a))
    yield from (pause(a, at("16:32:00")), pause(a, at("16:40:00")), 90, read(a), 500, read(a))
    yield from (pause(b, at("17:00:00")), pause(b, at("16:45:00")), 600, read(b))
    yield from (pause(b, at("17:00:00")), pause(b, {}), 3600, read(b), unpause(b))
    # It is 17:50:50.5: what follows a cancelled date, and what is rejected or read in a pause.
    yield from (pause(a, at("17:52:00")), unpause(a), pause(a, at("17:54:00")), 90, read(a), 120, read(a))
    yield from (pause(a, at("17:56:00")), pause(a, at("17:55:00")), unpause(a), pause(a, {}), 120, read(a))
    yield from (pause(b, at("18:00:00")), pause(b, until("soon")), read(b), 250, read(b), unpause(a))
    yield from (pause(b, at("18:01:00")), 60, unpause(b))
    yield from (pause(a, until("2026-09-22T01:30:00+05:30")), pause(b, until("2026-09-22T06:00:00+05:30")))
    yield from (3 * 3600, read(a), read(b), pause(b, {}), 86_400, read(a), read(b), unpause(b))
    yield from (pause(a, sooner), pause(a, until("2027-06-01T00:00:00Z")), read(a), 1, read(a))
    yield from (unpause(a), pause(a, until(None)), 8 * 3600, read(a), unpause(a))
    yield from (pause(a, until("0001-01-01T00:00:00Z")), pause(a, until("2027-10-31T01:30:00Z")))


def several() -> Iterator[Step | float]:
    """Pauses of all campaigns that end in the same instant, second, minute or round, days later."""
    yield from (pause(A, at("14:13:26")), 8, read(A))
    yield from (pause(A, at("14:14:00")), pause(A, {}, f"Bearer {SEED.readonly_token}"), 60, read(A))
    ends = {
        "10-01": ("00:00:00.5",),
        "10-11": ("00:00:00.2", "00:00:00.7"),
        "10-21": ("00:00:10", "00:00:40"),
    }
    for day, times in ends.items():
        for number, one in enumerate(SEED.campaigns):
            yield pause(one, until(f"2026-{day}T{times[number % len(times)]}+01:00"))
        yield from (11 * 86_400, *map(read, SEED.campaigns))
    for number, one in enumerate(SEED.campaigns):
        yield from (unpause(one), pause(one, until(f"2027-01-0{number + 1}T00:00:00.25+00:30")), read(one))
    yield from (90 * 86_400, *map(read, SEED.campaigns))


def repeating() -> Iterator[Step | float]:
    for number in range(40):
        yield from (pause(A, DATED if number % 2 else {}), read(A), unpause(A), read(A))


SCRIPTS = (resuming, several, repeating, pausing, addressing, rejecting)
"""The short ones first."""


def transcript(*scripts: Callable[[], Iterator[Step | float]], **what: Any) -> Iterator[tuple[Any, ...]]:
    """The responses to some scripts (default: all), each to a fresh provider, without their Date headers."""
    for script in scripts or SCRIPTS:
        provider = build(clock=(clock := ManualClock(START + 0.25)), **what)
        for step in script():
            if isinstance(step, int | float):
                clock.advance(step)
                continue
            response = provider.handle(*step)
            headers = tuple(pair for pair in response.headers if pair[0] != "date")
            yield step[0], step[1], step[3], response.status, headers, response.content
