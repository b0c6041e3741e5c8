"""First reads of hostile targets: what cannot be JSON ends the run, what breaks a rule is a finding."""

import codecs
import gzip
import json
from dataclasses import replace

import pytest

from whop_contracts.provider import SEED, Answer

ONE = SEED.campaigns[0]
_TYPE = (("content-type", "application/json"),)


def run(nursery, state, folder):
    words = ["run", *state.words(ONE), "--profile", "quick", "--json", "r.json"]
    code, said = nursery.run(*words, cwd=folder, WHOP_API_TOKEN=SEED.token)
    return code, said, json.loads((folder / "r.json").read_text())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, _TYPE, b""),
        Answer(200, (("content-type", "text/html"),), b"<!doctype html><title>Sign in</title>"),
        Answer(200, _TYPE, b"\x00\x01\x02"),
        Answer(401, _TYPE, b"{}"),
        Answer(403, _TYPE, b"{}"),
        Answer(404, _TYPE, b"{}"),
        Answer(500, _TYPE, b"{}"),
        Answer(302, (("location", "https://elsewhere.example/"),), b""),
    ],
    ids=["empty", "html", "binary", "401", "403", "404", "500", "302"],
)
def test_what_is_no_json_ends_the_run(nursery, state, tmp_path, answer):
    state.before = lambda _seen: answer
    code, said, result = run(nursery, state, tmp_path)
    assert code == 3
    assert {seen.method for seen in state.requests} == {"GET"}
    assert "could not be read" in said
    assert "Traceback" not in said
    reason = result["reason"]
    assert answer.status != 403 or "ad_campaign:basic:read is needed" in reason
    assert answer.status != 401 or "the credential is not accepted" in reason
    assert "\n" not in reason
    assert ONE in reason


@pytest.mark.parametrize(
    "body",
    [b"[1]", b"null", b'{"id": "adcamp_', b"[" * 100_000, b'{"status": 7}', b'"adcamp"', b'{"id": "\xff"}'],
    ids=["array", "null", "cut", "nested", "other", "string", "utf-8"],
)
def test_what_cannot_be_understood_is_a_finding(nursery, state, tmp_path, body):
    state.before = lambda _seen: Answer(200, _TYPE, body)
    code, said, result = run(nursery, state, tmp_path)
    assert code in {1, 4}, said
    assert "Traceback" not in said
    assert result["verdict"] == "violates"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: codecs.BOM_UTF8 + content,
        lambda content: content.decode().encode("utf-16"),
        lambda content: gzip.compress(content, mtime=0),
    ],
    ids=["bom", "utf-16", "gzip"],
)
def test_if_a_tolerant_client_can_read_it_the_run_continues_and_only_the_format_fails(
    nursery, state, tmp_path, spoil
):
    state.after = lambda _seen, answer: replace(answer, content=spoil(answer.content))
    code, said, result = run(nursery, state, tmp_path)
    assert state.states()[ONE] == ("active", None), "it is restored"
    assert code == 1, said
    rows = result["clauses"]
    assert {row["id"] for row in rows if row["verdict"] == "failed"} == {"response.json-text"}
    warned = {row["id"] for row in rows if row["verdict"] == "warned"}
    assert warned <= {"response.siblings-answer-alike", "refusals.error-envelope"}
