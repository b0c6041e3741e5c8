"""Small conforming servers with the standard parsers of their stacks: no clause fails on any. ``tox -e
stacks``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from stacks import campaigns
from whop_contracts.cli.check import check
from whop_contracts.report import summary
from whop_contracts.settings import Settings

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("NODE_PATH", "node_modules"))
STACKS = {
    "fastapi": ([sys.executable, "fastapi_server.py"], importlib.util.find_spec("fastapi")),
    "flask": ([sys.executable, "flask_server.py"], importlib.util.find_spec("flask")),
    "express": (["node", "express_server.js"], shutil.which("node") and (MODULES / "express").is_dir()),
}
"""How each server is started, and whether what it needs is there."""
PROFILE = os.environ.get("WHOP_TESTS_PROFILE", "quick")


@pytest.mark.parametrize("name", STACKS)
def test_no_clause_fails_on_a_conforming_server(name, tmp_path):
    command, available = STACKS[name]
    if not available:
        pytest.skip(f"{name} is not installed; tox -e stacks installs it")
    # Below the ports that whoever asks for any gets, and another one for each process of pytest.
    port = 20_000 + os.getpid() % 10_000
    origin = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*command, str(port)], cwd=HERE) as server:
        try:
            # It connects again, after half a second, one second and so on, until the server listens.
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as http:
                http.get(f"{origin}/test_clock")
            result = check(
                Settings(
                    base_url=f"{origin}/api/v1",
                    token=campaigns.TOKEN,
                    readonly_token=campaigns.READONLY,
                    foreign_campaign_id=campaigns.FOREIGN,
                    campaign_ids=campaigns.CAMPAIGNS,
                    profile=PROFILE,
                    test_clock=f"{origin}/test_clock",
                    journal=tmp_path / "journal.jsonl",
                )
            )
        finally:
            server.terminate()
    failed = [summary.brief(row) for row in result["clauses"] if row["verdict"] == "failed"]
    assert failed == []
    assert (result["verdict"], result["exit_code"]) == ("conforms", 0), result["reason"]
