"""Builders for histories: exchanges with a campaign, by what was requested and what was shown."""

import json

from whop_contracts.exchange import Exchange, Request, Response, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause import catalogue
from whop_contracts.pause.oracle import Oracle

START = 1_790_000_000
ID, OTHER = "adcamp_1", "adcamp_2"
CLAUSES = {clause.id: clause for clause in catalogue.clauses()}


def at(seconds):
    """Nanoseconds of the provider, so many seconds after the start."""
    return int((START + seconds) * NANO)


def text(seconds):
    """The instant so many seconds after the start, as the page writes it."""
    return write_instant(at(seconds))


class History:
    """Exchanges in their order, each at a second of its own, followed by one oracle."""

    def __init__(self, *, uncertain=0.0, **options):
        self.oracle = Oracle(**options)
        self.uncertain = uncertain
        self.number = 0

    def exchange(
        self,
        operation,
        second,
        *,
        body=None,
        status=200,
        shows=None,
        campaign=ID,
        role="full",
        scope="named",
        method=None,
        wall=None,
        content_type="application/json",
        document=None,
        answer=None,
        clock=True,
        headers=(("content-type", "application/json"),),
        **more,
    ):
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

    def read(self, second, status, until=None, **more):
        return self.exchange("retrieve", second, shows=(status, until), **more)

    def pause(self, second, until=None, *, shows="as asked", **more):
        body = more.pop("body", {} if until is None else {"paused_until": text(until)})
        seen = ("paused", until) if shows == "as asked" else shows
        return self.exchange("pause", second, body=body, shows=seen, **more)

    def unpause(self, second, **more):
        return self.exchange("unpause", second, **{"shows": ("active", None), "content_type": None, **more})

    def possible(self, second, campaign=ID):
        """The states that are possible at a second."""
        return self.oracle.possible(campaign, Window(at(second), at(second)))


def _step(method):
    return lambda *given, **named: lambda history: method(history, *given, **named)


read, pause, unpause = map(_step, (History.read, History.pause, History.unpause))
send = _step(History.exchange)
"""Steps of a history, given like the methods of :class:`History`."""


def begun(status="active", until=None, **options):
    """A history whose first read shows a state."""
    history = History(**options)
    assert failed(history.read(0, status, until)) == ()
    return history


def follow(*steps, history=None):
    """Take steps, by default after a first read that shows the campaign active. Only the last may fail."""
    history = history or begun()
    for step in steps[:-1]:
        assert failed(step(history)) == ()
    return steps[-1](history)


def failed(evidence):
    """The ids of the clauses that the oracle fails."""
    return tuple(evidence.findings)


def fails(evidence, clause):
    return CLAUSES[clause].applies(evidence) and any(CLAUSES[clause].check(evidence))
