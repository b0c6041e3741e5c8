"""A provider is built by name, and a name that nobody has is answered with those that come near."""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from talking import Talk

import whop_contracts.provider
from whop_contracts.provider import SEED, ManualClock, RunningClock, WallClock, build, dates
from whop_contracts.provider.clocks import SkewedClock

HOME = Path(whop_contracts.provider.__file__).parent


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"fault": "never-resume"}, "there is no fault 'never-resume'; did you mean never-resumes"),
        ({"variation": "status-203"}, "there is no variation 'status-203'; did you mean status-20"),
        ({"fault": "zzzzzz"}, "there is no fault 'zzzzzz'"),
    ],
)
def test_an_unknown_name_is_one_line_with_near_matches(what, message) -> None:
    with pytest.raises(ValueError) as raised:
        build(**what)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_fault_may_have_other_manners() -> None:
    talk = Talk(fault="never-resumes", variation="status-201")
    assert talk.pause(until="2026-09-21T14:14:00Z").status == 201
    talk.clock.advance(600)
    assert talk.state()[0] == "paused"


def test_providers_share_nothing() -> None:
    one, other = Talk(), Talk()
    one.pause()
    assert other.state() == ("active", None)


def test_a_provider_is_built_on_the_wall_s_clock() -> None:
    assert isinstance(build().clock, WallClock)


@pytest.mark.parametrize("clock", [ManualClock(100.0), RunningClock(), SkewedClock(ManualClock(10.0), 90.0)])
def test_a_clock_moves_forwards_alone(clock) -> None:
    start = clock.now()
    clock.advance(3600)
    assert start + 3600 <= clock.now() < start + 3700
    with pytest.raises(ValueError, match="backwards"):
        clock.set(start)
    clock.set(start + 10_000)
    assert start + 10_000 <= clock.now() < start + 10_100


def test_a_skewed_clock_moves_as_far_as_the_one_behind_it() -> None:
    with pytest.raises(TypeError, match="cannot be moved"):
        SkewedClock(WallClock(), 5.0).set(1e12)


def test_threads_do_not_see_half_a_pause() -> None:
    talk = Talk()
    seen: set[tuple[str, str | None]] = set()

    def work(number: int) -> None:
        for turn in range(50):
            if number % 2:
                talk.pause(until=dates.write((1_800_000_000 + number) * dates.SECOND))
            else:
                talk.unpause()
            seen.add(talk.state()) if turn else None

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(status, until is None) for status, until in seen} <= {("active", True), ("paused", False)}


def test_ids_and_tokens_are_all_different() -> None:
    ids = [
        *SEED.campaigns,
        SEED.inactive,
        SEED.stale,
        SEED.paused,
        SEED.paused_indefinitely,
        SEED.foreign_campaign,
    ]
    assert len(set(ids)) == len(ids)
    assert len({SEED.token, SEED.readonly_token, SEED.foreign_token}) == 3


def test_the_provider_shares_nothing_with_the_judges() -> None:
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] == "whop_contracts"]
            assert all(
                name.startswith(("whop_contracts.provider", "whop_contracts.exchange")) for name in ours
            ), path


def test_modules_are_short() -> None:
    assert [path.name for path in HOME.rglob("*.py") if len(path.read_text().splitlines()) >= 300] == []


def test_no_server_is_loaded_to_build_a_provider() -> None:
    code = "import sys, whop_contracts.provider; print(sorted({'starlette', 'uvicorn', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
