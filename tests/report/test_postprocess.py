"""What is done to a finished result: waivers, what was required, the drift ledger."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from report import handmade
from report.making import FAULT, break_mock, failing, judged, said, verdicts
from whop_contracts import schemas
from whop_contracts.cli import check as engine
from whop_contracts.report import postprocess
from whop_contracts.settings import Settings, UsageError

TODAY = date(2026, 9, 21)
GOOD = """
[[waiver]]
clause = "response.*"
reason = "known since August"
owner = "ads team"
expiry = 2026-09-21
"""


def read(path, text):
    path.write_text(text, "utf-8")
    return postprocess.read_waivers(path, ["response.media-type", "pausing.until-is-kept"], today=TODAY)


def test_a_waiver_holds_on_its_last_day(tmp_path):
    (waiver,) = read(tmp_path / "w.toml", GOOD)
    failed = [handmade.clause(id_, "failed") for id_ in ("response.media-type", "pausing.until-is-kept")]
    made = postprocess.apply_waivers([waiver], handmade.result(*failed))
    assert verdicts(made) == {"response.media-type": "waived", "pausing.until-is-kept": "failed"}
    assert made["clauses"][0]["reason"] == "known since August (waived by ads team until 2026-09-21)"


OLD, NAMES = "2026-09-21", "expected clause, reason, owner, expiry in each"
WRONG = (
    # What is replaced in GOOD by what (or the whole text), the line that is named, and what is said of it.
    ('owner = "ads team"\n', "", 2, f"the waiver has no owner; {NAMES}"),
    (OLD, "2026-09-20", 6, "the waiver of response.* expired on 2026-09-20; ask ads team, or take it out"),
    ("response.*", "x.*", 3, "clause 'x.*' matches no clause; `whop-contracts clauses` lists them"),
    ('"ads team"', '" "', 5, "owner: expected a text that is not empty"),
    (OLD, f'"{OLD}"', 6, "expiry: expected a date, as in expiry = 2027-01-31"),
    (OLD, f'{OLD}\nuntil = "x"', 7, "'until': expected clause, reason, owner and expiry, and nothing else"),
    ("[[waiver]]", "[[waivers]]", 2, "'waivers': expected [[waiver]] tables and nothing else"),
    (GOOD, 'waiver = [{clause = "x"}]', 1, f"the waiver has no reason; {NAMES}"),
    (GOOD, "", None, "expected [[waiver]] tables"),
    (GOOD, "waiver = 3", None, "expected [[waiver]] tables"),
)


@pytest.mark.parametrize(("old", "new", "line", "what"), WRONG)
def test_a_waiver_that_cannot_be_used_is_named_by_its_line(tmp_path, old, new, line, what):
    path = tmp_path / "w.toml"
    for before in (0, 6 * (line is not None and old != GOOD and "waivers" not in new)):
        with pytest.raises(UsageError) as caught:
            read(path, GOOD * (before // 6) + GOOD.replace(old, new, 1))
        where = f", line {line + before}" if line else ""
        assert str(caught.value) == f"--waivers {path}{where}: {what}"


def test_a_file_that_is_no_toml_is_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"expected TOML .*line 1") as caught:
        read(tmp_path / "w.toml", "clause == 3")
    assert "\n" not in str(caught.value)


def waiver(clause, expiry=TODAY):
    return postprocess.Waiver(clause, "known", "ads team", expiry)


def applied(clause, result, *, strict=False):
    made = postprocess.apply_waivers([waiver(clause)], result, strict=strict)
    assert not schemas.violations("result", "", made)
    return made


def test_waived_failures_are_shown_and_do_not_fail_the_run():
    result = judged(fault=FAULT)
    assert result["exit_code"] == 1
    waived = applied("*", result)
    assert (waived["verdict"], waived["exit_code"], waived["reason"]) == ("conforms", 0, None)
    assert all(verdicts(waived)[id_] == "waived" for id_ in failing(result))
    assert all(row["failure"] for row in waived["clauses"] if row["verdict"] == "waived")
    other = applied("response.media-type", result)
    assert (other["verdict"], other["exit_code"]) == ("violates", 1)


def test_a_waiver_that_is_not_needed_warns_and_with_strict_fails():
    note = "waiver for response.media-type is not needed any more (ads team, until 2026-09-21)"
    lax, strict = (applied("response.media-type", judged(), strict=one) for one in (False, True))
    assert note in lax["notes"]
    assert (lax["exit_code"], strict["exit_code"]) == (0, 1)


def test_if_every_failure_is_waived_what_prevented_a_must_clause_from_being_tested_decides():
    reason = "the run was interrupted"
    for level, cause, verdict in (
        ("must", "prevented", "inconclusive"),
        ("must", "chosen", "conforms"),
        ("should", "prevented", "conforms"),
    ):
        missed = handmade.clause("auto_resume.y", "not_tested", level=level, reason=reason, cause=cause)
        result = applied("pausing.x", handmade.result(handmade.clause("pausing.x", "failed"), missed))
        said = f"every failure is waived, and {reason}" if verdict == "inconclusive" else None
        assert (result["verdict"], result["reason"]) == (verdict, said)


def test_a_clause_that_was_not_tested_says_nothing_about_its_waiver():
    result = handmade.result(handmade.clause("pausing.until-is-kept", "not_tested"))
    assert applied("pausing.until-is-kept", result, strict=True)["notes"] == result["notes"]


def test_a_run_reads_its_waivers_before_it_sends_anything(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "open_target", lambda _: pytest.fail("a target was opened"))
    path = tmp_path / "w.toml"
    path.write_text(GOOD.replace("2026-09-21", "2020-01-01"), "utf-8")
    with pytest.raises(UsageError, match="line 6"):
        engine.check(Settings(waivers=path))


def test_the_command_line_applies_waivers(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    break_mock(monkeypatch, FAULT)
    day = datetime.now(UTC).date() + timedelta(days=1)
    broken = failing(judged(fault=FAULT))
    text = "".join(GOOD.replace("response.*", id_).replace("2026-09-21", day.isoformat()) for id_ in broken)
    (tmp_path / "w.toml").write_text(text, "utf-8")
    code, out, _ = said(capsys, "run", "--profile", "quick", "--waivers", "w.toml")
    assert code == 0, out
    assert "waived by ads team" in " ".join(out.split())


def test_a_required_clause_that_was_not_tested_makes_a_conforming_result_inconclusive():
    untested = handmade.clause("auto_resume.on-time", "not_tested")
    result = handmade.result(handmade.clause("pausing.status-is-paused"), untested)
    assert postprocess.require(result, {"pausing.status-is-paused"}) == result
    made = postprocess.require(result, {"pausing.status-is-paused", "auto_resume.on-time"})
    assert (made["verdict"], made["exit_code"]) == ("inconclusive", 3)
    assert made["reason"] == "required (--require), but not tested: auto_resume.on-time"
    left = result | {"put_back": {"campaigns": 1, "failed": ["a campaign"]}}
    assert postprocess.require(left, {"auto_resume.on-time"})["exit_code"] == 4
    failed = handmade.result(handmade.clause("pausing.status-is-paused", "failed"), untested)
    assert postprocess.require(failed, {"auto_resume.on-time"}) == failed


FIRST, SECOND = "2026-09-21", "2026-10-02"
DRIFT = {"kind": "undocumented_field", "pointer": "/pausedUntil", "value": "x", "count": 3}


def test_the_first_day_stays_and_the_last_moves(tmp_path):
    path = tmp_path / "ledger.json"
    for day in (FIRST, SECOND):
        ledger = postprocess.read_ledger(path)
        noted = postprocess.note_drift(ledger, [DRIFT], day)
        postprocess.write_ledger(path, ledger)
    assert noted == [DRIFT | {"first_seen": FIRST, "last_seen": SECOND}]
    postprocess.note_drift(ledger, [DRIFT | {"value": None}], SECOND)
    postprocess.write_ledger(path, ledger)
    kept = json.loads(path.read_text("utf-8"))["drift"]
    assert [(row["value"], row["first_seen"]) for row in kept] == [("x", FIRST), (None, SECOND)]
    assert [one.name for one in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"schema_version": "1", "drift": [{}]}', '{"schema_version": "2", "drift": []}']
)
def test_what_is_no_ledger_is_left_alone(tmp_path, text):
    path = tmp_path / "ledger.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="--drift-ledger"):
        postprocess.prepare(Settings(drift_ledger=path))
    assert path.read_text("utf-8") == text


def test_a_ledger_that_cannot_be_written_is_a_note(tmp_path):
    settle = postprocess.prepare(
        Settings(drift_ledger=tmp_path / "no" / "ledger.json"), today=date(2026, 9, 21)
    )
    assert "could not be written" in settle({"drift": [DRIFT], "notes": []})["notes"][0]


def test_a_run_keeps_its_ledger(tmp_path):
    path = tmp_path / "ledger.json"
    result = judged(Settings(drift_ledger=path, profile="quick"), fault="typo-in-member")
    assert result["drift"]
    assert all(one["first_seen"] for one in result["drift"])
    assert not schemas.violations("result", "", result)
    assert len(json.loads(path.read_text("utf-8"))["drift"]) == len(result["drift"])
