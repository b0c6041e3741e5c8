"""Documents by the derived schemas, kept to values that a provider would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import NANO, write_instant
from whop_contracts.schemas import SHOULD, load

_MOST: Final = 1_000_000
_COUNTRIES: Final = ("US", "CA", "GB", "FR", "DE", "BR", "IN", "JP", "NG", "AU", "NO", "ZA")
_SINCE: Final = 1_600_000_000
_UNTIL: Final = 2_500_000_000
_FORMATS: Final = {"iso-3166-1-alpha-2": st.sampled_from(_COUNTRIES)}


def ad_campaigns() -> SearchStrategy[dict[str, Any]]:
    """Campaigns as the page documents them: with every documented member, each nullable one null now and
    then.

    ``updated_at`` is never before ``created_at``, and only a paused campaign has a ``paused_until``. Shrinks
    towards numbers of 0, empty lists and nulls, and timestamps of September 2020.
    """
    return documents("ad-campaign", formats={"date-time": _timestamps()}).map(_coherent)


def documents(name: str, *, formats: Mapping[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    """Values of the schema ``name``, as :func:`~whop_contracts.schemas.load` takes it, with documented
    members alone.

    What the schema only recommends is kept to as well. ``formats`` makes the text of a format. Shrinks
    towards null if that is allowed, and without members that are not required.
    """
    return _values(load(name), {**_FORMATS, **formats})


def _values(schema: Mapping[str, Any], formats: Mapping[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    schema = {**schema, **schema.get(SHOULD, {})}
    if "enum" in schema:
        return st.sampled_from(sorted(schema["enum"], key=lambda value: value is not None))
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of(
        [_of_type(type_, schema, formats) for type_ in sorted(types, key=lambda name: name != "null")]
    )


def _of_type(
    type_: str, schema: Mapping[str, Any], formats: Mapping[str, SearchStrategy[str]]
) -> SearchStrategy[Any]:
    if type_ == "object":
        members = {
            name: _values(part, formats)
            for name, part in schema["properties"].items()
            if "description" in part
        }
        required = {name: members.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(required, optional=members)
    if type_ == "array":
        return st.lists(_values(schema["items"], formats), max_size=5)
    if type_ == "string":
        text = st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else st.text()
        return formats.get(schema.get("format", ""), text)
    numbers = st.integers(0, _MOST)
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": numbers,
        "number": numbers | st.floats(0, _MOST),
    }[type_]


def _timestamps() -> SearchStrategy[str]:
    """Timestamps as the page writes them: UTC, three digits of fraction."""
    return st.integers(_SINCE * 1_000, _UNTIL * 1_000).map(lambda ms: write_instant(ms * NANO // 1_000))


def _coherent(document: dict[str, Any]) -> dict[str, Any]:
    created, updated = sorted((document["created_at"], document["updated_at"]))
    paused_until = document["paused_until"] if document["status"] == "paused" else None
    return document | {"created_at": created, "updated_at": updated, "paused_until": paused_until}
