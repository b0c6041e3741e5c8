"""The catalogue: every statement of the page has its clauses; patterns of ids choose among them."""

import json
from pathlib import Path

import pytest

from whop_contracts.pause.catalogue import PARTS, chosen, clauses, required
from whop_contracts.pause.clauses import member_id
from whop_contracts.schemas import members

IDS = [clause.id for clause in clauses()]


def ids(*globs):
    return [clause.id for clause in chosen(globs)]


def test_globs_choose_and_globs_with_an_exclamation_mark_leave_out_in_any_order():
    pausing = [id_ for id_ in IDS if id_.startswith("pausing.")]
    rest = [id_ for id_ in pausing if id_ != "pausing.until-is-kept"]
    assert ids() == IDS
    assert ids("pausing.*") == ids("pausing.until-is-kept", "pausing.*") == pausing
    assert ids("!pausing.*") == [id_ for id_ in IDS if id_ not in pausing]
    assert ids("pausing.*", "!*.until-is-kept") == ids("!*.until-is-kept", "pausing.*") == rest


def test_a_required_pattern_matches_clauses_that_are_chosen():
    assert required((), clauses()) == frozenset()
    assert required(("request.*",), clauses()) == {id_ for id_ in IDS if id_.startswith("request.")}
    some = chosen(("request.*", "!request.date-is-accepted"))
    assert required(("*",), some) == {clause.id for clause in some}
    with pytest.raises(ValueError, match=r"matches only what --clause leaves out$"):
        required(("request.date-is-accepted",), some)


def test_every_statement_of_the_page_and_every_member_at_any_depth_has_its_clauses():
    page = json.loads(Path(__file__).with_name("page.json").read_text("utf-8"))
    assert {place for place, ids in page.items() if not set(ids) <= set(IDS)} == set()
    assert len(list(members("ad-campaign"))) == 43
    assert {member_id(member) for member in members("ad-campaign")} <= set(IDS)


def test_the_parts_are_in_the_order_of_the_page_and_ids_are_unique():
    assert list(dict.fromkeys(clause.part for clause in clauses())) == [part for part, _ in PARTS]
    assert len(set(IDS)) == len(IDS)
