"""What a fresh provider holds. Ids and tokens are constants; every date is reckoned from the clock's start, so none rots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whop_contracts.provider import dates
from whop_contracts.provider.state import ALWAYS, READ, UPDATE, Campaign, Credential, State


@dataclass(frozen=True, slots=True)
class Seed:
    """The names by which a test reaches what a fresh provider holds."""

    token: str
    """May do everything for the first company."""
    readonly_token: str
    """May read the first company's campaigns, and lacks ``ad_campaign:update``."""
    foreign_token: str
    """May do everything for the second company."""
    campaigns: tuple[str, ...]
    """Active campaigns of the first company."""
    inactive: str
    stale: str
    paused: str
    """Paused until a date years ahead."""
    paused_indefinitely: str
    foreign_campaign: str
    """An active campaign of the second company."""


SEED = Seed(
    token="wk_7Qd2mXv9Rb4TzLc8HnYp5JsG3KfW6aEu",  # noqa: S106 - it opens nothing but this provider
    readonly_token="wk_3Hs8pNc5Vw1KxFj6TgRb9LmD4QzY7eUa",  # noqa: S106
    foreign_token="wk_9Ba4rTk7Zn2MvGd5XpWc8QhJ6LsF3yEu",  # noqa: S106
    campaigns=(
        "adcamp_Kb7Qw2Zr9Xt4M",
        "adcamp_Tn5Vc8Hj3Lp6D",
        "adcamp_Gy4Sf9Rk2Wm7B",
        "adcamp_Ux6Pd3Nq8Jh5C",
    ),
    inactive="adcamp_Fr2Ym6Lz8Kv4H",
    stale="adcamp_Wc9Tb5Gx3Qn7S",
    paused="adcamp_Jd8Hk4Vp6Rz2N",
    paused_indefinitely="adcamp_Mx3Lg7Tc9Fw5Y",
    foreign_campaign="adcamp_Zq4Nb8Ds6Kh2R",
)

_OURS = "biz_Hn4Kd7Rw2Tz9X"
_THEIRS = "biz_Vc6Lp3Gm8Qs5J"
_HOUR = 60 * dates.MINUTE


def fresh(start: float) -> State:
    """The state of a provider whose clock starts at an instant, in seconds since 1970."""
    begin = int(start * 1000) * 1_000_000
    campaigns = [
        _campaign(begin, SEED.campaigns[0], "Spring launch: Pickaxe Café", 40, _meta_by_card(begin)),
        _campaign(begin, SEED.campaigns[1], "Café stream, été 🎧", 25, _tiktok_by_ledger(begin)),
        _campaign(begin, SEED.campaigns[2], "Inside Whop", 310, _inside_whop()),
        _campaign(begin, SEED.campaigns[3], "Retargeting (no configuration yet)", 3, _unconfigured(begin)),
        _campaign(begin, SEED.inactive, "Ended in autumn", 400, _tiktok_by_ledger(begin), "inactive"),
        _campaign(begin, SEED.stale, "Never finished", 90, _inside_whop(), "stale"),
        _campaign(begin, SEED.paused, "Back in five years", 60, _meta_by_card(begin), "paused"),
        _campaign(begin, SEED.paused_indefinitely, "On hold", 61, _tiktok_by_ledger(begin), "paused"),
        _campaign(begin, SEED.foreign_campaign, "Another company's", 12, _meta_by_card(begin)),
    ]
    found = {campaign.id: campaign for campaign in campaigns}
    found[SEED.foreign_campaign].company = _THEIRS
    found[SEED.paused].paused_until = begin + 5 * 365 * dates.DAY + 7 * _HOUR
    reading = ALWAYS | {READ}
    credentials = [
        Credential(SEED.token, _OURS, reading | {UPDATE}),
        Credential(SEED.readonly_token, _OURS, reading),
        Credential(SEED.foreign_token, _THEIRS, reading | {UPDATE}),
    ]
    return State(found, {credential.token: credential for credential in credentials})


def _campaign(  # noqa: PLR0917 - a row of the table above
    begin: int, id_: str, title: str, age_days: int, rest: dict[str, Any], status: str = "active"
) -> Campaign:
    created = begin - age_days * dates.DAY - 5 * _HOUR - 123_000_000
    return Campaign(id_, _OURS, title, status, None, created, begin - 2 * dates.DAY - 877_000_000, rest)


