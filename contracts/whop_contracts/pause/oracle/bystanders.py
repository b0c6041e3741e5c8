"""Another company's campaigns: others change them too, so they are judged only for what our refused requests did to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from whop_contracts.pause.evidence import Breach, Evidence, Possible, Topic, read_state
from whop_contracts.pause.oracle.blame import finding
from whop_contracts.pause.oracle.campaign import adopted, aged

_TOPIC: Final[Topic] = "unchanged-credential"
_REFUSALS: Final = range(400, 500)


@dataclass(slots=True)
class _Bystander:
    """The states that the last read leaves possible, and whether a request was refused since."""

    possible: Possible = None
    refused: bool = False


@dataclass(slots=True)
class Bystanders:
    """Follows the campaigns by id. ``tolerance`` is nanoseconds for which a pause that is due may still be shown."""

    tolerance: int
    _known: dict[str, _Bystander] = field(default_factory=dict)

    def follow(self, evidence: Evidence) -> Evidence:
        """Take in one exchange with another company's campaign and say what it shows."""
        exchange, text = evidence.exchange, evidence.text
        known = self._known.setdefault(exchange.request.campaign, _Bystander())
        if exchange.request.operation != "retrieve":
            known.refused = evidence.answered and evidence.status in _REFUSALS
            known.possible = known.possible if known.refused else None
            return evidence
        if not evidence.accepted or text is None or not isinstance(text.value, dict):
            return evidence
        seen, allowed = read_state(text.value), aged(known.possible, exchange.now, self.tolerance)
        refused = known.refused
        known.possible, known.refused = adopted(seen, exchange.now), False
        if not refused or allowed is None:
            return evidence
        kept = any(seen.matches(state) for state in allowed)
        breach = None if kept else Breach(_TOPIC, finding(allowed, seen))
        return replace(evidence, stakes=frozenset({_TOPIC}), breach=breach)
