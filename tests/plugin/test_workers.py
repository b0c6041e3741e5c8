"""Under pytest-xdist the plan is sent once, not once a worker: counted where the requests arrive."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import clock_url, running


@pytest.fixture
def counted(monkeypatch):
    """A provider on a port that counts what it is asked for below its campaigns."""
    provider, seen = build(clock=RunningClock()), Counter()
    handle = provider.handle

    def count(method, path, *more, **named):
        seen[f"{method} {path}"] += 1
        return handle(method, path, *more, **named)

    monkeypatch.setattr(provider, "handle", count)
    with running(provider) as base_url:
        yield base_url, seen


def test_two_workers_send_the_plan_once(pytester, monkeypatch, counted) -> None:
    base_url, seen = counted
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WHOP_API_TOKEN", SEED.token)
    pytester.makepyfile(test_contract="from whop_contracts.contract import clause, run\n")
    done = pytester.runpytest_subprocess(
        *("-p", "no:randomly", "-p", "no:cacheprovider", "-n", "2", "--dist", "load", "-rN"),
        *("--contract-base-url", base_url, "--contract-test-clock", clock_url(base_url)),
        *("--contract-campaign-id", SEED.campaigns[0], "--contract-profile", "quick"),
        *("--contract-json", "result.json", "--contract-journal", "journal.jsonl"),
    )
    result = json.loads((pytester.path / "result.json").read_text("utf-8"))
    assert done.ret == 0
    assert result["verdict"] == "conforms"
    assert sum(seen.values()) == result["requests"]
