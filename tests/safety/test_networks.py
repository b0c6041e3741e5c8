"""Runs over TLS and IPv6, and to hosts and clocks that are not there: the command, over real sockets."""

import json
import socket
import ssl

import pytest
from serving import served

from target.hostile import certificate
from whop_contracts.provider import SEED

ONE = SEED.campaigns[0]


def run(nursery, folder, state, *more):
    words = [*state.words(ONE), "--profile", "quick", "--json", "r.json", "--clause", "pausing.*", *more]
    code, printed = nursery.run("run", *words, cwd=folder, WHOP_API_TOKEN=SEED.token)
    return code, " ".join(printed.split())


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(pem):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with served(tls=tls) as state:
        yield state


def test_an_untrusted_certificate_ends_the_run_in_a_line(nursery, secure, tmp_path):
    code, printed = run(nursery, tmp_path, secure)
    assert code == 3, printed
    assert "certificate is not trusted" in printed
    assert secure.requests == []


def test_a_certificate_is_trusted_by_ca_file_or_by_insecure_which_is_noted(nursery, secure, tmp_path, pem):
    note = "certificates were not checked (--insecure)"
    for how, noted in ((("--ca-file", str(pem)), False), (("--insecure",), True)):
        code, printed = run(nursery, tmp_path, secure, *how)
        assert code == 0, printed
        assert (note in printed) is noted
        assert (note in json.loads((tmp_path / "r.json").read_text())["notes"]) is noted


def test_an_ipv6_address_is_reached(nursery, tmp_path):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with served(host="::1") as state:
        code, printed = run(nursery, tmp_path, state)
    assert code == 0, printed


def test_a_host_that_is_not_there_ends_the_run_in_a_line(nursery, tmp_path):
    with served() as gone:
        pass
    code, printed = run(nursery, tmp_path, gone)
    assert code == 3
    assert "Traceback" not in printed
    reason = json.loads((tmp_path / "r.json").read_text())["reason"]
    assert reason == f"{ONE} could not be read: connection refused"
