"""No verdict without evidence, and no accusation for what lies in the set-up of a run."""

import io
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from report.making import failing
from safety.pretending import WallTarget, judged, parties
from safety.serving import JSON, ONE
from whop_contracts import schemas
from whop_contracts.cli.planning import mock_actors
from whop_contracts.provider import SEED, ManualClock, Provider, Response, build
from whop_contracts.provider.server import show_or_move_clock
from whop_contracts.report import terminal
from whop_contracts.settings import Settings, UsageError


@pytest.fixture
def serve(serve):
    """Runs are on one campaign with one credential and the test clock."""
    return partial(serve, alone=True)


def checked(state, **more):
    return state.check(**{"profile": "quick"} | more)


def row_of(result, id_):
    return next(row for row in result["clauses"] if row["id"] == id_)


def requests(state):
    """What was requested, by method and last part of the path."""
    return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in state.requests]


def test_the_test_clock_is_read_once_and_asked_once_for_each_move(serve):
    asked = []

    def counted(provider, method, content):
        asked.append((method, content))
        return show_or_move_clock(provider, method, content)

    with serve(build(clock=ManualClock())) as state:
        state.clock = counted
        assert checked(state, profile="standard")["exit_code"] == 0
    moves = asked[1:]
    assert asked[0][0] == "GET"
    assert {method for method, _ in moves} == {"PUT"}
    assert len({content for _, content in moves}) == len(moves) > 5


@pytest.mark.parametrize("origin", ["http://h.example", "https://h.example", "http://127.0.0.1:9"])
def test_a_credential_that_is_sent_in_the_clear_is_noted_and_told(tmp_path, origin):
    noted = origin == "http://h.example"
    about = {"kind": "live", "base_url": f"{origin}/api/v1", "loopback": "127" in origin}
    target = WallTarget(Provider(ManualClock()), ManualClock(), lambda *_: "connection refused", **about)
    told = []
    result = judged(target, Settings(journal=tmp_path / "j.jsonl"), tell=told.append)
    note = "the credential is sent over plain http:// to h.example: whoever is on the way can read it"
    assert (note in result["notes"]) is noted
    assert (f"insecure: {note}" in told) is noted


def responding(wanted, status, body=b""):
    """A test clock whose response to one method is always this one."""

    def clock(provider, method, content):
        if method == wanted:
            return Response(status, JSON, body)
        return show_or_move_clock(provider, method, content)

    return clock


def moves_nothing(provider, _method, _content):
    return show_or_move_clock(provider, "GET", b"")


def an_hour_off(provider, method, content):
    def shifted(body, hours):
        now = datetime.fromisoformat(json.loads(body)["now"]) + timedelta(hours=hours)
        return json.dumps({"now": now.isoformat()}).encode()

    answer = show_or_move_clock(provider, method, shifted(content, -1) if content else b"")
    return replace(answer, content=shifted(answer.content, 1)) if answer.status == 200 else answer


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        *((responding("GET", n), f"the test clock responded with {n}") for n in (429, 503)),
        (responding("GET", 500), "the test clock responded to a GET with 500"),
        *((responding("PUT", n), f"the test clock responded to a PUT with {n}") for n in (401, 404, 500)),
        (responding("PUT", 409), "the test clock would not be moved forwards"),
        (moves_nothing, "the test clock did not go where it was moved"),
        (an_hour_off, "the test clock is not the provider's: updated_at does not follow it"),
        (show_or_move_clock, None),
    ],
)
def test_an_unusable_test_clock_prevents_a_verdict_and_a_usable_one_excuses_nothing(broken, reason, serve):
    """Whatever the provider does: here it never resumes."""
    with serve(fault="never-resumes") as state:
        state.clock = broken
        result = checked(state)
    if reason is None:
        assert "auto_resume.resumes-by-itself" in failing(result)
        return
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert result["reason"].startswith(reason)
    assert result["reason"].endswith("; check --test-clock, or run without it")
    row = row_of(result, "auto_resume.resumes-by-itself")
    assert (row["verdict"], row["cause"], row["reason"]) == ("not_tested", "prevented", result["reason"])


