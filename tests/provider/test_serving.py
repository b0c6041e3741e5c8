"""The provider over a real socket: the raw path, the test clock, the official client, and schemathesis."""

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from schemathesis.cli import schemathesis

from whop_contracts.provider import SEED, ManualClock, RunningClock, build
from whop_contracts.provider.server import clock_url, running, serve

ACTIVE = SEED.campaigns[0]
FULL = {"Authorization": f"Bearer {SEED.token}"}
DOCUMENT = Path(__file__).parents[2] / "schemas" / "openapi.json"
START = 1_790_000_000.0


@pytest.fixture
def base_url():
    with running(build(clock=ManualClock(START))) as url:
        yield url


@pytest.fixture
def client(base_url):
    with httpx.Client(base_url=base_url, headers=FULL) as http:
        yield http


def test_a_pause_and_every_method_reach_it(client):
    expected = {"GET": 405, "PUT": 405, "HEAD": 405, "OPTIONS": 204, "TRACE": 405, "POST": 200}
    for method, status in expected.items():
        assert client.request(method, f"/ad_campaigns/{ACTIVE}/pause").status_code == status, method
    response = client.post(f"/ad_campaigns/{ACTIVE}/pause", json={"paused_until": "2027-01-01T00:00:00Z"})
    assert response.status_code == 200
    assert sorted(response.headers) == ["content-length", "content-type", "date"]
    assert response.headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
    assert response.json()["paused_until"] == "2027-01-01T00:00:00.000Z"
    assert client.get(f"/ad_campaigns/{ACTIVE}").json() == response.json()


def test_an_id_is_decoded_once_and_after_the_path_was_split(client):
    for wanted in ("a%2Fb", "%00", "%C3%A9", "x'--", "a%20b", "%2e%2e%2fx", "%0Ax", "%E2%80%A8"):
        response = client.post(f"/ad_campaigns/{wanted}/pause")
        assert (response.status_code, response.headers["content-type"]) == (404, "application/json"), wanted


def test_a_long_body_is_a_413_and_the_connection_goes_on(client):
    assert client.post(f"/ad_campaigns/{ACTIVE}/pause", content=b"x" * 9_000_000).status_code == 413
    assert client.get(f"/ad_campaigns/{ACTIVE}").json()["status"] == "active"


def test_responses_may_be_slow():
    with running(build(variation="slow")) as url, httpx.Client(headers=FULL) as http:
        response = http.get(f"{url}/ad_campaigns/{ACTIVE}")
        assert response.status_code == 200
        assert response.elapsed.total_seconds() >= 0.02


def test_a_fault_of_the_wire_reaches_the_wire():
    for fault in ("no-content-204", "no-media-type", "redirect-302", "utf-16", "empty-body"):
        provider = build(fault=fault, clock=ManualClock(START))
        with running(provider) as url:
            served = httpx.post(f"{url}/ad_campaigns/{ACTIVE}/pause", headers=FULL)
        direct = provider.handle("POST", f"/api/v1/ad_campaigns/{ACTIVE}/pause", FULL)
        assert (served.status_code, served.content) == (direct.status, direct.content), fault
        assert served.headers.get("content-type") == direct.header("content-type"), fault


def test_the_clock_moves_forwards_without_a_credential_and_does_what_falls_due(client, base_url):
    url, now = clock_url(base_url), {"now": "2026-09-21T14:13:20.000000Z"}
    assert httpx.get(url).json() == now
    assert httpx.put(url, json=now).status_code == 200
    client.post(f"/ad_campaigns/{ACTIVE}/pause", json={"paused_until": "2026-09-21T15:00:00Z"})
    moved = httpx.put(url, json={"now": "2026-09-21T17:00:00.5+02:00"})
    assert (moved.status_code, moved.json()) == (200, {"now": "2026-09-21T15:00:00.500000Z"})
    document = client.get(f"/ad_campaigns/{ACTIVE}").json()
    assert (document["status"], document["updated_at"]) == ("active", "2026-09-21T15:00:00.000Z")


