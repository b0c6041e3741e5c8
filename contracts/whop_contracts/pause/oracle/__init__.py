"""The oracle: which states a campaign may be in after each exchange, and which clauses a response fails.

A request takes effect between sending it and receiving the response; without a response, or with a 5xx, it
may or may not have taken effect. The provider's clock is known as an interval. So the oracle tracks a set of
states for each campaign. A response outside the set is a finding, a response inside narrows it. ``states``
says what requests, time and responses do to the set, ``blame`` which clause a difference fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from whop_contracts.exchange import Exchange, Finding, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.json_text import read_leniently, read_response
from whop_contracts.pause.classify import Intent, class_of, read_intent
from whop_contracts.pause.evidence import Evidence, Possible, State, read_state, remember
from whop_contracts.pause.oracle import blame, states
from whop_contracts.pause.oracle.states import Campaign, adopt, is_about, observe, union
from whop_contracts.pause.request_classes import CLIENT, CREDENTIAL

_LEAP: Final = 1.0
"""Seconds that a provider's clock must gain on ours to count as moved."""


class Oracle:
    """Follows every campaign of a run through its exchanges, in the order of their responses.

    ``tolerance`` is how many seconds after its instant a campaign may still be paused.
    """

    def __init__(self, *, tolerance: float = 60.0) -> None:
        self.lags = False
        """Whether a read has shown a state from before a write, so that later ones may too."""
        self.waiting: set[str] = set()
        """The campaigns that change by time: a sequence waits for them, while requests are sent to others."""
        self._tolerance = int(tolerance * NANO)
        self._campaigns: dict[str, Campaign] = {}
        self._foreign: dict[str, Campaign] = {}
        self._trail: tuple[Evidence, ...] = ()
        self._last: tuple[float, int] | None = None
        self._requested: set[int] = set()

    def possible(self, campaign: str, now: Window | None) -> Possible:
        """The states that ``campaign`` may be in at ``now``."""
        known = self._campaigns.get(campaign)
        return self._elapse(known.states, now) if known else None

    def went_back(self, campaign: str) -> bool:
        """Whether the last read showed a state from before one that an earlier read has shown."""
        return campaign in self._campaigns and self._campaigns[campaign].gone_back > 0

    def widen(self, campaign: str, states: Possible) -> None:
        """Let ``campaign`` be in one of ``states``, too: requests were carried out in an unknown order."""
        known = self._campaigns.setdefault(campaign, Campaign())
        known.states, known.doubtful = union(known.states, states), True

    def follow(self, exchange: Exchange) -> Evidence:
        """Take in one exchange, and return it with everything that the clauses need to know."""
        self._notice_leap(exchange)
        known = self._known(exchange)
        evidence = self._evidence(exchange, known or Campaign())
        if known:
            evidence = self._track(evidence, known)
        elif exchange.scope == "foreign":
            evidence = self._track_foreign(evidence)
        self._spread(evidence, known)
        self._trail = remember(self._trail, evidence)
        return evidence

    def _elapse(self, before: Possible, now: Window | None) -> Possible:
        return states.elapse(before, now, self._tolerance)

    def _notice_leap(self, exchange: Exchange) -> None:
        """If the provider's clock was moved: what was due is done now, and may be read late."""
        if exchange.now is None:
            return
        if self._last:
            at, ns = self._last
            if exchange.now.start - ns > int((max(exchange.sent - at, 0.0) + _LEAP) * NANO):
                for known in self._campaigns.values():
                    if self._elapse(known.states, exchange.now) != known.states:
                        known.replace(known.states, exchange.sent, None)
        self._last = exchange.received, exchange.now.end

    def _known(self, exchange: Exchange) -> Campaign | None:
        """The campaign of the request; None if it is not one of the run."""
        campaign = exchange.request.campaign
        if exchange.scope == "recased":
            return next((c for name, c in self._campaigns.items() if name.lower() == campaign.lower()), None)
        if exchange.scope in ("invented", "malformed", "foreign"):
            return None
        return self._campaigns.setdefault(campaign, Campaign())

    def _evidence(self, exchange: Exchange, known: Campaign) -> Evidence:
        """The exchange with what was known before it."""
        request, now, intent = exchange.request, exchange.now, None
        if request.operation in (None, "pause"):
            intent = Intent("unstated")
            if request.content_known:
                media_type, end_time = request.header("content-type"), known.documents.end_time
                intent = read_intent(request.content, media_type, now, end_time)
            self._requested.update(intent.until, intent.aliases)
        return Evidence(
            exchange,
            text=read_response(exchange.response),
            request_class=class_of(exchange, intent) if intent else None,
            intent=intent,
            before=self._elapse(known.states, now),
            documents=known.documents,
            trail=self._trail,
        )

    def _track(self, evidence: Evidence, known: Campaign) -> Evidence:
        """Apply the request and the response to the campaign."""
        exchange, operation, document = evidence.exchange, evidence.operation, evidence.document
        if operation != "retrieve":
            known.act(evidence)
        lenient = document is None and evidence.in_run and not evidence.readable
        value = read_leniently(exchange.response) if lenient else document
        if not isinstance(value, dict):
            return evidence
        shown = read_state(value)
        if not is_about(value, exchange):
            # A pause can still be compared with what was asked for; nothing is shown about the campaign.
            comparable = operation == "pause" and not lenient
            return self._check_write(evidence, known, shown) if comparable else evidence
        evidence = replace(evidence, shown=shown)
        check = self._check_read if operation == "retrieve" else self._check_write
        checked = check(evidence, known, shown)
        if document is None:
            # A body that is not well-formed JSON is used only to know the state.
            return evidence
        known.add_document(document, exchange)
        return checked

    def _check_write(self, evidence: Evidence, known: Campaign, shown: State) -> Evidence:
        """Check the response to a pause or an unpause against what was asked for."""
        now = evidence.exchange.now
        allowed = self._elapse(known.states, now)
        if allowed is None:
            if evidence.shown and shown.status in states.RESTING and evidence.before is not None:
                known.states = adopt(shown, now)
            return evidence
        checked = blame.compare(evidence, blame.clauses_of_write(evidence), shown, allowed)
        if checked.findings and evidence.shown:
            known.states = union(known.states, adopt(shown, now))
        return checked

    def _check_read(self, evidence: Evidence, known: Campaign, shown: State) -> Evidence:
        """Check a read against what is possible, and narrow that to what it shows."""
        exchange, allowed = evidence.exchange, evidence.before
        may_lag = known.may_lag(shown, exchange, self._tolerance)
        if allowed is None:
            known.confirm(adopt(shown, exchange.now), exchange.now, present=not may_lag)
            return replace(evidence, tested=frozenset({blame.AT_ONCE}))
        tested = known.clauses_of_read(allowed, exchange.now)
        matching = observe(allowed, shown) or frozenset()
        overdue = blame.PROMPTLY in tested and shown.whole and all(one.status == "paused" for one in matching)
        unexpected = not matching or overdue
        doubtful = matching != allowed and (known.doubtful or self.lags)
        lagging = (unexpected or doubtful) and may_lag
        if unexpected and lagging and known.goes_back():
            self.lags = True
            written = "what the last request left" if known.causes else "what is due by now"
            late = Finding(written, f"what stood before it: {shown}", "/status")
            return replace(evidence, tested=frozenset({blame.AT_ONCE}), findings={blame.AT_ONCE: late})
        if not matching:
            evidence = replace(evidence, unrequested=known.is_of_others(shown, self._requested))
            known.confirm(adopt(shown, exchange.now), exchange.now, present=not may_lag)
            checked = blame.compare(evidence, tested, shown, allowed)
            return replace(checked, tested=checked.tested | {blame.AT_ONCE})
        resumed = known.resumed(shown, exchange)
        tested |= (blame.RESUMED | {blame.PROMPTLY} if resumed else frozenset()) | {blame.AT_ONCE}
        if shown.whole and not lagging:
            known.confirm(matching, exchange.now, present=not may_lag)
        if not overdue:
            return replace(evidence, tested=tested, resumed=resumed)
        due = write_instant(max(one.due[1] for one in matching if one.due))
        late = Finding(f"active since {due}", f"still {shown}", "/status")
        return replace(evidence, tested=tested, findings={blame.PROMPTLY: late})

    def _track_foreign(self, evidence: Evidence) -> Evidence:
        """Check another company's campaign for what our refused requests did; others may change it too."""
        exchange, text = evidence.exchange, evidence.text
        known = self._foreign.setdefault(exchange.request.campaign, Campaign())
        if evidence.operation != "retrieve":
            refused = evidence.answered and evidence.status in CLIENT
            known.states = known.states if refused else None
            known.causes = (blame.UNCHANGED_BY_OTHERS,)
            return evidence
        if not evidence.accepted or text is None or not isinstance(text.value, dict):
            return evidence
        shown, tested = read_state(text.value), frozenset(known.causes)
        allowed = self._elapse(known.states, exchange.now)
        known.states, known.causes = adopt(shown, exchange.now), ()
        return blame.compare(evidence, tested, shown, allowed) if tested and allowed else evidence

    def _spread(self, evidence: Evidence, known: Campaign | None) -> None:
        """Let a write count as a possible cause of changes in every other campaign of the run."""
        if evidence.operation == "retrieve" or not evidence.answered:
            return
        refused = blame.UNCHANGED_BY_OTHERS if evidence.request_class in CREDENTIAL else blame.UNCHANGED
        cause = blame.OTHERS if evidence.accepted else refused
        for name, other in self._campaigns.items():
            if other is not known and not other.causes and name not in self.waiting:
                other.causes = (cause,)
