"""The ledger keeps since when a drift exists, replaces its file as a whole, and spoils no result."""

import json
from datetime import date

import pytest

from report.making import judged
from whop_contracts import schemas
from whop_contracts.report import postprocess
from whop_contracts.report.postprocess import note_drift, read_ledger, write_ledger
from whop_contracts.settings import Settings, UsageError

FIRST, SECOND = "2026-09-21", "2026-10-02"
DRIFT = {"kind": "undocumented_field", "pointer": "/pausedUntil", "value": "x", "count": 3}


def test_the_first_day_stays_and_the_last_moves(tmp_path):
    path = tmp_path / "ledger.json"
    for day in (FIRST, SECOND):
        ledger = read_ledger(path)
        noted = note_drift(ledger, [DRIFT], day)
        write_ledger(path, ledger)
    assert noted == [DRIFT | {"first_seen": FIRST, "last_seen": SECOND}]
    note_drift(ledger, [DRIFT | {"value": None}], SECOND)
    write_ledger(path, ledger)
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
