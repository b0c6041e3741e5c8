"""Documents by the derived schemas, and bodies of pause requests: valid, or with exactly one thing wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.strategies.instants import FIRST, LAST, rfc3339_instants
from whop_contracts.pause.strategies.values import DAYS, PLAIN_INSTANTS, SAMPLES, sample
from whop_contracts.schemas import SHOULD, load

_ZEROS: Final = (0xFF10, 0x0660, 0x0966, 0x1D7CE)
"""The zero (and the nine signs after it) of full width, of Arabic, of Devanagari, of bold mathematics: a
reader that asks ``isdigit`` or matches ``\\d`` takes them for digits.
"""
_MOST: Final = 1_000_000
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
"""English whatever the locale is, as dates of mail are."""
_COUNTRIES: Final = ("US", "CA", "GB", "FR", "DE", "BR", "IN", "JP", "NG", "AU", "NO", "ZA")


# -- documents -----------------------------------------------------------------------------------------------


def ad_campaigns() -> SearchStrategy[dict[str, Any]]:
    """Campaigns as the page documents them: with every documented member, each nullable one null now and
    then. ``updated_at`` is never before ``created_at``, and only a paused campaign has a ``paused_until``.
    Shrinks towards numbers of 0, empty lists and nulls, and timestamps of September 2020.
    """

    def coherent(document: dict[str, Any]) -> dict[str, Any]:
        created, updated = sorted((document["created_at"], document["updated_at"]))
        paused_until = document["paused_until"] if document["status"] == "paused" else None
        return document | {"created_at": created, "updated_at": updated, "paused_until": paused_until}

    # As the page writes them: UTC, three digits of fraction.
    milliseconds = st.integers(1_600_000_000_000, 2_500_000_000_000)
    timestamps = milliseconds.map(lambda ms: write_instant(ms * NANO // 1_000))
    formats = {"date-time": timestamps, "iso-3166-1-alpha-2": st.sampled_from(_COUNTRIES)}
    return _values(load("ad-campaign"), formats).map(coherent)


def pause_bodies(*, earliest: datetime = FIRST, latest: datetime = LAST) -> SearchStrategy[dict[str, Any]]:
    """Bodies that the schema of the pause request allows, with documented members alone: empty, or with an
    instant from ``earliest`` to ``latest`` in any spelling of RFC 3339. Shrinks towards ``{}``.
    """
    instants = rfc3339_instants(earliest=earliest, latest=latest)
    return _values(load("pause-request"), {"date-time": instants})


def _values(schema: Mapping[str, Any], formats: Mapping[str, SearchStrategy[str]]) -> SearchStrategy[Any]:
    """Documented members alone, by what the schema recommends as well; ``formats`` makes texts by format."""
    schema = {**schema, **schema.get(SHOULD, {})}
    if "enum" in schema:
        return st.sampled_from(sorted(schema["enum"], key=lambda value: value is not None))
    if isinstance(schema["type"], list):
        types = sorted(schema["type"], key=lambda name: name != "null")
        return st.one_of([_values({**schema, "type": one}, formats) for one in types])
    if schema["type"] == "object":
        parts = {name: part for name, part in schema["properties"].items() if "description" in part}
        members = {name: _values(part, formats) for name, part in parts.items()}
        required = {name: members.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(required, optional=members)
    if schema["type"] == "array":
        return st.lists(_values(schema["items"], formats), max_size=5)
    if schema["type"] == "string":
        text = st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else st.text()
        return formats.get(schema.get("format", ""), text)
    whole = st.integers(0, _MOST)
    numbers = {"null": st.none(), "boolean": st.booleans(), "integer": whole}
    return numbers.get(schema["type"], whole | st.floats(0, _MOST))


# -- values that are no instants -----------------------------------------------------------------------------


def _in_script(zero: int, day: str, time: str, whole: bool) -> str:  # noqa: FBT001 - drawn
    """A good instant in the digits of another script, or its year alone."""
    table = {ord("0") + digit: zero + digit for digit in range(10)}
    text = f"{day}T{time}Z"
    return text.translate(table) if whole else text[:4].translate(table) + text[4:]


@st.composite
def _filled(draw: DrawFn, templates: Sequence[str]) -> str:
    """One of the templates of ``samples.json`` with a drawn moment of the years 2030 to 2099."""
    template, day, time = draw(st.sampled_from(templates)), draw(DAYS), draw(sample("times"))
    at = datetime.fromisoformat(f"{day}T{time}+00:00")
    weekday, month = _WEEKDAYS[at.weekday()], _MONTHS[at.month - 1]
    return template.format(at=at, day=day, time=time, weekday=weekday, month=month, epoch=int(at.timestamp()))


_PIECES: Final = st.sampled_from(["9", "A", "tomorrow ", "2030-01-01T00:00:00Z", "-", "0", "é", "'"])
_CHARACTERS: Final = st.lists(st.sampled_from("0123456789-:TZ+. tz/WP"), min_size=1, max_size=30)
NOT_INSTANTS: Final[Mapping[str, SearchStrategy[str]]] = {
    **{name: _filled(templates) for name, templates in SAMPLES["no_instants"].items()},
    "digits of another script": st.builds(
        _in_script, st.sampled_from(_ZEROS), DAYS, sample("times"), st.booleans()
    ),
    "thousands of characters": st.builds(
        lambda piece, size: piece * (size // len(piece)), _PIECES, st.sampled_from([300, 3_000, 9_000])
    ),
    "characters of dates": _CHARACTERS.map("".join).filter(
        lambda text: not re.search(r"\d{4}-\d\d-\d\d", text)
    ),
    "any other text": sample("texts"),
}
"""Texts that name no instant, by their kind. What readers of dates are known to accept comes first."""


def not_instants() -> SearchStrategy[str]:
    """Texts that name no instant: impossible days, times and zones, words, numbers, other notations of dates,
    instants with one thing too many or too few, digits of other scripts, NUL and quotes, a few thousand
    characters. Never one that a lenient reader takes for an instant. Shrinks towards ``tomorrow``.
    """
    return st.one_of(*NOT_INSTANTS.values())


_LEAVES: Final = st.integers(-100, 100) | st.booleans() | st.sampled_from(["", "tomorrow", None])
_NAMES: Final = st.sampled_from(["date", "paused_until", "$date", "$gt", "iso", "seconds", "until", "0", ""])
_SECONDS: Final = st.integers(1_924_905_600, 4_102_444_800)
_ARRAYS: Final = st.lists(_LEAVES, max_size=2)
_OBJECTS: Final = st.dictionaries(_NAMES, _LEAVES | _ARRAYS, max_size=2)
WRONG_TYPES: Final[Mapping[str, SearchStrategy[Any]]] = {
    "a small number": st.integers(0, 100),
    "seconds since 1970": _SECONDS,
    "a negative number": st.integers(-100, -1) | _SECONDS.map(int.__neg__),
    "an array of a date": st.lists(PLAIN_INSTANTS, min_size=1, max_size=2),
    "milliseconds since 1970": _SECONDS.map((1_000).__mul__),
    "an object with a date": st.dictionaries(_NAMES, PLAIN_INSTANTS, min_size=1, max_size=2),
    "true or false": st.booleans(),
    "a number that few types hold": st.sampled_from(SAMPLES["json_numbers"]),
    "an array or an object": _ARRAYS | _OBJECTS | st.lists(_ARRAYS | _OBJECTS, min_size=1, max_size=1),
}
"""JSON values that are neither strings nor null, by their kind."""


def wrong_types() -> SearchStrategy[Any]:
    """JSON values that are neither strings nor null: numbers (also epochs in seconds and milliseconds), true
    and false, arrays, objects. Shrinks towards 0.
    """
    return st.one_of(*WRONG_TYPES.values())


# -- bodies with one thing wrong -----------------------------------------------------------------------------


def bad_pause_bodies() -> SearchStrategy[tuple[str, str | bytes]]:
    """What is wrong, and a body that is good but for that one thing: a value of another type, text that names
    no instant, JSON that is no object, malformed JSON, bytes that are not UTF-8. All but the last are text.

    No body is null or blank, begins with a byte order mark, is UTF-16 or has a key twice: nothing could be
    concluded from the response. Shrinks towards ``{"paused_until": 0}``.
    """
    return st.one_of(
        st.tuples(st.just("another type for the date"), wrong_types().map(_pause)),
        st.tuples(st.just("text that names no instant"), st.builds(_pause, not_instants(), st.booleans())),
        st.tuples(st.just("no object"), st.one_of(NO_OBJECTS)),
        *(st.tuples(st.just(name), bodies) for name, bodies in MALFORMED.items()),
        st.tuples(st.just("bytes that are not UTF-8"), NOT_UTF8_DATES),
    )


def _pause(until: Any, escaped: bool = True) -> str:  # noqa: FBT001, FBT002 - drawn
    return json.dumps({"paused_until": until}, ensure_ascii=escaped)


_DATED: Final = PLAIN_INSTANTS.map(lambda instant: {"paused_until": instant})
NO_OBJECTS: Final = tuple(
    values.map(json.dumps)
    for values in (
        _DATED.map(lambda body: [body]),
        PLAIN_INSTANTS,
        st.integers(-100, -1),
        _DATED.map(json.dumps),
        st.integers(0, 100) | st.booleans() | sample("no_objects"),
        _DATED.map(lambda body: list(body.items())),
    )
)
"""Whole JSON texts that are neither objects nor null."""


def not_utf8(start: SearchStrategy[str]) -> SearchStrategy[bytes]:
    """Bodies that begin with ``start`` and end with bytes that are not UTF-8, in a text. Not a surrogate,
    which sound readers of JSON accept as they accept its escape.
    """
    wrong = st.sampled_from(tuple(map(bytes.fromhex, SAMPLES["not_utf8_hex"])))
    return st.builds(lambda text, end: text.encode() + end + b'"}', start, wrong)


NOT_UTF8_DATES: Final = not_utf8((st.just("") | PLAIN_INSTANTS).map('{{"paused_until": "{}'.format))
"""Bodies with bytes that are not UTF-8 in the date: alone, or after an instant."""


@st.composite
def _ended(draw: DrawFn) -> str:
    """A good body without its end."""
    text = _pause(draw(PLAIN_INSTANTS))
    return text[: draw(st.integers(1, len(text) - 1))]


MALFORMED: Final[Mapping[str, SearchStrategy[str]]] = {
    **{
        name: st.builds(
            lambda text, instant: text.replace("DATE", instant), st.sampled_from(texts), PLAIN_INSTANTS
        )
        for name, texts in SAMPLES["malformed"].items()
    },
    "a truncated body": _ended(),
}
"""Texts that are not JSON, by the reason: one thing, or that they end too soon."""