def test_the_clock_rejects_what_it_cannot_do(base_url):
    unreadable = (b'{"now": "soon"}', b'{"now": 1}', b'{"now": null}', b"{}", b"[]", b"{", b"", b"\xff")
    url = clock_url(base_url)
    with httpx.Client() as http:
        for content in (b'{"now": "2026-09-21T14:13:19Z"}', *unreadable):
            response = http.put(url, content=content)
            assert response.status_code == (409 if b"2026" in content else 400), content
            assert response.json()["error"].keys() == {"type", "message"}
            assert http.get(url).json() == {"now": "2026-09-21T14:13:20.000000Z"}
        other = http.post(url, json={})
        assert (other.status_code, other.headers["allow"]) == (405, "GET, PUT")


def test_a_running_clock_runs_on_from_where_it_was_moved_to():
    with running(build(clock=RunningClock())) as url:
        assert httpx.put(clock_url(url), json={"now": "2100-01-01T00:00:00Z"}).status_code == 200
        assert httpx.get(clock_url(url)).json()["now"] > "2100-01-01T00:00:00"


def test_serving_ends_with_a_signal_and_returns():
    code = (
        "from whop_contracts.provider import build, RunningClock\n"
        "from whop_contracts.provider.server import serve\n"
        "serve(build(clock=RunningClock()), on_ready=lambda url: print(url, flush=True)); print('done')"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip()
            assert httpx.get(f"{url}/ad_campaigns/{ACTIVE}", headers=FULL).status_code == 200
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert (process.returncode, out.strip(), err) == (0, "done", "")


def test_a_port_that_is_taken_is_an_os_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(build(), port=taken.getsockname()[1])


def test_nothing_is_left_running(monkeypatch):
    with running(build()) as url:
        before = threading.active_count()
        httpx.get(f"{url}/ad_campaigns/{ACTIVE}")
    assert threading.active_count() < before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ad_campaigns/{ACTIVE}")
    left = []
    monkeypatch.setattr("uvicorn.Server.run", lambda _server, sockets: left.extend(sockets))
    with running(build()):
        pass
    serve(build())
    assert [listener.fileno() for listener in left] == [-1, -1], "some versions of uvicorn close no socket"


def test_schemathesis_finds_nothing(base_url):
    options = ["--url", base_url, "--header", f"Authorization: Bearer {SEED.token}", "--seed", "1"]
    phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "8"]
    done = CliRunner().invoke(schemathesis, ["run", str(DOCUMENT), *options, *phases], env={"CI": "1"})
    assert done.exit_code == 0, done.output[-4000:]


def test_a_reset_restores_every_campaign_and_more_tokens_and_ids_are_known():
    provider = build(fault=("offset-dropped", "missing-title"), clock=ManualClock(START))
    provider.added = (("my-token",), ("adcamp_mine",))
    provider.reset()
    lines = []
    with running(provider, log=lambda *line: lines.append(line)) as url:
        path, headers = f"{url}/ad_campaigns/adcamp_mine", {"Authorization": "Bearer my-token"}
        until = {"paused_until": "2027-01-01T00:00:00+02:00"}
        shown = httpx.post(f"{path}/pause", headers=headers, json=until)
        assert shown.json()["paused_until"] == "2027-01-01T00:00:00.000Z"
        assert "title" not in shown.json()
        reset = url.replace("/api/v1", "/reset")
        assert [httpx.get(reset).status_code, httpx.post(reset).status_code] == [405, 204]
        assert httpx.get(f"{path}?a=%31&b", headers=headers).json()["status"] == "active"
    mine = "/api/v1/ad_campaigns/adcamp_mine"
    posted = [("POST", f"{mine}/pause", 200), ("GET", "/reset", 405), ("POST", "/reset", 204)]
    assert lines == [*posted, ("GET", f"{mine}?a=%31&b", 200)]
