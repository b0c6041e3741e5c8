"""The command line: exit codes, one line where something is wrong, never a traceback."""

import errno
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from report import handmade
from target.hostile import FakeTime
from whop_contracts import __version__, cli
from whop_contracts import report as reports
from whop_contracts.cli import COMMANDS
from whop_contracts.cli.check import Progress
from whop_contracts.cli.planning import pacing, planned, served
from whop_contracts.exchange import Request, Response
from whop_contracts.pause import catalogue
from whop_contracts.provider import SEED, faults, variations
from whop_contracts.provider.server import clock_url
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import interruptible, restoring
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import Sender

LIVE = Settings(base_url="https://ads.example/v1", campaign_ids=("a", "b"), profile="quick")
PROGRAM = shlex.join([sys.executable, "-m", "whop_contracts"])


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for name in ("WHOP_API_TOKEN", "WHOP_READONLY_TOKEN", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    def call(*argv):
        code = cli.main(argv)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def running(monkeypatch):
    """The engine, replaced: it records the settings that it is given, and returns or raises ``outcome``."""
    seen = []

    def running(outcome, *lines):
        def judge(settings, *, watch, tell):
            seen.append(settings)
            watch(Progress("a sequence", sent=1, planned=10, waited_s=2.0, failed=1))
            for line in lines:
                tell(line)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr("whop_contracts.cli.check.check", judge)
        return seen

    return running


def shell(script, folder="."):
    """What bash makes of a script in which ``whop-contracts`` is the program: exit code, outputs."""
    script = f'whop-contracts() {{ {PROGRAM} "$@"; }}; {script}'
    ran = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


HEAVY = "hypothesis schemathesis httpx rich jinja2 respx jsonschema pytest uvicorn pycountry"


def test_help_and_the_catalogue_import_nothing_heavy():
    words = [["--help"], *([name, "--help"] for name in COMMANDS), ["clauses"], ["run", "--show-config"]]
    code = (
        "import sys, contextlib, io; from whop_contracts import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    assert [cli.main(words) for words in {words!r}] == [0] * {len(words)}\n"
        f"sys.exit(' '.join(set({HEAVY!r}.split()) & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_fits_100_columns_and_names_the_variable_and_the_default_of_each_setting(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    out = call("--help")[1]
    assert all(f"  {name} " in out for name in COMMANDS)
    for name, command in COMMANDS.items():
        code, out, err = call(name, "--help")
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= 100
        assert out == call(name, "-h")[1]
        text = " ".join(out.split())
        for option in command.settings:
            assert f" {option.opts[0]} " in text
            assert "--no-" not in text
            assert f"[env var: {', '.join(option.variables)}; default: " in text
    assert "[env var: WHOP_CONTRACTS_TIMEOUT; default: 10s]" in " ".join(call("run", "--help")[1].split())


def test_no_command_is_help_and_a_usage_error_and_there_is_a_version(call):
    assert call() == (2, call("--help")[1], "")
    assert call("--version") == call("-V") == (0, f"whop-contracts {__version__}\n", "")


def test_misuse_is_one_line_and_exit_2(call):
    for words, said in json.loads(Path(__file__).with_name("misuses.json").read_text("utf-8")).items():
        code, out, err = call(*shlex.split(words))
        assert (code, out) == (2, ""), words
        assert err.startswith(f"whop-contracts: {said}"), words
        assert err.count("\n") == 1
        assert "secret" not in err


def test_the_exit_code_is_the_results(call, running):
    codes = {"conforms": 0, "violates": 1, "inconclusive": 3, "everything": 4, "strict": 1, "hostile": 4}
    for kind, code in codes.items():
        running(handmade.kinds()[kind])
        assert call("run")[0] == code, kind


def test_what_the_engine_did_not_handle_is_a_line_that_quotes_nothing(call, running):
    running(KeyboardInterrupt())
    assert call("run") == (130, "", "whop-contracts: interrupted\n")
    running(RuntimeError("with a token in it"))
    code, out, err = call("run")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith("whop-contracts: an internal error, please report it: RuntimeError at test_cli.py:")
    assert "token" not in err


def test_an_output_that_nobody_takes_leaves_a_run_its_files_and_its_exit_code(tmp_path):
    run = "whop-contracts run --profile quick --max-requests 5"
    assert shell(f"{run} --har r.har >&- 2>&-; exit $?", tmp_path) == (3, "", "")
    check = "whop-contracts check-har r.har --target http://provider.mock/api/v1 --junit r.xml --html r.html"
    for where, err in (
        ("--verbose | true", ""),
        ("--json - | head -c 10 >/dev/null", ""),
        (">/dev/full", "standard output could not be written (no space left on device)\n"),
        (">/dev/null 2>/dev/full", ""),
        (">&- 2>&-", ""),
    ):
        for name in ("r.xml", "r.html"):
            (tmp_path / name).unlink(missing_ok=True)
        code = shell(f"{check} --require 'auto_resume.*' {where}; exit ${{PIPESTATUS[0]}}", tmp_path)
        assert code == (3, "", err), where
        assert {path.name for path in tmp_path.iterdir()} == {"r.har", "r.xml", "r.html"}


def test_an_output_that_nobody_takes_ends_other_commands_with_2_in_a_line():
    assert shell("whop-contracts clauses | true; exit ${PIPESTATUS[0]}") == (2, "", "")
    full = "whop-contracts: the output could not be written (No space left on device)\n"
    assert shell("whop-contracts clauses >/dev/full") == (2, "", full)


def test_a_file_is_replaced_as_a_whole_and_keeps_its_mode_and_a_fifo_is_written(tmp_path, monkeypatch):
    kept, link = tmp_path / "kept", tmp_path / "link"
    kept.write_text("before")
    kept.chmod(0o640)
    link.symlink_to(kept)
    before = kept.stat().st_ino
    reports.write_file(link, "after", "--json")
    assert (kept.read_text(), kept.stat().st_mode & 0o777, link.is_symlink()) == ("after", 0o640, True)
    assert kept.stat().st_ino != before

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"^--json '.*link': could not be written \(full\)$"):
        reports.write_file(link, "half", "--json")
    monkeypatch.undo()
    assert kept.read_text() == "after"
    assert len(list(tmp_path.iterdir())) == 2
    os.mkfifo(tmp_path / "f")
    with subprocess.Popen(["cat", tmp_path / "f"], stdout=subprocess.PIPE) as reader:
        reports.write_file(tmp_path / "f", "whole", "--json")
        assert reader.communicate()[0] == b"whole"
    reports.write_file(Path("/dev/null"), "gone", "--json")
    assert Path("/dev/null").is_char_device()


def test_a_signal_ends_waiting_for_a_reader_but_not_the_writing_of_a_file(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "f")
    # Not SIGINT: background jobs ignore it, and what is ignored stays so.
    monkeypatch.setattr(Path, "write_bytes", lambda *_: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGTERM))
    with interruptible():
        with restoring():
            pass
        reports.write(Settings(json=tmp_path / "r"), handmade.result())
        assert (tmp_path / "r").read_text()
        with pytest.raises(KeyboardInterrupt):
            reports.write(Settings(json=tmp_path / "f"), handmade.result())


