"""Files that an earlier version wrote are still read."""

import json
from pathlib import Path

from commands import command
from report.making import judged
from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import running

DATA = Path(__file__).with_name("data")


def test_restore_works_off_a_journal_of_an_earlier_version(tmp_path):
    ours = SEED.campaigns[:2]
    provider = build(clock=RunningClock())
    for name in ours:
        provider.state.campaigns[name].status = "paused"
    with running(provider) as base_url:
        text = (DATA / "journal-1.jsonl").read_text("utf-8")
        written = json.loads(text.partition("\n")[0])["base_url"]
        (tmp_path / "j.jsonl").write_text(text.replace(written, base_url))
        ended = command("restore", "j.jsonl", cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
        again = command("restore", "j.jsonl", cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("2 put back\n")
    assert [provider.state.campaigns[name].status for name in ours] == ["active"] * 2
    assert (again.returncode, again.stdout) == (0, "nothing to put back\n")


def test_compare_reads_a_result_of_an_earlier_version(tmp_path):
    old = str(DATA / "result-1.json")
    (tmp_path / "new.json").write_text(json.dumps(judged()))
    ended = command("compare", old, "new.json", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "newly kept    pausing.offset-is-honoured: was failed, is passed" in ended.stdout
    ended = command("compare", "new.json", old, cwd=tmp_path)
    assert ended.returncode == 1
    assert "newly broken  pausing.offset-is-honoured: was passed, is failed" in ended.stdout
