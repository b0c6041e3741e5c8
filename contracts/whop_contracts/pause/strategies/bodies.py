"""The bodies of pause requests: good ones by the derived schema, and good ones with exactly one thing wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.pause.strategies import edges
from whop_contracts.pause.strategies.documents import documents
from whop_contracts.pause.strategies.refused import not_instants, wrong_types
from whop_contracts.pause.strategies.spelling import FIRST, LAST, rfc3339_instants

T = TypeVar("T")
_DATE: Final = "DATE"
MALFORMED: Final[Mapping[str, tuple[str, ...]]] = {
    "a trailing comma": ('{"paused_until": "DATE",}', '{"paused_until": "DATE", }', '{"paused_until": "DATE",,}'),
    "a leading comma": ('{,"paused_until": "DATE"}', ',{"paused_until": "DATE"}'),
    "single quotes": ("{'paused_until': 'DATE'}", "{\"paused_until\": 'DATE'}", "{'paused_until': \"DATE\"}"),
    "an unquoted key": ('{paused_until: "DATE"}', "{paused_until: null}", "{paused_until}"),
    "an unquoted date": ('{"paused_until": DATE}',),
    "a comment": (
        '{"paused_until": "DATE" /* the end */}', '// a pause\n{"paused_until": "DATE"}', '{"paused_until": "DATE"} # the end',
    ),
    "no JSON number": tuple(
        f'{{"paused_until": {value}}}'
        for value in ("NaN", "Infinity", "-Infinity", "nan", "01", "+1", ".5", "1.", "0x10", "1e", "1_000", "--1")
    ),
    "no JSON literal": tuple(f'{{"paused_until": {value}}}' for value in ("undefined", "None", "True", "NULL", "nil", "nul")),
    "two documents": (
        '{"paused_until": "DATE"}{"paused_until": "DATE"}', "{} {}", '{"paused_until": "DATE"}\n{}', '{"paused_until": "DATE"} null',
    ),
    "text after the end": ('{"paused_until": "DATE"}}', '{"paused_until": "DATE"}]', '{"paused_until": "DATE"};', '{"paused_until": "DATE"} ok'),
    "text before the start": (')]}\',\n{"paused_until": "DATE"}', 'json={"paused_until": "DATE"}', '{{"paused_until": "DATE"}'),
    "no value": ('{"paused_until": }', '{"paused_until":}', '{"paused_until"}', '{"paused_until",}'),
    "no colon": ('{"paused_until" "DATE"}', '{"paused_until" = "DATE"}', '{"paused_until", "DATE"}'),
    "a bad escape": ('{"paused_until": "DATE\\x5a"}', '{"paused_until": "DATE\\u00"}', '{"paused_until": "\\DATE"}', '{"paused_until": "DATE\\"}'),
    "a raw control character": ('{"paused_until": "DATE\n"}', '{"paused_until": "DATE\t"}', '{"paused_until": "DATE\0"}', '{"paused_until": "DATE"\0}'),
    "another notation": (
        "pause it", "paused_until=DATE", "paused_until: DATE", "<paused_until>DATE</paused_until>", "DATE", "[paused_until]", '"', "}{",
        "mutation { pause }", "---\npaused_until: DATE\n",
    ),
}  # fmt: skip
"""Texts that are no JSON although one thing is wrong at most, by what it is; ``DATE`` is where a good instant stands."""
NOT_UTF8: Final = (
    b"\xff", b"\xfe", b"\x80", b"\xc3", b"\xe9", b"\xc0\xaf", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
)  # fmt: skip
"""Bytes that stand in no UTF-8: unused ones, lone halves, overlong forms, a point beyond the last; Latin-1 too. Not a surrogate, which
sound readers of JSON let pass as they do its escape."""


def pause_bodies(*, earliest: datetime = FIRST, latest: datetime = LAST) -> SearchStrategy[dict[str, Any]]:
    """Bodies that the schema of the pause request allows, with documented members alone: empty, or with an instant from
    ``earliest`` to ``latest`` in any spelling of RFC 3339. Whether it lies ahead is the caller's to say.

    Shrinks towards ``{}``.
    """
    instants = rfc3339_instants(earliest=earliest, latest=latest)
    return documents("pause-request", formats={"date-time": instants})


def bad_pause_bodies() -> SearchStrategy[tuple[str, str | bytes]]:
    """What is wrong, and a body that is good but for that one thing: a value of another type, text that names no instant, JSON
    that is no object, malformed JSON, bytes that are not UTF-8. Everything but the last is text, to be sent as UTF-8.

    A bare scalar or an array is never null, and no body is blank, begins with a byte order mark, is UTF-16 or
    has a key twice: nothing could be concluded from the answer.
    Shrinks towards ``{"paused_until": 0}``.
    """
    return st.one_of(
        wrong_types().map(_pause).map(_named("another type for the date")),
        # Spelt with and without escapes.
        st.builds(_pause, not_instants(), st.booleans()).map(_named("text that names no instant")),
        _no_objects().map(_named("no object")),
        _malformed(),
        _truncated().map(_named("a truncated body")),
        _not_utf8().map(_named("bytes that are not UTF-8")),
    )


def _named(name: str) -> Callable[[T], tuple[str, T]]:
    return lambda content: (name, content)


def _pause(until: Any, escaped: bool = True) -> str:  # noqa: FBT001, FBT002 - drawn
    return json.dumps({"paused_until": until}, ensure_ascii=escaped)


def _no_objects() -> SearchStrategy[str]:
    """Whole JSON texts that are neither objects nor null."""
    dated = edges.plain_instants().map(lambda instant: {"paused_until": instant})
    values = st.one_of(
        st.integers(-100, 100),
        st.booleans(),
        st.sampled_from(
            ["", "paused", "{}", "null", 1.5, [], [[]], [None], [{}], ["paused_until"], 1924905600]
        ),
        edges.plain_instants(),
        dated.map(lambda body: [body]),
        dated.map(lambda body: list(body.items())),
        dated.map(json.dumps),
    )
    return values.map(json.dumps)


@st.composite
def _malformed(draw: DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(list(MALFORMED)))
    return name, draw(st.sampled_from(MALFORMED[name])).replace(_DATE, draw(edges.plain_instants()))


@st.composite
def _truncated(draw: DrawFn) -> str:
    """A good body that ends too soon, anywhere behind its first character."""
    text = _pause(draw(edges.plain_instants()))
    return text[: draw(st.integers(1, len(text) - 1))]


@st.composite
def _not_utf8(draw: DrawFn) -> bytes:
    """A good body with bytes that are not UTF-8 in its date, or in a member that the page does not name."""
    bodies = [
        '{"paused_until": "DATEBYTES"}',
        '{"note": "BYTES", "paused_until": "DATE"}',
        '{"paused_until": "BYTES"}',
    ]
    body = draw(st.sampled_from(bodies)).replace(_DATE, draw(edges.plain_instants())).encode()
    return body.replace(b"BYTES", draw(st.sampled_from(NOT_UTF8)))