def _meta_by_card(begin: int) -> dict[str, Any]:
    return {
        "target_country_codes": ["US", "CA", "GB"],
        "daily_budget": 50.0,
        "platform": "meta",
        "available_budget": 37.5,
        "clicks_count": 1284,
        "impressions_count": 96310,
        "purchases_count": 57,
        "remaining_balance": 600.25,
        "revenue": 1299.35,
        "return_on_ad_spend": 325.0,
        "todays_spend": 12.5,
        "total_credits": 1000.05,
        "total_spend": 399.8,
        "product": {"id": "prod_Rw8Kc3Tn6Vz9L", "title": "Pickaxe Analytics", "route": "pickaxe-analytics"},
        "created_by_user": {"id": "user_Bq5Hm2Xd7Js4F", "name": "Ada Okafor", "username": "adaokafor"},
        "payment_method": {
            "typename": "BasePaymentMethod",
            "id": "payt_Ld6Gv9Pk3Rc8T",
            "created_at": begin - 200 * dates.DAY - 401_000_000,
            "payment_method_type": "card",
        },
        "billing_ledger_account": None,
        "config": {
            "conversion_goal": "purchase",
            "bid_strategy": "bid_cap",
            "bid_amount": 250,
            "status": "active",
            "special_categories": ["employment"],
            "budget_optimization": True,
            "start_time": begin - 30 * dates.DAY,
            "end_time": begin + 4 * 365 * dates.DAY,
        },
    }


def _tiktok_by_ledger(begin: int) -> dict[str, Any]:
    return {
        "target_country_codes": ["FR", "BE"],
        "daily_budget": 20.0,
        "platform": "tiktok",
        "available_budget": 12.75,
        "clicks_count": 310,
        "impressions_count": 20451,
        "purchases_count": 0,
        "remaining_balance": 180.5,
        "revenue": 0.0,
        "return_on_ad_spend": 0.0,
        "todays_spend": 7.25,
        "total_credits": 250.0,
        "total_spend": 69.5,
        "product": None,
        "created_by_user": {"id": "user_Wt3Np8Kz5Gc6R", "name": None, "username": "lio.m"},
        "payment_method": None,
        "billing_ledger_account": {"id": "ldgr_Xs7Fb4Mv2Qh9D"},
        "config": {
            "conversion_goal": "purchase",
            "bid_strategy": "lowest_cost",
            "bid_amount": None,
            "status": "active",
            "special_categories": [],
            "budget_optimization": False,
            "start_time": begin - 20 * dates.DAY,
            "end_time": None,
        },
    }


def _inside_whop() -> dict[str, Any]:
    return {
        "target_country_codes": ["US"],
        "daily_budget": None,
        "platform": None,
        "available_budget": 75.5,
        "clicks_count": 12,
        "impressions_count": 903,
        "purchases_count": 1,
        "remaining_balance": 75.5,
        "revenue": 49.0,
        "return_on_ad_spend": 200.0,
        "todays_spend": 0.5,
        "total_credits": 100.0,
        "total_spend": 24.5,
        "product": {"id": "prod_Hk2Zv7Ld4Nw9P", "title": "Field Notes", "route": "field-notes"},
        "created_by_user": {"id": "user_Cx9Rj6Tb3Vm7Q", "name": "Tomoko Ishii", "username": "tomoko"},
        "payment_method": None,
        "billing_ledger_account": None,
        "config": {
            "conversion_goal": None,
            "bid_strategy": None,
            "bid_amount": None,
            "status": None,
            "special_categories": None,
            "budget_optimization": None,
            "start_time": None,
            "end_time": None,
        },
    }


def _unconfigured(begin: int) -> dict[str, Any]:
    document = _meta_by_card(begin)
    document["target_country_codes"] = []
    document["clicks_count"] = document["impressions_count"] = document["purchases_count"] = 0
    document["revenue"] = document["return_on_ad_spend"] = document["todays_spend"] = 0.0
    document["total_spend"] = 0.0
    document["available_budget"] = document["daily_budget"] = 5.0
    document["total_credits"] = document["remaining_balance"] = 10.0
    document["config"] = None
    return document
