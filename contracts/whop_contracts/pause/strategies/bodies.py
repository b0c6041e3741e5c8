"""Documents by the derived schemas, and bodies of pause requests: valid, or with exactly one thing wrong."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.strategies.instants import FIRST, LAST, rfc3339_instants
from whop_contracts.pause.strategies.values import DAYS, PLAIN_INSTANTS, SAMPLES, YEARS, sample, weighted
from whop_contracts.schemas import SHOULD, load

_TRUNCATED: Final = "a truncated body"
_ZEROS: Final = (0xFF10, 0x0660, 0x0966, 0x1D7CE)
"""The zero (and the nine signs after it) of full width, of Arabic, of Devanagari, of bold mathematics: a
reader that asks ``isdigit`` or matches ``\\d`` takes them for digits.
"""
_MOST: Final = 1_000_000
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


_LATE_HOURS: Final = st.sampled_from([24, 25]) | st.integers(24, 99)
_NO_TIMES: Final = st.one_of(
    st.builds("{:02d}:00:00".format, _LATE_HOURS),
    st.builds("{:02d}:{:02d}:{:02d}".format, _LATE_HOURS, st.integers(0, 59), st.integers(0, 59)),
    st.builds("12:{:02d}:00".format, st.integers(60, 99)),
    st.builds("12:30:{:02d}".format, st.integers(61, 99)),
)
"""Times that no clock shows: hour 24 or later, minute 60, second 61."""
_NO_ZONES: Final = st.one_of(
    st.builds("{}{:02d}:00".format, st.sampled_from("+-"), st.integers(25, 99)),
    st.builds("{}05:{:02d}".format, st.sampled_from("+-"), st.integers(60, 99)),
)
"""Zones that are 25 hours or more from UTC, or whose minutes are 60 or more."""


def not_instants() -> SearchStrategy[str]:
    """Texts that name no instant: impossible days, times and zones, words, numbers, other notations of dates,
    instants with one thing too many or too few, digits of other scripts, NUL and quotes, a few thousand
    characters. Never one that a lenient reader takes for an instant. Shrinks towards ``tomorrow``.
    """
    pieces = st.sampled_from(["9", "A", "tomorrow ", "2030-01-01T00:00:00Z", "-", "0", "é", "'"])
    shapes = st.builds(
        lambda shape, day, time: shape.format(day=day, time=time),
        sample("shapes") | sample("lenient"),
        DAYS,
        sample("times"),
    )
    numbers = sample("numbers") | st.integers(1_924_905_600, 4_102_444_800).map(str)
    scripts = st.builds(_in_script, st.sampled_from(_ZEROS), DAYS, sample("times"), st.booleans())
    sizes = st.sampled_from([300, 3_000, 9_000])
    characters = st.lists(st.sampled_from("0123456789-:TZ+. tz/WP"), min_size=1, max_size=30).map("".join)
    # What readers of dates are known to accept comes most often.
    return weighted(
        (2, sample("words")),
        (6, shapes),
        (4, sample("notations")),
        (3, _impossible_days()),
        (1, st.builds("{}T{}{}".format, DAYS, _NO_TIMES, st.sampled_from(["Z", ".000Z", "+02:00"]))),
        (1, st.builds("{}T{}{}".format, DAYS, sample("times"), _NO_ZONES)),
        (1, numbers),
        (1, sample("texts")),
        (1, scripts),
        (1, st.builds(lambda piece, size: piece * (size // len(piece)), pieces, sizes)),
        (1, characters.filter(lambda text: not re.search(r"\d{4}-\d\d-\d\d", text))),
    )


def wrong_types() -> SearchStrategy[Any]:
    """JSON values that are neither strings nor null: numbers (also epochs in seconds and milliseconds), true
    and false, arrays, objects. Shrinks towards 0.
    """
    numbers: SearchStrategy[Any] = st.one_of(
        st.integers(-100, 100),
        st.sampled_from(SAMPLES["json_numbers"]),
        st.integers(1_924_905_600, 4_102_444_800),
        st.integers(1_924_905_600_000, 4_102_444_800_000),
    )
    scalars = numbers | st.booleans()
    leaves = scalars | st.sampled_from(["", "tomorrow", None])
    members = st.sampled_from(["date", "paused_until", "$date", "$gt", "iso", "seconds", "until", "0", ""])
    dates = st.lists(PLAIN_INSTANTS, min_size=1, max_size=2)
    named = st.dictionaries(members, PLAIN_INSTANTS, max_size=2)
    arrays = dates | st.lists(leaves, max_size=2)
    objects = named | st.dictionaries(members, leaves | arrays, max_size=2)
    return st.one_of(scalars, arrays, objects, st.lists(arrays | objects, min_size=1, max_size=1))


@st.composite
def _impossible_days(draw: DrawFn) -> str:
    """Days that no calendar has, alone or with a time: the 31st of a short month, month 13."""
    year = draw(st.sampled_from([2100, 2023, 1900]) | YEARS)
    month = draw(st.sampled_from([2, 4, 6, 9, 11]) | st.sampled_from([1, 3, 5, 7, 8, 10, 12]))
    length = monthrange(year, month)[1]
    kind = draw(st.sampled_from(["next", "late", "zero", "month"]))
    day = {"next": length + 1, "late": draw(st.integers(length + 1, 99)), "zero": 0, "month": 28}[kind]
    if kind == "month":
        month = draw(st.sampled_from([13, 0]) | st.integers(13, 99))
    tail = draw(st.sampled_from(["T12:00:00Z", "", "T00:00:00.000Z", "T12:00:00+05:30"]))
    return f"{year:04d}-{month:02d}-{day:02d}{tail}"


def _in_script(zero: int, day: str, time: str, whole: bool) -> str:  # noqa: FBT001 - drawn
    """A good instant in the digits of another script, or its year alone."""
    table = {ord("0") + digit: zero + digit for digit in range(10)}
    text = f"{day}T{time}Z"
    return text.translate(table) if whole else text[:4].translate(table) + text[4:]


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
        st.tuples(st.just("no object"), NO_OBJECTS),
        malformed_bodies(),
        st.tuples(st.just("bytes that are not UTF-8"), NOT_UTF8_DATES),
    )


def _pause(until: Any, escaped: bool = True) -> str:  # noqa: FBT001, FBT002 - drawn
    return json.dumps({"paused_until": until}, ensure_ascii=escaped)


_DATED: Final = PLAIN_INSTANTS.map(lambda instant: {"paused_until": instant})
NO_OBJECTS: Final = st.one_of(
    st.integers(-100, 100),
    st.booleans(),
    sample("no_objects"),
    PLAIN_INSTANTS,
    _DATED.map(lambda body: [body]),
    _DATED.map(lambda body: list(body.items())),
    _DATED.map(json.dumps),
).map(json.dumps)
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
def malformed_bodies(draw: DrawFn) -> tuple[str, str]:
    """What is wrong, and a text that is not JSON for that one reason, or because it ends too soon."""
    instant = draw(PLAIN_INSTANTS)
    name = draw(st.sampled_from([*SAMPLES["malformed"], _TRUNCATED]))
    if name == _TRUNCATED:
        text = _pause(instant)
        return name, text[: draw(st.integers(1, len(text) - 1))]
    return name, draw(st.sampled_from(SAMPLES["malformed"][name])).replace("DATE", instant)
