"""Requests of each class: what is drawn for a plan. One thing differs from a good request; names say what.

Dates are symbolic. Ids are made here alone, so that no request can hit somebody's campaign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import loose_instants, read_instant
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.strategies import bodies, instants, values
from whop_contracts.pause.strategies.values import PLAIN_INSTANTS, SAMPLES, sample
from whop_contracts.schemas import load
from whop_contracts.steps import ALTERATIONS, Case, SymbolicInstant

Member = tuple[str, str]
"""A member of a JSON object: its name, and its value as a JSON text."""
_SPACES: Final = ("", "", " ", "\n", "\t", "\r\n")
_NO_MEMBERS: Final[SearchStrategy[list[Member]]] = st.just([])
_JSON: Final = "application/json"


# -- bodies --------------------------------------------------------------------------------------------------


@st.composite
def _objects(draw: DrawFn, members: SearchStrategy[Sequence[Member]]) -> str:
    """JSON objects as any writer may spell them: white space, order and escapes in names."""
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


def _few_members() -> SearchStrategy[list[Member]]:
    """One to three members that the page does not name, with values of every JSON type.

    Neither a documented member of the response, which a provider might assign, nor another spelling of the
    date's name.
    """
    texts = sample("texts") | PLAIN_INSTANTS | st.text('ab "\\/\u00e9\u20ac\U0001f550\x01', max_size=8)
    integers, others = st.integers(-(2**70), 2**70), st.sampled_from([0, -1, 0.5, 1e-7, 1.5e300])
    values = st.recursive(
        st.none() | st.booleans() | integers | others | texts,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.$", max_size=2), inner, max_size=3)
        ),
        max_leaves=6,
    )
    documented = load("ad-campaign")["properties"]
    names = sample("members") | st.text("abcxyz_-.$0 \u00e9", max_size=10).filter(
        lambda name: name not in documented and re.sub(r"[\W_]", "", name.lower()) != "pauseduntil"
    )
    members = st.tuples(names, st.builds(json.dumps, values, ensure_ascii=st.booleans()))
    return st.lists(members, min_size=1, max_size=3, unique_by=lambda member: member[0])


def _many_members() -> SearchStrategy[list[Member]]:
    """All sample members, each with values of one kind."""
    kinds = SAMPLES["json_values"]
    lists = [st.permutations(kind).map(lambda some: f"[{', '.join(some)}]") for kind in kinds]
    return st.builds(
        lambda names, some: list(zip(names, cycle(some), strict=False)),
        st.permutations(SAMPLES["members"]),
        st.tuples(*lists),
    )


@st.composite
def _mutated(draw: DrawFn) -> tuple[str, str]:
    """What was done to an instant, and the text that this makes."""
    fraction = draw(values.FRACTIONS)
    day, clock, zone = draw(values.DAYS), draw(sample("times")), draw(values.ZONES)
    text = f"{day}T{clock}{'.' * bool(fraction)}{fraction}{zone}"
    at = draw(st.integers(0, len(text) - 1))
    gap = draw(st.sampled_from([place for place, letter in enumerate(text) if not letter.isdigit()]))
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


def _broken_bodies() -> SearchStrategy[str]:
    """Good bodies with one character dropped, added or replaced, so that they are not JSON."""

    def broken(body: str, place: int, letter: str, kept: int) -> str:
        at = place % len(body)
        return body[:at] + letter + body[at + kept :]

    bodies = _objects(st.just([("paused_until", '"2031-03-04T05:06:07Z"')]))
    letters = st.sampled_from(["", "\\", "'", ",", "{", "]", "x"])
    drawn = st.builds(broken, bodies, st.integers(0, 60), letters, st.integers(0, 1))
    return drawn.filter(
        lambda body: read_intent(body.encode(), _JSON, None, None).request_class == "malformed"
    )


# -- requests ------------------------------------------------------------------------------------------------


def _case(name: str, body: str | bytes | None, **more: Any) -> Case:
    return Case(f"drawn: {name}", body=body, origin="drawn", **more)


def _bodies(name: str, drawn: SearchStrategy[Any]) -> SearchStrategy[Case]:
    return drawn.map(lambda body: _case(name, body))


def _undated(name: str, *members: Member) -> SearchStrategy[Case]:
    return _bodies(name, _objects(st.just(members)))


def _dated(
    name: str, dates: SearchStrategy[SymbolicInstant], extra: SearchStrategy[list[Member]] = _NO_MEMBERS
) -> SearchStrategy[Case]:
    """Pauses until a date, with ``extra`` members besides."""
    return st.builds(
        lambda body, until, media_type: _case(name, body, until=until, media_type=media_type),
        _objects(extra.map(lambda more: [*more, ("paused_until", '"{until}"')])),
        dates,
        st.sampled_from([_JSON, "application/json; charset=utf-8"]),
    )


_GOOD: Final = (_dated("", instants.stamps()), _undated(""), st.just(_case("", None, media_type=None)))
"""Good requests: with a date, without one, without a body."""
_ANY_GOOD: Final = st.one_of(_GOOD)


def _with(
    name: str, member: str, values: SearchStrategy[str], good: SearchStrategy[Case] = _ANY_GOOD
) -> SearchStrategy[Case]:
    """Good requests with one member of the case replaced: the id, the credential, the media type."""
    name = f"drawn: {name}"
    return st.builds(lambda case, value: replace(case, name=name, **{member: value}), good, values)


def _value(name: str, texts: SearchStrategy[str]) -> SearchStrategy[Case]:
    """Requests with a JSON text for the date."""
    return _bodies(name, texts.flatmap(lambda text: _objects(st.just([("paused_until", text)]))))


def _text(name: str, texts: SearchStrategy[str]) -> SearchStrategy[Case]:
    escaped = st.booleans()
    return _value(name, st.builds(lambda text, only: json.dumps(text, ensure_ascii=only), texts, escaped))


def _other_method(method: str) -> SearchStrategy[Case]:
    bodies = st.sampled_from(["{}", None])
    return bodies.map(lambda body: _case(method, body, method=method, media_type=_JSON if body else None))


_DATES: Final = (
    instants.SUNDAYS[0],
    instants.stamps(),
    instants.SUNDAYS[1],
    instants.calendar_stamps(),
    instants.SUNDAYS[2],
    instants.stamps().map(lambda until: replace(until, form="{date}\\u0054{time}{fraction}{offset}")),
)
_AWAY: Final = instants.stamps().filter(lambda until: until.offset != "Z")
"""Dates with an offset, which is what gets lost if a body of several members is read in another way."""
_UNALIKE: Final = _mutated().filter(
    lambda named: read_instant(named[1]) is None and not loose_instants(named[1])
)
_MUTATED: Final = _UNALIKE.flatmap(lambda named: _text(named[0], st.just(named[1])))
_NOT_FINITE: Final = st.sampled_from(["NaN", "Infinity", "-Infinity", "[NaN]"])
_UNKNOWN_IDS: Final = ("invented", "own:0:longer", "own:0:half")
_MALFORMED_IDS: Final = (
    *((name, st.sampled_from(hows).map("own:0:".__add__)) for name, hows in SAMPLES["own_ids"].items()),
    *(("a malformed id", kind.map("raw:".__add__)) for kind in values.MALFORMED_IDS),
)
_NO_CREDENTIALS: Final = st.sampled_from(["none", "empty"])
_ALTERED: Final = {
    family: st.sampled_from([f"altered:{how}" for how in ALTERATIONS if how.partition(":")[0] == family])
    for family in dict.fromkeys(how.partition(":")[0] for how in ALTERATIONS)
}
REQUESTS: Final[Mapping[str, Sequence[SearchStrategy[Case]]]] = {
    "instant": [_dated("a date", dates) for dates in _DATES],
    "omitted": [_undated("no date")],
    "far": [_dated("a far or fine date", dates) for dates in instants.FAR],
    "edge": [_dated("a rare spelling", dates) for dates in instants.EDGES],
    "nothing": [
        _undated("null for the date", ("paused_until", "null")),
        _bodies("nothing", st.sampled_from([None, "null", " null\n"])),
    ],
    "extra": [
        request
        for members in (_few_members(), _many_members())
        for request in (
            _dated("undocumented members", _AWAY, members),
            _bodies("undocumented members", _objects(members)),
        )
    ],
    "media-type": [
        _with("another media type", "media_type", st.just(one), st.one_of(_GOOD[:2]))
        for one in SAMPLES["media_types"]
    ],
    "past": [_dated("a date that has passed", dates) for dates in instants.PAST],
    "loose": [_dated("a date in another form", dates) for dates in instants.LOOSE],
    "string": [*(_text(*named) for named in bodies.NOT_INSTANTS.items()), *[_MUTATED] * 4],
    "type": [
        _value(f"{name} for the date", kind.map(json.dumps)) for name, kind in bodies.WRONG_TYPES.items()
    ],
    "malformed": [
        *(_bodies(*named) for named in bodies.MALFORMED.items()),
        _bodies("JSON with one character wrong", _broken_bodies()),
        _bodies("bytes that are not UTF-8", bodies.NOT_UTF8_DATES),
    ],
    "lax-json": [
        _bodies("NaN or Infinity beside the date", _objects(_NOT_FINITE.map(lambda text: [("note", text)]))),
        _bodies(
            "bytes that are not UTF-8 beside the date",
            bodies.not_utf8(PLAIN_INSTANTS.map('{{"paused_until": "{}", "note": "'.format)),
        ),
    ],
    "no-object": [_bodies("JSON that is not an object", kind) for kind in bodies.NO_OBJECTS],
    "unknown-id": [_with("an unknown id", "campaign", st.just(one)) for one in _UNKNOWN_IDS],
    "malformed-id": [_with(name, "campaign", kind) for name, kind in _MALFORMED_IDS],
    "recased-id": [_with("an id in another case", "campaign", st.just("own:0:recased"))],
    "method": [_other_method(method) for method in ("DELETE", "PUT", "PATCH", "GET")],
    "several": [
        st.builds(
            lambda case, credential: replace(case, name="drawn: two things wrong", credential=credential),
            _with(
                "",
                "campaign",
                st.sampled_from(_UNKNOWN_IDS) | st.one_of([kind for _, kind in _MALFORMED_IDS]),
            ),
            _NO_CREDENTIALS | st.one_of(*_ALTERED.values()),
        )
    ],
    "no-credential": [_with("no credential", "credential", _NO_CREDENTIALS)],
    "wrong-credential": [
        _with("an altered token", "credential", _ALTERED["cut"]),
        *(_with("an unknown token", "credential", st.just(one)) for one in ("unknown", "unknown:unsigned")),
        *(_with("an altered token", "credential", _ALTERED[how]) for how in _ALTERED if how != "cut"),
    ],
    "scheme": [_with("another scheme", "credential", sample("schemes").map("scheme:".__add__))],
    "permission": [
        _with("a token that may only read", "credential", st.just("readonly"), good) for good in _GOOD[:2]
    ],
    "foreign": [
        _with("another company's campaign", "campaign", st.just("foreign"), good) for good in _GOOD[:2]
    ],
}
"""The requests of each class, by their kind; what implementations are known to get wrong comes first. Every
one is classified back into its class.
"""
