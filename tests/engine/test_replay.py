"""One failure sent again: the same sequence, alone, at another time."""

import copy
import json
import re
from pathlib import Path

import pytest

from report.making import FAULT, break_mock, failing, judged, said, saved
from whop_contracts import provider
from whop_contracts.cli.run import check_origin
from whop_contracts.settings import Settings

SAMPLE = ["never-resumes", "refuses-offsets", "401-resumes", "resumes-siblings"]


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_failure_fails_again_and_on_a_mended_target_does_not(monkeypatch, tmp_path, capsys, fault):
    assert fault in {one.name for one in provider.faults()}
    monkeypatch.chdir(tmp_path)
    result = judged(Settings(seed=3), fault=fault)
    path = saved(tmp_path / "r.json", result)
    clause = failing(result)[0]
    with monkeypatch.context() as patch:
        break_mock(patch, fault)
        code, out, err = said(capsys, "replay", path, "--clause", clause)
    assert code == 1, out + err
    assert f"still fails: {clause} (" in out
    assert f"FAILED {clause}" in out
    code, out, _ = said(capsys, "replay", path, "--clause", clause)
    assert code == 0, out
    assert out.startswith(f"does not fail any more: {clause} (")


def test_only_its_sequence_is_sent(tmp_path, capsys):
    result = judged(fault=FAULT)
    path = saved(tmp_path / "r.json", result)
    out = said(capsys, "replay", path, "--clause", failing(result)[0])[1]
    assert int(re.search(r"(\d+) requests of ", out)[1]) < 25


def test_what_cannot_be_replayed_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    result = judged(fault=FAULT)
    clause = failing(result)[0]
    path = saved(tmp_path / "r.json", result)

    def wrong(*argv):
        code, out, err = said(capsys, "replay", *argv)
        assert (code, out, err.count("\n")) == (2, "", 1)
        return err

    assert "it is passed there; expected one that fails" in wrong(path, "--clause", "response.media-type")
    assert "it is not in the result" in wrong(path, "--clause", "response.nothing")
    assert "--clause" in wrong(path)
    target = {"target": {"kind": "live", "base_url": "https://x.example"}}
    live = saved(tmp_path / "live.json", result | target)
    assert "the live target https://x.example, so replay needs it" in wrong(live, "--clause", clause)
    monkeypatch.setenv("WHOP_API_TOKEN", "wk_1")
    for url in ("http://x.example", "https://x.example:8443", "https://y.example"):
        said_of = wrong(live, "--clause", clause, "--base-url", url, "--campaign-id", "adcamp_1")
        assert said_of.startswith(f"whop-contracts: --base-url '{url}': the result is of https://x.example; ")
    for url in ("https://x.example:443/api/v1", "http://127.0.0.1:9", "http://[::1]:9"):
        check_origin(json.loads(Path(live).read_text()), Settings(base_url=url))
    other = copy.deepcopy(result)
    for row in other["clauses"]:
        if row["failure"]:
            row["failure"]["request"]["sequence"] = "no such"
    unknown = wrong(saved(tmp_path / "o.json", other), "--clause", clause)
    assert re.search("'no such' is not in the plan .*; it is of another .* give --test-clock if", unknown)
    foreign = saved(tmp_path / "f.json", result | {"plan": result["plan"] | {"profile": "recorded"}})
    assert "recorded traffic" in wrong(foreign, "--clause", clause)
