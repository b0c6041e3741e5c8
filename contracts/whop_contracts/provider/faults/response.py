"""Wrong responses to a stored pause; faults of some campaigns, and those that show now and then."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults import (
    Go,
    Row,
    Table,
    after,
    around,
    both,
    built,
    change,
    failing,
    having,
    stored,
    storing,
    storing_moved,
    where,
)
from whop_contracts.provider.state import Campaign, Request, crash

# -- members --

_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "boolean": bool,
    "camel case": lambda value: {
        re.sub("_(.)", lambda found: found[1].upper(), name): one for name, one in value.items()
    },
    "capitalized": str.capitalize,
    "half more": lambda value: value + 0.5,
    "id": lambda value: value["id"],
    "infinity": lambda _: float("inf"),
    "integer": int,
    "joined": ",".join,
    "json": json.dumps,
    "length": len,
    "list": lambda value: [value],
    "money object": lambda value: {"amount": value, "currency": "usd"},
    "not a number": lambda _: float("nan"),
    "success": lambda value: {"success": True, "id": value["id"]},
    "thousandth": lambda value: value / 1000,
    "translations": lambda value: {"en": value},
    "upper case": str.upper,
    "whether paused": lambda value: value == "paused",
    "without nulls": lambda value: {name: one for name, one in value.items() if one is not None},
}


def edited(*operations: Operation) -> Callable[[Row], type[Provider]]:
    """Edit the document of the operations' responses as a row says."""

    def make(row: Row) -> type[Provider]:
        return around(Provider.present)(
            lambda go, _, operation, document: (
                _edited(row, copy.deepcopy(document)) if operation in operations else go(operation, document)
            )
        )

    return make


def _edited(row: Row, document: Any) -> Any:
    """The document after the edit of its ``member`` (``a/b``) or, if the row has none, of all of it.

    Nothing is edited if the object that holds the member is null.
    """
    if "member" not in row:
        return _changed(row, document)
    parent, _, name = row["member"].rpartition("/")
    holder = document[parent] if parent else document
    match row:
        case _ if holder is None:
            pass
        case {"drop": True}:
            del holder[name]
        case {"rename": new}:
            holder[new] = holder.pop(name)
        case {"swap_with": other}:
            holder[name], holder[other] = holder[other], holder[name]
        case {"set": value}:
            holder[name] = value
        case {"null_becomes": value}:
            holder[name] = value if holder[name] is None else holder[name]
        case _ if holder[name] is not None:
            holder[name] = _changed(row, holder[name])
    return document


def _changed(row: Row, value: Any) -> Any:
    match row:
        case {"becomes": other}:
            return other
        case {"format": template}:
            return template.format(value)
        case {"wrap": name}:
            return {name: value}
        case {"replace": [pattern, replacement]}:
            return re.sub(pattern, replacement, value)
    return _CONVERSIONS[row["as"]](value)


# -- status, media type and bytes --


def replaced(row: Row) -> type[Provider]:
    """Replace parts of the response to a successful pause: those that a row has. Add its ``header``."""

    def success(go: Callable[..., Response], _: Provider, operation: Operation, document: Any) -> Response:
        response = go(operation, document)
        if operation != "pause":
            return response
        headers = response.headers
        if "media_type" in row:
            headers = (("content-type", row["media_type"]),) if row["media_type"] else ()
        if "header" in row:
            headers = (tuple(row["header"]), *headers)
        return Response(row.get("status", response.status), headers, _content(row, response.content))

    return around(Provider.success)(success)


def _content(row: Row, content: bytes) -> bytes:
    """The row's ``json`` or ``text``, or the content up to its ``end``, in its ``charset``.

    With ``parts``, the parts in a row; null is the content.
    """
    text = json.dumps(row["json"]) if "json" in row else row.get("text", content.decode())[: row.get("end")]
    text = "".join(text if part is None else part for part in row.get("parts", (None,)))
    old, new = row.get("replace", ("", ""))
    return text.replace(old, new).encode(row.get("charset", "utf-8"), "replace")


# -- some campaigns only, or one pause in so many --


def _for_some(row: Row) -> type[Provider]:
    """Campaigns with the row's ``value`` store another date or, if it has ``seen``, are seen otherwise."""
    seen = around(Provider.view)(lambda go, _, campaign: replace(go(campaign), **row["seen"]))
    faulty = seen if "seen" in row else storing_moved(row)
    return where(lambda _, *args: having(row)(*args), faulty)


