"""Bodies of 100 MB, and many large ones: a run ends in a verdict, with bounded memory and reports."""

import json
import xml.etree.ElementTree as ET

import pytest

from safety.nursery import SOAK
from safety.serving import ONE
from target.hostile import serving, written
from whop_contracts.provider import SEED

_ACTIVE = json.dumps({"id": ONE, "status": "active", "paused_until": None}).encode()
_SIZE = 100_000_000
_REPORTS = {
    "--json": "r.json",
    "--har": "r.har",
    "--junit": "r.xml",
    "--html": "r.html",
    "--markdown": "r.md",
}
_MOST_MB = 150
"""More than a run on the mock needs."""


def endless(piece, honest=0):
    """Conforming at the first reads; then every second response has a body of 100 MB."""
    answered = []

    def behave(server, connection):
        while received := server.receive(connection):
            answered.append(received)
            if len(answered) <= honest or (honest and received.startswith(b"GET") and len(answered) % 2):
                connection.sendall(written(_ACTIVE))
                continue
            connection.sendall(written(b"", length=_SIZE))
            for _ in range(0, _SIZE, len(piece)):
                connection.sendall(piece)

    return behave


def whole(made):
    """Every response has a document of this kind, which differs in a number."""

    def behave(server, connection):
        while server.receive(connection):
            connection.sendall(written(_ACTIVE[:-1] + made(len(server.requests))))

    return behave


_CASES = {
    "bytes": (endless(bytes(range(256)) * 256), {3}),
    "an object": (endless(b'{"status": "' + b"x" * 65_524), {1}),
    "brackets": (endless(b"[" * 65_536), {1}),
    "zeros in a run": (endless(b"\0" * 65_536, 2), {1, 4}),
    "objects": (whole(lambda n: b', "more": [' + b"{}," * 600_000 + b"%d]}" % n), {1, 4}),
    "escapes": (whole(lambda n: b', "more": "' + b"\\u0000" * 300_000 + b'%d"}' % n), {1, 4}),
    "members": (whole(lambda n: b"".join(b', "%d-%d": 1' % (n, i) for i in range(50_000)) + b"}"), {1, 4}),
    # In soak only:
    "spaces": (endless(b" " * 65_536), {3}),
    "zeros": (endless(b"\0" * 65_536), {3}),
    "letters": (endless("é".encode() * 32_768), {3}),
    "spaces in a run": (endless(b" " * 65_536, 2), {1, 4}),
    "brackets in a run": (endless(b"[" * 65_536, 2), {1, 4}),
}


@pytest.fixture(scope="module")
def usual_mb(nursery, tmp_path_factory):
    nursery.run("run", "--profile", "quick", "--quiet", cwd=tmp_path_factory.mktemp("mock"))
    return nursery.peak_mb


@pytest.mark.parametrize("case", _CASES if SOAK else list(_CASES)[:7])
def test_a_run_ends_in_a_verdict_within_bounds(nursery, usual_mb, tmp_path, case):
    behave, codes = _CASES[case]
    with serving(behave) as server:
        words = ["run", "--base-url", server.url, "--campaign-id", ONE, "--journal", "j.jsonl", "--verbose"]
        words += ["--profile", "quick", "--max-requests", "40"]
        words += [word for report in _REPORTS.items() for word in report]
        code, said = nursery.run(*words, cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
    assert code in codes, said
    assert "Traceback" not in said
    assert "an internal error" not in said
    assert nursery.peak_mb < usual_mb + _MOST_MB
    sizes = {name: (tmp_path / name).stat().st_size for name in _REPORTS.values()}
    assert sum(sizes.values()) - sizes["r.har"] < 5_000_000, sizes
    result = json.loads((tmp_path / "r.json").read_bytes())
    assert result["verdict"] == ("inconclusive" if code == 3 else "violates")
    json.loads((tmp_path / "r.har").read_bytes())
    ET.fromstring((tmp_path / "r.xml").read_bytes())
