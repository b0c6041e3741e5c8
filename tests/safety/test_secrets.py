"""No canary secret, nor a part of one, is in a file or a stream of a failing run, in any encoding."""

import json
import re
import sys

import pytest

from commands import environment, process
from safety.nursery import SOAK
from safety.serving import ONE
from secret_encodings import ENCODINGS, base, binary, left_of, percent
from whop_contracts.engine.request_builder import altered
from whop_contracts.provider import SEED, Response

TOKEN = "wk_Qx7+vK/Jd2=mXv9.Rb4~TzLc8-HnYp5"
READONLY = "wk_Zw3+qG/Hs8=pNc5.Vw1~KxFj6-TgRb9"
GATEWAY = "Ug4Zk8-Wq2Bd7-Jx41"
COOKIE = "Fh5Nw9Xk3Tp"
PROXY, CLOCK = "Yb6Mv2Sr8Lq", "Rg5Kc8Vt3Jp"
SECRETS = (TOKEN, READONLY, GATEWAY, COOKIE, PROXY, CLOCK, altered(TOKEN, "middle"))
REPORTS = {
    "json": "r.json",
    "junit": "r.xml",
    "markdown": "r.md",
    "html": "r.html",
    "har": "r.har",
    "events": "r.ndjson",
    "drift_ledger": "drift.json",
}
VARIABLES = {
    "WHOP_API_TOKEN": TOKEN,
    "WHOP_READONLY_TOKEN": READONLY,
    "WHOP_CONTRACTS_HEADER": f"X-Gateway: Token {GATEWAY}\nCookie: a=1; b={COOKIE}",
    "HTTPS_PROXY": f"http://agent:{PROXY}@127.0.0.1:9",
}


def strings(content):
    """The different texts of a JSON file, else the different lines: most occur many times."""
    text, found = content.decode("utf-8", "replace"), set()
    try:
        left = [json.loads(text)]
    except ValueError:
        return set(text.splitlines())
    while left:
        value = left.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict | list):
            left += [*value, *value.values()] if isinstance(value, dict) else value
    return found


def check(folder, *streams):
    """Assert that no five characters of a secret can be read in the files or the streams; count the files."""
    contents = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    contents |= {f"stream {at}": stream.encode() for at, stream in enumerate(streams)}
    seen = set()
    for name, content in contents.items():
        for text in strings(content) - seen:
            assert left_of(SECRETS, text) == set(), f"{name}: {text[:300]}"
            seen.add(text)
        # What is encoded over several lines.
        assert left_of(SECRETS, content.decode("utf-8", "replace"), binary) == set(), name
    return len(contents) - len(streams)


def guarded(state, *echoes):
    """Have the provider know the canaries and echo them: each encoding in turn, each cut elsewhere.

    Texts are cut at 79 to 300 characters, so that what precedes a secret decides where in it the cut is.
    """
    known = state.provider.state.credentials
    for old, new in ((SEED.token, TOKEN), (SEED.readonly_token, READONLY)):
        known[new] = known.pop(old)

    def after(seen, answer):
        encoding = ENCODINGS[echoes[seen.number % len(echoes)]]
        sent = [value for name, value in seen.headers if name in {"authorization", "x-gateway", "cookie"}]
        texts = [encoding(one) for one in (*sent, PROXY)]
        header = re.sub(r"=?\n|[^\x20-\x7e]", "", " | ".join(texts))
        headers = (("content-type", "application/json"), ("x-echo", header), ("x-cut", "-" * 280 + header))
        before = "x" * (30 + seen.number % 40)
        said = f"{before} {' | '.join(texts)}"
        if answer.status >= 400:
            trace = said if "\\" in said and '"' not in said else json.dumps(said)[1:-1]
            body = f'{{"trace": "{trace} at /srv/app.rb:12:in call", "{before}": 1}}'
            return Response(500, headers, body.encode())
        if answer.content.startswith(b"{"):
            document = json.loads(answer.content) | {"status": said, "title": texts, said: said}
            return Response(200, (*answer.headers, *headers[1:]), json.dumps(document).encode())
        return answer

    state.after = after


def words(state, prefix):
    """The settings of a run with all reports, as flags of the command or of pytest."""
    named = [
        *state.words(),
        "--header",
        f"Cookie: a=1; b={COOKIE}",
        "--test-clock",
        f"{state.clock_url}?k={CLOCK}",
    ]
    for name, path in REPORTS.items():
        named += [f"--{name.replace('_', '-')}", path]
    return [word.replace("--", prefix, 1) if word.startswith("--") else word for word in named]


def test_no_canary_in_what_a_run_leaves(state):
    """Every encoding, in bodies, names and headers, in six reports, the terminal and the journal."""
    guarded(state, *ENCODINGS)
    code, printed = state.command("run", "--verbose", *words(state, "--"), **VARIABLES)
    assert code in {1, 4}, printed
    journal = next(state.folder.glob("*.journal.jsonl")).name
    again, restored = state.command("restore", journal, **VARIABLES)
    assert again in {0, 4}, restored
    assert state.requests[-1].number > 2 * len(ENCODINGS)
    assert check(state.folder, printed, restored) >= len(REPORTS)
    for name in set(REPORTS.values()) - {"drift.json"}:
        assert re.search(r"\$WHOP_(API|READONLY)_TOKEN", (state.folder / name).read_text()), name