def test_a_recording_is_for_its_owner_alone_unless_the_file_is_there(call, tmp_path):
    there = tmp_path / "there.har"
    there.touch(0o644)
    for name in ("new.har", "there.har"):
        assert call("run", "--profile", "quick", "--max-requests", "5", "-q", "--har", name)[0] == 3
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "new.har", there)] == [0o600, 0o644]


def test_a_report_that_cannot_be_written_is_exit_2_before_the_run_or_after_the_rest(call, running, tmp_path):
    seen = running(handmade.result())
    assert call("run", "--json", "no/such/folder.json")[0] == 2
    assert seen == []
    call("run", "--clause", "a.*", "--clause", "b.*", "--timeout", "2m")
    assert (seen.pop().clauses, seen) == (("a.*", "b.*"), [])
    code, out, err = call("run", "--json", "/dev/full", "--junit", "r.xml")
    assert code == 2
    assert "conforms" in out
    assert err == "whop-contracts: --json '/dev/full': could not be written (no space left on device)\n"
    assert (tmp_path / "r.xml").exists()


def test_a_file_that_is_too_large_is_an_error_in_a_line(call, tmp_path):
    limits = {"check-har f": 2048, "compare f f": 64, "replay f --clause x": 64, "restore f": 64}
    for words, limit in limits.items():
        with (tmp_path / "f").open("wb") as file:
            file.truncate(limit * 2**20 + 1)
        code, out, err = call(*words.split())
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"it has more than {limit} mebibytes" in err
        os.truncate(tmp_path / "f", 10)
        assert "mebibytes" not in call(*words.split())[2]
        if limit == 64:
            assert "it has more than 64 mebibytes" in call(*words.replace(" f", " /dev/zero").split())[2]


