"""No verdict without evidence, and no accusation for what lies in the set-up of a run."""

import io
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import serving
from pretending import Answering, WallTarget, judged, opening, parties
from serving import served

from report.making import failing
from whop_contracts import schemas
from whop_contracts.cli import check as engine
from whop_contracts.cli.check import check
from whop_contracts.provider import SEED, Answer, ManualClock, build
from whop_contracts.provider.server import TEST_CLOCK
from whop_contracts.report import terminal
from whop_contracts.settings import Settings, UsageError

ONE = SEED.campaigns[0]
JSON = (("content-type", "application/json"),)


def checked(state, folder, **more):
    """The result of a quick run on one campaign with one credential and the test clock."""
    alone = {"campaign_ids": (ONE,), "readonly_token": None, "foreign_campaign_id": None, "profile": "quick"}
    return check(state.settings(folder, **alone | more))


def row_of(result, id_):
    return next(row for row in result["clauses"] if row["id"] == id_)


def requests(state):
    """What was requested, by method and last part of the path."""
    return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in state.requests]


def test_the_test_clock_is_read_once_and_asked_once_for_each_move(tmp_path, monkeypatch):
    asked = []
    respond = serving.show_or_move_clock

    def counted(provider, method, content):
        asked.append((method, content))
        return respond(provider, method, content)

    monkeypatch.setattr(serving, "show_or_move_clock", counted)
    with served() as state:
        assert checked(state, tmp_path, profile="standard")["exit_code"] == 0
    moves = asked[1:]
    assert asked[0][0] == "GET"
    assert {method for method, _ in moves} == {"PUT"}
    assert len({content for _, content in moves}) == len(moves) > 5


def test_a_403_to_one_kind_of_pause_is_a_response_like_any_other(tmp_path):
    with served() as state:
        first = iter([Answer(403, JSON, b'{"error": {}}')])
        state.before = lambda seen: next(first, None) if seen.pauses else None
        result = checked(state, tmp_path)
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)


def test_a_provider_that_never_resumes_is_not_excused_by_its_clock(tmp_path):
    with served(fault="never-resumes") as state:
        result = checked(state, tmp_path)
    assert "auto_resume.resumes-by-itself" in failing(result)


@pytest.mark.parametrize(
    ("url", "noted"),
    [
        ("http://staging.example/api/v1", True),
        ("https://staging.example/api/v1", False),
        ("http://127.0.0.1:9/api/v1", False),
    ],
)
def test_a_credential_that_is_sent_in_the_clear_is_noted_and_told(monkeypatch, tmp_path, url, *, noted):
    target = Answering(lambda _number, _request: "connection refused", kind="live", loopback="127" in url)
    target.base_url = url
    told = []
    result = judged(monkeypatch, target, Settings(journal=tmp_path / "j.jsonl"), tell=told.append)
    note = "the credential is sent over plain http:// to staging.example: whoever is on the way can read it"
    assert (note in result["notes"]) is noted
    assert (f"insecure: {note}" in told) is noted


def response_to(method, status, body, handle, *sent):
    return Answer(status, JSON, body) if sent[0] == method else handle(*sent)


def moves_nothing(handle, _method, path, headers, _content):
    return handle("GET", path, headers, b"")


