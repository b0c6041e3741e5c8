"""The oracle: which states a campaign can be in after each exchange.

A request took effect somewhere between its sending and its answer; one without an answer, or answered 5xx, may or may not
have; the provider's clock is known to an interval. So what is expected is a set of states: an answer outside it breaks a
promise, an answer inside narrows it. The same code follows a mock, a live run and a recording.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from whop_contracts.exchange import Exchange, Finding, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.json_text import read_response
from whop_contracts.pause.classify import (
    ACTING,
    CREDENTIAL,
    FIRST,
    LAST,
    class_of,
    read_intent,
)
from whop_contracts.pause.evidence import (
    ACTIVE,
    ENVIRONMENT,
    Breach,
    Event,
    Evidence,
    Possible,
    State,
    Topic,
    read_state,
)
from whop_contracts.pause.oracle.blame import answer_topics, broken_topics, finding, read_topic
from whop_contracts.pause.oracle.bystanders import Bystanders
from whop_contracts.pause.oracle.campaign import (
    LAG,
    Campaign,
    about,
    adopted,
    aged,
    end_time,
    tells_end,
    union,
)
from whop_contracts.pause.oracle.history import followed

_RESTING: Final = ("inactive", "stale")
"""The statuses of campaigns of which the page does not say what a pause makes of them."""
_LEAP: Final = 1.0
"""Seconds by which a provider's clock has to have gone on more than ours before it is taken to have been moved."""
_RESUMED: Final[frozenset[Topic]] = frozenset({"resumes", "prompt", "resumed-status", "date-dropped"})