def test_a_setting_that_names_no_test_clock_is_a_usage_error_and_nothing_is_sent(state):
    others = [(status, b"{}") for status in (302, 401, 403, 404)]
    for status, body in (*others, (200, b"<html>"), (200, b'{"now": "2026-11-26T10:00:00"}')):
        state.clock = responding("GET", status, body)
        with pytest.raises(UsageError, match="likely cause"):
            checked(state)
        assert state.requests == []


def test_the_verdict_line_gives_the_reason_and_the_way_out_also_if_quiet(state):
    code, said = state.run("--test-clock", "http://127.0.0.1:9/test_clock", "--profile", "quick", "--quiet")
    assert code == 3
    lines = [line for line in said.splitlines() if line.startswith("inconclusive")]
    assert lines == ["inconclusive: the test clock cannot be reached: connection refused; check"]
    assert "--test-clock, or run without it" in said


@pytest.mark.parametrize(
    ("built", "code", "shown"),
    [
        ({"variation": "second-pause-409"}, 0, "409"),
        ({"variation": "bad-utf-8-replaced"}, 0, "refusals.usual-answer"),
        ({"variation": "nan-accepted"}, 0, "refusals.usual-answer"),
        ({"variation": "any-case-of-members"}, 0, "request.usual-answer"),
        # An hour off in one night is found although every second pause is a 409.
        ({"fault": "second-october-hour", "variation": "second-pause-409"}, 1, "pausing.until-is-kept"),
    ],
)
def test_what_the_table_tolerates_exits_0_and_is_a_warning_and_hides_no_fault(serve, built, code, shown):
    with serve(**built) as state:
        ended, said = state.run()
    assert ended == code, said
    assert shown in said


def test_a_credential_that_may_not_pause_ends_the_command_after_three_pauses(state):
    code, said = state.run(WHOP_API_TOKEN=SEED.readonly_token)
    assert code == 3
    assert "inconclusive: the credential may not pause a campaign (403)" in said
    assert "ad_campaign:update" in said
    assert requests(state) == [f"GET {ONE}", "POST pause", "POST pause", "POST unpause"]


@pytest.mark.usefixtures("slept")
def test_retries_that_are_exhausted_prevent_what_only_those_requests_test(state):
    def gateway(seen):
        known = dict(seen.headers).get("authorization") == f"Bearer {SEED.token}"
        return None if known else Response(503)

    state.before = gateway
    result = checked(state)
    assert result["exit_code"] == 3
    assert "requests got no response of the provider, retries included (503); " in result["reason"]
    prevented = {row["id"] for row in result["clauses"] if row["cause"] == "prevented"}
    names = ("no-credential", "wrong-credential", "usual-answer", "challenge")
    assert prevented == {f"authorization.{name}" for name in names}


CONFLICT = Response(409, JSON, b'{"error": {"type": "conflict", "message": "x"}}')


def test_if_every_pause_is_a_409_even_after_an_unpause_nothing_is_concluded(state):
    state.before = lambda seen: CONFLICT if seen.pauses else None
    result = checked(state, test_clock=None)
    assert (result["exit_code"], failing(result)) == (3, [])
    reason = "every pause gets a 409, even after an unpause; expected campaigns that can be paused"
    assert result["reason"] == reason
    twice = [f"GET {ONE}", "POST pause", "POST unpause"]
    assert requests(state)[:6] == [*twice, "POST pause", f"GET {ONE}", "POST unpause"]


@pytest.mark.parametrize("answer", [CONFLICT, Response(403, JSON, b'{"error": {}}')])
def test_one_409_or_403_to_the_first_pause_is_a_response_like_any_other(state, answer):
    first = iter([answer])
    state.before = lambda seen: next(first, None) if seen.pauses else None
    result = checked(state)
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)
    assert failing(result) == ["request.date-is-accepted"]


