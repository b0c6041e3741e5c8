"""The conforming provider in small steps, and its clock.

A fault replaces a step; a variation changes the options.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whop_contracts.exchange import Response
from whop_contracts.provider import dates
from whop_contracts.provider.reading import Reader
from whop_contracts.provider.rendering import Writer
from whop_contracts.provider.state import Call, Campaign, Clock, Options, Rejection, Request, fresh

_PLAIN = Options()
_LONGEST_PATH = 1_024
_GATEWAY_PAGE = b"<html><head><title>Error</title></head><body><center>nginx</center></body></html>"


class WallClock:
    """The machine's clock, which cannot be moved."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()


class ManualClock:
    """A clock that stands still until it is moved, and is only moved forwards."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = float(start)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def set(self, instant: float) -> None:
        """Move to an instant, in seconds since 1970; an earlier one raises ``ValueError``."""
        if instant < self.now():
            raise ValueError("a clock does not run backwards")
        self._now = float(instant)

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self.set(self.now() + seconds)


class RunningClock(ManualClock):
    """The machine's clock plus ``ahead`` seconds. Wherever it is moved to, it runs on from there."""

    def __init__(self, ahead: float = 0.0) -> None:
        self._ahead = ahead

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def set(self, instant: float) -> None:
        """Move to an instant, in seconds since 1970; an earlier one raises ``ValueError``."""
        ahead = instant - time.time()
        if ahead < self._ahead:
            raise ValueError("a clock does not run backwards")
        self._ahead = ahead


class SkewedClock(ManualClock):
    """Another clock, so many seconds fast (or, negative, slow). It can be moved if the other one can."""

    def __init__(self, inner: Clock, skew: float) -> None:
        self._inner, self._skew = inner, skew

    def now(self) -> float:
        """Seconds since 1970."""
        return self._inner.now() + self._skew

    def set(self, instant: float) -> None:
        """Move the inner clock so that this one shows the instant."""
        mover = getattr(self._inner, "set", None)
        if mover is None:
            raise TypeError("this clock cannot be moved")
        mover(instant - self._skew)


