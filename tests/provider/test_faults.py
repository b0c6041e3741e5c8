"""Every fault has a name of its own, builds, and can be told from the honest provider from outside."""

from __future__ import annotations

import re
from collections import Counter
from itertools import zip_longest

import pytest
from probing import transcript

from whop_contracts.provider import Provider, build, faults

HONEST = tuple(transcript())


def test_names_are_unique_slugs() -> None:
    names = [fault.name for fault in faults()]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_there_are_many_of_every_kind() -> None:
    kinds = Counter(fault.kind for fault in faults())
    assert sum(kinds.values()) >= 160
    assert min(kinds.values()) >= 8


def test_every_fault_says_in_one_line_what_it_stands_for() -> None:
    for fault in faults():
        assert fault.why, fault.name
        assert "\n" not in fault.why, fault.name
        assert not fault.why.endswith("."), fault.name
        assert fault.wfc in {None, 100, 101, 102, 104, 205, 206}, fault.name


def test_the_script_tells_nothing_where_nothing_differs() -> None:
    assert tuple(transcript()) == HONEST


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_every_fault_shows(fault) -> None:
    assert issubclass(fault.provider, Provider)
    assert type(build(fault=fault.name)) is fault.provider
    pairs = zip_longest(transcript(fault=fault.name), HONEST)
    assert any(said != honest for said, honest in pairs), "nobody could tell"


@pytest.mark.parametrize(
    "fault", [fault for fault in faults() if fault.wfc == 100], ids=lambda fault: fault.name
)
def test_every_crash_is_seen_as_one(fault) -> None:
    assert any(said[3] == 500 for said in transcript(fault=fault.name))
