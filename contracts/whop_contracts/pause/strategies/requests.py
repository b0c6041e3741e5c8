"""Requests of each class: what is drawn for a plan. Dates are symbolic, one thing differs from a good
request.

Ids are made here alone, so that no request can hit somebody's campaign. Case names say what differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import loose_instants, read_instant
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.strategies import samples, symbolic
from whop_contracts.pause.strategies.bodies import (
    NOT_UTF8,
    malformed_bodies,
    no_objects,
    not_instants,
    not_utf8_dates,
    wrong_types,
)
from whop_contracts.pause.strategies.identifiers import alterations, malformed_ids
from whop_contracts.pause.strategies.samples import SAMPLES, sample
from whop_contracts.schemas import load
from whop_contracts.steps import Case, SymbolicInstant

Member = tuple[str, str]
"""A member of a JSON object: its name, and its value as a JSON text."""
DATE: Final[Member] = ("paused_until", '"{until}"')
_SPACES: Final = ("", "", " ", "\n", "\t", "\r\n")
_ESCAPED_T: Final = "{date}\\u0054{time}{fraction}{offset}"
_MEDIA_TYPES: Final = ("application/json", "application/json; charset=utf-8")


@st.composite
def objects(draw: DrawFn, members: SearchStrategy[Sequence[Member]]) -> str:
    """JSON objects as any writer may spell them: white space, order and escapes in names. Shrinks towards
    compact.
    """
    gaps = [draw(st.sampled_from(_SPACES)) for _ in range(4)]
    chosen = draw(members.flatmap(st.permutations))
    written = [
        f"{_escaped(name, draw(st.sets(st.integers(0, 12), max_size=2)))}{gaps[0]}:{gaps[1]}{value}"
        for name, value in chosen
    ]
    return f"{{{gaps[2]}{f'{gaps[3]},{gaps[2]}'.join(written)}{gaps[3]}}}"


def _escaped(name: str, places: Iterable[int]) -> str:
    """A name as JSON, with the characters at some places as escapes."""
    pieces = [json.dumps(letter, ensure_ascii=False)[1:-1] for letter in name]
    for place in places:
        if place < len(name) and ord(name[place]) < 0x10000:  # noqa: PLR2004 - one escape is enough below it
            pieces[place] = f"\\u{ord(name[place]):04x}"
    return f'"{"".join(pieces)}"'


def undocumented() -> SearchStrategy[Member]:
    """Members that the page does not name, with values of every JSON type. Shrinks towards null.

    Neither a documented member of the response, which a provider might assign, nor another spelling of the
    date's name, which some providers read.
    """
    texts = (
        sample("texts") | samples.plain_instants() | st.text('ab "\\/\u00e9\u20ac\U0001f550\x01', max_size=8)
    )
    numbers: SearchStrategy[Any] = st.integers(-(2**70), 2**70) | st.sampled_from([0, -1, 0.5, 1e-7, 1.5e300])
    values = st.recursive(
        st.none() | st.booleans() | numbers | texts,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.$", max_size=2), inner, max_size=3)
        ),
        max_leaves=6,
    )
    names = sample("members") | st.text("abcxyz_-.$0 \u00e9", max_size=10).filter(_undocumented)
    return st.tuples(names, st.builds(json.dumps, values, ensure_ascii=st.booleans()))


def _undocumented(name: str) -> bool:
    return (
        name not in load("ad-campaign")["properties"] and re.sub(r"[\W_]", "", name.lower()) != "pauseduntil"
    )


def near_misses() -> SearchStrategy[tuple[str, str]]:
    """What was done to an instant, and the text that names none any more. Shrinks towards a character
    dropped.
    """
    return _mutated().filter(lambda named: read_instant(named[1]) is None and not loose_instants(named[1]))


@st.composite
def _mutated(draw: DrawFn) -> tuple[str, str]:
    fraction = draw(samples.fractions())
    day, clock, zone = draw(samples.days()), draw(sample("times")), draw(samples.zones())
    text = f"{day}T{clock}{'.' * bool(fraction)}{fraction}{zone}"
    at = draw(st.integers(0, len(text) - 1))
    separators = [place for place, letter in enumerate(text) if not letter.isdigit()]
    gap = draw(st.sampled_from(separators))
    digit = draw(st.sampled_from([place for place, letter in enumerate(text) if letter.isdigit()]))
    start = draw(st.sampled_from([5, 8, 11, 14, 17]))
    addition = draw(sample("additions"))
    mutations = [
        ("a character dropped", text[:at] + text[at + 1 :]),
        ("a character doubled", text[: at + 1] + text[at:]),
        ("two characters swapped", text[:at] + text[at : at + 2][::-1] + text[at + 2 :]),
        ("a separator replaced", text[:gap] + draw(st.sampled_from("-:T.,/_ +Z|")) + text[gap + 1 :]),
        ("a digit replaced", text[:digit] + draw(st.sampled_from("OolI -\uff10\u0660")) + text[digit + 1 :]),
        ("a number out of range", f"{text[:start]}{draw(st.integers(60, 99))}{text[start + 2 :]}"),
        ("something before it", addition + text),
        ("something after it", text + addition),
    ]
    return mutations[draw(st.integers(0, len(mutations) - 1))]


def _named(name: str, body: str | bytes | None, **more: Any) -> Case:
    return Case(f"drawn: {name}", body=body, origin="drawn", **more)


def _dated(name: str, dates: SearchStrategy[SymbolicInstant], *, extra: bool = False) -> SearchStrategy[Case]:
    """Pauses until a date, and with ``extra`` with undocumented members besides."""
    more = st.lists(undocumented(), min_size=1, max_size=3, unique_by=lambda member: member[0])
    members = more.map(lambda some: [*some, DATE]) if extra else st.just([DATE])
    return st.builds(
        lambda body, until, media_type: _named(name, body, until=until, media_type=media_type),
        objects(members),
        dates,
        st.sampled_from(_MEDIA_TYPES),
    )


def _undated(name: str, members: SearchStrategy[Sequence[Member]]) -> SearchStrategy[Case]:
    return objects(members).map(lambda body: _named(name, body))


def _good() -> SearchStrategy[Case]:
    """Requests that are accepted."""
    return _undated("", st.just([])) | _dated("", symbolic.stamps())


def _with(name: str, member: str, values: SearchStrategy[str]) -> SearchStrategy[Case]:
    """Good requests with one member of the case replaced: the id, the credential, the media type."""
    return st.builds(
        lambda case, value: replace(case, name=f"drawn: {name}", **{member: value}), _good(), values
    )


def _strings() -> SearchStrategy[Case]:
    other = not_instants().map(lambda text: ("text that names no instant", text))
    return st.builds(
        lambda named, escaped: (named[0], json.dumps(named[1], ensure_ascii=escaped)),
        near_misses() | other,
        st.booleans(),
    ).flatmap(lambda named: _undated(named[0], st.just([("paused_until", named[1])])))


def _types() -> SearchStrategy[Case]:
    return wrong_types().flatmap(
        lambda value: _undated("another type for the date", st.just([("paused_until", json.dumps(value))]))
    )


def _broken() -> SearchStrategy[Case]:
    """Good bodies with one character dropped, added or replaced, so that they are not JSON."""

    def broken(body: str, place: int, letter: str, kept: int) -> str:
        at = place % len(body)
        return body[:at] + letter + body[at + kept :]

    dated = objects(st.just([("paused_until", '"2031-03-04T05:06:07Z"')]))
    return (
        st.builds(
            broken,
            dated,
            st.integers(0, 60),
            st.sampled_from(["", "\\", "'", ",", "{", "]", "x"]),
            st.integers(0, 1),
        )
        .filter(
            lambda body: read_intent(body.encode(), _MEDIA_TYPES[0], None, None).request_class == "malformed"
        )
        .map(lambda body: _named("JSON with one character wrong", body))
    )


def _lax() -> SearchStrategy[Case]:
    """Bodies that only a lenient parser reads, because of an undocumented member."""
    numbers = st.sampled_from(["NaN", "Infinity", "-Infinity", "[NaN]"])
    return _undated(
        "NaN or Infinity beside the date", numbers.map(lambda text: [("note", text)])
    ) | st.builds(
        lambda instant, wrong: _named(
            "bytes that are not UTF-8 beside the date",
            b'{"paused_until": "' + instant.encode() + b'", "note": "' + wrong + b'"}',
        ),
        samples.plain_instants(),
        st.sampled_from(NOT_UTF8),
    )


def _methods() -> SearchStrategy[Case]:
    return st.builds(
        lambda method, body: _named(
            method, body, method=method, media_type=_MEDIA_TYPES[0] if body else None
        ),
        st.sampled_from(["DELETE", "PUT", "PATCH", "GET"]),
        st.sampled_from(["{}", None]),
    )


def _nothing() -> SearchStrategy[Case]:
    null = _undated("null for the date", st.just([("paused_until", "null")]))
    return null | st.sampled_from([None, "null", " null\n"]).map(lambda body: _named("nothing", body))


_UNKNOWN_IDS: Final = ("invented", "own:0:longer", "own:0:half")
_NO_CREDENTIALS: Final = ("none", "empty")
_STRATEGIES: Final[Mapping[str, Callable[[], SearchStrategy[Case]]]] = {
    "instant": lambda: _dated(
        "a date",
        symbolic.stamps() | symbolic.calendar_stamps() | symbolic.sunday_stamps()
        | symbolic.stamps().map(lambda until: replace(until, form=_ESCAPED_T)),
    ),
    "omitted": lambda: _undated("no date", st.just([])),
    "far": lambda: _dated("a far or fine date", symbolic.far_stamps()),
    "edge": lambda: _dated("a rare spelling", symbolic.edge_stamps()),
    "nothing": _nothing,
    "extra": lambda: _dated("undocumented members", symbolic.stamps(), extra=True)
    | _undated(
        "undocumented members", st.lists(undocumented(), min_size=1, max_size=3, unique_by=lambda m: m[0])
    ),
    "media-type": lambda: _with("another media type", "media_type", sample("media_types")),
    "past": lambda: _dated("a date that has passed", symbolic.past_stamps()),
    "loose": lambda: _dated("a date in another form", symbolic.loose_stamps()),
    "string": _strings,
    "type": _types,
    "malformed": lambda: st.one_of(
        _broken(),
        malformed_bodies().map(lambda named: _named(*named)),
        not_utf8_dates().map(lambda body: _named("bytes that are not UTF-8", body)),
    ),
    "lax-json": _lax,
    "no-object": lambda: no_objects().map(lambda body: _named("JSON that is not an object", body)),
    "unknown-id": lambda: _with("an unknown id", "campaign", st.sampled_from(_UNKNOWN_IDS)),
    "malformed-id": lambda: _with("a malformed id", "campaign", _malformed_ids()),
    "recased-id": lambda: _with("an id in another case", "campaign", st.just("own:0:recased")),
    "method": _methods,
    "several": lambda: st.builds(
        lambda case, credential: replace(case, name="drawn: two things wrong", credential=credential),
        _with("", "campaign", st.sampled_from(_UNKNOWN_IDS) | _malformed_ids()),
        st.sampled_from(_NO_CREDENTIALS) | alterations(),
    ),
    "no-credential": lambda: _with("no credential", "credential", st.sampled_from(_NO_CREDENTIALS)),
    "wrong-credential": lambda: _with(
        "an altered token", "credential", alterations() | st.sampled_from(["unknown", "unknown:unsigned"])
    ),
    "scheme": lambda: _with("another scheme", "credential", sample("schemes").map("scheme:".__add__)),
    "permission": lambda: _with("a token that may only read", "credential", st.just("readonly")),
    "foreign": lambda: _with("another company's campaign", "campaign", st.just("foreign")),
}  # fmt: skip


def _malformed_ids() -> SearchStrategy[str]:
    return st.one_of(
        malformed_ids().map("raw:".__add__),
        st.sampled_from([prefix for prefix in SAMPLES["id_prefixes"] if prefix]).map("own:0:prefix:".__add__),
        sample("encoded").map("own:0:suffix:".__add__),
    )


@cache
def requests_of(request_class: str) -> SearchStrategy[Case]:
    """The requests of a class. Every one is classified back into it."""
    return _STRATEGIES[request_class]()
