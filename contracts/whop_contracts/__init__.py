"""Contract tests of Whop's ``POST /ad_campaigns/{id}/pause``, promise by promise."""

from __future__ import annotations

__version__ = "0.1.0"