def test_what_reverses_a_line_or_moves_a_cursor_reaches_no_terminal_and_is_escaped_in_json(call, running):
    hidden = "\u202e\u2066\x9b2J\x85\u200b\ufeff\U000e0041\x7f"
    result = handmade.kinds()["violates"] | {"notes": [f"a note {hidden}é"], "reason": hidden}
    running(result)
    for words in (("run", "--verbose"), ("run", "--json", "-"), ("compare", f"no{hidden}such", "x")):
        code, out, err = call(*words)
        assert code in {1, 2}
        assert not {one for one in hidden if not one.isascii()} & {*out, *err}
        assert "\\u202e" in out + err
    assert json.loads(call("run", "--json", "-")[1]) == result
    assert "é" in call("run", "--json", "-")[1]


def test_flags_reach_the_engine_and_a_switch_can_be_undone(call, running, monkeypatch, tmp_path):
    seen = running(handmade.result())
    monkeypatch.setenv("WHOP_CONTRACTS_STRICT", "true")
    (tmp_path / "whop-contracts.toml").write_text("rate = 9")
    call("run", "--seed", "7", "--clause", "a.*", "--clause", "b.*", "--timeout", "2m")
    call("run", "--no-strict")
    first, second = seen
    assert (first.seed, first.clauses, first.timeout, first.strict) == (7, ("a.*", "b.*"), 120.0, True)
    assert (second.strict, second.rate) == (False, 9)


def test_a_report_to_standard_output_is_all_that_is_written_there(call, running, monkeypatch, tmp_path):
    result = handmade.kinds()["violates"]
    running(result, "journal: here.jsonl")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, out, err = call("run", "--json", "-", "--markdown", "r.md", "--junit", "r.xml")
    assert (code, json.loads(out), err) == (1, result, "journal: here.jsonl\n")
    assert (tmp_path / "r.xml").read_text().startswith("<?xml")
    code, markdown, _ = call("run", "--markdown", "-", "--verbose")
    assert (code, markdown) == (1, (tmp_path / "r.md").read_text())
    monkeypatch.setenv("WHOP_CONTRACTS_JSON", "-")
    assert json.loads(call("run")[1]) == result
    assert not (tmp_path / "-").exists()


def test_color_is_asked_for_by_a_flag_before_the_variables_before_the_terminal(call, running, monkeypatch):
    running(handmade.kinds()["violates"])
    found = []
    for name, flags in (("", ()), ("FORCE_COLOR", ()), ("NO_COLOR", ()), ("NO_COLOR", ("--color", "always"))):
        if name:
            monkeypatch.setenv(name, "1")
        found.append("\x1b[" in call("run", *flags)[1])
    assert found == [False, True, False, True]
    assert "\x1b[" not in call("run", "--color", "never")[1]


@pytest.mark.parametrize(("profile", "rate"), [("quick", 300), ("quick", 7), ("standard", 300)])
def test_the_time_that_pacing_takes_at_least_is_nearly_what_the_sender_takes(profile, rate):
    settings = replace(LIVE, profile=profile)
    plan, target = planned(settings), FakeTime()
    target.send = lambda _request: Reply(Response(200), None, target.now, target.now)
    sender, began = Sender(target, rng=random.Random(1), rate=rate), target.now
    for _, case in plan.listed():
        sender.deliver(Request(case.method, "", case.operation, "", ()))
    text = pacing(settings, plan, rate)
    assert text.startswith(f"{plan.requests} planned requests take at least ")
    assert text.endswith(f" s at {rate} a minute for each operation")
    minutes, seconds = map(int, re.search(r"(?:(\d+) min )?(\d+) s at", text).groups(default=0))
    least = 60 * minutes + seconds
    assert 10 < least <= target.now - began < 1.2 * least


