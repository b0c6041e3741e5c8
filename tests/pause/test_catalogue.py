"""Clauses are chosen, left out and required by patterns of their ids."""

from __future__ import annotations

import pytest

from whop_contracts.pause.catalogue import chosen, clauses, required

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


def test_a_pattern_that_matches_nothing_or_leaves_nothing_is_an_error():
    for globs, said in (
        (("pausing.*", "no.such"), r"^'no\.such' matches no clause"),
        (("!no.such",), r"^'!no\.such' matches no clause"),
        (("pausing.*", "!p*"), r"^'pausing\.\*, !p\*' leaves no clause$"),
    ):
        with pytest.raises(ValueError, match=said):
            chosen(globs)


def test_a_required_pattern_matches_clauses_that_are_chosen():
    assert required((), clauses()) == frozenset()
    assert required(("request.*",), clauses()) == {id_ for id_ in IDS if id_.startswith("request.")}
    with pytest.raises(ValueError, match=r"^'no\.such' matches no clause"):
        required(("no.such",), clauses())
    some = chosen(("request.*", "!request.date-is-accepted"))
    assert required(("*",), some) == {clause.id for clause in some}
    for glob in ("pausing.*", "request.date-is-accepted"):
        with pytest.raises(ValueError, match=r"matches only what --clause leaves out$"):
            required((glob,), some)
