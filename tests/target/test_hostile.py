"""Targets that are broken or hostile, on a real socket: bounded time, bounded memory, always a reply."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target.hostile import JSON, always, answer, closing, get, pause, reaching, serving
from whop_contracts.json_text import read_response
from whop_contracts.target import decoding as bodies

LIMIT = 100_000


def reply_to(behave, *, seconds=5.0, body=LIMIT):
    with serving(behave) as server, reaching(server.url, seconds=seconds, body=body) as target:
        return target.send(get(server.url))


def endless(head, piece):
    def behave(server, connection):
        server.receive(connection)
        connection.sendall(head)
        while not server.over.is_set():
            connection.sendall(piece)

    return behave


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "behave",
    [
        endless(HEAD + b"Content-Length: 100000000\r\n\r\n", b"x" * 65_536),
        endless(HEAD + b"\r\n", b"x" * 65_536),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nxxxxx\r\n" * 1000),
    ],
    ids=["100 MB", "until closed", "chunked"],
)
def test_a_body_without_end_is_cut_at_the_limit(behave):
    tracemalloc.start()
    try:
        reply = reply_to(behave)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (reply.response.status, len(reply.response.content), reply.response.truncated) == (
        200,
        LIMIT,
        True,
    )
    assert most < 5_000_000


@pytest.mark.parametrize("times", [1, 2])
def test_a_gzip_bomb_is_not_unpacked_beyond_the_limit(times):
    bomb = gzip.compress(b"\0" * 50_000_000)
    if times == 2:
        bomb = gzip.compress(bomb)
    coding = ", ".join(["gzip"] * times)
    tracemalloc.start()
    try:
        reply = reply_to(always(answer(bomb, f"Content-Encoding: {coding}")))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reply.response.truncated
    assert reply.response.content == b"\0" * LIMIT
    assert most < 5_000_000


def test_packed_bytes_that_become_nothing_are_cut_at_the_limit_too():
    empty_block = b"\x00\x00\x00\xff\xff"
    reply = reply_to(endless(HEAD + b"Content-Encoding: deflate\r\n\r\n", b"\x78\x9c" + empty_block * 10_000))
    assert reply.response.truncated


def packed(data):
    """The same bytes at every call: the time stands in a gzip header, and parameters are collected once a worker."""
    return gzip.compress(data, mtime=0)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "body", "seen"),
    [
        ("gzip", packed(JSON), JSON),
        ("x-gzip", packed(JSON), JSON),
        ("GZIP, gzip", packed(packed(JSON)), JSON),
        ("deflate", zlib.compress(JSON), JSON),
        ("deflate", raw_deflate(JSON), JSON),
        ("identity", JSON, JSON),
        ("gzip", b"", b""),
        ("gzip", JSON, JSON),
        ("gzip", packed(JSON)[:-12], packed(JSON)[:-12]),
        ("br", b"\x8b\x00", b"\x8b\x00"),
        ("gzip, gzip, gzip, gzip", b"abc", b"abc"),
    ],
    ids=[
        "gzip",
        "x-gzip",
        "twice",
        "deflate",
        "raw deflate",
        "identity",
        "empty",
        "not packed",
        "cut",
        "unknown",
        "four times",
    ],
)
def test_a_body_is_unpacked_or_given_as_it_came(coding, body, seen):
    reply = reply_to(always(answer(body, f"Content-Encoding: {coding}")))
    assert (reply.response.content, reply.response.truncated) == (seen, False)


@given(st.binary(max_size=5_000), st.integers(1, 700), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_unpacking_does_not_depend_on_how_the_bytes_are_cut(data, size, coding):
    packed = data
    for one in coding.split(", "):
        packed = gzip.compress(packed) if one == "gzip" else zlib.compress(packed)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert bodies.read_body(pieces, [("content-encoding", coding)], 10_000) == bodies.Body(
        data, truncated=False, came=len(packed)
    )


def dripping(data):
    def behave(server, connection):
        server.receive(connection)
        server.drip(connection, data, 0.05)

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        dripping(answer()),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        lambda server, connection: (
            server.receive(connection),
            connection.sendall(answer(length=99)),
            server.over.wait(20),
        ),
        lambda server, connection: (server.receive(connection), server.over.wait(20)),
        endless(b"", b"HTTP/1.1 103 Hints\r\n\r\n" * 100),
    ],
    ids=[
        "a byte now and then",
        "interim answers now and then",
        "a body that stops",
        "silence",
        "interim answers without end",
    ],
)
def test_time_is_bounded_for_the_whole_exchange(behave):
    began = time.monotonic()
    reply = reply_to(behave, seconds=0.3)
    assert (reply.response, reply.trouble) == (None, "timed out")
    assert time.monotonic() - began < 3


def test_a_target_that_does_not_read_is_a_time_out():
    def behave(server, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.over.wait(20)

    with serving(behave) as server, reaching(server.url, seconds=0.3) as target:
        assert target.send(pause(server.url, b"x" * 30_000_000)).trouble == "timed out"


def test_an_answer_that_comes_before_the_body_was_read_is_seen():
    def behave(_server, connection):
        connection.recv(1000)
        connection.sendall(answer(status="413 Too long"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    with serving(behave) as server, reaching(server.url) as target:
        assert target.send(pause(server.url, b"x" * 3_000_000)).response.status == 413


def test_a_connection_closed_at_any_point_of_an_answer_is_trouble():
    whole = answer()
    points = []

    def behave(server, connection):
        server.receive(connection)
        connection.sendall(whole[: points[-1]])

    head = whole.index(b"\r\n\r\n") + 4
    with serving(behave) as server, reaching(server.url) as target:
        for point in range(len(whole)):
            points.append(point)
            reply = target.send(get(server.url))
            assert reply.response is None
            if point == 0 or point >= head:
                where = "before an answer" if point == 0 else "in the middle of the answer"
                assert reply.trouble == f"connection closed {where}"
            else:
                assert reply.trouble.startswith("connection closed"), (point, reply.trouble)


def test_a_connection_that_is_reset_is_trouble():
    def behave(server, connection):
        server.receive(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert reply_to(behave).trouble == "connection reset"


def test_a_port_where_nobody_listens_is_trouble():
    with serving(always(answer())) as server:
        url = server.url
    with reaching(url) as target:
        assert target.send(get(url)).trouble == "connection refused"


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (answer(length=99), "connection closed in the middle of the answer"),
        (answer(JSON, "Content-Length: -1"), "not HTTP/1.1"),
        (answer(JSON, "Content-Length: 38", "Content-Length: 39"), "not HTTP/1.1"),
        (answer(JSON, "Content-Length: many"), "not HTTP/1.1"),
        (
            answer(b"2\r\n{}\r\n", "Transfer-Encoding: chunked"),
            "connection closed in the middle of the answer",
        ),
        (answer(b"", "X: a\0b"), "not HTTP/1.1"),
        (answer(b"", "no colon"), "not HTTP/1.1"),
        (answer(b"", "X y: 1"), "not HTTP/1.1"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not HTTP/1.1"),
        (b"<html>hello</html>", "connection closed before an answer"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "not HTTP/1.1"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP/1.1"),
        (b"\r\n" * 3 + b"\0" * 10 + b"\r\n\r\n", "not HTTP/1.1"),
        (HEAD + b"X: " + b"y" * 300_000 + b"\r\n\r\n", "headers longer than 100 kB"),
        (HEAD + b"X: y\r\n" * 50_000 + b"\r\n", "headers longer than 100 kB"),
        (HEAD + b"X: y\r\n" * 5_000 + b"Content-Length: 0\r\n\r\n", "too many headers"),
    ],
)
def test_what_is_not_http_is_trouble(data, trouble):
    reply = reply_to(closing(data))
    assert reply.response is None
    assert reply.trouble.startswith(trouble)
    assert len(reply.trouble) < 200


def test_a_body_that_is_framed_wrong_is_an_answer_that_cannot_be_read():
    reply = reply_to(closing(answer(b"zz\r\n{}\r\n", "Transfer-Encoding: chunked")))
    assert reply.trouble is None
    assert reply.response.status == 200
    assert reply.response.undecoded.startswith("a body that is not HTTP/1.1: illegal chunk header")
    assert read_response(reply.response).problem == reply.response.undecoded


@pytest.mark.parametrize(
    "data",
    [
        answer(JSON + b"garbage", length=len(JSON)),
        answer() + answer(b'{"id": "not yours"}'),
        answer(b"26\r\n" + JSON + b"\r\n0\r\n\r\nmore", "Transfer-Encoding: chunked"),
        answer(b"{}", status="204 No Content"),
    ],
    ids=["more than announced", "answered twice", "more than the last chunk", "a body where none can be"],
)
def test_what_came_too_much_is_not_read_as_the_next_answer(data):
    with serving(always(data)) as server, reaching(server.url) as target:
        replies = [target.send(get(server.url)) for _ in range(3)]
    assert [reply.trouble for reply in replies] == [None] * 3
    assert {reply.response.content for reply in replies} <= {JSON, b""}
    assert server.connections == 3


@pytest.mark.parametrize(
    "data",
    [
        answer(b'4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n', "Transfer-Encoding: chunked"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        answer(b"", status="204 No Content", length=0),
        answer(b"[" * 100_000 + b"]" * 100_000),
    ],
    ids=["chunked", "after an interim answer", "without a body", "200,000 brackets"],
)
def test_an_answer_that_is_whole_keeps_its_connection(data):
    with serving(always(data)) as server, reaching(server.url) as target:
        assert [target.send(get(server.url)).trouble for _ in range(3)] == [None] * 3
    assert server.connections == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_are_a_reply(arbitrary, data):
    target, server, given_bytes = arbitrary
    head = data.draw(
        st.sampled_from([b"", b"HTTP/1.1 ", HEAD, HEAD + b"Content-Encoding: gzip\r\n\r\n", answer()[:-20]])
    )
    given_bytes[0] = head + data.draw(st.binary(max_size=200))
    reply = target.send(get(server.url))
    assert (reply.response is None) != (reply.trouble is None)


@pytest.fixture
def arbitrary():
    given_bytes = [b""]

    def behave(server, connection):
        server.receive(connection)
        connection.sendall(given_bytes[0])

    with serving(behave) as server, reaching(server.url, seconds=2) as target:
        yield target, server, given_bytes


def test_a_header_that_cannot_be_written_is_trouble_that_does_not_repeat_it():
    with serving(always(answer())) as server, reaching(server.url) as target:
        for value in ("sec\nret", "sec\0ret"):
            reply = target.send(get(server.url, Authorization=value))
            assert reply.trouble == "the request cannot be written as HTTP/1.1"
        assert target.send(get(server.url)).response.status == 200


def test_an_interruption_is_not_swallowed(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("whop_contracts.target.wire.read_body", interrupt)
    with serving(always(answer())) as server, reaching(server.url) as target:
        with pytest.raises(KeyboardInterrupt):
            target.send(get(server.url))
        monkeypatch.undo()
        assert target.send(get(server.url)).response.content == JSON