class Oracle:
    """Follows every campaign of a run through its exchanges, in the order of their answers.

    ``tolerance`` is how many seconds after its instant a campaign may still be paused.
    """

    def __init__(self, *, tolerance: float = 60.0) -> None:
        self.tolerance = tolerance
        self._tolerance = int(tolerance * NANO)
        self._campaigns: dict[str, Campaign] = {}
        self._trail: tuple[Event, ...] = ()
        self._last: tuple[float, int] | None = None
        self._bystanders = Bystanders(self._tolerance)
        self.lags = False
        """Whether a read has shown what stood before a write: what later ones show may be late too."""

    def possible(self, campaign: str, now: Window | None) -> Possible:
        """The states that ``campaign`` may be in at ``now``."""
        known = self._campaigns.get(campaign)
        return self._aged(known.possible, now) if known else None

    def follow(self, exchange: Exchange) -> Evidence:
        """Take in one exchange and say what it shows."""
        self._leapt(exchange)
        text = read_response(exchange.response)
        known = self._known(exchange)
        if exchange.request.operation is None or exchange.request.operation == "pause":
            asked = read_intent(
                exchange.request.content,
                exchange.request.header("content-type"),
                exchange.now,
                known.end_time if known else None,
            )
            row = class_of(exchange, asked)
        else:
            asked, row = None, None
        evidence = Evidence(exchange, text=text, request_class=row, intent=asked, trail=self._trail)
        if known:
            known.possible = self._aged(known.possible, exchange.now)
            evidence = replace(
                evidence,
                before=known.possible,
                references=dict(known.references),
                previous=known.previous,
                end_known=known.end_known,
            )
            self._act(evidence, known)
            evidence = self._observe(evidence, known)
        elif exchange.scope == "foreign":
            evidence = self._bystanders.follow(evidence)
        self._spread(evidence, known)
        self._trail = followed(self._trail, evidence)
        return evidence

    def _leapt(self, exchange: Exchange) -> None:
        """Take in that the provider's clock was moved since the last exchange: what was due is done then, and may be read late as any write."""
        if exchange.now is None:
            return
        if self._last:
            at, ns = self._last
            if exchange.now.start - ns > int((max(exchange.sent - at, 0.0) + _LEAP) * NANO):
                for known in self._campaigns.values():
                    known.replaced(known.possible, exchange.sent, None)
        self._last = exchange.received, exchange.now.end

    def _known(self, exchange: Exchange) -> Campaign | None:
        campaign = exchange.request.campaign
        if exchange.scope == "recased":
            return next((c for name, c in self._campaigns.items() if name.lower() == campaign.lower()), None)
        if exchange.scope in ("invented", "malformed", "foreign"):
            return None
        return self._campaigns.setdefault(campaign, Campaign())

    # -- what a request does ---------------------------------------------------------------------------------------

    def _act(self, evidence: Evidence, known: Campaign) -> None:
        exchange, before = evidence.exchange, known.possible
        if exchange.request.operation == "retrieve":
            return
        wanted = self._wanted(evidence)
        surely = evidence.accepted and evidence.request_class != "recased-id"
        failed = exchange.response is None or evidence.status >= 500 or evidence.status in ENVIRONMENT  # noqa: PLR2004
        maybe = failed or evidence.accepted
        if exchange.overlaps is not None:
            first = exchange.overlaps > exchange.number
            wanted, surely = known.beside(wanted, first=first, surely=surely, maybe=maybe)
        if surely or maybe:
            known.replaced(before, exchange.received, exchange.now.end if exchange.now else None)
            for state in before or ():
                if state.until is not None and state.status == "paused":
                    known.cancel(state.until)
            known.doubtful = not surely
            known.settled = wanted if surely else union(before, wanted)
            known.possible = self._aged(known.settled, exchange.now)
            known.cause = "unpaused" if exchange.request.operation == "unpause" else "stored"
        elif exchange.request.operation != "unpause":
            known.cause = "unchanged-credential" if evidence.request_class in CREDENTIAL else "unchanged"
        if evidence.request_class == "past":
            known.cause, known.aside = ("past", None) if surely or maybe else (known.cause, "past")

    def _wanted(self, evidence: Evidence) -> Possible:
        """The states that the request leads to once it is carried out; None where the contract does not say."""
        exchange, asked = evidence.exchange, evidence.intent
        if exchange.request.operation == "unpause":
            if evidence.before is None:
                return None
            return frozenset({ACTIVE, *(state for state in evidence.before if state.status in _RESTING)})
        if asked is None or evidence.request_class not in ACTING or asked.request_class not in ACTING:
            return None
        if any(state.status in _RESTING for state in evidence.before or ()):
            # What a pause makes of an inactive or a stale campaign, the page does not say.
            return None
        end = exchange.now.end if exchange.now else 0
        if any(not FIRST <= until < LAST for until in asked.until):
            return None
        dated = frozenset(
            State("paused", until, asked.slack, (until, max(until, end))) for until in asked.until
        )
        indefinite = frozenset({State("paused")})
        if evidence.request_class == "media-type":
            return dated | indefinite
        return dated or indefinite

    def _aged(self, states: Possible, now: Window | None) -> Possible:
        return aged(states, now, self._tolerance)

    # -- what an answer shows --------------------------------------------------------------------------------------

    def _observe(self, evidence: Evidence, known: Campaign) -> Evidence:
        exchange, text = evidence.exchange, evidence.text
        if not evidence.accepted or text is None or text.problem or not isinstance(text.value, dict):
            return evidence
        document = text.value
        seen = read_state(document)
        if not about(document, exchange):
            # It may still be asked whether the answer shows what was asked for; of the campaign it tells nothing.
            possible = known.possible
            evidence = replace(evidence, document=document)
            if exchange.request.operation == "pause" and exchange.overlaps is None:
                evidence = self._answer(evidence, known, seen)
            known.possible = possible
            return evidence
        evidence = replace(evidence, document=document, shown=seen)
        first_of_two = exchange.overlaps is not None and exchange.overlaps > exchange.number
        if exchange.request.operation == "retrieve":
            evidence = self._read(evidence, known, seen)
        elif not first_of_two:
            evidence = self._answer(evidence, known, seen)
        operation = exchange.request.operation or "other"
        known.references.setdefault(operation, document)
        known.previous = document
        known.end_time = known.end_time or end_time(document)
        known.end_known = known.end_known or tells_end(document, exchange)
        return evidence

    def _answer(self, evidence: Evidence, known: Campaign, seen: State) -> Evidence:
        """Judge the answer to a pause or an unpause against what was asked."""
        allowed = known.possible
        if allowed is None:
            if seen.status in _RESTING and evidence.before is not None:
                known.possible = adopted(seen, evidence.exchange.now)
            return evidence
        topics = answer_topics(evidence)
        evidence = replace(evidence, stakes=frozenset(topics))
        if any(seen.matches(state) for state in allowed):
            return evidence
        topics = broken_topics(evidence, seen)
        known.possible = union(allowed, adopted(seen, evidence.exchange.now))
        found = [Breach(topic, finding(allowed, seen, topic)) for topic in topics]
        return replace(evidence, breach=found[0], further=found[1] if found[1:] else None)

    def _read(self, evidence: Evidence, known: Campaign, seen: State) -> Evidence:
        """Judge a read against what is possible, and let it narrow that."""
        exchange, allowed = evidence.exchange, known.possible
        if allowed is None:
            known.confirm(adopted(seen, exchange.now), exchange.now)
            return evidence
        stakes = known.stakes(allowed, exchange.now)
        evidence = replace(evidence, stakes=frozenset(stakes))
        matching = frozenset(state for state in allowed if seen.matches(state))
        if not matching:
            if self._lagging(known, seen, exchange):
                return self._late(evidence)
            topic = read_topic(stakes, allowed, seen)
            told = finding(allowed, seen)
            # Whether it was the cancelled date that fired or the pause that did not hold, nobody can tell: both are said.
            others = [one for one in stakes if one not in ("cancelled", "siblings")]
            other = others[0] if topic == "cancelled" and others else None
            known.confirm(adopted(seen, exchange.now), exchange.now)
            return replace(
                evidence, breach=Breach(topic, told), further=Breach(other, told) if other else None
            )
        resumed = known.resumed(seen, exchange)
        if resumed:
            evidence = replace(evidence, stakes=evidence.stakes | _RESUMED)
        if seen.whole:
            if "prompt" in stakes and all(state.status == "paused" for state in matching):
                if self._lagging(known, seen, exchange):
                    return self._late(evidence)
                due = max(state.due[1] for state in matching if state.due)
                evidence = replace(
                    evidence,
                    breach=Breach(
                        "prompt",
                        Finding(f"active since {write_instant(due)}", f"still {seen}", "/status"),
                    ),
                )
            doubtful = matching != allowed and (known.doubtful or self.lags)
            if not doubtful or not self._lagging(known, seen, exchange):
                known.confirm(matching, exchange.now)
        return replace(evidence, resumed=resumed)

    def _late(self, evidence: Evidence) -> Evidence:
        self.lags = True
        return replace(evidence, lagging=True, stakes=frozenset({"lagging"}))

    def _lagging(self, known: Campaign, seen: State, exchange: Exchange) -> bool:
        """Whether a read shows what stood before a write, and so little time has passed that it may.

        Several readers may lag by different times, so that an older state may show after a newer one.
        """
        for states, at, at_ns in known.older:
            recent = exchange.sent - at <= LAG
            if exchange.now is not None and at_ns is not None:
                recent = recent or exchange.now.start - at_ns <= int(LAG * NANO)
            aged = self._aged(states, exchange.now)
            if recent and (aged is None or any(seen.matches(one) for one in aged | (states or frozenset()))):
                return True
        return False

    def _spread(self, evidence: Evidence, known: Campaign | None) -> None:
        """Let a request count as a possible cause for every other campaign that the run names."""
        if evidence.exchange.request.operation == "retrieve" or not evidence.answered:
            return
        topic: Topic = "siblings"
        if not evidence.accepted:
            topic = "unchanged-credential" if evidence.request_class in CREDENTIAL else "unchanged"
        for other in self._campaigns.values():
            if other is not known and other.cause is None:
                other.cause = topic
