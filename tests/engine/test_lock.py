"""The advisory lock: one run at a time for each campaign and each test clock of this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from whop_contracts.engine.journal import exclusive, resources_of
from whop_contracts.settings import UsageError

ONE, TWO = "campaign adcamp_1 at http://h", "campaign adcamp_2 at http://h"


@pytest.fixture(autouse=True)
def _own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_a_second_run_on_the_same_campaign_is_a_usage_error_that_names_the_first():
    with exclusive([ONE], "aa11") as note:
        assert note is None
        said = rf"{ONE} is in use .*run aa11, process {os.getpid()}"
        with pytest.raises(UsageError, match=said), exclusive([TWO, ONE], "bb22"):
            pytest.fail("both run")
        with exclusive([TWO], "bb22"):
            pass


def test_the_lock_ends_with_the_run_and_with_its_process():
    with exclusive([ONE], "aa11"):
        pass
    code = "import os, sys; from whop_contracts.engine.journal import exclusive\n"
    code += "exclusive([sys.argv[1]], 'dead').__enter__(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, ONE], check=False).returncode == 9
    with exclusive([ONE], "bb22") as note:
        assert note is None


def test_a_folder_that_cannot_be_written_is_a_note(tmp_path):
    (tmp_path / "whop-contracts").write_text("")
    with exclusive([ONE], "aa11") as note:
        assert str(note).startswith("no lock could be taken on this machine")


def test_what_a_run_does_not_share(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, clock = ["adcamp_1", "adcamp_2"], "https://h:8443/clock?token=x"
    assert resources_of("https://h:8443/api/v1", names, clock, Path("j.jsonl")) == [
        "campaign adcamp_1 at https://h:8443",
        "campaign adcamp_2 at https://h:8443",
        f"journal {tmp_path / 'j.jsonl'}",
        "test clock https://h:8443/clock?(not shown)",
    ]
    assert resources_of("https://h/api/v1", [], None, tmp_path / "j") == [f"journal {tmp_path / 'j'}"]
