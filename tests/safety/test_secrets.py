"""Canary tokens are in no file and no stream of a failing run, in no encoding."""

from __future__ import annotations

import base64
import binascii
import html
import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nursery import Nursery
from serving import Seen, Served, served

from whop_contracts.engine.request_builder import ALTERATIONS, altered
from whop_contracts.provider import SEED, Answer, RunningClock, build
from whop_contracts.settings import OUTPUTS

TOKEN = "wk_Canary+7/Qd2=mXv9.Rb4~TzLc8-HnYp5"
READONLY = "wk_Finch+3/Hs8=pNc5.Vw1~KxFj6-TgRb9"
GATEWAY = "Gatekeepers-own-Secret-41"
SECRETS = (TOKEN, READONLY, GATEWAY, *(altered(TOKEN, how) for how in ALTERATIONS))
REPORTS = {
    "json": "r.json",
    "junit": "r.xml",
    "markdown": "r.md",
    "html": "r.html",
    "har": "r.har",
    "drift_ledger": "drift.json",
}


def readings(content: bytes) -> Iterator[str]:
    """A file's text and everything that is encoded in it, by readers that share nothing with the redaction."""
    plain = content.decode("latin-1")
    texts = {plain, content.decode("utf-8", "replace")}
    for _ in range(3):
        texts |= {urllib.parse.unquote_plus(text) for text in texts} | {
            urllib.parse.unquote(text) for text in texts
        }
        texts |= {html.unescape(text) for text in texts}
        texts |= {
            re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text) for text in texts
        }
        texts |= {
            re.sub(r"\\+x([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text) for text in texts
        }
        texts |= {re.sub(r"\\+([\"'/])", r"\1", text) for text in texts}
    yield from texts
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}", plain):
        for start in range(4):
            part = run[start:].replace("-", "+").replace("_", "/")
            yield base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1")
    for run in re.findall(r"[0-9a-fA-F]{16,}", plain):
        for start in range(2):
            part = run[start:]
            yield binascii.unhexlify(part[: len(part) // 2 * 2]).decode("latin-1")


def check(folder: Path, *streams: str) -> int:
    files = [path for path in folder.rglob("*") if path.is_file()]
    for name, content in [(str(path), path.read_bytes()) for path in files] + [
        ("stream", s.encode()) for s in streams
    ]:
        for text in readings(content):
            for secret in SECRETS:
                assert secret not in text, (
                    f"{secret} in {name}: …{text[max(text.find(secret) - 60, 0) :][:160]}…"
                )
    return len(files)


def guarded(state: Served, echo: str | None) -> None:
    """Have the provider know the canaries alone, and echo what it is sent in some form."""
    known = state.provider.state.credentials
    for old, new in ((SEED.token, TOKEN), (SEED.readonly_token, READONLY)):
        known[new] = replace(known.pop(old), token=new)

    def after(seen: Seen, answer: Answer) -> Answer:
        if echo is None:
            return answer
        sent = " | ".join(value for name, value in seen.headers if name in {"authorization", "x-gateway"})
        said = {
            "raw": sent,
            "percent": urllib.parse.quote(sent, safe=""),
            "base64": base64.b64encode(sent.encode()).decode(),
            "hex": sent.encode().hex(),
            "unicode": "".join(f"\\u{ord(char):04x}" for char in sent),
            "html": "".join(f"&#{ord(char)};" for char in sent),
        }[echo]
        if answer.status >= 400:
            text = said if echo == "unicode" else json.dumps(said)[1:-1]
            body = f'{{"trace": "{text} at /srv/app.rb:12:in call", "{text}": 1}}'.encode()
            return Answer(500, (("content-type", "application/json"), ("x-echo", said)), body)
        if answer.content.startswith(b"{"):
            document = json.loads(answer.content) | {"status": said, "title": [said], said: said}
            return Answer(200, (*answer.headers, ("x-echo", said)), json.dumps(document).encode())
        return answer

    state.after = after


def variables() -> dict[str, str]:
    return {
        "WHOP_API_TOKEN": TOKEN,
        "WHOP_READONLY_TOKEN": READONLY,
        "WHOP_CONTRACTS_HEADER": f"X-Gateway: {GATEWAY}",
    }


def words(state: Served, prefix: str) -> list[str]:
    base = [
        *(f"{prefix}base-url", state.base_url, f"{prefix}test-clock", state.clock_url),
        *(f"{prefix}campaign-id", SEED.campaigns[0], f"{prefix}campaign-id", SEED.campaigns[1]),
        *(f"{prefix}foreign-campaign-id", SEED.foreign_campaign),
    ]
    for name in OUTPUTS:
        if name in REPORTS:
            base += [prefix + name.replace("_", "-"), REPORTS[name]]
    return base


@pytest.mark.parametrize(
    ("fault", "echo"),
    [
        ("leaks-token-on-403", None),
        ("leaks-token-on-422", None),
        ("leaks-token-on-404", None),
        *((None, echo) for echo in ("raw", "percent", "base64", "hex", "unicode", "html")),
    ],
)
def test_no_canary_in_what_a_run_leaves(
    nursery: Nursery, tmp_path: Path, fault: str | None, echo: str | None
) -> None:
    with served(build(fault=fault, clock=RunningClock())) as state:
        guarded(state, echo)
        arguments = ["run", "--verbose", *words(state, "--")]
        code, said = nursery.run(*arguments, cwd=tmp_path, **variables())
        assert code in {1, 4}, said
        again, restored = nursery.run(
            "restore", next(tmp_path.glob("*.journal.jsonl")).name, cwd=tmp_path, **variables()
        )
        assert again in {0, 4}, restored
    assert check(tmp_path, said, restored) >= 4
    assert re.search(r"\$WHOP_(API|READONLY)_TOKEN", (tmp_path / "r.json").read_text())


@pytest.mark.parametrize(("fault", "echo"), [("leaks-token-on-422", None), (None, "base64")])
def test_no_canary_in_what_pytest_leaves(tmp_path: Path, fault: str | None, echo: str | None) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WHOP_", "PYTEST_"))}
    with served(build(fault=fault, clock=RunningClock())) as state:
        guarded(state, echo)
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    "--pyargs",
                    "whop_contracts.contract",
                    "-vv",
                    "-l",
                    "--full-trace",
                ),
                *("-p", "no:xdist", "--junitxml", "pytest.xml", "-rA", "--rootdir", str(tmp_path)),
                *words(state, "--contract-"),
            ],
            cwd=tmp_path,
            env=clean | variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert check(tmp_path, done.stdout, done.stderr) >= 4


