"""First reads: over TLS and IPv6, of nobody, and of hostile targets.

What cannot be JSON ends the run, what breaks a rule is a finding.
"""

import codecs
import gzip
import socket
import ssl
from dataclasses import replace
from functools import partial

import pytest

from safety.serving import JSON, ONE
from target.hostile import certificate
from whop_contracts.provider import Response


@pytest.fixture
def serve(serve):
    return partial(serve, alone=True)


def run(state, *more):
    code, said = state.run("--profile", "quick", "--json", "r.json", *more)
    assert "Traceback" not in said
    return code, " ".join(said.split()), state.result


_NO_JSON = [
    Response(200, JSON, b""),
    Response(200, (("content-type", "text/html"),), b"<!doctype html><title>Sign in</title>"),
    Response(200, JSON, b"\x00\x01\x02"),
    Response(401, JSON, b"{}"),
    Response(403, JSON, b"{}"),
    Response(404, JSON, b"{}"),
    Response(500, JSON, b"{}"),
    Response(302, (("location", "https://elsewhere.example/"),), b""),
]


def test_what_is_no_json_ends_the_run(state):
    for answer in _NO_JSON:
        state.before = lambda _seen, answer=answer: answer
        code, said, result = run(state)
        assert code == 3
        assert "could not be read" in said
        reason = result["reason"]
        assert answer.status != 403 or "ad_campaign:basic:read is needed" in reason
        assert answer.status != 401 or "the credential is not accepted" in reason
        assert "\n" not in reason
        assert ONE in reason
    assert {seen.method for seen in state.requests} == {"GET"}


_TOLERATED = {
    "bom": lambda content: codecs.BOM_UTF8 + content,
    "utf-16": lambda content: content.decode().encode("utf-16"),
    "gzip": partial(gzip.compress, mtime=0),
}


@pytest.mark.parametrize("spoil", _TOLERATED.values(), ids=_TOLERATED)
def test_if_a_tolerant_client_can_read_it_the_run_continues_and_only_the_format_fails(state, spoil):
    state.after = lambda _seen, answer: replace(answer, content=spoil(answer.content))
    code, said, result = run(state)
    assert state.states()[ONE] == ("active", None), "it is restored"
    assert code == 1, said
    rows = result["clauses"]
    assert {row["id"] for row in rows if row["verdict"] == "failed"} == {"response.json-text"}
    warned = {row["id"] for row in rows if row["verdict"] == "warned"}
    assert warned <= {"response.siblings-answer-alike", "refusals.error-envelope"}


_NOT_UNDERSTOOD = (
    *(b"[1]", b"null", b'{"id": "adcamp_', b"[" * 100_000, b'{"status": 7}', b'"adcamp"', b'{"id": "\xff"}'),
)


@pytest.mark.parametrize("body", _NOT_UNDERSTOOD)
def test_what_cannot_be_understood_is_a_finding(state, body):
    state.before = lambda _seen: Response(200, JSON, body)
    code, said, result = run(state)
    assert code in {1, 4}, said
    assert result["verdict"] == "violates"


PAUSING = ("--clause", "pausing.*")


def test_a_certificate_is_trusted_by_ca_file_or_by_insecure_which_is_noted(serve, tmp_path_factory):
    pem = certificate(tmp_path_factory.mktemp("tls"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    note = "certificates were not checked (--insecure)"
    with serve(tls=tls) as state:
        code, printed, _ = run(state, *PAUSING)
        assert code == 3, printed
        assert "certificate is not trusted" in printed
        assert state.requests == []
        for how, noted in ((("--ca-file", str(pem)), False), (("--insecure",), True)):
            code, printed, result = run(state, *PAUSING, *how)
            assert code == 0, printed
            assert (note in printed) is noted
            assert (note in result["notes"]) is noted


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_reached(serve):
    with serve(host="::1") as state:
        code, printed, _ = run(state, *PAUSING)
    assert code == 0, printed


def test_a_host_that_is_not_there_ends_the_run_in_a_line(serve):
    with serve() as gone:
        pass
    code, _, result = run(gone)
    assert (code, result["reason"]) == (3, f"{ONE} could not be read: connection refused")