def test_pacing_names_the_limit_of_a_run_that_it_would_exceed_or_that_goes_on():
    plan = planned(LIVE)
    assert pacing(LIVE, plan, 60_000) is None
    for max_time, most, goes_on, end in (
        (60.0, None, False, ""),
        (3.0, None, False, ", until --max-time 3s"),
        (None, 9_000, False, ""),
        (60.0, None, True, ", and more follow until --max-time 60s"),
        (60.0, 9_000, True, ", and more follow until --max-requests 9000 or --max-time 60s"),
    ):
        limited = replace(LIVE, max_time=max_time, max_requests=most)
        text = pacing(limited, replace(plan, goes_on=goes_on), 300)
        assert text.partition(" for each operation")[2] == end
        assert text.startswith("the first ") is goes_on


def test_plan_tells_why_each_request_is_in_it(call):
    """Every clause that passes on the mock is tested by a request of the plan, and one is the first."""
    outline = json.loads(call("plan", "--why", "--json")[1])
    ids = [clause.id for clause in catalogue.clauses()]
    assert sorted(id_ for case in outline["cases"] for id_ in case["first"]) == sorted(ids)
    assert outline["unserved"] == []
    for case in outline["cases"]:
        assert case["serves"] or case["class"] is None, "an unpause may only bring into a known state"
        assert set(case["first"]) <= set(case["serves"])
    six = planned(replace(LIVE, campaign_ids=tuple("abcdef")))
    assert {(sequence, case.name) for sequence, case in six.listed()} <= served(six, []).keys()
    only = ("--profile", "quick", "--clause", "refusals.other-method")
    outline = json.loads(call("plan", "--why", "--json", *only)[1])
    assert {id_ for case in outline["cases"] for id_ in case["serves"]} == {"refusals.other-method"}


def test_plan_and_dry_run_print_the_same_and_what_no_request_tests_in_80_columns(call):
    few = ("--profile", "quick", "--max-requests", "60")
    code, plan, _ = call("plan", *few)
    assert call("run", "--dry-run", *few) == (code, plan, "") == (0, plan, "")
    outline, plain = json.loads(call("plan", *few, "--json")[1]), plan.splitlines()
    assert plain[-1] == f"{outline['requests']} requests planned, none sent"
    assert outline["requests"] == len(outline["cases"])
    added = [line for line in call("plan", *few, "--why")[1].splitlines() if line not in plain]
    assert any("first to test request.date-is-accepted" in line for line in added)
    assert any(line.startswith("no request tests ") for line in added)
    assert max(map(len, added)) <= 80


def test_serve_prints_a_command_that_can_be_pasted(call, monkeypatch):
    def serve(provider, host, port, on_ready, log):
        on_ready(f"http://{host}:{port}/api/v1")

    monkeypatch.setattr("whop_contracts.provider.server.serve", serve)
    code, out, _ = call("serve", "--port", "1234")
    assert code == 0
    url = "http://127.0.0.1:1234/api/v1"
    for part in (url, clock_url(url), *SEED.campaigns, SEED.token):
        assert part in out
    pasted = shlex.split(out[out.index("WHOP_API_TOKEN=") :].partition("\n\n")[0].replace("\\\n", ""))
    assert pasted[1:3] == ["whop-contracts", "run"]
    monkeypatch.setenv("WHOP_API_TOKEN", pasted[0].partition("=")[2])
    assert call(*pasted[2:], "--dry-run")[0] == 0


def test_lists_of_what_is_built_in_are_complete(call):
    names = [one.name for one in (*faults(), *variations())]
    ids = [clause.id for clause in catalogue.clauses()]
    for words, first in ((("serve", "--list-faults"), names), (("clauses",), ids)):
        assert [line.split()[0] for line in call(*words)[1].splitlines()] == first
    assert [row["id"] for row in json.loads(call("clauses", "--json")[1])] == ids


def test_a_shell_completes_commands_flags_and_values(call, monkeypatch):
    monkeypatch.setenv("_WHOP_CONTRACTS_COMPLETE", "bash_complete")
    for words, offered in (
        (["c"], ["clauses", "check-har", "compare"]),
        (["run", "--prof"], ["--profile"]),
        (["run", "--profile", ""], ["quick", "standard", "thorough"]),
        (["restore", "--clau"], []),
    ):
        monkeypatch.setenv("COMP_WORDS", shlex.join(["whop-contracts", *words]).replace("''", ""))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        code, out, _ = call()
        assert (code, [line.partition(",")[2] for line in out.split()]) == (0, offered)
