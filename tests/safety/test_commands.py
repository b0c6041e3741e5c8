"""Every command that a report prints shows the fault again that it was printed for."""

import json
import os
import re
import shutil
import subprocess

import pytest

from safety.nursery import SOAK
from whop_contracts.provider import SEED

PRINTED = {
    "typo-in-member": {"curl"},
    "crashes-on-bad-utf-8": {"printf", "curl"},
    "token-prefix-is-enough": {"curl"},
    "refusal-resumes": {"whop-contracts"},
    "token-in-any-case": {"curl"},
    "any-token-pauses": {"curl"},
    "crashes-on-nul": {"curl"},
    "other-media-type-crashes": {"curl"},
    "never-resumes": {"whop-contracts"},
    "offset-dropped": {"curl"},
}
"""Faults, and the first words of the commands that are printed for them; four of them of a kind each."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are for curl")
@pytest.mark.parametrize("fault", PRINTED if SOAK else list(PRINTED)[:4])
def test_a_printed_command_shows_the_fault_that_it_was_printed_for(fault, serve):
    with serve(fault=fault, alone=True) as state:
        result = state.check()
        (state.folder / "RESULT").write_text(json.dumps(result))
        failed = [row for row in result["clauses"] if row["verdict"] == "failed"]
        assert failed, "the fault is found"
        known = set()
        for row in failed:
            command, shown = row["failure"]["curl"], row["failure"]["response"]
            known.add(command.split()[0])
            assert SEED.token not in command
            if command.startswith("whop-contracts replay"):
                code, said = state.command(*command.partition("  #")[0].split()[1:], *state.words())
                assert code == 1, said
                continue
            environment = {**os.environ, "WHOP_API_TOKEN": SEED.token, "no_proxy": "*"}
            pasted = f"set -e; {command.replace('curl ', 'curl -s ', 1)}"
            ran = subprocess.run(["bash", "-c", pasted], capture_output=True, env=environment, check=True)
            head, _, body = ran.stdout.partition(b"\r\n\r\n")
            assert int(head.split()[1]) == shown["status"], command
            assert without_time(body.decode()) == without_time(shown["body"]), command
    assert known <= PRINTED[fault]


def without_time(body):
    """A body without what depends on the moment: dates, and the state that earlier requests left."""
    return re.sub(r"\d{4}-\d\d-\d\dT[^\"]*", "(date)", body or "")