def an_hour_off(handle, method, path, headers, content):
    def shifted(body, hours):
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
        (partial(response_to, "PUT", 401, b""), "the test clock responded to a PUT with 401"),
        (partial(response_to, "PUT", 404, b""), "the test clock responded to a PUT with 404"),
        (partial(response_to, "PUT", 500, b""), "the test clock responded to a PUT with 500"),
        (partial(response_to, "PUT", 409, b""), "the test clock would not be moved forwards"),
        (moves_nothing, "the test clock did not go where it was moved"),
        (an_hour_off, "the test clock is not the provider's: updated_at does not follow it"),
    ],
)
def test_a_test_clock_that_cannot_be_used_prevents_a_verdict(broken, reason, tmp_path, monkeypatch):
    """Whatever the provider does: here it never resumes."""
    monkeypatch.setattr(engine, "open_target", opening(lambda _seconds: None))
    with served(fault="never-resumes") as state:
        handle = state.handle

        def route(method, path, headers, content):
            sent = (method, path, headers, content)
            return broken(handle, *sent) if path == TEST_CLOCK else handle(*sent)

        monkeypatch.setattr(state, "handle", route)
        result = checked(state, tmp_path)
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert result["reason"].startswith(reason)
    assert result["reason"].endswith("; check --test-clock, or run without it")
    row = row_of(result, "auto_resume.resumes-by-itself")
    assert (row["verdict"], row["cause"], row["reason"]) == ("not_tested", "prevented", result["reason"])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, b"{}") for status in (302, 401, 403, 404)),
        (200, b"<html>"),
        (200, b'{"now": "2026-11-26T10:00:00"}'),
    ],
)
def test_a_setting_that_names_no_test_clock_is_a_usage_error_and_nothing_is_sent(
    status, body, tmp_path, monkeypatch
):
    with served() as state:
        route = partial(response_to, "GET", status, body, state.handle)
        monkeypatch.setattr(state, "handle", route)
        with pytest.raises(UsageError, match="likely cause"):
            checked(state, tmp_path)
        assert state.requests == []


