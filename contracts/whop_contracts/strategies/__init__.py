"""Strategies: Hypothesis strategies for what a pause request is made of, good and bad, and for what answers it.

Nothing here judges: which answers conform to what is drawn, the conformance table says. Bounds are called ``earliest`` and
``latest`` everywhere and are included: as distances from the target's now for symbolic instants, as aware datetimes for
instants that are written out.
"""

from __future__ import annotations

from whop_contracts.strategies.bodies import bad_pause_bodies, pause_bodies
from whop_contracts.strategies.documents import ad_campaigns
from whop_contracts.strategies.drawing import draw
from whop_contracts.strategies.identifiers import altered_tokens, campaign_ids, malformed_ids
from whop_contracts.strategies.refused import not_instants, wrong_types
from whop_contracts.strategies.spelling import rfc3339_instants
from whop_contracts.strategies.stamps import (
    calendar_stamps,
    edge_stamps,
    far_stamps,
    loose_stamps,
    past_stamps,
    stamps,
)

__all__ = [
    "ad_campaigns",
    "altered_tokens",
    "bad_pause_bodies",
    "calendar_stamps",
    "campaign_ids",
    "draw",
    "edge_stamps",
    "far_stamps",
    "loose_stamps",
    "malformed_ids",
    "not_instants",
    "past_stamps",
    "pause_bodies",
    "rfc3339_instants",
    "stamps",
    "wrong_types",
]
