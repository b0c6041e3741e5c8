"""Faults that no vector was written for: only generated requests find them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Go, Table, around, built, by_pattern, rows
from whop_contracts.provider.faults.bodies import escaped_name, has_parameter, mended, with_member
from whop_contracts.provider.faults.invalid_dates import accepting
from whop_contracts.provider.faults.valid_dates import crashing_text, misread
from whop_contracts.provider.state import Request


def _inside(value: object, wanted: Callable[[object], bool]) -> bool:
    """Whether a value, or one inside it, is wanted."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return wanted(value) or any(_inside(part, wanted) for part in parts)


def _is_big(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= 2**64


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_empty(value: object) -> bool:
    return value == {}


def _has_empty_name(value: object) -> bool:
    return isinstance(value, dict) and "" in value


def _closed(content: bytes) -> Any:
    """A text whose last brace is missing."""
    return json.loads(content + b"}")


def _edited_date(wanted: Callable[[Request, Any], bool], edit: Callable[[str], str]) -> type[Provider]:
    """Read another date if a predicate holds for the request and its body."""

    def read(go: Go, _: Provider, request: Request) -> Any:
        body = go(request)
        until = body.get("paused_until") if isinstance(body, dict) else None
        return (
            body | {"paused_until": edit(until)} if isinstance(until, str) and wanted(request, body) else body
        )

    return around(Provider.read_body)(read)


_charset_drops_escapes = around(Provider.read_body)(
    lambda go, p, request: (
        escaped_name(lambda _: go(request), p, request.content) if has_parameter(request) else go(request)
    )
)
_charset_drops_fraction = _edited_date(
    lambda request, _: has_parameter(request), lambda text: re.sub(r"\.\d+", "", text)
)
_members_drop_offset = _edited_date(
    lambda _, body: len(body) > 1, lambda text: re.sub(r"[+-]\d\d:\d\d$", "Z", text)
)

FAULTS: Final = (
    *Table("dates", misread)(*rows("misread dates, not in vectors")),
    *Table("dates", by_pattern(crashing_text), 100)(*rows("crashing valid dates, not in vectors")),
    *Table("dates", built)(
        ("charset-loses-escaped-name", "another parser reads bodies with a charset", _charset_drops_escapes),
        ("charset-loses-fraction", "another parser reads bodies with a charset", _charset_drops_fraction),
        ("other-members-lose-offset", "a body of several members is rebuilt", _members_drop_offset),
    ),
    *Table("accepting", with_member, 100)(
        ("crashes-on-flag-inside", "an index of values", lambda _, v: _inside(v, _is_flag)),
        ("crashes-on-empty-object-inside", "its first member is read", lambda _, v: _inside(v, _is_empty)),
        ("crashes-on-dollar-in-name", "an operator of the store", lambda name, _: "$" in name),
        ("crashes-on-other-letter-in-name", "a column in ASCII", lambda name, _: not name.isascii()),
        ("crashes-on-big-integer", "a column of 64 bits", lambda _, v: _inside(v, _is_big)),
        ("crashes-on-control-character", "a log format", lambda name, _: min(name, default="x") < " "),
        ("crashes-on-digit-in-front-of-name", "a variable's name", lambda name, _: name[:1].isdigit()),
        ("crashes-on-hyphen-in-name", "a name in a query", lambda name, _: "-" in name),
        ("crashes-on-capital-in-name", "a column's name", lambda name, _: name != name.lower()),
        ("crashes-on-empty-name-inside", "an index of members", lambda _, v: _inside(v, _has_empty_name)),
    ),
    *Table("accepting", mended, 102)(
        ("accepts-unclosed-object", "the parser closes what is open", _closed),
    ),
    *Table("accepting", accepting(Provider.no_object), 102)(*rows("accepted bodies, not in vectors")),
)