def test_the_verdict_line_gives_the_reason_and_the_way_out_also_if_quiet(nursery, tmp_path):
    with served() as state:
        words = [*state.words(ONE), "--test-clock", "http://127.0.0.1:9/test_clock", "--profile", "quick"]
        code, said = nursery.run("run", *words, "--quiet", cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
    assert code == 3
    lines = [line for line in said.splitlines() if line.startswith("inconclusive")]
    assert lines == ["inconclusive: the test clock cannot be reached: connection refused; check"]
    assert "--test-clock, or run without it" in said


def on_socket(nursery, folder, state, token=SEED.token):
    """The exit code and the output of the command on one campaign, with the test clock."""
    return nursery.run("run", *state.words(ONE), "--journal", "run.jsonl", cwd=folder, WHOP_API_TOKEN=token)


@pytest.mark.parametrize(
    ("variation", "warned"),
    [
        ("second-pause-409", "409"),
        ("bad-utf-8-replaced", "refusals.usual-answer"),
        ("nan-accepted", "refusals.usual-answer"),
        ("any-case-of-members", "request.usual-answer"),
    ],
)
def test_what_the_table_tolerates_exits_0_and_is_a_warning(nursery, tmp_path, variation, warned):
    with served(variation=variation) as state:
        code, said = on_socket(nursery, tmp_path, state)
    assert code == 0, said
    assert warned in said


def test_an_hour_off_in_one_night_is_found_although_every_second_pause_is_a_409(nursery, tmp_path):
    with served(fault="second-october-hour", variation="second-pause-409") as state:
        code, said = on_socket(nursery, tmp_path, state)
    assert code == 1, said
    assert "pausing.until-is-kept" in said


def test_a_credential_that_may_not_pause_ends_the_command_after_three_pauses(nursery, tmp_path):
    with served() as state:
        code, said = on_socket(nursery, tmp_path, state, SEED.readonly_token)
    assert code == 3
    assert "inconclusive: the credential may not pause a campaign (403)" in said
    assert "ad_campaign:update" in said
    assert requests(state) == [f"GET {ONE}", "POST pause", "POST pause", "POST unpause"]


def test_retries_that_are_exhausted_prevent_what_only_those_requests_test(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "open_target", opening(lambda _seconds: None))
    with served() as state:

        def gateway(seen):
            known = dict(seen.headers).get("authorization") == f"Bearer {SEED.token}"
            return None if known else Answer(503)

        state.before = gateway
        result = checked(state, tmp_path)
    assert result["exit_code"] == 3
    assert "requests got no response of the provider, retries included (503); " in result["reason"]
    prevented = {row["id"] for row in result["clauses"] if row["cause"] == "prevented"}
    assert prevented == {"authorization.no-credential", "authorization.wrong-credential",
                         "authorization.usual-answer", "authorization.challenge"}  # fmt: skip


CONFLICT = Answer(409, JSON, b'{"error": {"type": "conflict", "message": "x"}}')


def test_if_every_pause_is_a_409_even_after_an_unpause_nothing_is_concluded(tmp_path):
    with served() as state:
        state.before = lambda seen: CONFLICT if seen.pauses else None
        result = checked(state, tmp_path, test_clock=None)
        sent = requests(state)
    assert (result["exit_code"], failing(result)) == (3, [])
    assert result["reason"] == (
        "every pause gets a 409, even after an unpause; expected campaigns that can be paused"
    )
    twice = [f"GET {ONE}", "POST pause", "POST unpause"]
    assert sent[:6] == [*twice, "POST pause", f"GET {ONE}", "POST unpause"]


def test_one_409_to_an_active_campaign_is_a_finding(tmp_path):
    with served() as state:
        first = iter([CONFLICT])
        state.before = lambda seen: next(first, None) if seen.pauses else None
        result = checked(state, tmp_path)
    assert failing(result) == ["request.date-is-accepted"]


def walled(monkeypatch, tmp_path, provider=None, *, options=None, **more):
    """The result of a run on a provider by the wall clock, on which waiting takes no time."""
    campaigns, watch = SEED.campaigns[: more.pop("campaigns", 1)], more.pop("watch", lambda _: None)
    provider = provider or build(clock=ManualClock(time.time()), variation=more.pop("variation", None))
    provider.options = replace(provider.options, **options or {})
    given = {"base_url": "http://127.0.0.1:9/api/v1", "token": SEED.token, "campaign_ids": campaigns}
    wanted = Settings(**given, journal=tmp_path / "j.jsonl", **more)
    who = replace(parties(campaigns), readonly_token=None, foreign=None)
    return judged(monkeypatch, WallTarget(provider, provider.clock), wanted, who, watch=watch)


@pytest.mark.parametrize(
    ("profile", "late"),
    [("quick", 0.0), ("quick", 50.0), ("quick", 120.0), ("quick", None), ("standard", 120.0)],
)
def test_on_the_wall_clock_a_dated_pause_is_watched_until_it_resumes_or_is_too_late(
    profile, late, tmp_path, monkeypatch
):
    provider = build(fault="never-resumes" if late is None else None, clock=ManualClock(time.time()))
    result = walled(monkeypatch, tmp_path, provider, options={"resume_late": late or 0.0}, profile=profile)
    fails = late is None or late > 60
    assert (result["exit_code"], failing(result)) == (
        (1, ["auto_resume.resumes-by-itself"]) if fails else (0, [])
    )
    assert fails or len(result["resumes"]) >= 1


@pytest.mark.parametrize("campaigns", [1, 2, 3])
@pytest.mark.parametrize("profile", ["quick", "standard"])
def test_without_date_headers_no_wait_begins_before_a_pause_has_shown_the_time(
    profile, campaigns, tmp_path, monkeypatch
):
    how = {"variation": "no-date-header", "options": {"resume_late": 120.0}}
    result = walled(monkeypatch, tmp_path, profile=profile, campaigns=campaigns, **how)
    assert failing(result) == ["auto_resume.resumes-by-itself"]


@pytest.mark.parametrize("variation", ["no-date-header", "every-nullable-null"])
def test_what_conforms_conforms_on_the_wall_clock(variation, tmp_path, monkeypatch):
    result = walled(monkeypatch, tmp_path, variation=variation, profile="standard")
    assert (result["exit_code"], result["reason"]) == (0, None)
    tested = {row["id"] for row in result["clauses"] if row["verdict"] != "not_tested"}
    assert {"auto_resume.resumes-by-itself", "pausing.until-is-kept", "request.date-is-accepted"} <= tested


def test_after_the_first_409_the_campaign_is_unpaused_before_each_pause(tmp_path, monkeypatch):
    told = []
    how = {"profile": "standard", "watch": told.append}
    result = walled(monkeypatch, tmp_path, variation="second-pause-409", **how)
    assert told[-1].failed == 0, "a warning is no failure"
    assert (result["exit_code"], failing(result)) == (0, [])
    learned = row_of(result, "request.usual-answer")["failure"]
    assert learned["count"] == 1, "the 409 that the run learned from"
    assert row_of(result, "pausing.until-is-kept")["exchanges"] > 60
    replaced = row_of(result, "pausing.last-request-holds")
    assert (replaced["verdict"], replaced["cause"]) == ("not_tested", "not_applicable")


def test_without_any_sign_of_the_providers_time_there_is_no_verdict(tmp_path, monkeypatch):
    silent = {"date_header": False, "updated_at": "stands"}
    result = walled(monkeypatch, tmp_path, options=silent, profile="quick")
    assert result["exit_code"] == 3
    assert result["reason"].startswith("no response shows the provider's time; give --test-clock, or ")


@pytest.mark.parametrize("year", [2020, 2031])
def test_if_the_dates_are_a_gateways_the_provider_is_not_accused(year, tmp_path, monkeypatch):
    provider = build(clock=ManualClock(time.time()))
    handle = provider.handle

    def dated(*sent):
        answer = handle(*sent)
        other = [(name, value) for name, value in answer.headers if name.lower() != "date"]
        return replace(answer, headers=(*other, ("date", f"Mon, 21 Sep {year} 10:00:00 GMT")))

    monkeypatch.setattr(provider, "handle", dated)
    result = walled(monkeypatch, tmp_path, provider, profile="quick")
    assert (result["exit_code"], failing(result)) == (3, [])
    assert "updated_at" in result["reason"] or "Date headers" in result["reason"]


def test_if_every_response_is_longer_than_our_limit_the_reason_says_so(tmp_path):
    def lengthened(seen, answer):
        return replace(answer, content=b" " * 1_000_001 + answer.content) if seen.pauses else answer

    with served() as state:
        state.after = lengthened
        result = checked(state, tmp_path)
    reason = "no 2xx response to a pause could be read to its end: each has more than 1 MB"
    assert (result["exit_code"], result["reason"]) == (3, reason)
    row = row_of(result, "response.json-text")
    assert (row["cause"], row["reason"]) == ("prevented", reason)


NOT_FOUND = Answer(404, JSON, b'{"error": {"type": "not_found", "message": "no"}}')
PAGE = Answer(404, (("content-type", "text/html"),), b"<html><title>Not found</title></html>")
EXAMPLE = schemas.load("openapi")["paths"]["/ad_campaigns/{id}"]["get"]["responses"]["200"]["content"]
STATIC = json.dumps(EXAMPLE["application/json"]["example"])


def own_example(seen):
    document = json.loads(STATIC) | {"id": seen.campaign, "status": "active", "paused_until": None}
    return Answer(200, JSON, json.dumps(document).encode())


def without_route(seen):
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
def test_a_first_read_that_fails_gives_its_likely_cause(before, base, reason, cause, tmp_path):
    with served() as state:
        state.before = before
        url = state.base_url.removesuffix("/api/v1") + base
        result = checked(state, tmp_path, base_url=url, test_clock=None)
        assert len(state.requests) == 1
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert reason in result["reason"]
    assert f"; likely cause: {cause}" in result["reason"]
    out = io.StringIO()
    terminal.print_result(result, out)
    assert len(out.getvalue().splitlines()) < 5


def later_generation(seen, answer):
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
def test_odd_responses_give_their_likely_cause_in_one_note(hooks, cause, tmp_path):
    with served() as state:
        for name, hook in hooks.items():
            setattr(state, name, hook)
        result = checked(state, tmp_path)
    causes = [note for note in result["notes"] if note.startswith("likely cause: ")]
    assert len(causes) == (cause is not None)
    out = io.StringIO()
    terminal.print_result(result, out)
    assert all(note in " ".join(out.getvalue().split()) for note in causes), "it is shown to its end"
    assert not cause or causes[0].startswith(f"likely cause: {cause}")


@pytest.mark.parametrize("clock", [{}, {"test_clock": None}])
def test_a_redirect_for_every_pause_is_one_finding_with_its_cause(tmp_path, clock):
    with served() as state:
        state.before = lambda seen: Answer(301, (("location", f"{seen.path}/"),)) if seen.pauses else None
        result = checked(state, tmp_path, profile="standard", **clock)
        assert [seen.method for seen in state.requests] == ["GET", "POST", "POST"]
    (failed,) = failing(result)
    assert (result["exit_code"], failed.partition(".")[0]) == (1, "request")
    failure = next(row["failure"] for row in result["clauses"] if row["failure"])
    assert failure["actual"].startswith(f"301 to /api/v1/ad_campaigns/{ONE}/pause/ ")
    assert "another scheme, host or path" in "".join(result["notes"])