THEIR_TESTS = """
import json
import httpx
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

READ = "{target.base_url}/ad_campaigns/{id}"

@pytest.fixture
def answer(contract_target):
    headers = dict(contract_target.headers)
    return httpx.get(READ.format(target=contract_target, id="adcamp_nothere"), headers=headers)

def test_the_echo(answer, contract_target):
    echoed, sent, key = answer.json(), dict(contract_target.headers), contract_target.headers["Authorization"]
    print(answer.text, answer.headers["x-echo"])
    assert echoed == {"title": [1]}, echoed

def test_the_header(contract_target):
    key = str(contract_target.headers["Authorization"])
    assert contract_target.headers["Authorization"] == "Bearer of good news"

def test_an_exception(contract_target, answer):
    try:
        raise ValueError(contract_target.headers["Authorization"] + answer.text)
    except ValueError as error:
        raise RuntimeError(json.dumps(str(error))) from error

def test_what_passes(answer, capsys):
    print(answer.text)

# The database is named, since Hypothesis keeps none by itself where it sees a CI.
@settings(max_examples=20, print_blob=True, database=DirectoryBasedExampleDatabase(".hypothesis/examples"))
@given(st.integers(), st.data())
def test_any_number(contract_target, number, data):
    key = contract_target.headers["Authorization"]
    header = data.draw(st.sampled_from([key, key[:-4], key + "AbC4"]), label="the header")
    assert len(header) + number < 0, header
"""


@pytest.mark.parametrize("echo", ["raw", "base64", "unicode", "percent"])
def test_no_canary_in_what_pytest_says_of_the_users_own_tests(tmp_path: Path, echo: str) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WHOP_", "PYTEST_", "HYPOTHESIS_"))}
    (tmp_path / "test_theirs.py").write_text(THEIR_TESTS)
    with served(build(clock=RunningClock())) as state:
        guarded(state, echo)
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    "test_theirs.py",
                    "-vv",
                    "--showlocals",
                    "--full-trace",
                    "-rA",
                ),
                *("-p", "no:xdist", "--junitxml", "pytest.xml", "--rootdir", str(tmp_path)),
                *words(state, "--contract-"),
            ],
            cwd=tmp_path,
            env=clean | variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "4 failed, 1 passed" in done.stdout
    assert "KeyError: '" not in done.stdout
    assert "$WHOP_API_TOKEN" in done.stdout
    assert (tmp_path / ".hypothesis" / "examples").is_dir()
    assert check(tmp_path, done.stdout, done.stderr) >= 4


@pytest.mark.parametrize("flag", ["--token", "--token-file"])
def test_no_canary_in_usage_errors_settings_and_tracebacks(
    nursery: Nursery, tmp_path: Path, flag: str
) -> None:
    """Wherever the token comes from: what is said of wrong settings, of all settings, and of a target that is not there."""
    with served(build(clock=RunningClock())) as state:
        base = state.base_url
    given = TOKEN
    if flag == "--token-file":
        # The one file that has to hold it stands apart.
        secret = tmp_path.with_name(tmp_path.name + "-secret")
        secret.write_text(TOKEN)
        given = str(secret)
    common = [
        "--base-url",
        base,
        flag,
        given,
        "--header",
        f"X-Gateway: {GATEWAY}",
        "--readonly-token",
        READONLY,
    ]
    said = []
    for more, code in (
        (("--campaign-id", SEED.campaigns[0], "--verbose", "--json", "r.json", "--har", "r.har"), 3),
        (("--campaign-id", SEED.campaigns[0], "--show-config"), 0),
        (("--campaign-id", SEED.campaigns[0], "--dry-run"), 0),
        (("--campaign-id", "nobody"), 2),
        (("--tokn", TOKEN), 2),
        (("--campaign-id", SEED.campaigns[0], "--rate", "x"), 2),
    ):
        found, text = nursery.run("run", *common, *more, cwd=tmp_path)
        assert found == code, text
        said.append(text)
    assert check(tmp_path, *said) >= 2


def test_the_check_itself_finds_what_is_hidden(tmp_path: Path) -> None:
    for index, form in enumerate(
        (
            TOKEN,
            urllib.parse.quote(TOKEN, safe=""),
            base64.b64encode(f"Bearer {TOKEN}".encode()).decode(),
            base64.urlsafe_b64encode(f"x{TOKEN}".encode()).decode(),
            TOKEN.encode().hex(),
            json.dumps("".join(f"\\u{ord(char):04x}" for char in TOKEN)),
            "".join(f"&#x{ord(char):x};" for char in READONLY),
        )
    ):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "a.txt").write_text(f"so: {form}.")
        with pytest.raises(AssertionError, match=r" in .*a\.txt"):
            check(folder)
