"""``--events``: a line per exchange, finding and phase, as its schema says, while the run goes on."""

import json
from pathlib import Path

import jsonschema
import pytest

from safety.serving import served
from whop_contracts.cli.check import check
from whop_contracts.provider import SEED
from whop_contracts.settings import Settings

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "event.schema.json").read_text("utf-8"))


def test_every_exchange_and_finding_is_a_line(tmp_path):
    path, written = tmp_path / "run.ndjson", []
    with served(fault="offset-dropped") as state:
        settings = state.settings(tmp_path, profile="quick", events=path)
        result = check(settings, watch=lambda _: written.append(path.stat().st_size))
    text = path.read_text("utf-8")
    assert SEED.token not in text
    events = [json.loads(line) for line in text.splitlines()]
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for event in events:
        validator.validate(event)
    numbers = [event["number"] for event in events if event["event"] == "exchange"]
    assert numbers == list(range(1, result["requests"] + 1))
    failed = {row["id"]: row["failure"]["count"] for row in result["clauses"] if row["failure"]}
    found = [event["clause"] for event in events if event["event"] == "finding"]
    assert {clause: found.count(clause) for clause in found} == failed
    assert [events[0]["phase"], events[-1]["phase"]] == ["started", "finished"]
    assert events[-1]["verdict"] == "violates"
    assert written == sorted(written)
    assert len(set(written)) > len(numbers) / 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_is_a_note_and_the_run_goes_on():
    result = check(Settings(profile="quick", events=Path("/dev/full")))
    assert result["verdict"] == "conforms"
    assert any("--events" in note for note in result["notes"])
