"""Two results compared: it fails for what is newly broken alone."""

import json

import pytest

from report.making import FAULT, failing, judged, said, saved


@pytest.fixture
def compared(tmp_path, capsys):
    """What ``compare`` makes of two results: exit code, outputs."""

    def compared(old, new, *flags):
        return said(capsys, "compare", saved(tmp_path / "old", old), saved(tmp_path / "new", new), *flags)

    return compared


def test_newly_broken_fails_and_newly_kept_does_not(compared):
    good, bad = judged(), judged(fault=FAULT)
    code, out, _ = compared(good, bad)
    assert code == 1
    for id_ in failing(bad):
        assert f"newly broken  {id_}: was passed, is failed" in out
    assert "drift         undocumented field" in out
    code, out, _ = compared(bad, good)
    assert code == 0
    assert f"newly kept    {failing(bad)[0]}: was failed, is passed" in out
    assert compared(bad, bad)[0] == 0


def test_clauses_come_and_go(compared):
    good, less = judged(), judged()
    gone = less["clauses"].pop()
    was = gone["verdict"].replace("_", " ")
    assert f"gone          {gone['id']}: was {was}, is not there" in compared(good, less)[1]
    code, out, _ = compared(less, good, "--json")
    assert code == 0
    assert [change["clause"] for change in json.loads(out)["new"]] == [gone["id"]]


@pytest.mark.parametrize("text", ["", "[]", '{"verdict": "conforms"}', "[" * 100_000])
def test_what_is_no_result_is_one_line(tmp_path, capsys, text):
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    code, out, err = said(capsys, "compare", str(path), str(path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"whop-contracts: OLD {str(path)!r}: expected a result as --json writes it; ")


def test_a_result_with_half_a_surrogate_is_one_and_a_hostile_result_moves_no_cursor(compared):
    odd = judged() | {"notes": ["\ud800"]}
    assert compared(odd, odd)[0] == 0
    bad = judged(fault=FAULT)
    for row in bad["clauses"]:
        if row["failure"]:
            row["failure"]["actual"] = "\x1b[2J\u202e"
    assert not {"\x1b", "\u202e"} & set(compared(odd, bad)[1])
