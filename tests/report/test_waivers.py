"""Waivers: complete, in force and about a clause, or nothing is sent; what they cover is shown and fails nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from report.making import FAULT, break_mock, failing, judged, said, verdicts
from whop_contracts import schemas
from whop_contracts.cli import check as engine
from whop_contracts.report import waivers
from whop_contracts.settings import Settings, UsageError

TODAY = date(2026, 9, 21)
GOOD = """
[[waiver]]
clause = "response.*"
reason = "known since August"
owner = "ads team"
expiry = 2026-09-21
"""


def read(path, text: str) -> tuple[waivers.Waiver, ...]:
    path.write_text(text, "utf-8")
    return waivers.load(path, today=TODAY)


def test_a_waiver_holds_on_its_last_day(tmp_path) -> None:
    (waiver,) = read(tmp_path / "w.toml", GOOD)
    assert str(waiver) == "known since August (waived by ads team until 2026-09-21)"
    assert waiver.covers("response.media-type")
    assert not waiver.covers("pausing.until-is-kept")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (GOOD.replace('owner = "ads team"\n', ""), 2, "the waiver has no owner; expected clause, reason, owner, expiry in each"),
        (GOOD.replace("2026-09-21", "2026-09-20"), 6, "the waiver of response.* expired on 2026-09-20; ask ads team, or take it out"),
        (GOOD + GOOD.replace("response.*", "respons.*"), 9, "clause 'respons.*' matches no clause; `whop-contracts clauses` lists them"),
        (GOOD.replace('"ads team"', '" "'), 5, "owner: expected a text that is not empty"),
        (GOOD.replace("2026-09-21", '"2026-09-21"'), 6, "expiry: expected a date, as in expiry = 2027-01-31"),
        (GOOD + 'until = "x"\n', 7, "'until': expected clause, reason, owner and expiry, and nothing else"),
        (GOOD.replace("[[waiver]]", "[[waivers]]"), 2, "'waivers': expected [[waiver]] tables and nothing else"),
        ("", None, "expected [[waiver]] tables"),
        ("waiver = 3", None, "expected [[waiver]] tables"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_its_line(tmp_path, text, line, what) -> None:
    path = tmp_path / "w.toml"
    with pytest.raises(UsageError) as caught:
        read(path, text)
    assert str(caught.value) == f"--waivers {path}" + (f", line {line}" if line else "") + f": {what}"


def test_a_file_that_is_no_toml_is_one_line(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"expected TOML .*line 1") as caught:
        read(tmp_path / "w.toml", "clause == 3")
    assert "\n" not in str(caught.value)


def waiver(clause: str, expiry: date = TODAY) -> waivers.Waiver:
    return waivers.Waiver(clause, "known", "ads team", expiry)


def test_waived_failures_are_shown_and_do_not_fail_the_run(monkeypatch) -> None:
    result = judged(monkeypatch, fault=FAULT)
    broken = failing(result)
    assert result["exit_code"] == 1
    waived = waivers.apply([waiver(id_) for id_ in broken], result)
    assert (waived["verdict"], waived["exit_code"], waived["reason"]) == ("conforms", 0, None)
    assert all(verdicts(waived)[id_] == "waived" for id_ in broken)
    assert all(row["failure"] for row in waived["clauses"] if row["verdict"] == "waived")
    assert not schemas.violations("result", "", waived)


def test_one_that_is_left_still_fails(monkeypatch) -> None:
    result = judged(monkeypatch, fault="never-resumes")
    other = waivers.apply([waiver("response.media-type")], result)
    assert (other["verdict"], other["exit_code"]) == ("violates", 1)


def test_a_waiver_that_is_not_needed_warns_and_with_strict_fails(monkeypatch) -> None:
    result = judged(monkeypatch)
    note = "waiver for response.media-type is not needed any more (ads team, until 2026-09-21)"
    lax = waivers.apply([waiver("response.media-type")], result)
    assert note in lax["notes"]
    assert lax["exit_code"] == 0
    strict = waivers.apply([waiver("response.media-type")], result, strict=True)
    assert strict["exit_code"] == 1
    assert not schemas.violations("result", "", strict)


def test_what_was_not_judged_says_nothing_about_its_waiver(monkeypatch) -> None:
    result = judged(monkeypatch, Settings(clauses=("response.media-type",)))
    assert waivers.apply([waiver("pausing.until-is-kept")], result, strict=True)["notes"] == result["notes"]


def test_a_run_reads_its_waivers_before_it_sends_anything(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(engine, "open_target", lambda _: pytest.fail("a target was opened"))
    path = tmp_path / "w.toml"
    path.write_text(GOOD.replace("2026-09-21", "2020-01-01"), "utf-8")
    with pytest.raises(UsageError, match="line 6"):
        engine.check(Settings(waivers=path))


def test_the_command_line_applies_waivers(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    break_mock(monkeypatch, FAULT)
    day = datetime.now(UTC).date() + timedelta(days=1)
    broken = failing(engine.check(Settings(profile="quick")))
    text = "".join(GOOD.replace("response.*", id_).replace("2026-09-21", day.isoformat()) for id_ in broken)
    (tmp_path / "w.toml").write_text(text, "utf-8")
    code, out, _ = said(capsys, "run", "--profile", "quick", "--waivers", "w.toml")
    assert code == 0, out
    assert "waived by ads team" in " ".join(out.split())
