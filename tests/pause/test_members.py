"""Two shortcuts: a valid document is not searched, a shared condition evaluated once; no finding changes."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pause.histories import History
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause import clauses as members
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.strategies import ad_campaigns
from whop_contracts.schemas import members as documented
from whop_contracts.schemas import sound, violations

PLACES = [member.pointer.split("/")[1:] for member in documented("ad-campaign")]
VALUES = st.sampled_from(
    [
        *(..., None, True, -1, 1.5, 1e300, "", "x", "\ud800", "2026-02-30T00:00:00Z"),
        *("2026-02-28T00:00:00z", [], ["US", "us"], {}, {"id": ""}),
    ]
)


def changed(document: dict[str, Any], place: list[str], value: Any) -> dict[str, Any]:
    """The document with another value in one place, or without it; the same if its parent is no object."""
    made = copy.deepcopy(document)
    parent: Any = made
    for name in place[:-1]:
        parent = parent.get(name) if isinstance(parent, dict) else None
    if isinstance(parent, dict):
        if value is ...:
            parent.pop(place[-1], None)
        else:
            parent[place[-1]] = value
    return made


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Campaigns with up to two places wrong; shrinks towards a right one."""
    wrong = st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=2)
    return st.builds(_with, ad_campaigns(), wrong)


def _with(document: dict[str, Any], wrong: list[tuple[list[str], Any]]) -> dict[str, Any]:
    for place, value in wrong:
        document = changed(document, place, value)
    return document


def evidence(document: dict[str, Any]) -> Evidence:
    return History().exchange("pause", 0, body={}, document=document)


def findings(shown: Evidence) -> dict[str, list[Any]]:
    return {clause.id: list(clause.check(shown)) for clause in catalogue.clauses() if clause.applies(shown)}


@given(documents())
@settings(max_examples=150, deadline=None)
def test_a_document_that_is_valid_as_a_whole_breaks_no_clause_of_a_member(document) -> None:
    shown = evidence(document)
    quick = findings(shown)
    with patch.object(members, "_sound", lambda _document: False):
        assert findings(shown) == quick


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_document_without_a_member_is_not_valid_as_a_whole(place) -> None:
    """Otherwise its absence would be overlooked. A parent that is null has no members to miss."""

    @given(ad_campaigns())
    @settings(max_examples=10, deadline=None)
    def holds(document: dict[str, Any]) -> None:
        without = changed(document, place, ...)
        assert sound("ad-campaign", document)
        assert without == document or not sound("ad-campaign", without)

    holds()


@given(documents())
@settings(max_examples=50, deadline=None)
def test_what_is_sound_has_no_violations(document) -> None:
    if sound("ad-campaign", document):
        assert violations("ad-campaign", "", document) == ()


@given(documents())
@settings(max_examples=50, deadline=None)
def test_the_clause_runner_finds_what_every_clause_by_itself_finds(document) -> None:
    """Failed clauses are in the catalogue's order, whatever conditions they share."""
    shown = evidence(document)
    tally = ClauseRunner(catalogue.clauses(), PAUSE)
    broken = tally.add(shown)
    found = findings(shown)
    assert broken == tuple(id_ for id_, wrong in found.items() if wrong)
    assert {id_ for id_, count in tally.counts.items() if count.exchanges} == found.keys()


def test_clauses_of_one_place_share_one_condition() -> None:
    conditions = {clause.applies for clause in catalogue.clauses()}
    assert len(conditions) < len(catalogue.clauses()) - 30
