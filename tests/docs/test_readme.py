"""Every command of the README and the documentation does what its page says; CI does what the README says."""

from pathlib import Path

import pytest

from report.reader import Reader, blocks, commands, matches, typed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FIRST, SECOND = typed(README)[:2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
SERVED = "--base-url http://127.0.0.1:8089/api/v1 --test-clock http://127.0.0.1:8089/test_clock"
BROKEN = f"whop-contracts run {SERVED} --campaign-id adcamp_Kb7Qw2Zr9Xt4M"
FAILS = {
    f"{BROKEN} --quiet": 1,
    f"{BROKEN} --json broken.json --har broken.har": 1,
    f"whop-contracts replay broken.json --clause pausing.offset-is-honoured {SERVED} "
    "--campaign-id adcamp_Kb7Qw2Zr9Xt4M --quiet": 1,
    "whop-contracts check-har broken.har --quiet": 1,
    "whop-contracts compare good.json broken.json": 1,
    "whop-contracts run --base-url https://api.whop.com/api/v1 --campaign-id adcamp_XXXXXXXX": 2,
    "whop-contracts run --clause no-such-clause": 2,
    "st run schemas/openapi.json --url http://127.0.0.1:8089/api/v1 "
    '--header "Authorization: Bearer $WHOP_API_TOKEN" --max-examples 20 --seed 1 '
    "--no-color --continue-on-failure --exclude-checks positive_data_acceptance,negative_data_rejection": 1,
    "pytest -q -p no:cacheprovider test_by_schema.py": 1,
}
"""Commands that do not exit with 0, as their page says."""
NOT_TYPED = {
    FIRST: "CI runs it: it makes an environment of its own",
    SECOND: "CI runs it: it is this very suite",
    FIRST.partition(" '.[test]'")[0] + " .": "the same environment without the tests' requirements",
}
"""Commands that no test runs, and why."""


def test_the_first_two_commands_are_the_set_up_with_the_main_job_and_the_tests():
    assert "pip install" in FIRST
    assert FIRST.endswith(".venv/bin/whop-contracts run")
    assert SECOND.startswith(".venv/bin/pytest")
    assert not any("pip" in line for line in typed(README)[1:])


def test_ci_runs_the_two_commands_of_the_readme():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert lines.index(FIRST) < lines.index(SECOND)


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if typed(page)])
def test_a_page_does_what_it_says(pytester, name):
    """Each command ends with its exit code; the output after a block is that of its last command."""
    last = None
    with Reader(pytester) as reader:
        for block in blocks(PAGES[name]):
            if block.title:
                reader.write(block)
            elif block.kind == "sh":
                last = None
                for line in commands(block):
                    if line not in NOT_TYPED:
                        last = reader.do(line)
                        assert last.code == FAILS.get(line, 0), f"{line}\n{last.said}"
            elif block.kind == "text" and last:
                assert matches(block.text, last.said), f"{last.line}\n{last.said}"


def test_every_exception_is_about_a_command_of_a_page():
    everywhere = {line for page in PAGES.values() for line in typed(page)}
    assert {*FAILS, *NOT_TYPED} <= everywhere


@pytest.mark.parametrize("name", PAGES)
def test_a_command_is_never_shown_as_anything_else(name):
    """What looks like a command in a block of another kind would be run by no test."""
    others = [
        block for block in blocks(PAGES[name]) if block.kind in {"", "text", "console", "bash", "shell"}
    ]
    starts = ("$ ", "whop-contracts ", "pytest ", "st ", "locust ", "pip ", "tox ")
    assert [line for block in others for line in block.text.splitlines() if line.startswith(starts)] == []


def test_the_sample_output_is_that_of_the_first_page_whose_run_is_compared_with_it():
    sample = next(block.text for block in blocks(README) if block.kind == "text")
    assert sample in [block.text for block in blocks(PAGES["docs/get-started.md"]) if block.kind == "text"]
