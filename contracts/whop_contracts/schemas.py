"""The schemas: found, loaded once, asserted with their formats, and explained in words.

``jsonschema-rs`` decides validity, being fast, ``jsonschema`` explains what is invalid. Where the two differ
(halves of surrogate pairs, numbers beyond all floats), the latter decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import read_instant

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs

SHOULD: Final = "x-should"
_CUT: Final = 80


class FormatNotAssertedError(RuntimeError):
    """A validator accepts any text for a format, so that no run could be trusted."""


@dataclass(frozen=True, slots=True)
class Member:
    """A documented member of an object, at any depth: where it is, what is documented, and the source."""

    pointer: str
    schema_pointer: str
    statement: str
    source: str
    place: str
    nullable: bool


def document_path(name: str) -> Path:
    """The path of a file of the schema folder: next to this module in the wheel, else in the checkout."""
    inside = Path(__file__).with_name("documents")
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "schemas") / name


@cache
def load(name: str) -> dict[str, Any]:
    """A schema by its name: ``ad-campaign``, ``pause-request``, ``error``, ``result``, or ``openapi``."""
    file = f"{name}.json" if name == "openapi" else f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(document_path(file).read_text(encoding="utf-8"))
    return loaded


@cache
def subschema(name: str, pointer: str) -> dict[str, Any]:
    """The part of a schema at a JSON pointer; the whole for an empty one."""
    part = load(name)
    for step in pointer.split("/")[1:]:
        part = part[step]
    return part


def members(name: str, pointer: str = "", schema_pointer: str = "") -> Iterator[Member]:
    """Every documented member of an object's schema, parents before children, in the order of the page."""
    for leaf, part in subschema(name, schema_pointer).get("properties", {}).items():
        if "description" in part:
            inner, at = f"{pointer}/{leaf}", f"{schema_pointer}/properties/{leaf}"
            about = part["description"], part["x-source"], part["x-place"]
            yield Member(inner, at, *about, nullable="null" in part["type"])
            yield from members(name, inner, at)


# -- formats -----------------------------------------------------------------------------------------------


def is_date_time(value: object) -> bool:
    """Whether a text is an RFC 3339 ``date-time`` with calendar and offset. What is not a text passes."""
    return not isinstance(value, str) or read_instant(value) is not None


def is_country(value: object) -> bool:
    """Whether a text is an assigned ISO 3166-1 alpha-2 code, in upper case. What is not a text passes."""
    import pycountry  # noqa: PLC0415 - slow to import, and only needed where countries are checked

    country = pycountry.countries.get(alpha_2=value) if isinstance(value, str) else None
    return not isinstance(value, str) or (country is not None and country.alpha_2 == value)


_TIME, _COUNTRY = "date-time", "iso-3166-1-alpha-2"
FORMATS: Final[Mapping[str, Callable[[object], bool]]] = {_TIME: is_date_time, _COUNTRY: is_country}
_WRONG: Final = {_TIME: "2023-02-29T00:00:00Z", _COUNTRY: "ZZ"}


def self_test() -> None:
    """Raise `FormatNotAssertedError` if a validator accepts a wrong date or country, or a line end."""
    for name, wrong in _WRONG.items():
        schema = {"type": "string", "format": name}
        if _fast(schema).is_valid(wrong) or _plain(schema).is_valid(wrong):
            raise FormatNotAssertedError(f"the format {name} is not asserted: {wrong!r} passed")
    schema = subschema("ad-campaign", "/properties/id")
    if _fast(schema).is_valid("adcamp_x\n") or _plain(schema).is_valid("adcamp_x\n"):
        raise FormatNotAssertedError("a pattern accepts a line end after an id")


# -- validity ----------------------------------------------------------------------------------------------


def sound(name: str, value: Any, pointer: str = "") -> bool:
    """Whether a value, and so each part of it, certainly conforms to the part of a schema at ``pointer``."""
    try:
        return bool(_validator(name, pointer).is_valid(value))
    except UnicodeEncodeError:
        # JSON may contain half of a surrogate pair, which Rust's strings cannot.
        return False


def violations(name: str, pointer: str, value: Any) -> tuple[Finding, ...]:
    """How a value differs from the part of a schema at ``pointer``; nothing if it is valid."""
    if sound(name, value, pointer):
        return ()
    errors = _plain(subschema(name, pointer)).iter_errors(value)
    return tuple(
        Finding(
            expected(error.schema, error.validator),
            brief(error.instance),
            "".join(f"/{escaped(str(step))}" for step in error.absolute_path),
        )
        for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path])
    )


def warns(name: str, pointer: str) -> bool:
    """Whether the part of a schema at ``pointer`` has rules that only warn, for it or for array items."""
    part = subschema(name, pointer)
    return SHOULD in part or SHOULD in part.get("items", {})


def should_violations(name: str, pointer: str, value: Any) -> tuple[Finding, ...]:
    """The same as `violations` for rules that only warn, of the part itself and of an array's items."""
    part = subschema(name, pointer)
    found = violations(name, f"{pointer}/{SHOULD}", value) if SHOULD in part and value is not None else ()
    if SHOULD in part.get("items", {}) and isinstance(value, list):
        for index, item in enumerate(value):
            wrong = violations(name, f"{pointer}/items/{SHOULD}", item)
            found += tuple(replace(one, pointer=f"/{index}{one.pointer}") for one in wrong)
    return found


@cache
def _validator(name: str, pointer: str) -> jsonschema_rs.Validator:
    return _fast(subschema(name, pointer))


def _fast(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    import jsonschema_rs  # noqa: PLC0415 - not needed to list clauses

    return jsonschema_rs.validator_for(schema, validate_formats=True, formats=dict(FORMATS))


def _plain(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    import jsonschema  # noqa: PLC0415 - only explains what is invalid

    checker = jsonschema.FormatChecker(formats=jsonschema.FormatChecker.checkers.keys() - _WRONG.keys())
    for name, check in FORMATS.items():
        checker.checks(name)(check)
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def escaped(step: str) -> str:
    """A member's name as a step of a JSON pointer. Source: RFC 6901."""
    return step.replace("~", "~0").replace("/", "~1")


# -- words -------------------------------------------------------------------------------------------------

_WORDS: Final = {
    _TIME: "an RFC 3339 timestamp with an offset",
    _COUNTRY: "an ISO 3166-1 country code of two capital letters",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def expected(schema: Mapping[str, Any], keyword: str) -> str:
    """What a schema expects, in words, as far as one keyword says."""
    given: Any = schema[keyword]
    match keyword:
        case "type":
            return " or ".join(_WORDS[one] for one in ([given] if isinstance(given, str) else given))
        case "enum":
            return "one of " + ", ".join("null" if one is None else str(one) for one in given)[:400]
        case "format":
            return _WORDS.get(given, str(given))
        case "pattern" if given[1:2].isalpha():
            return f'"{given[1:].partition("_")[0]}_", once, and more without white space'
        case "pattern":
            return "the usual form, as on the page"
        case "minimum":
            return f"at least {given}"
    return f"{keyword} {brief(given)}"


def brief(value: Any) -> str:
    """A value as JSON, cut to 80 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        text = type(value).__name__
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"
