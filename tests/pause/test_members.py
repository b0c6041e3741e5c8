"""Two shortcuts: a valid document is not searched, a shared condition evaluated once; no finding changes."""

import copy
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from pause.histories import History
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause import clauses as members
from whop_contracts.pause.contract import PAUSE
from whop_contracts.schemas import members as documented
from whop_contracts.schemas import sound, violations
from whop_contracts.strategies import ad_campaigns, draw

PLACES = [member.pointer.split("/")[1:] for member in documented("ad-campaign")]
VALUES = st.sampled_from(
    [
        *(..., None, True, -1, 1.5, 1e300, "", "x", "\ud800", "2026-02-30T00:00:00Z"),
        *("2026-02-28T00:00:00z", [], ["US", "us"], {}, {"id": ""}),
    ]
)


def changed(document, place, value):
    """The document with another value in one place, or without it; the same if its parent is no object."""
    made = parent = copy.deepcopy(document)
    for name in place[:-1]:
        parent = parent.get(name) if isinstance(parent, dict) else None
    if isinstance(parent, dict) and value is ...:
        parent.pop(place[-1], None)
    elif isinstance(parent, dict):
        parent[place[-1]] = value
    return made


@st.composite
def documents(draw):
    """Campaigns with up to two places wrong; shrinks towards a right one."""
    document = draw(ad_campaigns())
    for place, value in draw(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=2)):
        document = changed(document, place, value)
    return document


def findings(shown):
    return {clause.id: list(clause.check(shown)) for clause in catalogue.clauses() if clause.applies(shown)}


@given(documents())
@settings(max_examples=50, deadline=None)
def test_two_shortcuts_change_no_finding(document):
    """Failed clauses are in the catalogue's order, whatever conditions they share."""
    shown = History().exchange("pause", 0, body={}, document=document)
    found = findings(shown)
    with patch.object(members, "_sound", lambda _document: False):
        assert findings(shown) == found
    if sound("ad-campaign", document):
        assert violations("ad-campaign", "", document) == ()
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    assert runner.add(shown) == tuple(id_ for id_, wrong in found.items() if wrong)
    assert {id_ for id_, count in runner.counts.items() if count.exchanges} == found.keys()


def test_a_document_without_a_member_is_not_valid_as_a_whole():
    """Otherwise its absence would be overlooked. A parent that is null has no members to miss."""
    for document in draw(ad_campaigns(), seed=0, count=5):
        assert sound("ad-campaign", document)
        for place in PLACES:
            without = changed(document, place, ...)
            assert without == document or not sound("ad-campaign", without), place


def test_clauses_of_one_place_share_one_condition():
    conditions = {clause.applies for clause in catalogue.clauses()}
    assert len(conditions) < len(catalogue.clauses()) - 30
