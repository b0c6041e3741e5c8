"""Responses to a correctly stored pause with a wrong member, status, media type or bytes."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.making import Edit, Table, around, change, drop, editing, put

# -- members --

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
    return lambda document: {**document, one: document[other], other: document[one]}


def _rename(old: str, new: str) -> Edit:
    return lambda document: {new if name == old else name: value for name, value in document.items()}


def _cents(value: float) -> str:
    return f"{value:.2f}"


def _listed(value: Any) -> list[Any]:
    return [value]


def _slug(pointer: str) -> str:
    return pointer.replace("/", "-").replace("_", "-")


_pauses = Table("response", editing("pause"), 101)
_MISSING = _pauses(*((f"missing-{_slug(p)}", f"{p} is missing", drop(p)) for p in _MEMBERS))
_NULL = _pauses(*((f"null-{_slug(p)}", f"{p} is null", put(p, None)) for p in _NEVER_NULL))
_TYPES = _pauses(
    ("id-as-number", "the database's number is sent", change("id", lambda _: 48151)),
    ("title-as-number", "a title of digits loses its quotes", change("title", len)),
    ("title-as-object", "titles became translatable", change("title", lambda v: {"en": v})),
    ("status-as-number", "an enum is sent by position", change("status", lambda _: 1)),
    ("status-as-flag", "the status became a boolean", change("status", lambda v: v == "paused")),
    ("countries-joined", "a list column is sent as one string", change("target_country_codes", ",".join)),
    ("countries-as-objects", "join rows, not codes", put("target_country_codes", [{"code": "US"}])),
    ("countries-numeric", "numeric country codes are sent", put("target_country_codes", [840, 124])),
    ("countries-with-null", "a deleted country leaves a null", put("target_country_codes", ["US", None])),
    ("daily-budget-as-string", "decimals are sent as strings", change("daily_budget", _cents)),
    (
        "daily-budget-as-money-object",
        "money became an object",
        change("daily_budget", lambda v: {"amount": v, "currency": "usd"}),
    ),
    ("available-budget-as-string", "decimals are sent as strings", change("available_budget", _cents)),
    ("remaining-balance-as-string", "formatted money", change("remaining_balance", "${:.2f}".format)),
    ("revenue-as-string", "decimals are sent as strings", change("revenue", _cents)),
    ("roas-as-percent-text", "a formatted percentage", change("return_on_ad_spend", "{:.1f}%".format)),
    ("todays-spend-as-flag", "zero became false", change("todays_spend", bool)),
    ("total-credits-as-string", "decimals are sent as strings", change("total_credits", _cents)),
    ("total-spend-as-list", "a query's rows are sent, not its value", change("total_spend", _listed)),
    ("clicks-as-string", "64-bit counters are sent as strings", change("clicks_count", str)),
    ("impressions-as-fraction", "a sampled counter", change("impressions_count", lambda v: v + 0.5)),
    ("purchases-as-flag", "a counter became a boolean", change("purchases_count", bool)),
    ("platform-as-list", "campaigns may now run on several platforms", change("platform", _listed)),
    ("product-as-id", "a relation is not expanded", change("product", lambda v: v["id"])),
    ("product-as-list", "campaigns may now promote several products", change("product", _listed)),
    ("product-title-as-number", "a title of digits loses its quotes", change("product/title", len)),
    ("creator-as-id", "a relation is not expanded", change("created_by_user", lambda v: v["id"])),
    ("creator-username-as-number", "a name of digits", change("created_by_user/username", len)),
    ("creator-name-as-object", "names were split", put("created_by_user/name", {"first": "Ada"})),
    ("payment-method-as-list", "all saved methods are sent", change("payment_method", _listed)),
    ("ledger-as-id", "a relation is not expanded", change("billing_ledger_account", lambda v: v["id"])),
    ("config-as-text", "a JSON column is sent as text", change("config", json.dumps)),
    ("bid-amount-as-string", "an amount is sent as a string", change("config/bid_amount", str)),
    ("bid-amount-as-fraction", "cents became dollars", change("config/bid_amount", lambda v: v / 1000)),
    ("budget-optimization-as-text", "a word for a boolean", change("config/budget_optimization", str)),
    ("budget-optimization-as-number", "0 or 1 for a boolean", change("config/budget_optimization", int)),
    ("categories-as-string", "a list column as a string", change("config/special_categories", ",".join)),
    ("start-time-as-epoch", "a time as an epoch", change("config/start_time", lambda _: 1_790_000_000)),
    ("end-time-as-epoch", "a time as an epoch", change("config/end_time", lambda _: 1_990_000_000)),
    ("conversion-goal-as-list", "several goals are allowed now", change("config/conversion_goal", _listed)),
)
_VALUES = _pauses(
    ("status-capitalized", "the label is sent, not the value", change("status", str.capitalize)),
    ("status-upper-case", "the enum's name is sent, not its value", change("status", str.upper)),
    ("status-in-review", "a status of a later generation", put("status", "in_review")),
    ("status-pausing", "an internal status of the job", put("status", "pausing")),
    ("platform-capitalized", "the label is sent, not the value", change("platform", str.capitalize)),
    ("platform-google", "a new platform", put("platform", "google")),
    ("platform-empty", "an empty string instead of null", put("platform", "")),
    ("id-without-prefix", "the prefix is lost", change("id", lambda v: v.removeprefix("adcamp_"))),
    ("id-prefix-doubled", "the prefix is added twice", change("id", lambda v: "adcamp_" + v)),
    ("id-of-another-campaign", "a cache mixes campaigns up", put("id", "adcamp_Tn5Vc8Hj3Lp6E")),
    ("id-with-space", "a fixed-width column pads the id", change("id", lambda v: v + " ")),
    ("product-id-prefix-wrong", "an old prefix", change("product/id", lambda v: v.replace("prod", "pass"))),
    ("product-id-prefix-doubled", "prefixed twice", change("product/id", lambda v: "prod_" + v)),
    ("creator-id-without-prefix", "the prefix is lost", change("created_by_user/id", lambda v: v[5:])),
    ("creator-id-prefix-alone", "an unsaved object", change("created_by_user/id", lambda v: v[:5])),
    ("payment-id-prefix-wrong", "the processor's id", change("payment_method/id", lambda v: "pm" + v[4:])),
    ("payment-id-with-space", "a padded column", change("payment_method/id", lambda v: " " + v)),
    (
        "ledger-id-prefix-doubled",
        "the prefix is added twice",
        change("billing_ledger_account/id", lambda v: "ldgr_" + v),
    ),
    ("created-at-without-zone", "a naive date is sent", change("created_at", lambda v: v.rstrip("Z"))),
    ("created-at-with-space", "the database's format", change("created_at", lambda v: v.replace("T", " "))),
    ("created-at-as-epoch", "a time as an epoch", change("created_at", lambda _: 1_780_000_000)),
    ("created-at-as-date", "the time of day is lost", change("created_at", lambda v: v[:10])),
    ("created-at-impossible", "no such day", change("created_at", lambda v: v[:5] + "02-30" + v[10:])),
    ("updated-at-as-epoch-text", "an epoch in quotes", change("updated_at", lambda _: "1790000000")),
    ("updated-at-without-zone", "a naive date is sent", change("updated_at", lambda v: v.rstrip("Z"))),
    ("updated-at-zone-name", "the zone's name", change("updated_at", lambda v: v.replace("Z", " UTC"))),
    ("updated-before-created", "two columns are swapped", _swap("created_at", "updated_at")),
    ("until-as-epoch", "a time as an epoch", change("paused_until", lambda _: 1_890_000_000)),
    ("until-without-zone", "a naive date is sent", change("paused_until", lambda v: v.rstrip("Z"))),
    ("until-with-space", "the database's format", change("paused_until", lambda v: v.replace("T", " "))),
    ("until-as-date", "the time of day is lost", change("paused_until", lambda v: v[:10])),
    ("until-as-text-for-nobody", "a date for people", change("paused_until", lambda _: "in 3 days")),
    (
        "until-empty-for-none",
        "an empty string instead of null",
        lambda document: {**document, "paused_until": document["paused_until"] or ""},
    ),
    ("payment-created-as-date", "the time is lost", change("payment_method/created_at", lambda v: v[:10])),
    ("nulls-omitted", "the serializer leaves nulls out", _without_nulls),
    ("camel-case", "a new serializer writes camelCase", _camel),
    ("typo-in-member", "one member has another name", _rename("paused_until", "pausedUntil")),
    ("countries-renamed", "a member was renamed", _rename("target_country_codes", "target_countries")),
)
_READ_MEMBERS = Table("response", editing("retrieve"), 101)(
    ("read-id-without-prefix", "reads lose the prefix", change("id", lambda v: v.removeprefix("adcamp_"))),
    ("read-status-capitalized", "only reads send the label", change("status", str.capitalize)),
    ("read-status-missing", "only reads lack the status", drop("status")),
    ("read-until-missing", "a later generation's reads have no date", drop("paused_until")),
    ("read-until-as-epoch", "only reads send an epoch", change("paused_until", lambda _: 1_890_000_000)),
    ("read-until-without-zone", "reads send a naive date", change("paused_until", lambda v: v.rstrip("Z"))),
    ("read-created-as-date", "only reads lose the time of day", change("created_at", lambda v: v[:10])),
    ("read-updated-missing", "only reads lack the last change", drop("updated_at")),
)
_UNPAUSES = Table("response", editing("unpause"), 101)(
    ("unpause-status-capitalized", "only unpausing sends the label", change("status", str.capitalize)),
    ("unpause-until-missing", "unpausing returns no date", drop("paused_until")),
)

# -- status, media type and bytes --

_Rewrite = Callable[[Response], Response]


def _rewritten(rewrite: _Rewrite) -> type[Provider]:
    """Rewrite the response to a successful pause."""

    def success(go: Callable[..., Response], _: Provider, operation: Operation, document: Any) -> Response:
        response = go(operation, document)
        return rewrite(response) if operation == "pause" else response

    return around(Provider.success)(success)


def _bytes(rewrite: Callable[[bytes], bytes]) -> type[Provider]:
    return _rewritten(lambda response: replace(response, content=rewrite(response.content)))


def _status(status: int) -> _Rewrite:
    return lambda response: replace(response, status=status)


def _typed(media_type: str | None, content: bytes | None = None) -> _Rewrite:
    headers = () if media_type is None else (("content-type", media_type),)
    return lambda r: replace(r, headers=headers, content=r.content if content is None else content)


def _error(status: int, code: str, message: str) -> _Rewrite:
    content = json.dumps({"error": {"type": code, "message": message}}).encode()
    return lambda response: replace(response, status=status, content=content)


def _headed(name: str, value: str) -> _Rewrite:
    return lambda response: replace(response, headers=((name, value), *response.headers))


def _redirect(status: int, location: str) -> _Rewrite:
    return lambda response: replace(_headed("location", location)(response), status=status)


_OOPS: Final = _error(500, "internal_server_error", "Oops.")
_MOVED: Final = _redirect(308, "/api/v2/ad_campaigns")
_STATUSES = (
    *Table("wire", _rewritten, 100)(
        ("pause-500", "every pause crashes after it was stored", _OOPS),
        ("status-500-good-body", "a correct body with the status of a crash", _status(500)),
    ),
    *Table("wire", _rewritten)(
        ("pause-501", "the route is declared and not written", _error(501, "not_implemented", "Later.")),
        ("status-404-good-body", "a correct body with a 404", _status(404)),
        ("status-400-good-body", "a correct body with a 400", _status(400)),
        ("status-409-good-body", "a correct body with a 409", _status(409)),
        ("good-pause-refused", "pauses act and get a 422", _error(422, "unprocessable_entity", "Invalid.")),
        ("redirect-302", "a form's redirect", _redirect(302, "/dashboard")),
        ("redirect-308", "the route has moved", lambda r: replace(_MOVED(r), content=b"")),
    ),
)
_HEADERS = Table("wire", _rewritten, 101)(
    ("no-content-204", "a pause gets a 204 without its campaign", lambda _: Response(204)),
    ("html-media-type", "a gateway relabels the response", _typed("text/html; charset=utf-8")),
    ("text-media-type", "the framework's default media type", _typed("text/plain")),
    ("octets-media-type", "a gateway relabels the response", _typed("application/octet-stream")),
    ("no-media-type", "a gateway strips the media type", _typed(None)),
    ("html-page", "a page for people", _typed("text/html", b"<!doctype html><p>Paused.")),
    (
        "mislabelled-coding",
        "a proxy has decoded the response and kept its label",
        lambda r: replace(r, headers=(*r.headers, ("content-encoding", "gzip"))),
    ),
)
_BYTES = Table("wire", _bytes, 101)(
    ("empty-body", "the response has no campaign", lambda _: b""),
    ("latin-1", "the bytes are Latin-1", lambda content: content.decode().encode("latin-1", "replace")),
    ("utf-16", "the bytes are UTF-16", lambda content: content.decode().encode("utf-16")),
    ("bom", "the JSON starts with a byte order mark", lambda content: codecs.BOM_UTF8 + content),
    ("truncated", "a buffer is too short", lambda content: content[: len(content) // 2]),
    ("last-brace-lost", "a length is counted in characters", lambda content: content[:-1]),
    ("two-texts", "the response is written twice", lambda content: content + b"\n" + content),
    ("warning-before-json", "a notice is printed first", lambda c: b"Warning: deprecated\n" + c),
    ("trailing-comma", "the JSON is concatenated by hand", lambda content: content[:-1] + b",}"),
    ("single-quotes", "an object is printed, not encoded", lambda content: content.replace(b'"', b"'")),
    ("guarded-json", "a prefix against inclusion", lambda content: b")]}',\n" + content),
    ("callback", "JSONP", lambda content: b"callback(" + content + b");"),
)
_SHAPES = Table("wire", editing("pause"), 101)(
    ("wrapped-in-data", "the campaign is wrapped in an envelope", lambda d: {"data": d}),
    ("wrapped-in-name", "the campaign is wrapped in its own name", lambda d: {"ad_campaign": d}),
    ("listed", "a query's rows are sent", lambda d: [d]),
    ("empty-object", "the response is an empty object", lambda _: {}),
    ("null-answer", "the response is null", lambda _: None),
    ("true-answer", "the response is a boolean", lambda _: True),
    ("success-flag", "only success is reported", lambda d: {"success": True, "id": d["id"]}),
    ("error-with-200", "an error with a 200", lambda _: {"error": {"type": "x", "message": "no"}}),
    ("encoded-twice", "the JSON is encoded twice", json.dumps),
    ("revenue-nan", "0 / 0", lambda d: {**d, "revenue": float("nan")}),
    ("roas-infinite", "division by zero", lambda d: {**d, "return_on_ad_spend": float("inf")}),
)
_READS = Table("wire", editing("retrieve"), 101)(
    ("read-wrapped", "reads are wrapped", lambda d: {"data": d}),
)

FAULTS: Final = (
    *(*_MISSING, *_NULL, *_TYPES, *_VALUES, *_READ_MEMBERS, *_UNPAUSES),
    *(*_STATUSES, *_HEADERS, *_BYTES, *_SHAPES, *_READS),
)
