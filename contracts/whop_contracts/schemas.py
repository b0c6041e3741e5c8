"""The schemas: found, loaded once, asserted with their formats, and explained in words.

``jsonschema-rs`` accepts, since it is asked for every member of every answer; ``jsonschema`` is imported only where it does not, to
say why. A test holds the two against each other; where they differ (halves of surrogate pairs, numbers beyond all floats) ``jsonschema``
decides. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.instants import read_instant

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs

SHOULD: Final = "x-should"
_CUT: Final = 80


class FormatNotAssertedError(RuntimeError):
    """A format that a validator lets pass whatever stands there: no run could be trusted."""


@dataclass(frozen=True, slots=True)
class Violation:
    """How a value departs from its schema: where in it, what is expected, what is there."""

    pointer: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Member:
    """One documented member of an object, at any depth: its place in the document and in the schema, and what is promised of it."""

    pointer: str
    schema_pointer: str
    statement: str
    source: str
    place: str
    nullable: bool


def document_path(name: str) -> Path:
    """The path of a file of the schema folder: inside the wheel beside this module, in a checkout at its top."""
    inside = Path(__file__).with_name("documents")
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "schemas") / name


@cache
def load(name: str) -> Mapping[str, Any]:
    """A schema by its name: ``ad-campaign``, ``pause-request``, ``error``, ``result``, or ``openapi``."""
    file = f"{name}.json" if name == "openapi" else f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(document_path(file).read_text(encoding="utf-8"))
    return MappingProxyType(loaded)


@cache
def subschema(name: str, pointer: str) -> Mapping[str, Any]:
    """The part of a schema that a JSON pointer names; the whole for an empty one."""
    part: Any = load(name)
    for step in pointer.split("/")[1:]:
        part = part[step]
    return dict(part)


@cache
def members(name: str) -> tuple[Member, ...]:
    """Every documented member of a schema of objects, parents before children, in the order of the page."""
    return tuple(_members(load(name), "", ""))


def _members(schema: Mapping[str, Any], pointer: str, schema_pointer: str) -> Iterator[Member]:
    for name, part in schema.get("properties", {}).items():
        if "description" not in part:
            continue
        at = f"{schema_pointer}/properties/{name}"
        yield Member(
            pointer=f"{pointer}/{name}",
            schema_pointer=at,
            statement=part["description"],
            source=part["x-source"],
            place=part["x-place"],
            nullable="null" in part["type"] if isinstance(part["type"], list) else part["type"] == "null",
        )
        yield from _members(part, f"{pointer}/{name}", at)


# -- formats -------------------------------------------------------------------------------------------------------


def is_date_time(value: object) -> bool:
    """Whether text is an RFC 3339 ``date-time``: calendar, offset and a second of 60 included. What is no text passes."""
    return not isinstance(value, str) or read_instant(value) is not None


def is_country(value: object) -> bool:
    """Whether text is an assigned ISO 3166-1 alpha-2 code, in upper case. What is no text passes."""
    return not isinstance(value, str) or value in _countries()


@cache
def _countries() -> frozenset[str]:
    import pycountry  # noqa: PLC0415 - slow to import, and asked for only where countries are judged

    return frozenset(country.alpha_2 for country in pycountry.countries)


FORMATS: Final[Mapping[str, Callable[[object], bool]]] = {
    "date-time": is_date_time,
    "iso-3166-1-alpha-2": is_country,
}
_SAID: Final = {
    "date-time": "an RFC 3339 timestamp with an offset",
    "iso-3166-1-alpha-2": "an ISO 3166-1 country code of two capital letters",
}
_WRONG: Final = {"date-time": "2023-02-29T00:00:00Z", "iso-3166-1-alpha-2": "ZZ"}


def self_test() -> None:
    """Stop with `FormatNotAssertedError` where a validator would let a wrong date, country or a trailing line end pass."""
    for name, wrong in _WRONG.items():
        schema = {"type": "string", "format": name}
        if _fast(schema).is_valid(wrong) or _plain(schema).is_valid(wrong):
            raise FormatNotAssertedError(f"the format {name} is not asserted: {wrong!r} passed")
    schema = dict(subschema("ad-campaign", "/properties/id"))
    if _fast(schema).is_valid("adcamp_x\n") or _plain(schema).is_valid("adcamp_x\n"):
        raise FormatNotAssertedError("a pattern lets a line end pass behind an id")


# -- validity, and what is wrong -----------------------------------------------------------------------------------


def sound(name: str, value: Any) -> bool:
    """Whether a whole value is surely valid, so that no part of it has to be looked at. False promises nothing."""
    try:
        return bool(_valid(name, "").is_valid(value))
    except UnicodeEncodeError:
        return False


def violations(name: str, pointer: str, value: Any) -> tuple[Violation, ...]:
    """How a value departs from the part of a schema that ``pointer`` names; nothing where it is valid."""
    return _departures(_valid(name, pointer), subschema(name, pointer), value)


@cache
def warns(name: str, pointer: str) -> bool:
    """Whether the part of a schema that ``pointer`` names says what only warns, of itself or of an array's items."""
    part = subschema(name, pointer)
    return SHOULD in part or SHOULD in part.get("items", {})