def walled(folder, *, campaigns=1, options=None, spoil=lambda _n, response: response, watch=None, **more):
    """The result of a run on a provider by the wall clock, on which waiting takes no time."""
    clock = ManualClock(time.time())
    provider = build(clock=clock, variation=more.pop("variation", None), fault=more.pop("fault", None))
    provider.options = replace(provider.options, **options or {})
    names = SEED.campaigns[:campaigns]
    given = {"base_url": "http://127.0.0.1:9/api/v1", "token": SEED.token, "campaign_ids": names}
    wanted = Settings(**given, journal=folder / "j.jsonl", **more)
    who = replace(parties(names), readonly_token=None, foreign=None)
    target = WallTarget(provider, clock, spoil)
    return judged(target, wanted, who, watch=watch or (lambda _: None))


@pytest.mark.parametrize(
    ("profile", "late"),
    [("quick", 0.0), ("quick", 50.0), ("quick", 120.0), ("quick", None), ("standard", 120.0)],
)
def test_on_the_wall_clock_a_dated_pause_is_watched_until_it_resumes_or_is_too_late(profile, late, tmp_path):
    """Without ``Date`` headers, no wait begins before a pause has shown the time."""
    for how in ({}, *({"variation": "no-date-header", "campaigns": number} for number in (1, 2, 3))):
        fault = "never-resumes" if late is None else None
        result = walled(tmp_path, fault=fault, options={"resume_late": late or 0.0}, profile=profile, **how)
        fails = late is None or late > 60
        assert result["exit_code"] == int(fails)
        assert failing(result) == (["auto_resume.resumes-by-itself"] if fails else [])
        assert fails or len(result["resumes"]) >= 1


@pytest.mark.parametrize("variation", ["no-date-header", "every-nullable-null"])
def test_what_conforms_conforms_on_the_wall_clock(variation, tmp_path):
    result = walled(tmp_path, variation=variation, profile="standard")
    assert (result["exit_code"], result["reason"]) == (0, None)
    tested = {row["id"] for row in result["clauses"] if row["verdict"] != "not_tested"}
    assert {"auto_resume.resumes-by-itself", "pausing.until-is-kept", "request.date-is-accepted"} <= tested


def test_after_the_first_409_the_campaign_is_unpaused_before_each_pause(tmp_path):
    told = []
    result = walled(tmp_path, variation="second-pause-409", profile="standard", watch=told.append)
    assert told[-1].failed == 0, "a warning is no failure"
    assert (result["exit_code"], failing(result)) == (0, [])
    learned = row_of(result, "request.usual-answer")["failure"]
    assert learned["count"] == 1, "the 409 that the run learned from"
    assert row_of(result, "pausing.until-is-kept")["exchanges"] > 60
    replaced = row_of(result, "pausing.last-request-holds")
    assert (replaced["verdict"], replaced["cause"]) == ("not_tested", "not_applicable")


def dated(year):
    def spoil(_number, response):
        other = [(name, value) for name, value in response.headers if name.lower() != "date"]
        return replace(response, headers=(*other, ("date", f"Mon, 21 Sep {year} 10:00:00 GMT")))

    return {"spoil": spoil}


UNDATED = {"options": {"date_header": False, "updated_at": "stands"}}


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (UNDATED, "no response shows the provider's time; give"),
        # The dates are a gateway's: the provider is not accused.
        (dated(2020), "updated_at"),
        (dated(2031), "updated_at"),
    ],
)
def test_without_a_usable_sign_of_the_providers_time_there_is_no_verdict(how, reason, tmp_path):
    result = walled(tmp_path, profile="quick", **how)
    assert (result["exit_code"], failing(result)) == (3, [])
    assert reason in result["reason"]


def test_if_every_response_is_longer_than_our_limit_the_reason_says_so(state):
    def lengthened(seen, answer):
        return replace(answer, content=b" " * 1_000_001 + answer.content) if seen.pauses else answer

    state.after = lengthened
    result = checked(state)
    reason = "no 2xx response to a pause could be read to its end: each has more than 1 MB"
    assert (result["exit_code"], result["reason"]) == (3, reason)
    row = row_of(result, "response.json-text")
    assert (row["cause"], row["reason"]) == ("prevented", reason)


