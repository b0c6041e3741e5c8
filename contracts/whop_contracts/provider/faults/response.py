"""Answers to a pause with one member that is not as documented. The pause itself is done right."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import Edit, answering, change, drop, put

_MEMBERS: Final = (
    *("id", "title", "status", "target_country_codes", "daily_budget", "platform", "available_budget"),
    *("created_at", "updated_at", "paused_until", "clicks_count", "impressions_count", "purchases_count"),
    *("remaining_balance", "revenue", "return_on_ad_spend", "todays_spend", "total_credits", "total_spend"),
    *("product", "created_by_user", "payment_method", "billing_ledger_account", "config"),
    *("product/id", "product/title", "product/route"),
    *("created_by_user/id", "created_by_user/name", "created_by_user/username"),
    *("payment_method/typename", "payment_method/id"),
    *("payment_method/created_at", "payment_method/payment_method_type", "billing_ledger_account/id"),
    *("config/conversion_goal", "config/bid_strategy", "config/bid_amount", "config/status"),
    *("config/special_categories", "config/budget_optimization", "config/start_time", "config/end_time"),
)
_NEVER_NULL: Final = (
    *("id", "title", "status", "target_country_codes", "available_budget", "created_at", "updated_at"),
    *("clicks_count", "impressions_count", "purchases_count", "remaining_balance", "revenue"),
    *("return_on_ad_spend", "todays_spend", "total_credits", "total_spend", "created_by_user"),
    *("created_by_user/id", "created_by_user/username", "product/id", "product/title", "product/route"),
    *("payment_method/id", "payment_method/typename", "billing_ledger_account/id"),
)


def _without_nulls(document: Any) -> Any:
    return {name: value for name, value in document.items() if value is not None}


def _camel(document: Any) -> Any:
    return {re.sub("_(.)", lambda found: found[1].upper(), name): value for name, value in document.items()}


def _swap(one: str, other: str) -> Edit:
    def edit(document: Any) -> Any:
        document[one], document[other] = document[other], document[one]
        return document

    return edit


def _rename(old: str, new: str) -> Edit:
    def edit(document: Any) -> Any:
        document[new] = document.pop(old)
        return document

    return edit


def _cents(value: float) -> str:
    return f"{value:.2f}"


def _listed(value: Any) -> list[Any]:
    return [value]


_TYPES: Final[tuple[tuple[str, Edit, str], ...]] = (
    ("id-as-number", change("id", lambda _: 48151), "the database's number is sent for the public id"),
    ("title-as-number", change("title", len), "a title of digits loses its quotes"),
    (
        "title-as-object",
        change("title", lambda v: {"en": v}),
        "titles were translated, consumers were not told",
    ),
    (
        "status-as-number",
        change("status", lambda _: 1),
        "an enum is stored by position and sent as it is stored",
    ),
    ("status-as-flag", change("status", lambda v: v == "paused"), "the status became a flag"),
    ("countries-joined", change("target_country_codes", ",".join), "a list column is sent as one string"),
    (
        "countries-as-objects",
        put("target_country_codes", [{"code": "US"}]),
        "rows of the join table are sent for codes",
    ),
    ("countries-numeric", put("target_country_codes", [840, 124]), "numeric country codes are sent"),
    (
        "countries-with-null",
        put("target_country_codes", ["US", None]),
        "a deleted country leaves a null behind",
    ),
    ("daily-budget-as-string", change("daily_budget", _cents), "decimals are sent as strings"),
    (
        "daily-budget-as-money-object",
        change("daily_budget", lambda v: {"amount": v, "currency": "usd"}),
        "money became an object",
    ),
    ("available-budget-as-string", change("available_budget", _cents), "decimals are sent as strings"),
    (
        "remaining-balance-as-string",
        change("remaining_balance", "${:.2f}".format),
        "money is formatted for people",
    ),
    ("revenue-as-string", change("revenue", _cents), "decimals are sent as strings"),
    ("roas-as-percent-text", change("return_on_ad_spend", "{:.1f}%".format), "a percentage carries its sign"),
    ("todays-spend-as-flag", change("todays_spend", bool), "a zero became false"),
    ("total-credits-as-string", change("total_credits", _cents), "decimals are sent as strings"),
    ("total-spend-as-list", change("total_spend", _listed), "one row of many is sent as a list"),
    ("clicks-as-string", change("clicks_count", str), "64-bit counters are sent as strings"),
    (
        "impressions-as-fraction",
        change("impressions_count", lambda v: v + 0.5),
        "a sampled counter has a fraction",
    ),
    ("purchases-as-flag", change("purchases_count", bool), "a counter became a flag"),
    ("platform-as-list", change("platform", _listed), "a campaign may run on several platforms by now"),
    ("product-as-id", change("product", lambda v: v["id"]), "a relation is not expanded"),
    ("product-as-list", change("product", _listed), "a campaign may promote several products by now"),
    ("product-title-as-number", change("product/title", len), "a title of digits loses its quotes"),
    ("creator-as-id", change("created_by_user", lambda v: v["id"]), "a relation is not expanded"),
    (
        "creator-username-as-number",
        change("created_by_user/username", len),
        "a name of digits loses its quotes",
    ),
    ("creator-name-as-object", put("created_by_user/name", {"first": "Ada"}), "names were taken apart"),
    ("payment-method-as-list", change("payment_method", _listed), "all saved methods are sent"),
    ("ledger-as-id", change("billing_ledger_account", lambda v: v["id"]), "a relation is not expanded"),
    ("config-as-text", change("config", json.dumps), "a JSON column is sent as its text"),
    ("bid-amount-as-string", change("config/bid_amount", str), "an amount is sent as a string"),
    ("bid-amount-as-fraction", change("config/bid_amount", lambda v: v / 1000), "cents became dollars"),
    ("budget-optimization-as-text", change("config/budget_optimization", str), "a flag is sent as a word"),
    ("budget-optimization-as-number", change("config/budget_optimization", int), "a flag is sent as 0 or 1"),
    (
        "categories-as-string",
        change("config/special_categories", ",".join),
        "a list column is sent as one string",
    ),
    (
        "start-time-as-epoch",
        change("config/start_time", lambda _: 1_790_000_000),
        "a time is sent as an epoch",
    ),
    ("end-time-as-epoch", change("config/end_time", lambda _: 1_990_000_000), "a time is sent as an epoch"),
    (
        "conversion-goal-as-list",
        change("config/conversion_goal", _listed),
        "several goals are allowed by now",
    ),
)

_VALUES: Final[tuple[tuple[str, Edit, str], ...]] = (
    ("status-capitalized", change("status", str.capitalize), "the label is sent for the value"),
    ("status-upper-case", change("status", str.upper), "the enum's name is sent for its value"),
    ("status-in-review", put("status", "in_review"), "a status of a later generation leaks out"),
    ("status-pausing", put("status", "pausing"), "an inner state of the job leaks out"),
    ("platform-capitalized", change("platform", str.capitalize), "the label is sent for the value"),
    ("platform-google", put("platform", "google"), "a platform is new"),
    ("platform-empty", put("platform", ""), "an empty string is sent for nothing"),
    ("id-without-prefix", change("id", lambda v: v.removeprefix("adcamp_")), "the prefix is lost"),
    ("id-prefix-doubled", change("id", lambda v: "adcamp_" + v), "the prefix is put on twice"),
    ("id-of-another-campaign", put("id", "adcamp_Tn5Vc8Hj3Lp6E"), "a cache answers for another campaign"),
    ("id-with-space", change("id", lambda v: v + " "), "a fixed-width column pads the id"),
    (
        "product-id-prefix-wrong",
        change("product/id", lambda v: v.replace("prod", "pass")),
        "an old prefix survives",
    ),
    ("product-id-prefix-doubled", change("product/id", lambda v: "prod_" + v), "the prefix is put on twice"),
    ("creator-id-without-prefix", change("created_by_user/id", lambda v: v[5:]), "the prefix is lost"),
    (
        "creator-id-prefix-alone",
        change("created_by_user/id", lambda v: v[:5]),
        "an unsaved object has no number",
    ),
    (
        "payment-id-prefix-wrong",
        change("payment_method/id", lambda v: "pm" + v[4:]),
        "the processor's own id leaks",
    ),
    (
        "payment-id-with-space",
        change("payment_method/id", lambda v: " " + v),
        "a fixed-width column pads the id",
    ),
    (
        "ledger-id-prefix-doubled",
        change("billing_ledger_account/id", lambda v: "ldgr_" + v),
        "prefixed twice",
    ),
    ("created-at-without-zone", change("created_at", lambda v: v.rstrip("Z")), "a naive date is sent"),
    (
        "created-at-with-space",
        change("created_at", lambda v: v.replace("T", " ")),
        "the database's spelling is sent",
    ),
    ("created-at-as-epoch", change("created_at", lambda _: 1_780_000_000), "a time is sent as an epoch"),
    ("created-at-as-date", change("created_at", lambda v: v[:10]), "the time of day is lost"),
    (
        "created-at-impossible",
        change("created_at", lambda v: v[:5] + "02-30" + v[10:]),
        "a day that does not exist",
    ),
    ("updated-at-as-epoch-text", change("updated_at", lambda _: "1790000000"), "an epoch in quotes"),
    ("updated-at-without-zone", change("updated_at", lambda v: v.rstrip("Z")), "a naive date is sent"),
    (
        "updated-at-zone-name",
        change("updated_at", lambda v: v.replace("Z", " UTC")),
        "the zone's name is sent",
    ),
    ("updated-before-created", _swap("created_at", "updated_at"), "two columns are mixed up"),
    ("until-as-epoch", change("paused_until", lambda _: 1_890_000_000), "a time is sent as an epoch"),
    ("until-without-zone", change("paused_until", lambda v: v.rstrip("Z")), "a naive date is sent"),
    (
        "until-with-space",
        change("paused_until", lambda v: v.replace("T", " ")),
        "the database's spelling is sent",
    ),
    ("until-as-date", change("paused_until", lambda v: v[:10]), "the time of day is lost"),
    (
        "until-as-text-for-nobody",
        change("paused_until", lambda _: "in 3 days"),
        "a date is written for people",
    ),
    (
        "until-empty-for-none",
        lambda document: {**document, "paused_until": document["paused_until"] or ""},
        "an empty string is sent for no date",
    ),
    (
        "payment-created-as-date",
        change("payment_method/created_at", lambda v: v[:10]),
        "the time of day is lost",
    ),
    ("nulls-omitted", _without_nulls, "the serializer leaves nulls out"),
    ("camel-case", _camel, "a new serializer writes camelCase"),
    ("typo-in-member", _rename("paused_until", "pausedUntil"), "one member is spelt otherwise"),
    ("countries-renamed", _rename("target_country_codes", "target_countries"), "a member was renamed"),
)

_READS: Final[tuple[tuple[str, Edit, str], ...]] = (
    (
        "read-id-without-prefix",
        change("id", lambda v: v.removeprefix("adcamp_")),
        "only reads lose the prefix",
    ),
    ("read-status-capitalized", change("status", str.capitalize), "only reads send the label"),
    ("read-status-missing", drop("status"), "only reads forget the status"),
    ("read-until-missing", drop("paused_until"), "a later generation's reads know no date"),
    ("read-until-as-epoch", change("paused_until", lambda _: 1_890_000_000), "only reads send an epoch"),
    (
        "read-until-without-zone",
        change("paused_until", lambda v: v.rstrip("Z")),
        "only reads send a naive date",
    ),
    ("read-created-as-date", change("created_at", lambda v: v[:10]), "only reads lose the time of day"),
    ("read-updated-missing", drop("updated_at"), "only reads forget the last change"),
)


def _slug(pointer: str) -> str:
    return pointer.replace("/", "-").replace("_", "-")


FAULTS: Final = (
    *(
        Fault(f"missing-{_slug(p)}", "response", f"{p} is left out of the answer", 101, answering(drop(p)))
        for p in _MEMBERS
    ),
    *(
        Fault(f"null-{_slug(p)}", "response", f"{p} is null in the answer", 101, answering(put(p, None)))
        for p in _NEVER_NULL
    ),
    *(Fault(name, "response", why, 101, answering(edit)) for name, edit, why in (*_TYPES, *_VALUES)),
    *(Fault(name, "response", why, 101, answering(edit, "retrieve")) for name, edit, why in _READS),
    Fault(
        "unpause-status-capitalized",
        "response",
        "only unpausing sends the label",
        101,
        answering(change("status", str.capitalize), "unpause"),
    ),
    Fault(
        "unpause-until-missing",
        "response",
        "unpausing answers without a date",
        101,
        answering(drop("paused_until"), "unpause"),
    ),
)
