"""Every fault has its own name and can be told from the conforming provider by its responses."""

from __future__ import annotations

import re
from collections import Counter
from itertools import zip_longest

from probing import SCRIPTS, pausing, rejecting, resuming, transcript

from whop_contracts.provider import Provider, build, faults

LIKELY = {
    **dict.fromkeys(("auto-resume",), resuming),
    **dict.fromkeys(("accepting", "refusing", "errors", "authorization", "identifiers", "values"), rejecting),
}
"""The script that most faults of a kind show in: it goes first."""
EVERY = faults()


def test_names_are_unique_slugs_and_reasons_one_line() -> None:
    assert [name for name, count in Counter(fault.name for fault in EVERY).items() if count > 1] == []
    for fault in EVERY:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
        assert re.fullmatch(r"[^\n]*[^\n.]", fault.why), fault.name
        assert fault.wfc in {None, 100, 101, 102, 104, 205, 206}, fault.name


def test_there_are_many_of_every_kind() -> None:
    kinds = Counter(fault.kind for fault in faults())
    assert sum(kinds.values()) >= 533
    assert min(count for kind, count in kinds.items() if kind != "warnings") >= 8


def test_every_fault_shows_and_every_crash_as_a_500() -> None:
    conforming = {script: tuple(transcript(script)) for script in SCRIPTS}
    assert all(tuple(transcript(script)) == expected for script, expected in conforming.items())
    unseen = []
    for fault in EVERY:
        assert issubclass(fault.provider, Provider)
        assert type(build(fault=fault.name)) is fault.provider
        missing = {"a difference", *(("a 500",) if fault.wfc == 100 else ())}
        likely = LIKELY.get(fault.kind, pausing)
        for script in sorted(SCRIPTS, key=lambda one: one is not likely):
            for shown, expected in zip_longest(transcript(script, fault=fault.name), conforming[script]):
                missing -= {"a difference"} if shown != expected else set()
                missing -= {"a 500"} if shown and shown[3] == 500 else set()
                if not missing:
                    break
            if not missing:
                break
        unseen += [(fault.name, what) for what in missing]
    assert unseen == []
