"""Contract tests of Whop's ``POST /ad_campaigns/{id}/pause``, clause by clause."""

from __future__ import annotations

__version__ = "0.1.0"
