"""No verdict without evidence, and no accusation for what lies in the set-up of a run."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import serving
from nursery import Nursery
from pretending import Answering, WallTarget, judged, opening, parties
from serving import Seen, Served, served

from whop_contracts import schemas
from whop_contracts.cli import check as engine
from whop_contracts.cli.check import Progress, check
from whop_contracts.provider import SEED, Answer, ManualClock, Provider, RunningClock, build
from whop_contracts.provider.server import TEST_CLOCK
from whop_contracts.report import terminal
from whop_contracts.settings import Settings, UsageError

ONE = SEED.campaigns[0]
JSON = (("content-type", "application/json"),)


def settings(state: Served, tmp_path: Path, **more: object) -> Settings:
    given = {"token": SEED.token, "campaign_ids": (ONE,), "journal": tmp_path / "j.jsonl"}
    given |= {"base_url": state.base_url} | more
    return Settings(**given)  # type: ignore[arg-type]


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


def test_the_test_clock_is_read_once_and_asked_once_for_each_move(tmp_path, monkeypatch) -> None:
    asked: list[tuple[str, bytes]] = []
    respond = serving.show_or_move_clock

    def counted(provider: Provider, method: str, content: bytes) -> Answer:
        asked.append((method, content))
        return respond(provider, method, content)

    monkeypatch.setattr(serving, "show_or_move_clock", counted)
    with served(build(clock=RunningClock())) as state:
        assert check(settings(state, tmp_path, test_clock=state.clock_url))["exit_code"] == 0
    moves = asked[1:]
    assert asked[0][0] == "GET"
    assert {method for method, _ in moves} == {"PUT"}
    assert len({content for _, content in moves}) == len(moves) > 5


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


# -- what prevents a verdict --------------------------------------------------------------------------------

Handle = Callable[[str, str, Any, bytes], Answer]


def response_to(method: str, status: int, body: bytes, handle: Handle, *sent: Any) -> Answer:
    return Answer(status, JSON, body) if sent[0] == method else handle(*sent)


def moves_nothing(handle: Handle, _method: str, path: str, headers: Any, _content: bytes) -> Answer:
    return handle("GET", path, headers, b"")


def an_hour_off(handle: Handle, method: str, path: str, headers: Any, content: bytes) -> Answer:
    def shifted(body: bytes, hours: int) -> bytes:
        now = datetime.fromisoformat(json.loads(body)["now"]) + timedelta(hours=hours)
        return json.dumps({"now": now.isoformat()}).encode()

    answer = handle(method, path, headers, shifted(content, -1) if content else b"")
    return replace(answer, content=shifted(answer.content, 1)) if answer.status == 200 else answer


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (partial(response_to, "GET", 429, b""), "the test clock responded with 429"),
        (partial(response_to, "GET", 500, b""), "the test clock responded to a GET with 500"),
        (partial(response_to, "GET", 503, b""), "the test clock responded with 503"),
        (partial(response_to, "PUT", 404, b""), "the test clock responded to a PUT with 404"),
        (partial(response_to, "PUT", 500, b""), "the test clock responded to a PUT with 500"),
        (partial(response_to, "PUT", 409, b""), "the test clock would not be moved forwards"),
        (partial(response_to, "PUT", 401, b""), "the test clock responded to a PUT with 401"),
        (moves_nothing, "the test clock did not go where it was moved"),
        (an_hour_off, "the test clock is not the provider's: updated_at does not follow it"),
    ],
)
def test_a_test_clock_that_cannot_be_used_prevents_a_verdict(
    broken: Any, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the provider does: here it never resumes."""
    monkeypatch.setattr(engine, "open_target", opening(lambda _seconds: None))
    with served(build(fault="never-resumes", clock=RunningClock())) as state:
        handle = state.handle

        def route(method: str, path: str, headers: Any, content: bytes) -> Answer:
            sent = (method, path, headers, content)
            return broken(handle, *sent) if path == TEST_CLOCK else handle(*sent)

        monkeypatch.setattr(state, "handle", route)
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert result["reason"].startswith(reason)
    assert result["reason"].endswith("; check --test-clock, or run without it")
    row = next(row for row in result["clauses"] if row["id"] == "auto_resume.resumes-by-itself")
    assert (row["verdict"], row["cause"], row["reason"]) == ("not_tested", "prevented", result["reason"])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b"{}"),
        (403, b"{}"),
        (404, b"{}"),
        (302, b""),
        (200, b"<html>"),
        (200, b'{"now": "2026-11-26T10:00:00"}'),
    ],
)
def test_a_setting_that_names_no_test_clock_is_a_usage_error_and_nothing_is_sent(
    status: int, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(build(clock=RunningClock())) as state:
        route = partial(response_to, "GET", status, body, state.handle)
        monkeypatch.setattr(state, "handle", route)
        with pytest.raises(UsageError, match="likely cause"):
            check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
        assert state.requests == []


def test_the_verdict_line_gives_the_reason_and_the_way_out_also_if_quiet(
    nursery: Nursery, tmp_path: Path
) -> None:
    with served(build(clock=RunningClock())) as state:
        words = ["--base-url", state.base_url, "--campaign-id", ONE, "--profile", "quick", "--quiet"]
        clock = ["--test-clock", "http://127.0.0.1:9/test_clock"]
        code, said = nursery.run("run", *words, *clock, cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
    assert code == 3
    lines = [line for line in said.splitlines() if line.startswith("inconclusive")]
    assert lines == ["inconclusive: the test clock cannot be reached: connection refused; check"]
    assert "--test-clock, or run without it" in said


def on_socket(nursery: Nursery, folder: Path, state: Served, token: str = SEED.token) -> tuple[int, str]:
    """The exit code and the output of the command on one campaign, with the test clock."""
    words = ["--base-url", state.base_url, "--campaign-id", ONE, "--test-clock", state.clock_url]
    return nursery.run("run", *words, "--journal", "run.jsonl", cwd=folder, WHOP_API_TOKEN=token)


@pytest.mark.parametrize(
    ("variation", "warned"),
    [
        ("second-pause-409", "409"),
        ("bad-utf-8-replaced", "refusals.usual-answer"),
        ("nan-accepted", "refusals.usual-answer"),
        ("any-case-of-members", "request.usual-answer"),
    ],
)
def test_what_the_table_tolerates_exits_0_and_is_a_warning(
    nursery: Nursery, tmp_path: Path, variation: str, warned: str
) -> None:
    with served(build(variation=variation, clock=RunningClock())) as state:
        code, said = on_socket(nursery, tmp_path, state)
    assert code == 0, said
    assert warned in said


def test_an_hour_off_in_one_night_is_found_although_every_second_pause_is_a_409(
    nursery: Nursery, tmp_path: Path
) -> None:
    provider = build(fault="second-october-hour", variation="second-pause-409", clock=RunningClock())
    with served(provider) as state:
        code, said = on_socket(nursery, tmp_path, state)
    assert code == 1, said
    assert "pausing.until-is-kept" in said


def test_a_credential_that_may_not_pause_ends_the_command_after_three_pauses(
    nursery: Nursery, tmp_path: Path
) -> None:
    with served(build(clock=RunningClock())) as state:
        code, said = on_socket(nursery, tmp_path, state, SEED.readonly_token)
        sent = [seen.method for seen in state.requests]
    assert code == 3
    assert "inconclusive: the credential may not pause a campaign (403)" in said
    assert sent.count("POST") == 3, "the first pause, the simplest one, and the unpause"


def test_retries_that_are_exhausted_prevent_what_only_those_requests_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "open_target", opening(lambda _seconds: None))
    with served(build(clock=RunningClock())) as state:

        def gateway(seen: Seen) -> Answer | None:
            known = dict(seen.headers).get("authorization") == f"Bearer {SEED.token}"
            return None if known else Answer(503)

        state.before = gateway
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    assert result["exit_code"] == 3
    assert "requests got no response of the provider, retries included (503); " in result["reason"]
    prevented = {row["id"] for row in result["clauses"] if row["cause"] == "prevented"}
    assert prevented == {"authorization.no-credential", "authorization.wrong-credential",
                         "authorization.usual-answer", "authorization.challenge"}  # fmt: skip


def conflict(seen: Seen) -> Answer | None:
    return Answer(409, JSON, b'{"error": {"type": "conflict", "message": "x"}}') if seen.pauses else None


def test_if_every_pause_is_a_409_even_after_an_unpause_nothing_is_concluded(tmp_path: Path) -> None:
    with served(build(clock=RunningClock())) as state:
        state.before = conflict
        result = check(settings(state, tmp_path, profile="quick"))
        sent = [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in state.requests]
    assert (result["exit_code"], verdicts(result).get("failed")) == (3, None)
    assert result["reason"] == (
        "every pause gets a 409, even after an unpause; expected campaigns that can be paused"
    )
    assert sent[:6] == [
        *(f"GET {ONE}", "POST pause", "POST unpause", "POST pause", f"GET {ONE}", "POST unpause"),
    ]


def test_one_409_to_an_active_campaign_is_a_finding(tmp_path: Path) -> None:
    with served(build(clock=RunningClock())) as state:
        first: list[int] = []
        state.before = lambda seen: (
            conflict(seen) if seen.pauses and not first and not first.append(1) else None
        )
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    assert verdicts(result)["failed"] == ["request.date-is-accepted"]


# -- the wall clock, without waiting ------------------------------------------------------------------------


def walled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: Provider, manual: ManualClock, **more: Any
) -> Any:
    campaigns, watch = SEED.campaigns[: more.pop("campaigns", 1)], more.pop("watch", None)
    given = {"base_url": "http://127.0.0.1:9/api/v1", "token": SEED.token, "campaign_ids": campaigns}
    wanted = Settings(**given, journal=tmp_path / "j.jsonl", **more)  # type: ignore[arg-type]
    who = replace(parties(campaigns), readonly_token=None, foreign=None)
    return judged(monkeypatch, WallTarget(provider, manual), wanted, who, watch=watch)


