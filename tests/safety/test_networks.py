"""Runs over TLS, IPv6 and to hosts that are not there, by the command line and over real sockets."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from nursery import Nursery
from serving import Served, served

from target.hostile import certificate
from whop_contracts.provider import SEED, RunningClock, build, clock_route

ONE = SEED.campaigns[0]


def run(nursery: Nursery, folder: Path, base_url: str, *more: str) -> tuple[int, str]:
    words = ["run", "--base-url", base_url, "--campaign-id", ONE, "--profile", "quick", "--json", "r.json"]
    clock = ("--test-clock", base_url.removesuffix("/api/v1") + clock_route.PATH)
    return nursery.run(*words, "--clause", "pausing.*", *clock, *more, cwd=folder, WHOP_API_TOKEN=SEED.token)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(pem: Path) -> Iterator[Served]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with served(build(clock=RunningClock()), tls=tls) as state:
        yield state


def test_a_certificate_that_nobody_vouches_for_ends_the_run_in_a_line(
    nursery: Nursery, secure: Served, tmp_path: Path
) -> None:
    code, said = run(nursery, tmp_path, secure.base_url)
    assert code == 3, said
    assert "certificate is not trusted" in " ".join(said.split())
    assert secure.requests == []


def test_ca_file_vouches_for_it(nursery: Nursery, secure: Served, tmp_path: Path, pem: Path) -> None:
    code, said = run(nursery, tmp_path, secure.base_url, "--ca-file", str(pem))
    assert code == 0, said
    assert not any("certificates" in note for note in json.loads((tmp_path / "r.json").read_text())["notes"])


def test_insecure_is_said_aloud_in_the_result(nursery: Nursery, secure: Served, tmp_path: Path) -> None:
    code, said = run(nursery, tmp_path, secure.base_url, "--insecure")
    assert code == 0, said
    assert "certificates were not checked (--insecure)" in " ".join(said.split())
    notes = json.loads((tmp_path / "r.json").read_text())["notes"]
    assert "certificates were not checked (--insecure)" in notes


def test_an_ipv6_address_is_judged(nursery: Nursery, tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with served(build(clock=RunningClock()), host="::1") as state:
        code, said = run(nursery, tmp_path, state.base_url)
    assert code == 0, said


def test_a_host_that_is_not_there_ends_the_run_in_a_line(nursery: Nursery, tmp_path: Path) -> None:
    with served(build()) as state:
        gone = state.base_url
    code, said = run(nursery, tmp_path, gone)
    assert code == 3
    assert "Traceback" not in said
    reason = json.loads((tmp_path / "r.json").read_text())["reason"]
    assert reason == f"{ONE} could not be read: connection refused"
