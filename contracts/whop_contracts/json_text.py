"""JSON texts: exactly one, as RFC 8259 has it, from the bytes of a request or a response."""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from whop_contracts.exchange import Response

_GZIP: Final = b"\x1f\x8b"
_LARGEST: Final = 4_000_000
"""Bytes to which a body is unpacked at most."""
_DIGITS: Final = 1_000
"""Integers with more digits are read as floats: Python refuses those with thousands, which are valid JSON."""


@dataclass(frozen=True, slots=True)
class Text:
    """A JSON text: its value, or the ``problem`` why it is not one; ``duplicates`` are the repeated keys."""

    value: Any = None
    problem: str | None = None
    duplicates: tuple[str, ...] = ()


def read_json(content: bytes) -> Text:
    """Read exactly one JSON text in UTF-8 without a byte order mark, and no NaN. Source: RFC 8259."""
    if not content.strip():
        return Text(problem="an empty body")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return Text(problem=f"bytes that are not UTF-8 (at {error.start})")
    if text.startswith("\ufeff"):
        return Text(problem="a byte order mark before the JSON")
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            twice.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return members

    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
    except RecursionError:
        return Text(problem="JSON nested too deeply to read")
    except ValueError as error:
        return Text(problem=f"no JSON text ({error})")
    return Text(value, duplicates=tuple(twice))


def read_response(response: Response | None) -> Text | None:
    """The JSON text of a response; None without a body, or if we stopped reading at our own limit."""
    if response is None or response.truncated:
        return None
    if response.undecoded:
        return Text(problem=response.undecoded)
    return read_json(response.content) if response.content else None


def read_leniently(response: Response | None) -> Any:
    """The value of a body that is not JSON as it should be, if a tolerant client can read it; None if not.

    Tolerated are a byte order mark, UTF-16, UTF-32, gzip without a label, wrong UTF-8, NaN and Infinity.
    """
    content = response.content if response and not response.truncated else b""
    try:
        if content.startswith(_GZIP):
            unpacked = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            content = unpacked.decompress(content, _LARGEST)
            if not unpacked.eof:
                return None
        text = content.decode(json.detect_encoding(content), "replace")
        return json.loads(text, parse_int=_integer, parse_float=_finite)
    except (ValueError, RecursionError, zlib.error):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _DIGITS else _finite(digits)


def _finite(text: str) -> float:
    """The number, or the largest ``float`` if it is beyond: no number of JSON is infinite."""
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))


def essence(media_type: str | None) -> str:
    """A media type without its parameters, in lower case; empty if there is none. Source: RFC 9110, 8.3.1."""
    return (media_type or "").partition(";")[0].strip().lower()


def is_json(media_type: str | None) -> bool:
    """Whether a media type, parameters aside, is ``application/json`` or ends in ``+json``."""
    return re.search(r"\A(application/json|[^/]+/[^/]*\+json)\Z", essence(media_type)) is not None