@pytest.mark.parametrize(
    ("profile", "late"),
    [("quick", 0.0), ("quick", 50.0), ("quick", 120.0), ("quick", None), ("standard", 120.0)],
)
def test_on_the_wall_clock_a_dated_pause_is_watched_until_it_resumes_or_is_too_late(
    profile: str, late: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    provider = build(fault="never-resumes" if late is None else None, clock=manual)
    provider.options = replace(provider.options, resume_late=late or 0.0)
    result = walled(monkeypatch, tmp_path, provider, manual, profile=profile)
    fails = late is None or late > 60
    assert (result["exit_code"], verdicts(result).get("failed", [])) == (
        (1, ["auto_resume.resumes-by-itself"]) if fails else (0, [])
    )
    assert fails or len(result["resumes"]) >= 1


@pytest.mark.parametrize("campaigns", [1, 2, 3])
@pytest.mark.parametrize("profile", ["quick", "standard"])
def test_without_date_headers_no_wait_begins_before_a_pause_has_shown_the_time(
    profile: str, campaigns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    provider = build(variation="no-date-header", clock=manual)
    provider.options = replace(provider.options, resume_late=120.0)
    result = walled(monkeypatch, tmp_path, provider, manual, profile=profile, campaigns=campaigns)
    assert verdicts(result)["failed"] == ["auto_resume.resumes-by-itself"]


@pytest.mark.parametrize("variation", ["no-date-header", "every-nullable-null"])
def test_what_conforms_conforms_on_the_wall_clock(
    variation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    result = walled(
        monkeypatch, tmp_path, build(variation=variation, clock=manual), manual, profile="standard"
    )
    assert (result["exit_code"], result["reason"]) == (0, None)
    tested = {row["id"] for row in result["clauses"] if row["verdict"] != "not_tested"}
    assert {"auto_resume.resumes-by-itself", "pausing.until-is-kept", "request.date-is-accepted"} <= tested


def test_after_the_first_409_the_campaign_is_unpaused_before_each_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    provider = build(variation="second-pause-409", clock=manual)
    told: list[Progress] = []
    result = walled(monkeypatch, tmp_path, provider, manual, profile="standard", watch=told.append)
    assert told[-1].failed == 0, "a warning is no failure"
    assert (result["exit_code"], verdicts(result).get("failed")) == (0, None)
    rows = {row["id"]: row for row in result["clauses"]}
    assert rows["request.usual-answer"]["failure"]["count"] == 1, "the 409 that the run learned from"
    assert rows["pausing.until-is-kept"]["exchanges"] > 60
    assert rows["pausing.last-request-holds"]["verdict"] == "not_tested"
    assert rows["pausing.last-request-holds"]["cause"] == "not_applicable"


def test_without_any_sign_of_the_providers_time_there_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    provider = build(clock=manual)
    provider.options = replace(provider.options, date_header=False, updated_at="stands")
    result = walled(monkeypatch, tmp_path, provider, manual, profile="quick")
    assert result["exit_code"] == 3
    assert result["reason"].startswith("no response shows the provider's time; give --test-clock, or ")


@pytest.mark.parametrize("year", [2020, 2031])
def test_if_the_dates_are_a_gateways_the_provider_is_not_accused(
    year: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual = ManualClock(time.time())
    provider = build(clock=manual)
    handle = provider.handle

    def dated(*sent: Any) -> Any:
        answer = handle(*sent)
        other = [(name, value) for name, value in answer.headers if name.lower() != "date"]
        return replace(answer, headers=(*other, ("date", f"Mon, 21 Sep {year} 10:00:00 GMT")))

    monkeypatch.setattr(provider, "handle", dated)
    result = walled(monkeypatch, tmp_path, provider, manual, profile="quick")
    assert (result["exit_code"], verdicts(result).get("failed")) == (3, None)
    assert "updated_at" in result["reason"] or "Date headers" in result["reason"]


def test_if_every_response_is_longer_than_our_limit_the_reason_says_so(tmp_path: Path) -> None:
    def lengthened(seen: Seen, answer: Answer) -> Answer:
        return replace(answer, content=b" " * 1_000_001 + answer.content) if seen.pauses else answer

    with served(build(clock=RunningClock())) as state:
        state.after = lengthened
        given = settings(state, tmp_path, test_clock=state.clock_url, profile="quick")
        result = check(given)
    reason = "no 2xx response to a pause could be read to its end: each has more than 1 MB"
    assert (result["exit_code"], result["reason"]) == (3, reason)
    (row,) = [row for row in result["clauses"] if row["id"] == "response.json-text"]
    assert (row["cause"], row["reason"]) == ("prevented", reason)


# -- likely causes ------------------------------------------------------------------------------------------

NOT_FOUND = Answer(404, JSON, b'{"error": {"type": "not_found", "message": "no"}}')
PAGE = Answer(404, (("content-type", "text/html"),), b"<html><title>Not found</title></html>")
EXAMPLE = schemas.load("openapi")["paths"]["/ad_campaigns/{id}"]["get"]["responses"]["200"]["content"]
STATIC = json.dumps(EXAMPLE["application/json"]["example"])


def own_example(seen: Seen) -> Answer:
    document = json.loads(STATIC) | {"id": seen.campaign, "status": "active", "paused_until": None}
    return Answer(200, JSON, json.dumps(document).encode())


def without_route(seen: Seen) -> Answer | None:
    return NOT_FOUND if seen.path.endswith("pause") else None


@pytest.mark.parametrize(
    ("before", "base", "reason", "cause"),
    [
        (lambda _: NOT_FOUND, "", "there is no such campaign", "the base URL lacks the version"),
        (lambda _: PAGE, "", "there is no such campaign", "the base URL lacks the version"),
        (lambda _: PAGE, "/api/v1", "there is no such campaign", "a website responds, not the API"),
        (lambda _: replace(PAGE, status=200), "/api/v1", "does not begin as JSON", "a website responds"),
        (
            lambda seen: Answer(301, (("location", f"https://h.example{seen.path}"),)), "/api/v1",
            f"status code 301 to https://h.example/api/v1/ad_campaigns/{ONE}", "redirects are not followed",
        ),
    ],
)  # fmt: skip
def test_a_first_read_that_fails_gives_its_likely_cause(
    before: Any, base: str, reason: str, cause: str, tmp_path: Path
) -> None:
    with served(build(clock=RunningClock())) as state:
        state.before = before
        url = state.base_url.removesuffix("/api/v1") + base
        result = check(settings(state, tmp_path, base_url=url, profile="quick"))
        assert len(state.requests) == 1
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert reason in result["reason"]
    assert f"; likely cause: {cause}" in result["reason"]
    out = io.StringIO()
    terminal.show(result, out)
    assert len(out.getvalue().splitlines()) < 5


def later_generation(seen: Seen, answer: Answer) -> Answer:
    if answer.status != 200:
        return answer
    document = json.loads(answer.content)
    del document["paused_until"]
    document |= {"budget": document.pop("daily_budget"), "budget_type": "daily"}
    return replace(answer, content=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("hooks", "cause"),
    [
        ({"before": without_route}, "the target has no pause route"),
        ({"before": lambda _: Answer(200, JSON, STATIC.encode())}, "a stateless mock (Prism, Mockoon)"),
        ({"before": own_example}, "a stateless mock (Prism, Mockoon)"),
        ({"after": later_generation}, "a later API generation (budget, budget_type, no paused_until)"),
        ({}, None),
    ],
)
def test_odd_responses_give_their_likely_cause_in_one_note(
    hooks: dict[str, Any], cause: str | None, tmp_path: Path
) -> None:
    with served(build(clock=RunningClock())) as state:
        for name, hook in hooks.items():
            setattr(state, name, hook)
        result = check(settings(state, tmp_path, test_clock=state.clock_url, profile="quick"))
    causes = [note for note in result["notes"] if note.startswith("likely cause: ")]
    assert len(causes) == (cause is not None)
    out = io.StringIO()
    terminal.show(result, out)
    assert all(note in " ".join(out.getvalue().split()) for note in causes), "it is shown to its end"
    assert not cause or causes[0].startswith(f"likely cause: {cause}")


@pytest.mark.parametrize("test_clock", [True, False])
def test_a_redirect_for_every_pause_is_one_finding_with_its_cause(
    tmp_path: Path, *, test_clock: bool
) -> None:
    with served(build(clock=RunningClock())) as state:
        state.before = lambda seen: Answer(301, (("location", f"{seen.path}/"),)) if seen.pauses else None
        clock = state.clock_url if test_clock else None
        result = check(settings(state, tmp_path, test_clock=clock))
        assert [seen.method for seen in state.requests] == ["GET", "POST", "POST"]
    (failed,) = verdicts(result)["failed"]
    assert (result["exit_code"], failed.partition(".")[0]) == (1, "request")
    failure = next(row["failure"] for row in result["clauses"] if row["failure"])
    assert failure["actual"].startswith(f"301 to /api/v1/ad_campaigns/{ONE}/pause/ ")
    assert "another scheme, host or path" in "".join(result["notes"])
