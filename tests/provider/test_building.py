"""A provider is built by name, and an unknown name gets the nearest ones."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import Talk

from whop_contracts.provider import ManualClock, RunningClock, WallClock, build, dates
from whop_contracts.provider.core import SkewedClock


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
    for clock in (ManualClock(100.0), RunningClock(), SkewedClock(ManualClock(10.0), 90.0)):
        start = clock.now()
        clock.advance(3600)
        assert clock.now() >= start + 3600
        with pytest.raises(ValueError, match="backwards"):
            clock.set(start)
        clock.set(start + 10_000)
        assert clock.now() >= start + 10_000
    with pytest.raises(TypeError, match="cannot be moved"):
        SkewedClock(WallClock(), 5.0).set(1e12)


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
        for seen in pool.map(work, range(4)):
            assert seen <= {("active", True), ("paused", False)}


def test_building_a_provider_loads_no_server():
    heavy = "{'starlette', 'uvicorn', 'asyncio'}"
    code = f"import sys, whop_contracts.provider; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
