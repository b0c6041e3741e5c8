"""Hypothesis strategies: documented values, pause bodies, dates, ids.

For a client or a server of the endpoint, and for fixtures::

    @given(pause_bodies(earliest=datetime.now(UTC)))
    def test_my_handler_takes_every_good_body(body): ...

Bodies: `pause_bodies`, `bad_pause_bodies` (each with what is wrong in it). Responses: `ad_campaigns`. Values
of ``paused_until``: `rfc3339_instants` as text; `not_instants` and `wrong_types`, which name no instant; and
symbolic instants, written as text when they are sent, by request class: `stamps`, `calendar_stamps`,
`far_stamps`, `edge_stamps`, `past_stamps`, `loose_stamps`. Ids and credentials: `campaign_ids`,
`malformed_ids`, `altered_tokens`. `draw` returns values of any without a test, the same for the same seed.

Bounds are called ``earliest`` and ``latest``; they are aware datetimes, and included.
"""

from __future__ import annotations

from whop_contracts.pause.strategies.bodies import (
    ad_campaigns,
    bad_pause_bodies,
    not_instants,
    pause_bodies,
    wrong_types,
)
from whop_contracts.pause.strategies.instants import (
    calendar_stamps,
    edge_stamps,
    far_stamps,
    loose_stamps,
    past_stamps,
    rfc3339_instants,
    stamps,
)
from whop_contracts.pause.strategies.values import altered_tokens, campaign_ids, draw, malformed_ids

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