class Provider(Reader, Writer):
    """A stateful provider of the three operations on ad campaigns. `handle` may be called from any thread.

    ``clock`` is the provider's clock after the skew of its options. ``lag_time`` measures how far reads lag,
    in seconds; by default it is the provider's clock.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        options: Options = _PLAIN,
        lag_time: Callable[[], float] | None = None,
    ) -> None:
        clock = clock or WallClock()
        self.clock = SkewedClock(clock, options.skew) if options.skew else clock
        self.options = options
        self.lag_time = lag_time or self.clock.now
        self.lock = threading.RLock()
        self.added: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        """Tokens and campaign ids besides those of the seed; they count from the next `reset`."""
        self.written: dict[str, list[tuple[float, Campaign]]] = defaultdict(list)
        self.notes: dict[Any, Any] = {}
        """What a fault remembers, under keys of its own."""
        self.reset()

    def reset(self) -> None:
        """Return to the initial state, at the clock's time."""
        with self.lock:
            self.state = fresh(self.clock.now(), *self.added)
            self.written.clear()
            self.notes.clear()

    def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        content: bytes = b"",
    ) -> Response:
        """The response to one request. ``path`` is percent-encoded, as on the wire; a query is ignored."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        request = Request(method.upper(), path, tuple(pairs), content)
        with self.lock:
            return self.finish(self.respond(request))

    def respond(self, request: Request) -> Response:
        """The response, without the headers that every response carries."""
        self.tick()
        if self.options.overlong_status is not None and len(request.path) > _LONGEST_PATH:
            return Response(self.options.overlong_status, (("content-type", "text/html"),), _GATEWAY_PAGE)
        if request.method == "OPTIONS":
            return self.describe(request)
        head = request.method == "HEAD"
        if head:
            request = Request("GET", request.path, request.headers, request.content)
        call: Call | None = None
        try:
            call = self.route(request)
            response = self.perform(call, request)
        except Rejection as rejection:
            self.after_rejection(request, call, rejection)
            response = self.render_error(rejection)
        return Response(response.status, response.headers) if head else response

    def describe(self, request: Request) -> Response:
        """The response to an OPTIONS request."""
        try:
            operation = self.locate(request.path).operation
        except Rejection as rejection:
            return self.render_error(rejection)
        return Response(204, (("allow", ", ".join((*self.allowed_methods(operation), "OPTIONS"))),))

    def perform(self, call: Call, request: Request) -> Response:
        """Carry a call out, or raise `Rejection`."""
        credential = self.authenticate(request)
        campaign = self.find_campaign(call.id, credential)
        self.authorize(credential, call.operation)
        if call.operation == "pause":
            return self.pause(campaign, request)
        if call.operation == "unpause":
            return self.unpause(campaign)
        return self.retrieve(campaign)

    def after_rejection(self, request: Request, call: Call | None, rejection: Rejection) -> None:
        """What a rejected request changes: nothing."""

    def pause(self, campaign: Campaign, request: Request) -> Response:
        """Pause a campaign as the request asks, and return it."""
        until = self.decide_until(self.read_body(request), campaign)
        self.admit(campaign, until)
        self.remember(campaign)
        self.apply_pause(campaign, until)
        self.tick()
        return self.success("pause", self.render_campaign(campaign))

    def admit(self, campaign: Campaign, until: int | None) -> None:
        """409 if the campaign's state allows no pause."""
        resting = self.options.resting_status
        if campaign.status in {"inactive", "stale"} and resting != 200:
            raise Rejection(
                resting, "conflict", f"An ad campaign that is {campaign.status} cannot be paused."
            )
        if campaign.status == "paused" and self.options.second_pause == "conflict":
            raise Rejection(409, "conflict", "This ad campaign is already paused.")

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        """Store a pause."""
        campaign.status = "paused"
        campaign.paused_until = until
        self.stamp(campaign, self.now())

    def unpause(self, campaign: Campaign) -> Response:
        """End a campaign's pause and return it; an active one stays as it is."""
        if campaign.status not in {"active", "paused"}:
            raise Rejection(409, "conflict", f"An ad campaign that is {campaign.status} cannot be unpaused.")
        self.remember(campaign)
        self.apply_unpause(campaign)
        return self.success("unpause", self.render_campaign(campaign))

    def apply_unpause(self, campaign: Campaign) -> None:
        """Store the end of a pause."""
        if campaign.status == "paused":
            self.stamp(campaign, self.now())
        campaign.status = "active"
        campaign.paused_until = None

    def retrieve(self, campaign: Campaign) -> Response:
        """Return a campaign as readers see it."""
        return self.success("retrieve", self.render_campaign(self.view(campaign)))

    def remember(self, campaign: Campaign) -> None:
        """Keep what a campaign was before a write, for readers that lag behind."""
        if self.options.read_lag:
            self.written[campaign.id].append((self.lag_time(), copy.deepcopy(campaign)))

    def view(self, campaign: Campaign) -> Campaign:
        """The campaign as readers see it: as it was, for as long as reads lag behind writes."""
        if self.options.lazy_resume != "no":
            stamped_when_due = self.options.lazy_resume == "stamped when due"
            self.resume_if_due(campaign, None if stamped_when_due else self.now())
        since = self.lag_time() - self.options.read_lag
        recent = [kept for kept in self.written[campaign.id] if kept[0] > since]
        self.written[campaign.id] = recent
        return recent[0][1] if recent else campaign

    def tick(self) -> None:
        """Do what is due by now. The test clock calls it too."""
        if self.options.lazy_resume == "no":
            for campaign in self.state.campaigns.values():
                self.resume_if_due(campaign, None)

    def resume_if_due(self, campaign: Campaign, stamped: int | None) -> None:
        """Resume a campaign whose pause is over; stamped with the due instant unless another is given."""
        due = self.due(campaign)
        if due is not None and due <= self.now():
            self.resume(campaign, due if stamped is None else stamped)

    def due(self, campaign: Campaign) -> int | None:
        """The instant at which a campaign resumes by itself, if it does."""
        if campaign.status != "paused" or campaign.paused_until is None:
            return None
        return campaign.paused_until + round(self.options.resume_late * dates.SECOND)

    def resume(self, campaign: Campaign, instant: int) -> None:
        """End a pause that is over."""
        campaign.status = "active"
        campaign.paused_until = None
        self.stamp(campaign, max(instant, campaign.updated_at))

    def stamp(self, campaign: Campaign, instant: int) -> None:
        """Note when a campaign was last changed."""
        if self.options.updated_at == "follows":
            campaign.updated_at = instant
