"""Targets that are broken or hostile, on a real socket: bounded time, bounded memory, always a reply."""

import gzip
import socket
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target.hostile import HEAD, JSON, always, closing, get, pause, reaching, serving, written
from whop_contracts.json_text import read_response
from whop_contracts.target import responses

LIMIT = 100_000
PATIENT = 60.0
"""Seconds within which a response certainly comes, however slow the machine is."""
IMPATIENT = 0.2
"""Seconds after which a test expects a time-out."""


def reply_to(behave, *, seconds=PATIENT, body=LIMIT):
    with serving(behave) as server, reaching(server.url, seconds=seconds, body=body) as target:
        return target.send(get(server.url))


def endless(head, piece):
    def behave(server, connection):
        server.receive(connection)
        connection.sendall(head)
        while not server.over.is_set():
            connection.sendall(piece)

    return behave


BOMB = gzip.compress(b"\0" * 50_000_000, mtime=0)
CHUNK = b"1000\r\n" + b"x" * 4_096 + b"\r\n"
NOTHING = b"\x00\x00\x00\xff\xff"
"""A block of deflate that holds no bytes."""


def test_a_body_is_cut_at_the_limit_within_little_memory():
    for behave, content in (
        (endless(HEAD + b"Content-Length: 100000000\r\n\r\n", b"x" * 65_536), b"x"),
        (endless(HEAD + b"\r\n", b"x" * 65_536), b"x"),
        (endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK), b"x"),
        (always(written(BOMB, "Content-Encoding: gzip")), b"\0"),
        (endless(HEAD + b"Content-Encoding: deflate\r\n\r\n", b"\x78\x9c" + NOTHING * 10_000), None),
    ):
        tracemalloc.start()
        try:
            reply = reply_to(behave)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert reply.response.truncated
        assert len(reply.response.content) == LIMIT
        assert content is None or reply.response.content == content * LIMIT
        assert most < 5_000_000


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = gzip.compress(JSON, mtime=0)
BODIES = [
    ("gzip", PACKED, JSON, None),
    ("x-gzip", PACKED, JSON, None),
    ("identity", JSON, JSON, None),
    ("GZIP, identity", PACKED, JSON, None),
    ("deflate", zlib.compress(JSON), JSON, None),
    ("deflate", raw_deflate(JSON), JSON, None),
    ("gzip", b"", b"", None),
    ("gzip", JSON, JSON, responses.MISCODED),
    ("deflate", JSON, JSON, responses.MISCODED),
    ("gzip", PACKED[:-12], PACKED[:-12], responses.MISCODED),
    ("br", b"\x8b\x00", b"\x8b\x00", None),
    ("gzip, gzip", PACKED, PACKED, None),
]


def test_a_body_in_a_coding_that_was_asked_for_is_decoded_and_any_other_is_left_as_it_came():
    for coding, body, content, undecoded in BODIES:
        response = reply_to(always(written(body, f"Content-Encoding: {coding}"))).response
        assert (response.content, response.truncated, response.undecoded) == (content, False, undecoded)


@given(st.binary(max_size=5_000), st.integers(1, 700), st.sampled_from(["gzip", "deflate"]))
def test_decoding_does_not_depend_on_how_the_bytes_are_split(data, size, coding):
    packed = gzip.compress(data, mtime=0) if coding == "gzip" else zlib.compress(data)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    response, came = responses.decoded_response(200, (("content-encoding", coding),), pieces, 10_000)
    assert (response.content, came, response.truncated or response.undecoded) == (data, len(packed), None)


def sending(data, *, every=None):
    """Send bytes and then nothing, or a byte at a time."""

    def behave(server, connection):
        server.receive(connection)
        for piece in [bytes([byte]) for byte in data] if every else [data]:
            connection.sendall(piece)
            server.over.wait(every or PATIENT)

    return behave


def test_time_is_bounded_for_the_whole_exchange():
    """Each would last much longer: bounding only single reads would end in a response, or never."""
    for behave in (
        sending(written(), every=0.05),
        sending(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, every=0.05),
        endless(b"", b"HTTP/1.1 103 Hints\r\n\r\n" * 100),
        sending(written(length=99)),
        sending(b""),
    ):
        reply = reply_to(behave, seconds=IMPATIENT)
        assert (reply.response, reply.trouble) == (None, "timed out")


