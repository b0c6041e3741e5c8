"""The command line: exit codes, one line where something is wrong, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from report import handmade
from whop_contracts import __version__
from whop_contracts.cli import explain_data as explaining
from whop_contracts.cli import lazy as engines
from whop_contracts.cli import main as cli
from whop_contracts.pause import catalogue
from whop_contracts.provider import SEED, faults, variations
from whop_contracts.provider.server import clock_url


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for name in ("WHOP_API_TOKEN", "WHOP_READONLY_TOKEN", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    def call(*argv):
        code = cli.main(argv)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def judging(monkeypatch):
    """The engine, standing in: it is handed the settings, and does what it is told."""
    seen = []

    def judging(outcome):
        def judge(settings, *, watch=None):
            seen.append((settings, watch))
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr("whop_contracts.cli.check.check", judge)
        return seen

    return judging


def test_help_is_about_the_commands_and_imports_nothing_heavy():
    code = (
        "import sys, contextlib, io; from whop_contracts.cli import main as cli\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "    assert cli.main(['--help']) == 0 and cli.main(['run', '--help']) == 0\n"
        "assert all(name in out.getvalue() for name in cli.COMMANDS)\n"
        "heavy = {'hypothesis', 'schemathesis', 'httpx', 'rich', 'jinja2', 'respx', 'jsonschema', 'pytest', 'uvicorn', 'pycountry'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_command_is_help_and_a_usage_error(call):
    code, out, _ = call()
    assert code == 2
    assert "commands:" in out


def test_the_version(call):
    assert call("--version") == (0, f"whop-contracts {__version__}\n", "")


MISUSES = [
    (("rnu",), "'rnu': no such command; did you mean run?"),
    (("--zzz",), "--zzz: no such flag; see whop-contracts --help"),
    (("run", "--basurl", "x"), "--basurl: no such flag; did you mean --base-url?"),
    (("run", "--tokn=secret"), "--tokn: no such flag; did you mean --token?"),
    (("run", "--base", "http://h"), "--base: no such flag; did you mean"),
    (("run", "adcamp_1"), "unexpected argument 'adcamp_1'; see whop-contracts run --help"),
    (("run", "--seed"), "--seed: expected one argument"),
    (("run", "--base-url", "staging"), "--base-url 'staging': expected a URL"),
    (("run", "--base-url", "http://127.0.0.1:9/api"), "WHOP_API_TOKEN: not set; expected a token"),
    (("run", "--clause", "no.such"), "--clause: 'no.such' matches no clause"),
    (("plan", "--json", "--profile", "x"), "--profile 'x': expected one of"),
    (("explain",), "the following arguments are required: ID"),
    (
        ("explain", "pausing.until-kept"),
        "ID 'pausing.until-kept': no such clause; did you mean pausing.until-is-kept?",
    ),
    (("serve", "--port", "x"), "--port 'x': expected a whole number from 0 to 65535"),
    (("serve", "--port", "65536"), "--port '65536': expected a whole number"),
    (("serve", "--fault", "x"), "--fault 'x': no such name; expected one that --list-faults lists"),
    (("serve", "--variation", "x"), "--variation 'x': no such name"),
    (
        ("serve", "--host", "203.0.113.1"),
        "--host '203.0.113.1', --port 8089: expected an address that is free and ours",
    ),
    (("derive", "/nowhere"), "FOLDER '/nowhere': "),
    (("derive", "--check", "."), "FOLDER '.': "),
]


@pytest.mark.parametrize(("argv", "said"), MISUSES, ids=[" ".join(argv) for argv, _ in MISUSES])
def test_misuse_is_one_line_and_exit_2(call, argv, said):
    code, out, err = call(*argv)
    assert (code, out) == (2, "")
    assert err.startswith(f"whop-contracts: {said}")
    assert err.count("\n") == 1
    assert "secret" not in err


@pytest.mark.parametrize(
    ("kind", "code"),
    [("conforms", 0), ("violates", 1), ("inconclusive", 3), ("everything", 4), ("strict", 1), ("hostile", 4)],
)
def test_the_exit_code_is_the_results(call, judging, kind, code):
    judging(handmade.kinds()[kind])
    assert call("run")[0] == code


def test_an_interruption_that_the_engine_did_not_answer_is_130(call, judging):
    judging(KeyboardInterrupt())
    assert call("run") == (130, "", "whop-contracts: interrupted\n")


def test_an_error_of_our_own_is_a_line_that_quotes_nothing(call, judging):
    judging(RuntimeError("with a token in it"))
    code, out, err = call("run")
    assert (code, out) == (3, "")
    assert err.startswith("whop-contracts: an internal error, please report it: RuntimeError at test_cli.py:")
    assert err.count("\n") == 1
    assert "token" not in err


def test_flags_reach_the_engine_and_a_switch_can_be_undone(call, judging, monkeypatch):
    seen = judging(handmade.result())
    monkeypatch.setenv("WHOP_CONTRACTS_STRICT", "true")
    call("run", "--seed", "7", "--clause", "a.*", "--clause", "b.*", "--timeout", "2m")
    call("run", "--no-strict")
    first, second = (settings for settings, _ in seen)
    assert (first.seed, first.clauses, first.timeout, first.strict) == (7, ("a.*", "b.*"), 120.0, True)
    assert not second.strict


def test_a_file_of_the_folder_is_read(call, judging, tmp_path):
    seen = judging(handmade.result())
    (tmp_path / "whop-contracts.toml").write_text("seed = 9")
    call("run")
    assert seen[0][0].seed == 9


def test_reports_are_written_where_they_were_asked_for(call, judging, tmp_path):
    judging(handmade.everything(handmade.HOSTILE))
    assert call("run", "--json", "r.json", "--junit", "r.xml", "--markdown", "r.md")[0] == 4
    assert json.loads((tmp_path / "r.json").read_text()) == handmade.everything(handmade.HOSTILE)
    assert (tmp_path / "r.xml").read_text().startswith("<?xml")
    assert (tmp_path / "r.md").read_text().startswith("### ❌ violates")


def test_an_output_that_cannot_be_written_is_said_before_anything_is_sent(call, judging):
    seen = judging(handmade.result())
    assert call("run", "--json", "no/such/folder.json")[0] == 2
    assert seen == []


def test_a_report_that_fails_in_the_end_is_exit_2_after_the_report_on_screen_and_the_others_are_written(
    call, judging, tmp_path
):
    judging(handmade.result())
    code, out, err = call("run", "--json", "/dev/full", "--junit", "r.xml")
    assert code == 2
    assert "conforms" in out
    assert err == "whop-contracts: --json '/dev/full': could not be written (no space left on device)\n"
    assert (tmp_path / "r.xml").exists()


def test_the_journal_is_told_first_on_standard_error(call, monkeypatch):
    def judge(settings, *, watch):
        watch(cli_progress("journal", "here.jsonl"))
        watch(cli_progress("kept", "a date"))
        return handmade.result()

    monkeypatch.setattr("whop_contracts.cli.check.check", judge)
    assert call("run")[2] == "journal: here.jsonl\n"


def cli_progress(part, case):
    from whop_contracts.cli.check import Progress  # noqa: PLC0415 - heavy, and wanted by one test

    return Progress(part, case, sent=1, planned=10, waited_s=2.0, failed=1)


def test_show_config_shows_and_runs_nothing(call, judging, monkeypatch):
    seen = judging(handmade.result())
    monkeypatch.setenv("WHOP_API_TOKEN", "canary")
    code, out, err = call("run", "--show-config", "--base-url", "https://staging.example.com")
    assert (code, err, seen) == (0, "", [])
    assert "--base-url" in out
    assert "WHOP_API_TOKEN" in out
    assert "canary" not in out


def test_plan_and_dry_run_say_the_same_and_the_plans_json_has_the_count(call):
    code, plan, _ = call("plan", "--profile", "quick")
    assert code == 0
    assert call("run", "--dry-run", "--profile", "quick") == (0, plan, "")
    outline = json.loads(call("plan", "--profile", "quick", "--json")[1])
    assert plan.splitlines()[-1] == f"{outline['requests']} requests planned, none sent"
    assert outline["requests"] == len(outline["cases"])


def test_plan_says_why_each_request_is_in_it(call):
    """Every clause that passes on the mock is served by a request of the plan, and one request is the first to serve it."""
    outline = json.loads(call("plan", "--why", "--json")[1])
    ids = [clause.id for clause in catalogue.clauses()]
    firsts = [id_ for case in outline["cases"] for id_ in case["first"]]
    assert sorted(firsts) == sorted(ids)
    assert outline["unserved"] == []
    assert all(set(case["first"]) <= set(case["serves"]) for case in outline["cases"])
    assert all(case["serves"] for case in outline["cases"])


def test_plan_says_what_no_request_serves_and_fits_its_reasons_into_80_columns(call):
    plain = call("plan", "--max-requests", "60")[1].splitlines()
    code, out, _ = call("plan", "--max-requests", "60", "--why")
    added = [line for line in out.splitlines() if line not in plain]
    assert code == 0
    assert any("the first request.date-is-accepted" in line for line in added)
    assert any(line.startswith("no request serves ") for line in added)
    assert max(map(len, added)) <= 80


def test_plan_says_why_of_the_clauses_that_are_asked_for_alone(call):
    outline = json.loads(call("plan", "--why", "--json", "--clause", "refusals.other-method")[1])
    served = {id_ for case in outline["cases"] for id_ in case["serves"]}
    assert served == {"refusals.other-method"}


def test_the_catalogue_is_listed_and_is_json_too(call):
    ids = [clause.id for clause in catalogue.clauses()]
    assert [line.split()[0] for line in call("clauses")[1].splitlines()] == ids
    assert [row["id"] for row in json.loads(call("clauses", "--json")[1])] == ids


@pytest.mark.parametrize("clause", catalogue.clauses(), ids=lambda clause: clause.id)
def test_every_clause_is_explained(call, clause, monkeypatch):
    """What takes a run is left to its own test."""
    monkeypatch.setattr(
        "whop_contracts.cli.explain_data.served", lambda *_: explaining.Served(1, 2, ("a word",))
    )
    monkeypatch.setattr("whop_contracts.cli.explain_data.examples", lambda *_: iter(()))
    code, out, err = call("explain", clause.id)
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    assert clause.statement in told
    assert str(clause.source) in told
    assert "1 of the 2 requests" in told
    assert max(map(len, out.splitlines())) <= 80


def test_serve_lists_what_it_can_be(call):
    code, out, _ = call("serve", "--list-faults")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        *(fault.name for fault in faults()), *(variation.name for variation in variations())
    ]  # fmt: skip


def test_serve_says_where_it_is_by_a_command_that_can_be_pasted(call, monkeypatch):
    def serve(provider, host, port, on_ready):
        on_ready(f"http://{host}:{port}/api/v1")

    monkeypatch.setattr("whop_contracts.provider.server.serve", serve)
    code, out, _ = call("serve", "--port", "1234")
    assert code == 0
    for part in (
        "http://127.0.0.1:1234/api/v1",
        clock_url("http://127.0.0.1:1234/api/v1"),
        *SEED.campaigns,
        SEED.token,
    ):
        assert part in out
    pasted = out[out.index("WHOP_API_TOKEN=") :].partition("\n\n")[0].replace("\\\n", "").split()
    assert pasted[1:3] == ["whop-contracts", "run"]
    assert "--show-config" not in pasted
    monkeypatch.setenv("WHOP_API_TOKEN", pasted[0].partition("=")[2])
    assert call(*pasted[2:], "--dry-run")[0] == 0


def test_a_reader_who_leaves_early_is_no_traceback(tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m whop_contracts clauses --json | head -c 10"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_derive_finds_our_own_schemas_to_be_what_is_derived(call):
    code, out, _ = call("derive", "--check")
    assert code == 0, out


def test_every_engine_is_there():
    assert all(engines.engine(name) for name in engines.PLACES)
