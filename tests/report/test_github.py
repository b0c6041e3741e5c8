"""Under GitHub Actions a failure stands beside the commit, and nothing that a target says is taken for a command of the runner."""

from __future__ import annotations

import io
import re

import pytest

from report import handmade
from whop_contracts.cli import main as cli
from whop_contracts.report import github as actions

ACTIONS = {"GITHUB_ACTIONS": "true"}


def commands(text: str) -> list[tuple[str, str, str]]:
    """Workflow commands as the runner reads them: blanks before them count for nothing, and none counts between stop and its word."""
    found, word = [], None
    for line in text.splitlines():
        match = re.match(r"\s*::([a-zA-Z0-9-]+)(?: ([^:]*))?::(.*)", line)
        if not match:
            continue
        name, properties, data = match[1], match[2] or "", match[3]
        if word is not None:
            word = None if name == word else word
        elif name == "stop-commands":
            word = data
        else:
            found.append((name, properties, data))
    assert word is None
    return found


def shown(result, monkeypatch, **how) -> str:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    stream = io.StringIO()
    actions.shown(result, stream, quiet=how.get("quiet", False), verbose=how.get("verbose", False))
    return stream.getvalue()


def test_a_failure_is_an_error_and_a_warning_a_warning(monkeypatch) -> None:
    found = commands(shown(handmade.everything(), monkeypatch))
    assert [(name, properties) for name, properties, _ in found] == [
        ("error", "title=not put back"),
        ("error", "title=response.status-is-documented"),
        ("error", "title=response.id-is-the-one-asked-for"),
        ("warning", "title=response.status-is-200"),
    ]
    assert found[1][2].startswith(
        "What response.status-is-documented promises, in one sentence.%0Aexpected paused"
    )


def test_an_inconclusive_run_is_an_error(monkeypatch) -> None:
    ((name, _, data),) = commands(shown(handmade.kinds()["inconclusive"], monkeypatch))
    assert (name, data) == ("error", "inconclusive: no pause was answered 2xx")


def test_of_many_failures_the_tenth_line_counts_the_rest() -> None:
    rows = [handmade.clause(f"response.member-{n}", "failed") for n in range(40)]
    found = list(actions.lines(handmade.result(*rows)))
    assert len(found) == 10
    assert found[-1].startswith("::error title=31 more::response.member-9, ")


@pytest.mark.parametrize("how", [{}, {"quiet": True}, {"verbose": True}])
def test_a_target_cannot_give_the_runner_commands(monkeypatch, how) -> None:
    hostile = "::add-mask::x\n::error title=y::z %0A::set-output name=a::b"
    plain = commands(shown(handmade.everything(), monkeypatch, **how))
    found = commands(shown(handmade.everything(hostile), monkeypatch, **how))
    assert [one[:2] for one in found] == [one[:2] for one in plain]
    assert all("%0A::set" not in data for _, _, data in found)


def test_elsewhere_nothing_is_added(monkeypatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    stream = io.StringIO()
    actions.shown(handmade.everything(), stream, quiet=False, verbose=False)
    assert not re.search(r"^\s*::", stream.getvalue(), re.MULTILINE)


def test_the_command_annotates_behind_its_report(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("whop_contracts.cli.check.check", lambda *_, **__: handmade.kinds()["violates"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert cli.main(["run"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("::stop-commands::")
    assert out[-1].startswith("::error title=pausing.status-is-paused::")