def test_a_target_that_does_not_read_is_a_time_out_and_one_that_responds_before_is_seen():
    def idle(server, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.over.wait(PATIENT)

    def early(_server, connection):
        connection.recv(1000)
        connection.sendall(written(status="413 Too long"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    for behave, seconds, size in ((idle, IMPATIENT, 30_000_000), (early, PATIENT, 3_000_000)):
        with serving(behave) as server, reaching(server.url, seconds=seconds) as target:
            reply = target.send(pause(server.url, b"x" * size))
        assert (reply.trouble or reply.response.status) == ("timed out" if behave is idle else 413)


def test_a_connection_closed_at_any_point_of_a_response_is_trouble():
    whole = written()
    point = 0

    def behave(server, connection):
        server.receive(connection)
        connection.sendall(whole[:point])

    head = whole.index(b"\r\n\r\n") + 4
    with serving(behave) as server, reaching(server.url) as target:
        for point in range(len(whole)):
            reply = target.send(get(server.url))
            assert reply.response is None
            where = "in the middle of the response" if point >= head else "" if point else "before a response"
            assert reply.trouble.startswith(f"connection closed {where}"), point


def test_a_connection_that_is_reset_or_refused_is_trouble():
    def behave(server, connection):
        server.receive(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert reply_to(behave).trouble == "connection reset"
    with serving(always(written())) as server:
        url = server.url
    with reaching(url) as target:
        assert target.send(get(url)).trouble == "connection refused"


CHUNKED = "Transfer-Encoding: chunked"
LENGTHS = ("Content-Length: 38", "Content-Length: 39")


def test_what_is_not_http_is_trouble_that_quotes_nothing():
    for data, trouble in (
        (written(length=99), "connection closed in the middle of the response"),
        (written(b"2\r\n{}\r\n", CHUNKED), "connection closed in the middle of the response"),
        (b"<html>hello</html>", "connection closed before a response"),
        (written(JSON, "Content-Length: -1"), "not HTTP/1.1: bad Content-Length"),
        (written(JSON, *LENGTHS), "not HTTP/1.1: conflicting Content-Length"),
        (written(JSON, "Content-Length: many"), "not HTTP/1.1: bad Content-Length"),
        (written(b"", "X: a\0b secret"), "not HTTP/1.1: illegal header line"),
        (written(b"", "no colon secret"), "not HTTP/1.1: illegal header line"),
        (written(b"", "X secret: 1"), "not HTTP/1.1: illegal header line"),
        (b"SSH-2.0-secret\r\n\r\n", "not HTTP/1.1: illegal status line"),
        (b"HTTP/1.1 20 secret\r\n\r\n", "not HTTP/1.1: illegal status line"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP/1.1: illegal status line"),
        (b"\r\n" * 3 + b"\0" * 10 + b"\r\n\r\n", "not HTTP/1.1: no response line received"),
        (HEAD + b"X: " + b"y" * 300_000 + b"\r\n\r\n", "headers longer than 100 kB"),
        (HEAD + b"X: y\r\n" * 50_000 + b"\r\n", "headers longer than 100 kB"),
        (HEAD + b"X: y\r\n" * 5_000 + b"Content-Length: 0\r\n\r\n", "too many headers"),
    ):
        reply = reply_to(closing(data))
        assert reply.response is None
        assert reply.trouble.startswith(trouble), data[:80]
        assert "secret" not in reply.trouble
        assert len(reply.trouble) < 60


def test_a_body_with_wrong_framing_is_a_response_that_cannot_be_read():
    response = reply_to(closing(written(b"zz\r\n{}\r\n", CHUNKED))).response
    assert (response.status, response.undecoded) == (200, "a body that is not HTTP/1.1: illegal chunk header")
    assert read_response(response).problem == response.undecoded


def test_a_connection_is_kept_unless_more_came_than_the_response():
    """Otherwise the rest would be read as the next response."""
    for data, connections in (
        (written(JSON + b"garbage", length=len(JSON)), 3),
        (written() + written(b'{"id": "not yours"}'), 3),
        (written(b"26\r\n" + JSON + b"\r\n0\r\n\r\nmore", CHUNKED), 3),
        (written(b"{}", status="204 No Content"), 3),
        (written(b"26\r\n" + JSON + b"\r\n0\r\n\r\n", CHUNKED), 1),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + written(), 1),
        (written(b"", status="204 No Content", length=0), 1),
    ):
        with serving(always(data)) as server, reaching(server.url, seconds=PATIENT) as target:
            replies = [target.send(get(server.url)) for _ in range(3)]
        assert [reply.trouble for reply in replies] == [None] * 3
        assert {reply.response.content for reply in replies} <= {JSON, b""}
        assert server.connections == connections, data


STARTS = [b"", b"HTTP/1.1 ", HEAD, HEAD + b"Content-Encoding: gzip\r\n\r\n", written()[:-20]]


def test_any_bytes_are_a_reply():
    data = b""

    def behave(server, connection):
        closing(data)(server, connection)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(STARTS), st.binary(max_size=200))
    def send(start, rest):
        nonlocal data
        data = start + rest
        reply = target.send(get(server.url))
        assert (reply.response is None) != (reply.trouble is None)

    with serving(behave) as server, reaching(server.url) as target:
        send()


def test_a_header_that_cannot_be_written_is_trouble_that_does_not_repeat_it():
    with serving(always(written())) as server, reaching(server.url) as target:
        for value in ("sec\nret", "sec\0ret"):
            reply = target.send(get(server.url, Authorization=value))
            assert reply.trouble == "the request cannot be written as HTTP/1.1"
        assert target.send(get(server.url)).response.status == 200


def test_an_interruption_is_not_swallowed(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("whop_contracts.target.wire.decoded_response", interrupt)
    with serving(always(written())) as server, reaching(server.url) as target:
        with pytest.raises(KeyboardInterrupt):
            target.send(get(server.url))
        monkeypatch.undo()
        assert target.send(get(server.url)).response.content == JSON