_offset_lost = both(
    after(Provider.compose)(lambda p, parts: p.notes.update(offset=parts.offset * MINUTE)),
    where(
        lambda _, campaign, *_args: campaign.rest["platform"] == "tiktok",
        storing(lambda p, _, until: until and until + p.notes["offset"]),
    ),
)


class _Counting(Provider):
    """Counts the accepted pauses. It is the fault's turn from one in ``every`` until the next pause."""

    every = 9

    def pause(self, campaign: Campaign, request: Request) -> Response:
        self.notes["turn"] = False
        return super().pause(campaign, request)

    def admit(self, campaign: Campaign, until: int | None) -> None:
        super().admit(campaign, until)
        self.notes["good"] = self.notes.get("good", 0) + 1
        self.notes["turn"] = self.notes["good"] % self.every == 0


def _sometimes(row: Row) -> type[Provider]:
    """One accepted pause in ``every`` so many has another fault, and what follows until the next pause.

    Its document is edited, its response replaced, its date moved; otherwise it crashes.
    """
    match row:
        case {"edit": edit}:
            faulty = edited("pause")(edit)
        case {"replace": parts}:
            faulty = replaced(parts)
        case {"move": move}:
            faulty = storing_moved(move)
        case _:
            faulty = failing(Provider.apply_pause)(lambda *_: True)
    counting = type("Counting", (_Counting,), {"every": row["every"]})
    return both(where(lambda provider, *_: provider.notes.get("turn"), faulty), counting)


class _Forgetting(_Counting):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        before = copy.deepcopy(campaign)
        response = super().pause(campaign, request)
        if self.notes["turn"]:
            change(campaign, {"status": before.status, "paused_until": before.paused_until})
        return response


def _losing_fifth_date(go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    provider.notes["dated"] = dated = provider.notes.get("dated", 0) + (until is not None)
    go(campaign, None if dated and dated % 5 == 0 else until)


def _idempotent(row: Row) -> type[Provider]:
    """Repeat the response to the same bytes of the last while, if they contain something; nothing is done."""
    window, part = row["seconds"] * SECOND, row["part"].encode()

    def pause(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
        key = (campaign.id, request.content)
        since, response = provider.notes.get(key, (0, None))
        if response is None or part not in request.content or provider.now() - since > window:
            response = go(campaign, request)
            provider.notes[key] = (provider.now(), response)
        return response

    return around(Provider.pause)(pause)


def _losing_unpause(row: Row) -> type[Provider]:
    """Return one unpause in ``every`` so many as done, and do nothing."""

    def unpause(go: Go, provider: Provider, campaign: Campaign) -> Any:
        provider.notes["count"] = count = provider.notes.get("count", 0) + 1
        return go(copy.deepcopy(campaign) if count % row["every"] == 0 else campaign)

    return around(Provider.unpause)(unpause)


def _third_ignored(go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    in_a_row = provider.notes.get(campaign.id, 0) + 1 if campaign.status == "paused" else 1
    provider.notes[campaign.id] = in_a_row
    if in_a_row != 3:
        go(campaign, until)


def _tenth_crashes(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    provider.notes[campaign.id] = count = provider.notes.get(campaign.id, 0) + 1
    if count == 10:
        raise crash()


FAULTS: Final = (
    *stored(
        edited("pause"),
        "missing",
        "null",
        "types",
        "values",
        "documents",
        "wrapped documents",
        "paused members",
    ),
    *stored(edited("retrieve"), "read members", "read documents"),
    *stored(edited("unpause"), "unpause members"),
    *stored(replaced, "crashing responses", "statuses", "headers", "bytes"),
    *stored(_for_some, "dates of some campaigns", "states that are shown"),
    *stored(_sometimes, "now and then", "now and then against the schema", "crashes now and then"),
    *Table("dates", built)(
        ("tiktok-loses-offset", "the platform's client sends digits only", _offset_lost),
    ),
    *Table("intermittent", built)(
        ("liar-5-loses-date", "one date in five is lost", around(Provider.apply_pause)(_losing_fifth_date)),
        ("liar-9-forgets", "one write in nine is lost", _Forgetting),
    ),
    *stored(_idempotent, "idempotent pauses"),
    *stored(_losing_unpause, "lost unpauses"),
    *Table("pausing", around(Provider.apply_pause))(
        ("third-pause-in-a-row-is-ignored", "a version check fails silently", _third_ignored),
    ),
    *Table("pausing", after(Provider.admit), 100)(
        ("tenth-pause-crashes", "a campaign's history has ten entries", _tenth_crashes),
    ),
)