def should_violations(name: str, pointer: str, value: Any) -> tuple[Violation, ...]:
    """The same for what only warns, of the part itself and of an array's items."""
    found: list[Violation] = []
    part = subschema(name, pointer)
    if SHOULD in part and value is not None:
        found += _departures(_valid(name, f"{pointer}/{SHOULD}"), part[SHOULD], value)
    items = part.get("items", {})
    if SHOULD in items and isinstance(value, list):
        should = _valid(name, f"{pointer}/items/{SHOULD}")
        for index, item in enumerate(value):
            found += (
                Violation(f"/{index}{v.pointer}", v.expected, v.actual)
                for v in _departures(should, items[SHOULD], item)
            )
    return tuple(found)


def _departures(
    validator: jsonschema_rs.Validator, schema: Mapping[str, Any], value: Any
) -> tuple[Violation, ...]:
    try:
        if validator.is_valid(value):
            return ()
    except UnicodeEncodeError:
        # JSON may hold half of a surrogate pair, which Rust's text cannot.
        pass
    return _explained(schema, value)


@cache
def _valid(name: str, pointer: str) -> jsonschema_rs.Validator:
    return _fast(subschema(name, pointer))


def _fast(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    import jsonschema_rs  # noqa: PLC0415 - not needed to list clauses

    return jsonschema_rs.validator_for(dict(schema), validate_formats=True, formats=dict(FORMATS))


def _plain(schema: Mapping[str, Any]) -> jsonschema.Draft202012Validator:
    import jsonschema  # noqa: PLC0415 - only explains what was refused

    checker = jsonschema.FormatChecker(formats=())
    for name, check in FORMATS.items():
        checker.checks(name)(check)
    return jsonschema.Draft202012Validator(dict(schema), format_checker=checker)


def _explained(schema: Mapping[str, Any], value: Any) -> tuple[Violation, ...]:
    errors = sorted(
        _plain(schema).iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
    )
    return tuple(
        Violation(
            "".join(f"/{escaped(str(step))}" for step in error.absolute_path),
            expected(error.schema, error.validator),
            brief(error.instance),
        )
        for error in errors
    )


def escaped(step: str) -> str:
    """A member's name as a step of a JSON pointer. Source: RFC 6901."""
    return step.replace("~", "~0").replace("/", "~1")


def expected(schema: Any, keyword: Any) -> str:
    """What a schema asks for, in words, as far as the keyword that was broken goes."""
    if not isinstance(schema, Mapping):
        return "nothing"
    given: Any = schema.get(keyword)
    if keyword == "type":
        kinds = [given] if isinstance(given, str) else list(given or ["value"])
        return " or ".join(_KINDS.get(kind, kind) for kind in kinds)
    if keyword == "enum":
        return "one of " + ", ".join("null" if one is None else str(one) for one in given)[:400]
    if keyword == "format":
        return _SAID.get(given, str(given))
    if keyword == "pattern":
        prefix = given.removeprefix("^").partition("_")[0]
        return (
            f'"{prefix}_", once, and more without white space'
            if given[1:2].isalpha()
            else "the usual form, as on the page"
        )
    if keyword == "minimum":
        return f"at least {given}"
    return f"{keyword} {brief(given)}"


_KINDS: Final = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def brief(value: Any) -> str:
    """A value as JSON, cut to a line."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        text = type(value).__name__
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"
