"""Two results compared: it fails for what is newly broken alone."""

from __future__ import annotations

import copy
import json

import pytest

from report.making import FAULT, failing, judged, said, saved


@pytest.fixture
def results(monkeypatch):
    return judged(monkeypatch), judged(monkeypatch, fault=FAULT)


def test_newly_broken_fails_and_newly_kept_does_not(results, tmp_path, capsys) -> None:
    good, bad = results
    old, new = saved(tmp_path / "good.json", good), saved(tmp_path / "bad.json", bad)
    code, out, _ = said(capsys, "compare", old, new)
    assert code == 1
    for id_ in failing(bad):
        assert f"newly broken  {id_}: was passed, is failed" in out
    assert "drift         undocumented field" in out
    code, out, _ = said(capsys, "compare", new, old)
    assert code == 0
    assert f"newly kept    {failing(bad)[0]}: was failed, is passed" in out
    assert said(capsys, "compare", new, new)[0] == 0


def test_clauses_come_and_go(results, tmp_path, capsys) -> None:
    good, _ = results
    less = copy.deepcopy(good)
    gone = less["clauses"].pop()
    paths = saved(tmp_path / "good.json", good), saved(tmp_path / "less.json", less)
    assert (
        f"gone          {gone['id']}: was {gone['verdict'].replace('_', ' ')}, is not there"
        in said(capsys, "compare", *paths)[1]
    )
    code, out, _ = said(capsys, "compare", *reversed(paths), "--json")
    assert code == 0
    assert [change["clause"] for change in json.loads(out)["new"]] == [gone["id"]]


@pytest.mark.parametrize("text", ["", "[]", '{"verdict": "conforms"}', "[" * 100_000])
def test_what_is_no_result_is_one_line(tmp_path, capsys, text) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    code, out, err = said(capsys, "compare", str(path), str(path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"whop-contracts: OLD {str(path)!r}: expected a result as --json writes it; ")


def test_a_result_with_half_a_surrogate_is_one(results, tmp_path, capsys) -> None:
    good, _ = results
    odd = good | {"notes": ["\ud800"]}
    path = saved(tmp_path / "x.json", odd)
    assert said(capsys, "compare", path, path)[0] == 0


def test_a_hostile_result_moves_no_cursor(results, tmp_path, capsys) -> None:
    good, bad = results
    bad = copy.deepcopy(bad)
    for row in bad["clauses"]:
        if row["failure"]:
            row["failure"]["actual"] = "\x1b[2J\u202e"
    out = said(capsys, "compare", saved(tmp_path / "a", good), saved(tmp_path / "b", bad))[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
