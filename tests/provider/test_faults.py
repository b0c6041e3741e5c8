"""Every fault has its own name and can be told from the conforming provider by its responses."""

import re
from collections import Counter

from talking import transcript

from whop_contracts.provider import Provider, build, faults, variations

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
    conforming, unseen = list(transcript()), []
    for fault in EVERY:
        assert issubclass(fault.provider, Provider)
        assert type(build(fault=fault.name)) is fault.provider
        missing = {"a difference", *(("a 500",) if fault.wfc == 100 else ())}
        for shown, expected in zip(transcript(fault=fault.name), conforming, strict=False):
            missing -= {"a difference"} if shown != expected else set()
            missing -= {"a 500"} if shown[0] == 500 else set()
            if not missing:
                break
        unseen += [(fault.name, what) for what in missing]
    assert unseen == []
