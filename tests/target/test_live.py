"""An exchange over a socket: what goes out, what comes back, and that it comes back however the other side behaves."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from target import hostile
from target.hostile import JSON, always, answer, closing, get, pause, reaching, serving
from whop_contracts.target import OffTargetError, live, wire


def test_a_request_goes_out_as_given_with_nothing_but_what_http_needs():
    with serving(always(answer())) as server, reaching(server.url) as target:
        target.send(
            get(
                server.url,
                "/ad_campaigns/adcamp_%00%F0%9F%98%80'(x)",
                Authorization="bearer  x",
                user_agent="us/1",
            )
        )
    assert server.requests[0].decode().split("\r\n") == [
        "GET /api/v1/ad_campaigns/adcamp_%00%F0%9F%98%80'(x) HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "Connection: keep-alive",
        "Authorization: bearer  x",
        "user-agent: us/1",
        "",
        "",
    ]


@pytest.mark.parametrize("content", [b"", b'{"paused_until": null}', b"\xff" * 300_000])
def test_a_body_goes_out_with_its_length_an_empty_one_too(content):
    with serving(always(answer())) as server, reaching(server.url) as target:
        assert target.send(pause(server.url, content)).response.status == 200
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == content
    assert f"Content-Length: {len(content)}".encode() in head


def test_an_answer_comes_back_as_it_was():
    given = answer(b"\xff\xfe{}", "X-Two: 1", "x-two: 2", "Content-Length: 4", status="299 Odd")
    with serving(always(given)) as server, reaching(server.url) as target:
        reply = target.send(get(server.url))
    assert reply.trouble is None
    assert reply.sent <= reply.received
    response = reply.response
    assert (response.status, response.content, response.truncated) == (299, b"\xff\xfe{}", False)
    assert response.headers == (
        ("Content-Type", "application/json"),
        ("X-Two", "1"),
        ("x-two", "2"),
        ("Content-Length", "4"),
    )


def test_a_connection_is_kept():
    with serving(always(answer())) as server, reaching(server.url) as target:
        for _ in range(5):
            assert target.send(get(server.url)).response.content == JSON
        assert server.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_not_used_again():
    with serving(closing(answer())) as server, reaching(server.url) as target:
        for _ in range(3):
            assert target.send(get(server.url)).response.status == 200
            assert server.closed.acquire(timeout=10)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "308 Permanent"])
def test_a_redirect_is_the_answer(status):
    with (
        serving(always(answer(b"", "Location: /elsewhere", status=status))) as server,
        reaching(server.url) as target,
    ):
        assert target.send(get(server.url)).response.status == int(status[:3])
        assert len(server.requests) == 1


def test_two_requests_are_under_way_at_once():
    both = threading.Barrier(2)

    def behave(server, connection):
        server.receive(connection)
        both.wait(10)
        connection.sendall(answer())

    with serving(behave) as server, reaching(server.url) as target:
        first, second = target.send_together(pause(server.url, b"1"), pause(server.url, b"2"))
    assert first.response.status == second.response.status == 200
    assert max(first.sent, second.sent) <= min(first.received, second.received)


def test_an_ipv6_address_is_reached():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with serving(always(answer()), host="::1") as server, reaching(server.url) as target:
        assert target.loopback
        assert target.send(get(server.url)).response.status == 200
        assert f"Host: [::1]:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//other/x",
        "/../v2/ad_campaigns",
        "/ad_campaigns/..",
        "/ad_campaigns/%2e%2E/x",
        "/a\\..\\b",
        "/a%2F..%2Fb",
        "/a b",
        "/a\n",
        "/é",
        "/a#b",
    ],
)
def test_what_does_not_stay_beneath_the_base_url_is_not_sent(path):
    base = "http://127.0.0.1:9/api/v1"
    with pytest.raises(OffTargetError):
        live.check_address(base + path if path not in {"", "//other/x"} else f"{base[:-7]}{path}", base)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99/api/v1/x",
        "https://127.0.0.1:9/api/v1/x",
        "http://127.0.0.1:9/api/v12/x",
        "http://evil@127.0.0.1:9/api/v1/x",
    ],
)
def test_another_origin_or_another_path_is_not_sent_to(url):
    with reaching("http://127.0.0.1:9/api/v1") as target, pytest.raises(OffTargetError):
        target.send(get(url, ""))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://x/",
        "http://",
        "http://user:pw@h/x",
        "http://h/x?y",
        "http://h/#",
        "http://h h/",
    ],
)
def test_a_base_url_is_an_address_and_nothing_more(url):
    with pytest.raises(ValueError):
        live.checked_base(url)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("0.0.0.0", False),
        ("::2", False),
    ],
)
def test_loopback_is_known_by_its_name(host, is_ours):
    assert wire.is_loopback(host) is is_ours


# -- certificates and proxies ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return hostile.certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(tls):
    with serving(always(answer()), tls=tls) as server, reaching(server.url) as target:
        reply = target.send(get(server.url))
    assert reply.trouble.startswith("TLS: the certificate is not trusted (self")


def test_a_certificate_of_ca_file_is_trusted_and_insecure_trusts_any(tls, pem):
    with serving(always(answer()), tls=tls) as server:
        for how in ({"ca_file": str(pem)}, {"insecure": True}):
            with reaching(server.url, **how) as target:
                assert target.send(get(server.url)).response.status == 200


def test_tls_where_none_is_spoken_is_trouble():
    def behave(_server, connection):
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(behave) as server:
        url = server.url.replace("http:", "https:")
        with reaching(url) as target:
            assert target.send(get(url)).trouble.startswith("TLS: ")


def test_a_handshake_that_never_ends_is_a_time_out():
    with serving(lambda server, _: server.over.wait(20)) as server:
        url = server.url.replace("http:", "https:")
        with reaching(url, seconds=0.2) as target:
            assert target.send(get(url)).trouble == "timed out"


def test_a_certificate_file_that_holds_none_is_known_before_anything_is_sent(tmp_path):
    nothing = tmp_path / "ca.pem"
    nothing.write_text("no certificate")
    for path in (nothing, tmp_path / "absent.pem"):
        with (
            pytest.raises(ValueError, match="no certificates could be read"),
            reaching("https://127.0.0.1:9", ca_file=str(path)),
        ):
            pass


@pytest.fixture
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_proxy_of_the_usual_variables_is_used_with_its_credential(no_proxies):
    with serving(always(answer())) as proxy:
        no_proxies.setenv("http_proxy", f"http://u:p@127.0.0.1:{proxy.port}")
        url = "http://campaigns.invalid/api/v1"
        with reaching(url) as target:
            assert target.send(get(url)).response.status == 200
            assert proxy.requests[0].startswith(
                b"GET http://campaigns.invalid/api/v1/ad_campaigns/adcamp_1 HTTP/1.1\r\n"
            )
            assert b"Host: campaigns.invalid\r\n" in proxy.requests[0]
            assert b"Proxy-Authorization: Basic dTpw\r\n" in proxy.requests[0]


def test_a_proxy_that_refuses_is_trouble(no_proxies):
    with serving(always(answer(status="407 No"))) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        url = "https://campaigns.invalid/api/v1"
        with reaching(url, insecure=True) as target:
            assert target.send(get(url)).trouble == "proxy: 407 No"
        assert proxy.requests[0].startswith(b"CONNECT campaigns.invalid:443 ")


def test_this_machine_and_hosts_of_no_proxy_are_reached_directly(no_proxies):
    no_proxies.setenv("ALL_PROXY", "http://127.0.0.1:1")
    no_proxies.setenv("NO_PROXY", "campaigns.invalid")
    assert wire.proxy_for("http", "127.0.0.1") is None
    assert wire.proxy_for("https", "campaigns.invalid") is None
    assert wire.proxy_for("https", "other.invalid") == "http://127.0.0.1:1"


def test_a_proxy_of_a_kind_that_is_not_supported_is_known_before_anything_is_sent(no_proxies):
    no_proxies.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ValueError, match="socks5"), reaching("http://campaigns.invalid"):
        pass
