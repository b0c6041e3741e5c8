"""One broad script of requests, and what a provider says to it: two providers are alike if it cannot tell them apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from whop_contracts.provider import SEED, ManualClock, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whop_contracts.provider import Provider

BASE = "/api/v1/ad_campaigns"
START = 1_790_000_000.25
"""2026-09-21T14:13:20.250Z"""
FULL = f"Bearer {SEED.token}"
Step = tuple[Any, ...]

GOOD = (
    "2026-11-05T12:34:56.789Z",
    "2026-11-05T12:34:56.789Z",
    "2026-10-01T00:00:00Z",
    "2026-09-21T14:40:07.5Z",
    "2026-12-31T23:59:59.999Z",
    "2027-01-01T12:00:00.045Z",
    "2027-07-01T09:05:03.0456Z",
    "2027-01-15T12:30:30.123456Z",
    "2026-12-12T23:30:15.1+05:30",
    "2027-01-02T01:15:00.25-03:30",
    "2026-10-31T00:00:00.250+14:00",
    "2026-10-30T22:00:00-12:00",
    "2027-09-01T04:00:00.001+00:00",
    "2028-02-29T12:00:00.000Z",
    "2029-12-31T08:00:00Z",
    "2040-02-03T04:05:06.007Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "2027-02-03t04:05:06.123456789z",
    "2027-02-03T04:05:60Z",
    "2027-02-03T04:05:06.5-00:00",
    "2027-02-03T04:05:06.5+23:59",
)
BAD: tuple[Any, ...] = (
    "",
    "   ",
    "tomorrow",
    "2027-02-30T12:00:00Z",
    "2027-13-01T12:00:00Z",
    "2027-01-01T25:00:00Z",
    "2027-01-01T12:00:00Zjunk",
    "2027-01-01",
    "2027-01-01T12:00:00",
    " 2027-01-01T12:00:00Z ",
    "2027-01-01 12:00:00Z",
    "2027-01-01T12:00Z",
    "2027-01-01T12:00:00+0100",
    "1893456000",
    "\uff12\uff10\uff12\uff17-01-01T12:00:00Z",
    "2027-01-01T12:00:00Z'; --",
    'say "when"',
    "2027\0",
    "🎧🎧",
    "x" * 5000,
    "2020-01-01T00:00:00Z",
    "2026-09-21T14:13:20.000Z",
    0,
    1893456000,
    -1,
    1.5,
    True,
    False,
    [],
    ["2027-01-01T12:00:00Z"],
    {},
    {"at": "2027-01-01T12:00:00Z"},
)
BODIES = (
    b"[]",
    b'["x"]',
    b'"text"',
    b"42",
    b"1.5",
    b"true",
    b"{",
    b"{'paused_until': null}",
    b'{"paused_until": null,}',
    b'{"paused_until": NaN}',
    b'{"paused_until": null} trailing',
    b'{"paused_until": "\xff"}',
    b"{}\xff",
    b"\xff",
    b"nul",
    b'{"paused_until": null, "note": "\xf0\x9f\x8e\xa7", "more": 1}',
    b'{"title": "x", "status": "stale", "daily_budget": 1}',
    b'{"nested": {"a": [1]}}',
)
SPELT = (
    b'{"paused_until":"2027-03-01T10:00:00Z"}',
    b'{\r\n\t"paused_until" : "2027-03-01T10:00:00Z"\n}\n',
    b'{"paused\\u005funtil": "2027-03-01T10:00:00Z"}',
)
TOKENS = (
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer nobody",
    SEED.token,
    f"Basic {SEED.token}",
    f"Bearer {SEED.token[:-4]}",
    f"Bearer {SEED.token}more",
    f"Bearer {SEED.token[:15]}X{SEED.token[16:]}",
    f"Bearer {SEED.readonly_token}",
    f"Bearer {SEED.foreign_token}",
)
IDS = (
    "adcamp_Zz9Yy8Xx7Ww6V",
    "adcamp_",
    "adcamp",
    "x",
    "prod_Kb7Qw2Zr9Xt4M",
    "Kb7Qw2Zr9Xt4M",
    SEED.campaigns[0] + "more",
    SEED.campaigns[0][:-3],
    SEED.campaigns[0].lower(),
    "%20" + SEED.campaigns[0],
    "a" * 300,
    "x'%20OR%201=1",
    "..%2Fadmin",
    "%C3%A9t%C3%A9",
    "x%00y",
    "adcamp_%00",
    SEED.foreign_campaign,
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


def _step(
    method: str, path: str, content: bytes = b"", token: str | None = FULL, media_type: str | None = None
) -> Step:
    headers = {} if token is None else {"Authorization": token}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return (method, path, headers, content)


def script() -> Iterator[Step | float]:
    """Requests, and seconds that pass between them."""
    a, b, c, d = SEED.campaigns
    for one in (a, b, c, d):
        yield from (read(one), pause(one, {}), read(one), unpause(one), read(one), pause(one), unpause(one))
    for text in GOOD:
        yield from (pause(a, until(text)), read(a), unpause(a))
    for body in SPELT:
        yield from (pause(a, body), read(a), unpause(a))
    yield pause(a, SPELT[0], media_type="application/json; charset=utf-8")
    # Again and again.
    dated = until("2027-03-01T10:00:00.5Z")
    later = until("2027-04-01T10:00:00.5Z")
    for first, second in ((dated, later), (later, dated), (dated, {}), ({}, dated), (dated, dated), ({}, {})):
        yield from (pause(b, first), pause(b, second), read(b), unpause(b))
    yield from (pause(a, dated), pause(b, {}), read(a), read(b), unpause(a), read(b), unpause(b))
    yield from (pause(a, b"null"), read(a), unpause(a), pause(a, until(None)), read(a), unpause(a))
    # What is refused, on an active campaign and on a paused one.
    for target, again in ((b, unpause(b)), (c, pause(c, later))):
        yield again
        for refused in refusals(target, dated):
            yield from (refused, read(target), read(a), again)
    for one in IDS:
        yield from (pause(one, dated), read(a), read(one))
    yield pause(IDS[0], dated, token=None)
    yield from (pause(SEED.inactive, {}), read(SEED.inactive), pause(SEED.stale, dated), read(SEED.stale))
    yield unpause(c)
    # Time passes.
    yield from resuming(a, b)
    for number in range(40):
        yield from (pause(a, dated if number % 2 else {}), read(a), unpause(a))


def refusals(target: str, dated: Any) -> Iterator[Step]:
    """Requests that ought to be refused, most of them."""
    yield from (pause(target, until(value)) for value in BAD)
    yield from (pause(target, body) for body in BODIES)
    yield pause(target, dated, media_type="text/plain")
    yield from (pause(target, body, token) for token in TOKENS for body in (dated, {}))
    yield from (_step(method, f"{BASE}/{target}/pause") for method in ("GET", "PUT", "PATCH", "DELETE"))


def resuming(a: str, b: str) -> Iterator[Step | float]:
    """Pauses that end, and some that do not; it is 14:13:20.250 when this begins, and more than a day later at its end."""
    soon, sooner = until("2026-09-21T14:20:30.500Z"), until("2026-09-21T14:18:30.500Z")
    yield from (
        pause(a, soon),
        read(a),
        pause(b, {}),
        420,
        read(a),
        9,
        read(a),
        1.25,
        read(a),
        60,
        read(a),
        read(b),
    )
    yield from (300, read(a), 3600, read(a), read(b), unpause(b))
    # It is 15:26:30.5 now, and a has been resumed once.
    yield from (
        pause(a, until("2026-09-21T15:30:00.25+00:00")),
        read(a),
        1,
        read(a),
        209,
        read(a),
        unpause(a),
    )
    # It is 15:30:00.5: a timer that was cancelled, one that was moved out, one that was moved in, one dropped.
    yield from (pause(a, until("2026-09-21T15:31:00Z")), unpause(a), pause(a, {}), 60, read(a), unpause(a))
    yield from (pause(a, until("2026-09-21T15:32:00Z")), pause(a, until("2026-09-21T15:40:00Z")), 90, read(a))
    yield from (
        500,
        read(a),
        pause(b, until("2026-09-21T16:00:00Z")),
        pause(b, until("2026-09-21T15:45:00Z")),
    )
    yield from (
        600,
        read(b),
        pause(b, until("2026-09-21T16:00:00Z")),
        pause(b, {}),
        3600,
        read(b),
        unpause(b),
    )
    yield from (pause(a, until("2026-09-21T23:00:00+05:30")), pause(b, until("2026-09-22T03:00:00+05:30")))
    yield from (3600, read(a), read(b), pause(b, {}), 86_400, read(a), read(b), unpause(b))
    yield from (pause(a, sooner), pause(a, until("2027-06-01T00:00:00Z")), read(a), 1, read(a))
    yield from (pause(a, until("0001-01-01T00:00:00Z")), pause(a, until("2027-10-31T01:30:00Z")))
    yield pause(a, {}, f"Bearer {SEED.token.swapcase()}")
    together = until("2026-12-01T00:00:00Z")
    yield from (pause(a, together), pause(b, together), 90 * 86_400, read(a), read(b))


def play(provider: Provider, clock: ManualClock) -> Iterator[tuple[Any, ...]]:
    """What the provider says to the script, the Date header left out, answer by answer."""
    for step in script():
        if isinstance(step, int | float):
            clock.advance(step)
            continue
        answer = provider.handle(*step)
        headers = tuple(pair for pair in answer.headers if pair[0] != "date")
        yield step[0], step[1], step[3], answer.status, headers, answer.content


def transcript(**what: Any) -> Iterator[tuple[Any, ...]]:
    clock = ManualClock(START)
    return play(build(clock=clock, **what), clock)
