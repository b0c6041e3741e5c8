"""A provider is built by name; each fault can be told from the conforming provider by its responses."""

import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import Talk, transcript

from whop_contracts.provider import ManualClock, Provider, RunningClock, build, dates, faults, variations

EVERY = faults()


def test_there_are_many_of_every_kind_with_unique_slugs_for_names_and_one_line_reasons():
    for many, least in ((EVERY, 685), (variations(), 71)):
        assert len(many) == len({one.name for one in many}) >= least
        for one in many:
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
            assert re.fullmatch(r"[^\n]*[^\n.]", one.why), one.name
    kinds = Counter(fault.kind for fault in EVERY)
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


def test_an_unknown_name_is_one_line_with_near_matches():
    for what, message in (
        ({"fault": "never-resume"}, "there is no fault 'never-resume'; did you mean never-resumes"),
        ({"variation": "status-203"}, "there is no variation 'status-203'; did you mean status-20"),
        ({"fault": "zzzzzz"}, "there is no fault 'zzzzzz'"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}.*$"):
            build(**what)


def test_a_fault_may_have_the_options_of_a_variation():
    talk = Talk(fault="never-resumes", variation="status-201")
    assert talk.pause(until="2026-09-21T14:14:00Z").status == 201
    talk.clock.advance(600)
    assert talk.state()[0] == "paused"


def test_a_clock_only_moves_forwards():
    for clock in (ManualClock(100.0), RunningClock(), RunningClock(90.0, ManualClock(10.0).now)):
        start = clock.now()
        clock.advance(3600)
        assert clock.now() >= start + 3600
        with pytest.raises(ValueError, match="backwards"):
            clock.set(start)
        clock.set(start + 10_000)
        assert clock.now() >= start + 10_000


def test_threads_never_see_half_a_pause():
    talk = Talk()

    def work(number):
        seen = set()
        for _ in range(50):
            if number % 2:
                talk.pause(until=dates.write((1_800_000_000 + number) * dates.SECOND))
            else:
                talk.unpause()
            status, until = talk.state()
            seen.add((status, until is None))
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(work, range(4))) <= {("active", True), ("paused", False)}


def test_building_a_provider_loads_no_server():
    code = (
        "import sys, whop_contracts.provider; print({'starlette', 'uvicorn', 'asyncio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
