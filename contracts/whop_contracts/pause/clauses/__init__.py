"""The clauses of the documentation page; here those of the documented members, made from the schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any, Final, cast

from whop_contracts import schemas
from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Check, Clause, Condition, Source
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import Member, should_violations, sound, violations, warns

DOCUMENT: Final = "ad-campaign"
SHARED: Final = frozenset({"/id", "/status", "/paused_until", "/created_at", "/updated_at"})
"""The members that are checked in responses to retrieve and unpause too; there, the others only warn."""
MEMBERS: Final = tuple(schemas.members(DOCUMENT))
_TOP: Final = tuple(member.pointer[1:] for member in MEMBERS if member.pointer.count("/") == 1)
_PARENTS: Final = frozenset(member.pointer.rpartition("/")[0] for member in MEMBERS) - {""}
_LEAVES: Final = frozenset(member.pointer.rpartition("/")[2] for member in MEMBERS)
_ABSENT: Final = object()
_SEARCHED: Final = 500
_LONGEST: Final = 80
"""Limits of the search for a misspelt member: a hostile response has any number of any length."""
_LAST: Final[list[Any]] = [None, False]
"""The last document that was validated, and whether it is valid: forty clauses ask about the same one."""


def part_of(member: Member) -> str:
    """The part of the page that a member's clause belongs to."""
    leaf = member.pointer.rpartition("/")[2]
    if leaf == "id":
        return "identifiers"
    return "timestamps" if leaf.endswith(("_at", "_until")) else "response"


def member_id(member: Member) -> str:
    """The id of a member's clause."""
    name = member.pointer.strip("/").replace("/", "-").replace("_", "-")
    return f"{part_of(member)}.{'campaign-id' if name == 'id' else name}"


def member_clauses(part: str) -> tuple[Clause, ...]:
    """The *must* clauses of a part's members, in page order."""
    return tuple(_clause(member) for member in MEMBERS if part_of(member) == part)


def _clause(member: Member) -> Clause:
    return Clause(
        id=member_id(member),
        level="must",
        statement=member.statement,
        source=Source(cast("Any", member.source), member.place),
        applies=_has_parent(member.pointer.rpartition("/")[0], member.pointer in SHARED),
        check=lambda e: check_member(e.document, member),
    )


@cache
def _has_parent(parent: str, shared: bool) -> Condition:  # noqa: FBT001 - part of a cache key
    """When the members of ``parent`` are checked. They share one condition, so that it is evaluated once."""
    return lambda evidence: (
        is_campaign(evidence)
        and (shared or evidence.operation == "pause")
        and _look_up(evidence.document, f"{parent}/")[0] is not None
    )


def is_campaign(evidence: Evidence) -> bool:
    """Whether the response shows a campaign: an object with at least three of the documented members."""
    document = evidence.document
    return document is not None and sum(map(document.__contains__, _TOP)) >= 3  # noqa: PLR2004


def check_member(document: Any, member: Member) -> Iterator[Finding]:
    """Yield what is wrong with one member of a campaign document; nothing if its parent is not an object."""
    parent, value = (None, _ABSENT) if _sound(document) else _look_up(document, member.pointer)
    if parent is not None and value is _ABSENT:
        yield Finding("the member is present", _absence(parent, member), member.pointer)
    for one in () if value is _ABSENT else _violations(value, member):
        yield replace(one, pointer=member.pointer + one.pointer)


def usual_values(part: str) -> Check:
    """A check of what only warns in the members of a part; silent on values that fail a must clause."""
    picked = [one for one in MEMBERS if part_of(one) == part and warns(DOCUMENT, one.schema_pointer)]

    def check(evidence: Evidence) -> Iterator[Finding]:
        for member in picked:
            _, value = _look_up(evidence.document, member.pointer)
            found = () if value is _ABSENT else should_violations(DOCUMENT, member.schema_pointer, value)
            if found and (_sound(evidence.document) or not _violations(value, member)):
                yield from (replace(one, pointer=member.pointer + one.pointer) for one in found)

    return check


def _sound(document: Any) -> bool:
    if document is not _LAST[0]:
        _LAST[:] = document, sound(DOCUMENT, document)
    return bool(_LAST[1])


def _violations(value: Any, member: Member) -> tuple[Finding, ...]:
    """What is wrong with a value. The children of an object are left to their own clauses."""
    if isinstance(value, Mapping) and member.pointer in _PARENTS:
        return ()
    return violations(DOCUMENT, member.schema_pointer, value)


def _absence(parent: Mapping[str, Any], member: Member) -> str:
    leaf = member.pointer.rpartition("/")[2]
    others = (name for name in islice(parent, _SEARCHED) if name not in _LEAVES and len(name) <= _LONGEST)
    plain = {name.replace("_", "").lower(): name for name in others}
    near = difflib.get_close_matches(leaf.replace("_", ""), plain, n=1, cutoff=0.8)
    return f"absent; {plain[near[0]]!r} is there, likely under the wrong name" if near else "absent"


def _look_up(document: Any, pointer: str) -> tuple[Mapping[str, Any] | None, Any]:
    """The object that holds a member, None if it is not an object, and the member's value."""
    *names, leaf = pointer.split("/")[1:]
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return (document, document.get(leaf, _ABSENT)) if isinstance(document, Mapping) else (None, _ABSENT)
