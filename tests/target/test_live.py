"""An exchange over a socket: what is sent, what comes back, and which certificates and proxies are used."""

import ssl

import pytest

from target import hostile
from target.hostile import JSON, always, closing, get, pause, reaching, serving, written
from whop_contracts.exchange import Response
from whop_contracts.settings import UsageError
from whop_contracts.target import OffTargetError, checked_base, wire

BASE = "http://127.0.0.1:9/api/v1"


def test_a_request_is_sent_as_given_with_nothing_but_what_http_needs_and_a_response_comes_back_as_it_was():
    path = "/ad_campaigns/adcamp_%00%F0%9F%98%80'(x)"
    given = written(b"\xff\xfe{}", "X-Two: 1", "x-two: 2", "Content-Length: 4", status="299 Odd")
    with serving(always(given)) as server, reaching(server.url) as target:
        reply = target.send(get(server.url, path, Authorization="bearer  x", user_agent="us/1"))
    assert server.requests[0].decode().split("\r\n") == [
        f"GET /api/v1{path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "Connection: keep-alive",
        "Authorization: bearer  x",
        "user-agent: us/1",
        "",
        "",
    ]
    assert reply.trouble is None
    assert reply.sent <= reply.received
    headers = (("Content-Type", "application/json"), ("X-Two", "1"), ("x-two", "2"), ("Content-Length", "4"))
    assert reply.response == Response(299, headers, b"\xff\xfe{}")


def test_a_body_is_sent_with_its_length_an_empty_one_too():
    with serving(always(written())) as server, reaching(server.url) as target:
        for content in (b"", b'{"paused_until": null}', b"\xff" * 300_000):
            assert target.send(pause(server.url, content)).response.status == 200
            head, _, body = server.requests[-1].partition(b"\r\n\r\n")
            assert body == content
            assert f"Content-Length: {len(content)}".encode() in head


def test_after_a_connection_was_closed_another_one_is_opened():
    with serving(closing(written())) as server, reaching(server.url) as target:
        for _ in range(3):
            assert target.send(get(server.url)).response.status == 200
            assert server.closed.acquire(timeout=60)


OUTSIDE = [
    *(BASE[:-7], BASE[:-7] + "//other/x", "http://evil@127.0.0.1:9/api/v1/x", "http://127.0.0.1:9/api/v12/x"),
    *("http://127.0.0.1:99/api/v1/x", "https://127.0.0.1:9/api/v1/x", BASE, BASE + "/a b", BASE + "/a\n"),
    *(BASE + "/../v2/ad_campaigns", BASE + "/ad_campaigns/..", BASE + "/ad_campaigns/%2e%2E/x"),
    *(BASE + "/a\\..\\b", BASE + "/a%2F..%2Fb", BASE + "/é", BASE + "/a#b"),
]


def test_what_does_not_certainly_stay_below_the_base_url_is_not_sent():
    with reaching(BASE) as target:
        for url in OUTSIDE:
            with pytest.raises(OffTargetError):
                target.send(get(url, ""))


def test_a_base_url_is_an_address_and_nothing_more():
    wrong = ("", "example.com", "ftp://x/", "http://", "http://h/x?y", "http://h/#", "http://h h/")
    for url in (*wrong, "http://user:secret@h/x", "ftp://user:secret@h/"):
        with pytest.raises(UsageError) as raised:
            checked_base(url)
        assert "secret" not in str(raised.value)


def test_loopback_is_known_by_its_name():
    for host in ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"):
        assert wire.is_loopback(host), host
    for host in ("10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "::2"):
        assert not wire.is_loopback(host), host


def test_a_handshake_that_fails_or_never_ends_is_trouble():
    def refuse(_server, connection):
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    for behave, seconds, trouble in (
        (refuse, 60, "TLS: "),
        (lambda server, _: server.over.wait(60), 0.2, "timed"),
    ):
        with serving(behave) as server:
            url = server.url.replace("http:", "https:")
            with reaching(url, seconds=seconds) as target:
                assert target.send(get(url)).trouble.startswith(trouble)


FAR = "http://campaigns.invalid/api/v1"


@pytest.fixture
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_proxy_of_the_environment_is_used_with_its_credential(no_proxies):
    with serving(always(written())) as proxy:
        no_proxies.setenv("http_proxy", f"http://u:p@127.0.0.1:{proxy.port}")
        with reaching(FAR) as target:
            assert target.send(get(FAR)).response.status == 200
    lines = proxy.requests[0].split(b"\r\n")
    assert lines[0] == b"GET http://campaigns.invalid/api/v1/ad_campaigns/adcamp_1 HTTP/1.1"
    assert {b"Host: campaigns.invalid", b"Proxy-Authorization: Basic dTpw"} <= set(lines)


def test_tls_through_a_proxy_is_with_the_target_by_its_name(no_proxies, tmp_path):
    names = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(hostile.certificate(tmp_path))
    tls.sni_callback = lambda _socket, name, _context: names.append(name)

    def behave(server, connection):
        server.receive(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with tls.wrap_socket(connection, server_side=True) as secure:
            always(written())(server, secure)

    with serving(behave) as proxy:
        no_proxies.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        url = FAR.replace("http:", "https:")
        with reaching(url, insecure=True) as target:
            assert target.send(get(url)).response.content == JSON
    assert names == ["campaigns.invalid"]


def test_a_proxy_that_refuses_is_trouble_that_does_not_repeat_its_words(no_proxies):
    for status, trouble in (("407 No u:secret", "407 Proxy Authentication Required"), ("499 secret", "499")):
        with serving(always(written(status=status))) as proxy:
            no_proxies.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
            url = FAR.replace("http:", "https:")
            with reaching(url, insecure=True) as target:
                assert target.send(get(url)).trouble == f"proxy: {trouble}"
            assert proxy.requests[0].startswith(b"CONNECT campaigns.invalid:443 ")


def test_this_machine_and_hosts_of_no_proxy_are_reached_directly(no_proxies):
    no_proxies.setenv("ALL_PROXY", "http://127.0.0.1:1")
    no_proxies.setenv("NO_PROXY", "campaigns.invalid")
    assert wire.proxy_for("http", "127.0.0.1") is None
    assert wire.proxy_for("https", "campaigns.invalid") is None
    assert wire.proxy_for("https", "other.invalid") == "http://127.0.0.1:1"


def test_a_proxy_that_cannot_be_used_is_known_before_anything_is_sent(no_proxies):
    """The message must not repeat the URL: it may contain a credential."""
    for proxy, message in (
        ("socks5://u:secret@127.0.0.1:1", "a proxy by socks5:// is not supported"),
        ("http://u:secret#x@127.0.0.1:1", "the proxy of the environment for http:// is not a URL"),
    ):
        no_proxies.setenv("ALL_PROXY", proxy)
        with pytest.raises(UsageError) as raised:
            reaching(FAR).__enter__()
        assert str(raised.value) == message