NOT_FOUND = Response(404, JSON, b'{"error": {"type": "not_found", "message": "no"}}')
PAGE = Response(404, (("content-type", "text/html"),), b"<html><title>Not found</title></html>")
EXAMPLE = schemas.load("openapi")["paths"]["/ad_campaigns/{id}"]["get"]["responses"]["200"]["content"]
STATIC = json.dumps(EXAMPLE["application/json"]["example"])


def shown(result):
    """What the terminal shows of a result."""
    out = io.StringIO()
    terminal.print_result(result, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("answer", "base", "reason", "cause"),
    [
        (NOT_FOUND, "", "there is no such campaign", "the base URL lacks the version"),
        (PAGE, "", "there is no such campaign", "the base URL lacks the version"),
        (PAGE, "/api/v1", "there is no such campaign", "a website responds, not the API"),
        (replace(PAGE, status=200), "/api/v1", "does not begin as JSON", "a website responds"),
        (
            Response(301, (("location", "https://h.example/elsewhere"),)),
            *("/api/v1", "status code 301 to https://h.example/elsewhere", "redirects are not followed"),
        ),
    ],
)
def test_a_first_read_that_fails_gives_its_likely_cause(answer, base, reason, cause, state):
    state.before = lambda _: answer
    result = checked(state, base_url=state.base_url.removesuffix("/api/v1") + base, test_clock=None)
    assert len(state.requests) == 1
    assert (result["verdict"], result["exit_code"]) == ("inconclusive", 3)
    assert reason in result["reason"]
    assert f"; likely cause: {cause}" in result["reason"]
    assert len(shown(result).splitlines()) < 5


def test_neither_a_date_from_a_cache_nor_a_page_for_what_is_not_found_is_an_odd_set_up():
    def spoil(_number, response):
        shown = PAGE if response.status == 404 else response
        return replace(shown, headers=(*shown.headers, ("age", "7")))

    clock = ManualClock(1_790_000_000.0)
    result = judged(WallTarget(build(clock=clock), clock, spoil), Settings(profile="quick"), mock_actors())
    assert result["verdict"] == "conforms"
    assert not any("likely cause" in note for note in result["notes"])


def without_route(seen):
    return NOT_FOUND if seen.pauses else None


def own_example(seen):
    document = json.loads(STATIC) | {"id": seen.campaign, "status": "active", "paused_until": None}
    return Response(200, JSON, json.dumps(document).encode())


def later_generation(_seen, answer):
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
        ({"before": lambda _: Response(200, JSON, STATIC.encode())}, "a stateless mock (Prism, Mockoon)"),
        ({"before": own_example}, "a stateless mock (Prism, Mockoon)"),
        ({"after": later_generation}, "a later API generation (budget, budget_type, no paused_until)"),
        ({}, None),
    ],
)
def test_odd_responses_give_their_likely_cause_in_one_note(hooks, cause, state):
    vars(state).update(hooks)
    result = checked(state)
    causes = [note for note in result["notes"] if note.startswith("likely cause: ")]
    assert len(causes) == (cause is not None)
    assert all(note in " ".join(shown(result).split()) for note in causes), "it is shown to its end"
    assert not cause or causes[0].startswith(f"likely cause: {cause}")


@pytest.mark.parametrize("clock", [{}, {"test_clock": None}])
def test_a_redirect_for_every_pause_is_one_finding_with_its_cause(state, clock):
    state.before = lambda seen: Response(301, (("location", f"{seen.path}/"),)) if seen.pauses else None
    result = checked(state, profile="standard", **clock)
    assert [seen.method for seen in state.requests] == ["GET", "POST", "POST"]
    (failed,) = failing(result)
    assert (result["exit_code"], failed.partition(".")[0]) == (1, "request")
    failure = next(row["failure"] for row in result["clauses"] if row["failure"])
    assert failure["actual"].startswith(f"301 to /api/v1/ad_campaigns/{ONE}/pause/ ")
    assert "another scheme, host or path" in "".join(result["notes"])
