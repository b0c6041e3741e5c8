"""Documents by the derived schemas: what hypothesis-jsonschema makes of them, kept to values that a provider would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import NANO, write_instant
from whop_contracts.schemas import SHOULD, load

_OURS: Final = "our-"
"""Put before a format's name: hypothesis-jsonschema warns where the strategy of one that it knows is replaced."""
_MOST: Final = 1_000_000
_KEYWORDS: Final = frozenset({"type", "items", "enum", "pattern", "format", "minimum"})
_COUNTRIES: Final = ("US", "CA", "GB", "FR", "DE", "BR", "IN", "JP", "NG", "AU", "NO", "ZA")
_SINCE: Final = 1_600_000_000
_UNTIL: Final = 2_500_000_000


def ad_campaigns() -> SearchStrategy[dict[str, Any]]:
    """Campaigns as the page documents them: every documented member is there, everything nullable is null now and then, values
    are the usual ones. ``updated_at`` is never before ``created_at``, and only a paused campaign has a ``paused_until``.

    Shrinks towards numbers of 0, empty lists and nulls, and timestamps of September 2020.
    """
    return documents("ad-campaign", formats={"date-time": _timestamps()}).map(_coherent)


def documents(name: str, *, formats: Mapping[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    """Values of the schema ``name`` (as :func:`~whop_contracts.schemas.load` takes it) with its documented members alone;
    whatever the schema only recommends is kept to as well. ``formats`` makes the text of a format.

    Shrinks towards null where that is allowed, and without members that are not required.
    """
    made = {"iso-3166-1-alpha-2": st.sampled_from(_COUNTRIES), **formats}
    return _values(load(name), {_OURS + format_: strategy for format_, strategy in made.items()})


def _values(schema: Mapping[str, Any], formats: dict[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    # Objects are made here: hypothesis-jsonschema 0.23.1, the last, makes them by internals that Hypothesis 6.170 has no more.
    if "properties" not in schema:
        return _leaves(_usual(schema), formats)
    members = {
        name: _values(part, formats) for name, part in schema["properties"].items() if "description" in part
    }
    required = {name: members.pop(name) for name in schema["required"]}
    objects = st.fixed_dictionaries(required, optional=members)
    return st.none() | objects if "null" in _types(schema) else objects


def _leaves(schema: dict[str, Any], formats: dict[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    # Importing it writes a table of all characters below the current folder: a run, which needs none of it, leaves no such trace.
    from hypothesis_jsonschema import from_schema  # noqa: PLC0415

    made: SearchStrategy[Any] = from_schema(schema, custom_formats=formats)
    return made


def _usual(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without our own keywords, and with its recommendations made rules."""
    kept = {
        keyword: value
        for keyword, value in {**schema, **schema.get(SHOULD, {})}.items()
        if keyword in _KEYWORDS
    }
    if "format" in kept:
        kept["format"] = _OURS + kept["format"]
    if "items" in kept:
        kept["items"] = _usual(kept["items"])
    if {"number", "integer"} & set(_types(kept)):
        kept |= {"minimum": 0, "maximum": _MOST}
    return kept


def _types(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _timestamps() -> SearchStrategy[str]:
    """Timestamps as the page writes them: UTC, three digits of fraction."""
    return st.integers(_SINCE * 1_000, _UNTIL * 1_000).map(lambda ms: write_instant(ms * NANO // 1_000))


def _coherent(document: dict[str, Any]) -> dict[str, Any]:
    created, updated = sorted((document["created_at"], document["updated_at"]))
    paused_until = document["paused_until"] if document["status"] == "paused" else None
    return document | {"created_at": created, "updated_at": updated, "paused_until": paused_until}
