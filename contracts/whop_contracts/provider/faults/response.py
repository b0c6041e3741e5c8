"""Wrong responses to a stored pause; faults of some campaigns, and those that show now and then."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from whop_contracts.exchange import Operation, Request, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import SECOND
from whop_contracts.provider.faults import Faulty, Make, Row, having, stored
from whop_contracts.provider.faults.steps import Go, after, around, both, by_row, failing, moving, note_offset
from whop_contracts.provider.state import Campaign, crash

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


@by_row(Provider.present)
def _present(row: Row, go: Go, _: Provider, operation: Operation, document: Any) -> Any:
    """Edit a ``member`` (``a/b``), or all, of the document in responses to an ``operation``, or to pauses.

    Nothing is edited if the object that holds the member is null.
    """
    if operation != row.get("operation", "pause"):
        return go(operation, document)
    whole = {"": copy.deepcopy(document)}
    parent, _, name = row.get("member", "").rpartition("/")
    holder = whole[""] if name else whole
    holder = holder[parent] if parent else holder
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
        case {"null_becomes": value} if holder[name] is None:
            holder[name] = value
        case _ if holder[name] is not None:
            holder[name] = _changed(row, holder[name])
    return whole[""]


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
        case {"as": conversion}:
            return _CONVERSIONS[conversion](value)
    return value


@by_row(Provider.success)
def replaced(
    row: Row, go: Callable[..., Response], _: Provider, operation: Operation, document: Any
) -> Response:
    """Replace parts of the response to a successful pause: those that a row has. Add its ``header``."""
    response = go(operation, document)
    if operation != "pause":
        return response
    headers = response.headers
    if "media_type" in row:
        headers = (("content-type", row["media_type"]),) if row["media_type"] else ()
    if "header" in row:
        headers = (tuple(row["header"]), *headers)
    return Response(row.get("status", response.status), headers, _content(row, response.content))


def _content(row: Row, content: bytes) -> bytes:
    """The row's ``json`` or ``text``, or the content up to its ``end``, in its ``charset``.

    With ``parts``, the parts in a row; null is the content.
    """
    text = json.dumps(row["json"]) if "json" in row else row.get("text", content.decode())[: row.get("end")]
    text = "".join(text if part is None else part for part in row.get("parts", (None,)))
    old, new = row.get("replace", ("", ""))
    return text.replace(old, new).encode(row.get("charset", "utf-8"), "replace")


@by_row(Provider.view)
def _seen(row: Row, go: Go, _: Provider, campaign: Campaign) -> Campaign:
    """Campaigns that are what a row describes are ``seen`` otherwise."""
    shown: Campaign = go(campaign)
    return replace(shown, **row["seen"]) if having(row, campaign) else shown


def _tiktok_offset(go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    offset = provider.notes["offset"] if until and campaign.rest["platform"] == "tiktok" else 0
    go(campaign, until and until + offset)


def _in_turn(every: int, faulty: Faulty, counted: Go = Provider.admit, *, ahead: int = 0) -> Faulty:
    """A fault that shows after one in so many calls of a step or, with 1 ``ahead``, on the way to it."""

    def taken(name: str, go: Go, provider: Provider, *args: Any) -> Any:
        wanted = (provider.notes["calls"] + ahead) % every == 0
        return getattr(faulty, name)(provider, *args) if wanted else go(*args)

    steps = [around(getattr(Provider, name))(partial(taken, name)) for name in vars(faulty) if name[0] != "_"]
    return both(*steps, after(counted)(lambda p, *_: p.notes.update(calls=p.notes["calls"] + 1)))


def _sometimes(row: Row) -> Faulty:
    """One accepted pause in ``every`` so many has another fault; it crashes if the row names none."""
    makes = {"edit": _present, "replace": replaced, "move": moving}
    crashing = failing(Provider.apply_pause)(lambda *_: True)
    return _in_turn(row["every"], next((make(row[at]) for at, make in makes.items() if at in row), crashing))


def lost(go: Go, _: Provider, campaign: Campaign, *request: Request) -> Any:
    """Change a copy of the campaign, which is never saved."""
    return go(copy.deepcopy(campaign), *request)


def _losing(step: Go, counted: Go) -> Make:
    """One call of a step in ``every`` so many is lost."""
    return lambda row: _in_turn(row["every"], around(step)(lost), counted, ahead=1)


@by_row(Provider.pause)
def _idempotent(row: Row, go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    """Repeat the response to the same bytes of the last while, if they contain something; nothing is done."""
    key = (campaign.id, request.content)
    since, response = provider.notes.get(key, (0, None))
    repeated = row["part"].encode() in request.content and provider.now() - since <= row["seconds"] * SECOND
    if response is None or not repeated:
        response = go(campaign, request)
        provider.notes[key] = (provider.now(), response)
    return response


@by_row(Provider.apply_pause)
def _counted(row: Row, go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    """Ignore the pause with a number among those in a row, or ``crash`` at it among all of a campaign."""
    before = provider.notes[campaign.id] if "crash" in row or campaign.status == "paused" else 0
    provider.notes[campaign.id] = before + 1
    if before + 1 != row["number"]:
        go(campaign, until)
    elif "crash" in row:
        raise crash()


FAULTS: Final = (
    *stored(_present, "missing", "null", "types", "values", "documents", "wrapped documents"),
    *stored(_present, "paused members", "read members", "read documents", "unpause members"),
    *stored(replaced, "crashing responses", "statuses", "headers", "bytes"),
    *stored(moving, "dates of some campaigns"),
    *stored(_seen, "states that are shown"),
    *stored(_sometimes, "now and then", "now and then against the schema", "crashes now and then"),
    *stored(
        lambda _: both(note_offset, around(Provider.apply_pause)(_tiktok_offset)), "offsets of some campaigns"
    ),
    *stored(_losing(Provider.pause, Provider.admit), "lost pauses"),
    *stored(_idempotent, "idempotent pauses"),
    *stored(_losing(Provider.unpause, Provider.apply_unpause), "lost unpauses"),
    *stored(_counted, "ignored pauses", "crashing pauses"),
)
