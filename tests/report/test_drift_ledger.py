"""The ledger keeps since when a drift exists, replaces its file as a whole, and spoils no result."""

from __future__ import annotations

import json
from datetime import date

import pytest

from report.making import judged, said
from whop_contracts import schemas
from whop_contracts.report import postprocess
from whop_contracts.report.postprocess import Ledger
from whop_contracts.settings import Settings, UsageError

FIRST, SECOND = date(2026, 9, 21), date(2026, 10, 2)
DRIFT = {"kind": "undocumented_field", "pointer": "/pausedUntil", "value": "x", "count": 3}
RESULT = {"drift": [DRIFT], "notes": []}


def test_the_first_day_stays_and_the_last_moves(tmp_path) -> None:
    path = tmp_path / "ledger.json"
    for day in (FIRST, SECOND):
        ledger = Ledger.load(path)
        noted = ledger.note(RESULT, day)
        ledger.save()
    assert noted["drift"] == [DRIFT | {"first_seen": "2026-09-21", "last_seen": "2026-10-02"}]
    ledger.note({"drift": [DRIFT | {"value": None}]}, SECOND)
    ledger.save()
    kept = json.loads(path.read_text("utf-8"))["drift"]
    assert [(row["value"], row["first_seen"]) for row in kept] == [("x", "2026-09-21"), (None, "2026-10-02")]
    assert [one.name for one in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"schema_version": "1", "drift": [{}]}', '{"schema_version": "2", "drift": []}']
)
def test_what_is_no_ledger_is_left_alone(tmp_path, text) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="--drift-ledger"):
        postprocess.prepare(Settings(drift_ledger=path))
    assert path.read_text("utf-8") == text


def test_a_ledger_that_cannot_be_written_is_a_note(tmp_path) -> None:
    settle = postprocess.prepare(Settings(drift_ledger=tmp_path / "no" / "ledger.json"), today=FIRST)
    assert "could not be written" in settle(RESULT)["notes"][0]


def test_a_run_keeps_its_ledger(monkeypatch, tmp_path) -> None:
    path = tmp_path / "ledger.json"
    result = judged(monkeypatch, Settings(drift_ledger=path, profile="quick"), fault="typo-in-member")
    assert result["drift"]
    assert all(one["first_seen"] for one in result["drift"])
    assert not schemas.violations("result", "", result)
    assert len(json.loads(path.read_text("utf-8"))["drift"]) == len(result["drift"])


def test_the_flag_is_there(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, _ = said(capsys, "run", "--profile", "quick", "--quiet", "--drift-ledger", "ledger.json")
    assert code == 0
    assert (tmp_path / "ledger.json").exists()
