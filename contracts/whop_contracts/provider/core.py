"""The conforming provider in small steps. A fault replaces a step; a variation changes the options."""

from __future__ import annotations

import copy
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from whop_contracts.exchange import Request, Response
from whop_contracts.provider import dates
from whop_contracts.provider.messages import Messages
from whop_contracts.provider.state import Campaign, Options, Rejection, RunningClock, fresh

_PLAIN = Options()
_LONGEST_PATH = 1_024
_GATEWAY_PAGE = b"<html><head><title>Error</title></head><body><center>nginx</center></body></html>"


class Provider(Messages):
    """A stateful provider of the three operations on ad campaigns. `handle` may be called from any thread.

    ``clock`` is the machine's by default; the options may skew it. ``lag_time`` measures how far reads lag
    behind writes, in seconds; by default it is the provider's clock.
    """

    def __init__(
        self,
        clock: RunningClock | None = None,
        options: Options = _PLAIN,
        lag_time: Callable[[], float] | None = None,
    ) -> None:
        clock = clock or RunningClock()
        self.clock = RunningClock(options.skew, clock.now) if options.skew else clock
        self.options = options
        self.lag_time = lag_time or self.clock.now
        self.lock = threading.RLock()
        self.added: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        """Tokens and campaign ids besides those of the seed; they count from the next `reset`."""
        self.written: dict[str, list[tuple[float, Campaign]]] = defaultdict(list)
        self.notes: dict[Any, Any] = defaultdict(int)
        """What a fault remembers, under keys of its own; 0 if there is nothing."""
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
        request = Request(method.upper(), path, None, "", tuple(pairs), content)
        with self.lock:
            return self.finish(self.respond(request))

    def respond(self, request: Request) -> Response:
        """The response, without the headers that every response carries."""
        self.tick()
        if self.options.overlong_status is not None and len(request.url) > _LONGEST_PATH:
            return Response(self.options.overlong_status, (("content-type", "text/html"),), _GATEWAY_PAGE)
        head = request.method == "HEAD"
        try:
            request = self.locate(replace(request, method="GET") if head else request)
            if request.method == "OPTIONS":
                return Response(204, (("allow", ", ".join((*self.allowed_methods(request), "OPTIONS"))),))
            response = self.perform(self.check_method(request))
        except Rejection as rejection:
            response = self.reject(request, rejection)
        return Response(response.status, response.headers) if head else response

    def reject(self, request: Request, rejection: Rejection) -> Response:
        """The response to a request that is rejected, which changes nothing."""
        return self.render_error(rejection)

    def perform(self, request: Request) -> Response:
        """Carry out what a request asks for, or raise `Rejection`."""
        credential = self.authenticate(request)
        campaign = self.find_campaign(request, credential)
        self.authorize(request, credential)
        if request.operation == "pause":
            return self.pause(campaign, request)
        return self.unpause(campaign) if request.operation == "unpause" else self.retrieve(campaign)

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
        status, resting = campaign.status, self.options.resting_status
        if status in {"inactive", "stale"} and resting != 200:
            raise Rejection(resting, "conflict", f"An ad campaign that is {status} cannot be paused.")
        if status == "paused" and self.options.second_pause == "conflict":
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
            self.resume_if_due(campaign)
        since = self.lag_time() - self.options.read_lag
        recent = [kept for kept in self.written[campaign.id] if kept[0] > since]
        self.written[campaign.id] = recent
        return recent[0][1] if recent else campaign

    def tick(self) -> None:
        """Do what is due by now."""
        if self.options.lazy_resume == "no":
            for campaign in self.state.campaigns.values():
                self.resume_if_due(campaign)

    def resume_if_due(self, campaign: Campaign) -> None:
        """Resume a campaign whose pause is over."""
        due = self.due(campaign)
        if due is not None and due <= self.now():
            self.resume(campaign, self.now() if self.options.lazy_resume == "stamped when seen" else due)

    def due(self, campaign: Campaign) -> int | None:
        """The instant at which a campaign resumes by itself, if it does."""
        if campaign.status != "paused" or campaign.paused_until is None:
            return None
        return campaign.paused_until + round(self.options.resume_late * dates.SECOND)

    def resume(self, campaign: Campaign, instant: int) -> None:
        """End a pause that is over, as of an instant."""
        campaign.status = "active"
        campaign.paused_until = None
        self.stamp(campaign, max(instant, campaign.updated_at))

    def stamp(self, campaign: Campaign, instant: int) -> None:
        """Note when a campaign was last changed."""
        if self.options.updated_at == "follows":
            campaign.updated_at = instant
