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
_REPORTS = ("r.json", "r.xml", "r.html", "r.md", "r.har")
_PIECES = {
    "spaces": b" " * 65_536,
    "zeros": b"\0" * 65_536,
    "letters": "é".encode() * 32_768,
    "bytes": bytes(range(256)) * 256,
    "an object": b'{"status": "' + b"x" * 65_524,
    "brackets": b"[" * 65_536,
}
_MOST_MB = 150
"""More than a run on the mock needs."""
_USUAL_MB = {}


def _large(piece, honest):
    """Conforming at the first reads; then every second response has a body without end."""
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


def _judged(nursery, folder, behave, *more):
    if nursery not in _USUAL_MB:
        nursery.run("run", "--profile", "quick", "--quiet", cwd=folder)
        _USUAL_MB[nursery] = nursery.peak_mb
    with serving(behave) as server:
        words = ["run", "--base-url", server.url, "--campaign-id", ONE, "--journal", "j.jsonl", "--verbose"]
        for flag, name in zip(("--json", "--junit", "--html", "--markdown", "--har"), _REPORTS, strict=True):
            words += [flag, name]
        code, said = nursery.run(*words, *more, cwd=folder, WHOP_API_TOKEN=SEED.token)
    assert "Traceback" not in said
    assert "an internal error" not in said
    assert nursery.peak_mb < _USUAL_MB[nursery] + _MOST_MB
    sizes = {name: (folder / name).stat().st_size for name in _REPORTS}
    assert sum(sizes.values()) - sizes["r.har"] < 5_000_000, sizes
    json.loads((folder / "r.json").read_bytes())
    json.loads((folder / "r.har").read_bytes())
    ET.fromstring((folder / "r.xml").read_bytes())
    return code, said


@pytest.mark.parametrize("piece", _PIECES if SOAK else ("bytes", "an object", "brackets"))
def test_a_first_read_of_100_mb_ends_in_a_line_or_in_findings(nursery, tmp_path, piece):
    code, said = _judged(nursery, tmp_path, _large(_PIECES[piece], 0), "--profile", "quick")
    assert code == (1 if piece in {"an object", "brackets"} else 3), said


@pytest.mark.parametrize("piece", ["spaces", "zeros", "brackets"] if SOAK else ["zeros"])
def test_bodies_of_100_mb_in_a_run_are_findings(nursery, tmp_path, piece):
    code, said = _judged(
        nursery, tmp_path, _large(_PIECES[piece], 2), "--profile", "quick", "--max-requests", "40"
    )
    assert code in {1, 4}, said
    assert json.loads((tmp_path / "r.json").read_bytes())["verdict"] == "violates"


def _many(made):
    def behave(server, connection):
        while server.receive(connection):
            connection.sendall(written(made(len(server.requests))))

    return behave


@pytest.mark.parametrize(
    "made",
    [
        lambda n: _ACTIVE[:-1] + b', "more": [' + b"{}," * 600_000 + b"%d]}" % n,
        lambda n: _ACTIVE[:-1] + b', "more": "' + b"\\u0000" * 300_000 + b'%d"}' % n,
        lambda n: _ACTIVE[:-1] + b"".join(b', "%d-%d": 1' % (n, i) for i in range(50_000)) + b"}",
    ],
    ids=["objects", "escapes", "members"],
)
def test_documents_that_are_large_and_whole_are_judged_within_bounds(nursery, tmp_path, made):
    code, said = _judged(nursery, tmp_path, _many(made), "--profile", "quick", "--max-requests", "30")
    assert code in {1, 4}, said