@pytest.mark.parametrize("flag", ["--token", "--token-file"])
def test_no_canary_in_usage_errors_settings_and_tracebacks(nursery, tmp_path, flag):
    """Wherever the token comes from: errors about settings, all settings, and an absent target."""
    given = TOKEN
    if flag == "--token-file":
        # The one file that has to contain it is elsewhere.
        secret = tmp_path.with_name(tmp_path.name + "-secret")
        secret.write_text(TOKEN)
        given = str(secret)
    common = ["--base-url", "http://127.0.0.1:9/api/v1", flag, given, "--readonly-token", READONLY]
    common += ["--header", f"X-Gateway: {GATEWAY}"]
    one = ("--campaign-id", ONE)
    printed = []
    for more, code in (
        ((*one, "--verbose", "--json", "r.json", "--har", "r.har"), 3),
        ((*one, "--show-config"), 0),
        ((*one, "--dry-run"), 0),
        (("--campaign-id", "nobody"), 2),
        (("--tokn", TOKEN), 2),
        ((*one, "--rate", "x"), 2),
    ):
        found, text = nursery.run("run", *common, *more, cwd=tmp_path)
        assert found == code, text
        printed.append(text)
    assert check(tmp_path, *printed) >= 2


THEIR_TESTS = """
import base64, json, os, sys, warnings
import httpx
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

KEY = os.environ["WHOP_API_TOKEN"]
COOKIE = next(word for word in sys.argv if word.startswith("Cookie: ")).rpartition("=")[2]
READ = "{target.base_url}/ad_campaigns/{id}"

class Odd(UserWarning):
    def __str__(self): return "odd " + KEY

@pytest.mark.parametrize("text", [KEY, b"x " + COOKIE.encode(), "line\\n" + KEY])
def test_parameter(text, record_property):
    warnings.warn("used " + KEY)
    warnings.warn(Odd())
    record_property(KEY, "plain")
    record_property("headers", {"Authorization": ["Bearer " + KEY]})
    record_property("count", 3)
    print(base64.b64encode(KEY.encode()).decode())

@pytest.fixture
def answer(contract_target):
    headers = dict(contract_target.headers)
    return httpx.get(READ.format(target=contract_target, id="adcamp_nothere"), headers=headers)

@pytest.mark.parametrize("number", range(6))
def test_the_echo(answer, contract_target, number):
    echoed, sent, key = answer.text, dict(contract_target.headers), contract_target.headers["Authorization"]
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
@settings(max_examples=10, print_blob=True, database=DirectoryBasedExampleDatabase(".hypothesis/examples"))
@given(st.integers(), st.data())
def test_any_number(contract_target, number, data):
    key = contract_target.headers["Authorization"]
    header = data.draw(st.sampled_from([key, key[:-4], key + "AbC4"]), label="the header")
    assert len(header) + number < 0, header
"""


def pytest_run(state, *arguments):
    reports = ["-p", "no:xdist", "--junitxml", "pytest.xml", "-rA", "--rootdir", state.folder]
    command = [sys.executable, "-m", "pytest", *arguments, *reports, *words(state, "--contract-")]
    done = process(*command, cwd=state.folder, env=environment(**VARIABLES))
    assert done.returncode == 1, done.stdout
    assert check(state.folder, done.stdout) >= 4
    return done.stdout


def test_no_canary_in_what_pytest_leaves_of_the_clauses(state):
    guarded(state, *ENCODINGS)
    clauses = ["--pyargs", "whop_contracts.contract", "--contract-profile", "quick"]
    pytest_run(state, *clauses, "-vv", "-l", "--full-trace")


@pytest.mark.parametrize("verbosity", ["-q", "-vv"] if SOAK else ["-vv"])
def test_no_canary_in_what_pytest_leaves_of_the_users_own_tests(state, verbosity):
    """Quiet, pytest cuts out the middle of long values; verbose, it shows them whole, with all locals."""
    (state.folder / "test_theirs.py").write_text(THEIR_TESTS)
    (state.folder / "test_broken.py").write_text(
        "import os\nraise RuntimeError('broken by ' + os.environ['WHOP_API_TOKEN'])"
    )
    guarded(state, *(name for name in ENCODINGS if not name.startswith("base64 in lines")))
    how = ["--showlocals", "--full-trace"] if verbosity == "-vv" else []
    printed = pytest_run(state, verbosity, "--continue-on-collection-errors", *how)
    assert "9 failed, 4 passed" in printed, printed[-600:]
    assert "KeyError: '" not in printed
    assert "$WHOP_API_TOKEN" in printed
    assert (state.folder / ".hypothesis" / "examples").is_dir()


def test_the_check_finds_every_encoding_and_five_characters(tmp_path):
    (tmp_path / "a.txt").write_text("nothing")
    assert check(tmp_path, "nothing") == 1
    for name, encode in ENCODINGS.items():
        (tmp_path / "a.txt").write_text(f"so: {encode(READONLY)}.")
        with pytest.raises(AssertionError, match=r"a\.txt"):
            check(tmp_path)
        (tmp_path / "a.txt").write_text("nothing")
        with pytest.raises(AssertionError, match="stream 0"):
            check(tmp_path, json.dumps({"x": [encode(f"-{TOKEN[:12]}")]}))
        assert name
    with pytest.raises(AssertionError, match="stream 1"):
        check(tmp_path, "nothing", f"{base('x')} {percent(TOKEN[7:12])}")
