"""No verdict without evidence, and no accusation for what lies in the set-up of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from pretending import Answering, judged
from serving import Served, served

from whop_contracts.cli.check import Progress, check
from whop_contracts.provider import SEED, Answer, RunningClock, build
from whop_contracts.settings import Settings

ONE = SEED.campaigns[0]


def settings(state: Served, tmp_path: Path, **more: object) -> Settings:
    given = {"token": SEED.token, "campaign_ids": (ONE,), "journal": tmp_path / "j.jsonl"} | more
    return Settings(base_url=state.base_url, **given)  # type: ignore[arg-type]


def verdicts(result: dict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in result["clauses"]:
        found.setdefault(row["verdict"], []).append(row["id"])
    return found


@pytest.mark.parametrize("profile", ["quick", "standard"])
def test_a_credential_that_may_not_pause_ends_the_run_in_one_line(profile: str, tmp_path: Path) -> None:
    with served(build(clock=RunningClock())) as state:
        result = check(settings(state, tmp_path, token=SEED.readonly_token, profile=profile))
        sent = [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in state.requests]
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert "may not pause" in result["reason"]
    assert "ad_campaign:update" in result["reason"]
    assert "failed" not in verdicts(result)
    assert sent == [f"GET {ONE}", "POST pause", "POST pause", "POST unpause"]


def test_a_403_to_one_kind_of_pause_is_a_response_like_any_other(tmp_path: Path) -> None:
    with served(build(clock=RunningClock())) as state:
        first: list[int] = []

        def forbid_first(seen: object) -> Answer | None:
            if seen.path.endswith("/pause") and not first:  # type: ignore[attr-defined]
                first.append(1)
                return Answer(403, (("content-type", "application/json"),), b'{"error": {}}')
            return None

        state.before = forbid_first
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)


def test_a_test_clock_that_is_not_the_providers_accuses_nobody(tmp_path: Path) -> None:
    with served(build(clock=RunningClock())) as other, served(build(clock=RunningClock())) as state:
        result = check(settings(state, tmp_path, test_clock=other.clock_url, profile="quick"))
    assert "failed" not in verdicts(result), [row["failure"] for row in result["clauses"] if row["failure"]]
    rows = {row["id"]: row for row in result["clauses"]}
    assert "updated_at does not follow it" in rows["auto_resume.resumes-by-itself"]["reason"]


def test_a_provider_that_never_resumes_is_not_excused_by_its_clock(tmp_path: Path) -> None:
    with served(build(fault="never-resumes", clock=RunningClock())) as state:
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    assert "auto_resume.resumes-by-itself" in verdicts(result)["failed"]


@pytest.mark.parametrize(
    ("url", "noted"),
    [
        ("http://staging.example/api/v1", True),
        ("https://staging.example/api/v1", False),
        ("http://127.0.0.1:9/api/v1", False),
    ],
)
def test_a_credential_that_is_sent_in_the_clear_is_noted_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, *, noted: bool
) -> None:
    target = Answering(lambda _number, _request: "connection refused", kind="live", loopback="127" in url)
    target.base_url = url
    told: list[Progress] = []
    result = judged(monkeypatch, target, Settings(journal=tmp_path / "j.jsonl"), watch=told.append)
    note = "the credential is sent over plain http:// to staging.example: whoever is on the way can read it"
    assert (note in result["notes"]) is noted
    assert (note in [one.case for one in told if one.message]) is noted
