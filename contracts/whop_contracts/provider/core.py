"""The honest provider: one entry, small steps. A fault replaces one step; an honest variation changes its options."""

from __future__ import annotations

import copy
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from whop_contracts.provider import dates
from whop_contracts.provider.clocks import Clock, SkewedClock, WallClock
from whop_contracts.provider.messages import Answer, Call, Refusal, Request
from whop_contracts.provider.options import Options
from whop_contracts.provider.reading import Reader
from whop_contracts.provider.rendering import Writer
from whop_contracts.provider.seed import fresh

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign

_PLAIN = Options()


class Provider(Reader, Writer):
    """A stateful provider of the three operations on ad campaigns. `handle` may be called from any thread.

    ``clock`` is the provider's clock after the skew of its options: read the provider's time there. ``lag_time`` is what a read lag is
    measured with, in seconds: the provider's clock unless something else is handed in.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        options: Options = _PLAIN,
        lag_time: Callable[[], float] | None = None,
    ) -> None:
        clock = clock or WallClock()
        self.clock: Clock = SkewedClock(clock, options.skew) if options.skew else clock
        self.options = options
        self.lag_time = lag_time or self.clock.now
        self.lock = threading.RLock()
        self.state = fresh(self.clock.now())
        self.written: dict[str, list[tuple[float, Campaign]]] = defaultdict(list)
        self.prepare()

    def prepare(self) -> None:
        """For faults that remember something of their own: called once, when all else is there."""

    def now(self) -> int:
        """The provider's clock, in nanoseconds since 1970."""
        return round(self.clock.now() * 1_000_000) * 1000

    def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        content: bytes = b"",
    ) -> Answer:
        """The answer to one request. ``path`` is percent-encoded, as on the wire; a query is ignored."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        request = Request(method.upper(), path, tuple(pairs), content)
        with self.lock:
            return self.finish(self.respond(request))

    def respond(self, request: Request) -> Answer:
        """The answer, but for the headers that every answer carries."""
        self.tick()
        if request.method == "OPTIONS":
            return self.describe(request)
        head = request.method == "HEAD"
        if head:
            request = Request("GET", request.path, request.headers, request.content)
        call: Call | None = None
        try:
            call = self.route(request)
            answer = self.perform(call, request)
        except Refusal as refusal:
            self.refused(request, call, refusal)
            answer = self.render_error(refusal)
        return Answer(answer.status, answer.headers) if head else answer

    def describe(self, request: Request) -> Answer:
        """What an OPTIONS request learns."""
        try:
            operation = self.locate(request.path).operation
        except Refusal as refusal:
            return self.render_error(refusal)
        return Answer(204, (("allow", ", ".join((*self.allowed_methods(operation), "OPTIONS"))),))

    def perform(self, call: Call, request: Request) -> Answer:
        """Carry a call out, or raise `Refusal`."""
        credential = self.authenticate(request)
        campaign = self.find_campaign(call.id, credential)
        self.authorize(credential, call.operation)
        if call.operation == "pause":
            return self.pause(campaign, request)
        if call.operation == "unpause":
            return self.unpause(campaign)
        return self.retrieve(campaign)

    def refused(self, request: Request, call: Call | None, refusal: Refusal) -> None:
        """What a refused request leaves behind: nothing."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        """Pause a campaign as the request asks, and answer with it."""
        until = self.decide_until(self.read_body(request), campaign)
        self.admit(campaign, until)
        self.remember(campaign)
        self.apply_pause(campaign, until)
        self.tick()
        return self.success("pause", self.render_campaign(campaign))

    def admit(self, campaign: Campaign, until: int | None) -> None:  # noqa: ARG002 - faults look at it
        """409 where the campaign's state does not admit a pause."""
        resting = self.options.resting_status
        if campaign.status in {"inactive", "stale"} and resting != 200:  # noqa: PLR2004 - a status
            raise Refusal(resting, "conflict", f"An ad campaign that is {campaign.status} cannot be paused.")
        if campaign.status == "paused" and self.options.second_pause == "conflict":
            raise Refusal(409, "conflict", "This ad campaign is already paused.")

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        """Store a pause."""
        campaign.status = "paused"
        campaign.paused_until = until
        self.stamp(campaign, self.now())

    def unpause(self, campaign: Campaign) -> Answer:
        """End a campaign's pause, and answer with it; an active one stays as it is."""
        if campaign.status not in {"active", "paused"}:
            raise Refusal(409, "conflict", f"An ad campaign that is {campaign.status} cannot be unpaused.")
        self.remember(campaign)
        self.apply_unpause(campaign)
        return self.success("unpause", self.render_campaign(campaign))

    def apply_unpause(self, campaign: Campaign) -> None:
        """Store the end of a pause."""
        if campaign.status == "paused":
            self.stamp(campaign, self.now())
        campaign.status = "active"
        campaign.paused_until = None

    def retrieve(self, campaign: Campaign) -> Answer:
        """Answer with a campaign as readers see it."""
        return self.success("retrieve", self.render_campaign(self.view(campaign)))

    def remember(self, campaign: Campaign) -> None:
        """Keep what a campaign was before a write, for readers that lag behind."""
        if self.options.read_lag:
            self.written[campaign.id].append((self.lag_time(), copy.deepcopy(campaign)))

    def view(self, campaign: Campaign) -> Campaign:
        """The campaign as readers see it: as it was, for as long as reads lag behind writes."""
        if self.options.lazy_resume:
            self.resume_if_due(campaign, self.now())
        since = self.lag_time() - self.options.read_lag
        recent = [kept for kept in self.written[campaign.id] if kept[0] > since]
        self.written[campaign.id] = recent
        return recent[0][1] if recent else campaign

    def tick(self) -> None:
        """Do what fell due by now. The test clock calls it too."""
        if not self.options.lazy_resume:
            for campaign in self.state.campaigns.values():
                self.resume_if_due(campaign, None)

    def resume_if_due(self, campaign: Campaign, stamped: int | None) -> None:
        """Resume a paused campaign whose instant has come; stamped with that instant unless another is given."""
        due = self.due(campaign)
        if due is not None and due <= self.now():
            self.resume(campaign, due if stamped is None else stamped)

    def due(self, campaign: Campaign) -> int | None:
        """When a campaign resumes by itself, if it does."""
        if campaign.status != "paused" or campaign.paused_until is None:
            return None
        return campaign.paused_until + round(self.options.resume_late * dates.SECOND)

    def resume(self, campaign: Campaign, instant: int) -> None:
        """End a pause whose instant has come."""
        campaign.status = "active"
        campaign.paused_until = None
        self.stamp(campaign, max(instant, campaign.updated_at))

    def stamp(self, campaign: Campaign, instant: int) -> None:
        """Note when a campaign was last changed."""
        if self.options.updated_at == "follows":
            campaign.updated_at = instant
