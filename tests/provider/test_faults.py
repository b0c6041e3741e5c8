"""Every fault has its own name and can be told from the conforming provider by its responses."""

import re
from collections import Counter
from itertools import zip_longest

from talking import SCRIPTS, addressing, pausing, rejecting, resuming, several, transcript

from whop_contracts.provider import Provider, build, faults, variations

LIKELY = {
    **dict.fromkeys(("refusing", "errors", "values"), (addressing, rejecting)),
    **dict.fromkeys(("authorization", "identifiers"), (addressing,)),
    **dict.fromkeys(("auto-resume", "warnings"), (resuming, several)),
    "accepting": (rejecting,),
}
"""The scripts that most faults of a kind show in: they go first."""
EVERY = faults()


def test_names_are_unique_slugs_and_reasons_one_line():
    for many in (EVERY, variations()):
        assert [name for name, count in Counter(one.name for one in many).items() if count > 1] == []
        for one in many:
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
            assert re.fullmatch(r"[^\n]*[^\n.]", one.why), one.name


def test_there_are_many_of_every_kind():
    kinds = Counter(fault.kind for fault in EVERY)
    assert len(EVERY) >= 645
    assert len(variations()) >= 71
    assert min(count for kind, count in kinds.items() if kind != "warnings") >= 8
    assert {fault.wfc for fault in EVERY} == {None, 100, 101, 102, 104, 205, 206}


def test_every_fault_shows_and_every_crash_as_a_500():
    conforming = {script: tuple(transcript(script)) for script in SCRIPTS}
    assert all(tuple(transcript(script)) == expected for script, expected in conforming.items())
    unseen = []
    for fault in EVERY:
        assert issubclass(fault.provider, Provider)
        assert type(build(fault=fault.name)) is fault.provider
        missing = {"a difference", *(("a 500",) if fault.wfc == 100 else ())}
        likely = LIKELY.get(fault.kind, (pausing,))
        for script in sorted(SCRIPTS, key=lambda one: one not in likely):
            for shown, expected in zip_longest(transcript(script, fault=fault.name), conforming[script]):
                missing -= {"a difference"} if shown != expected else set()
                missing -= {"a 500"} if shown and shown[3] == 500 else set()
                if not missing:
                    break
            if not missing:
                break
        unseen += [(fault.name, what) for what in missing]
    assert unseen == []
