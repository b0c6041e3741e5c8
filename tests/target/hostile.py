"""Servers on loopback that send what a test says, byte by byte."""

import contextlib
import itertools
import re
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from whop_contracts.exchange import Request
from whop_contracts.target import LiveTarget
from whop_contracts.target.clocks import WallClock
from whop_contracts.target.wire import Wire

JSON = b'{"id": "adcamp_1", "status": "paused"}'
HEAD = b"HTTP/1.1 200 OK\r\n"


def written(body: bytes = JSON, *lines: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A response as bytes, with a ``Content-Length`` unless the lines say how long it is."""
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", *lines]
    if not any(line.lower().startswith(("transfer-encoding", "content-length")) for line in lines):
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Server:
    """What a test sees of a server: its URL, the requests as they came, how many connections there were."""

    def __init__(self, port: int, host: str) -> None:
        self.port = port
        self.url = f"http://{host}:{port}/api/v1"
        self.requests: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        self.closed = threading.Semaphore(0)
        """Released once for each connection that has been closed."""

    def receive(self, connection: socket.socket) -> bytes:
        """One whole request; empty if the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65_536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            body += connection.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


Behaviour = Callable[[Server, socket.socket], None]


def always(*given: bytes) -> Behaviour:
    """Send these responses in turn on each connection, then the last one again; an empty one closes."""

    def behave(server: Server, connection: socket.socket) -> None:
        turn = itertools.chain(given, itertools.repeat(given[-1]))
        while server.receive(connection) and (data := next(turn)):
            connection.sendall(data)

    return behave


def closing(data: bytes) -> Behaviour:
    """Take one request, send these bytes, and close."""

    def behave(server: Server, connection: socket.socket) -> None:
        server.receive(connection)
        connection.sendall(data)

    return behave


@contextlib.contextmanager
def serving(behave: Behaviour, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server for as long as the context lasts; ``behave`` gets each connection in its own thread."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            server.connections += 1
            with contextlib.suppress(OSError), self.request as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(20)
                behave(server, connection)
            server.closed.release()

    class Listener(socketserver.ThreadingTCPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with Listener((host, 0), Handler) as listener:
        server = Server(listener.server_address[1], f"[{host}]" if ":" in host else host)
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            listener.shutdown()


@contextlib.contextmanager
def reaching(url: str, *, seconds: float = 60.0, body: int = 2_000_000, **how) -> Iterator[LiveTarget]:
    """A live target for a URL, with limits that suit a test."""
    wire = Wire(time=time.time, most=body, seconds=seconds, **how)
    target = LiveTarget(url, wire=wire, clock=WallClock(time=time.time, sleep=_never))
    try:
        yield target
    finally:
        target.close()


def _never(seconds: float) -> None:
    raise AssertionError(f"a test would sleep {seconds} s")


class FakeTime:
    """The sender's time, which passes only when a test says so, or when somebody sleeps."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def lines(headers: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", "-"), value) for name, value in headers.items())


def get(base_url: str, path: str = "/ad_campaigns/adcamp_1", **headers: str) -> Request:
    return Request("GET", base_url + path, "retrieve", "adcamp_1", lines(headers))


def pause(base_url: str, content: bytes = b"", **headers: str) -> Request:
    url = f"{base_url}/ad_campaigns/adcamp_1/pause"
    return Request("POST", url, "pause", "adcamp_1", lines(headers), content)


def certificate(folder: Path) -> Path:
    """A fresh self-signed certificate for 127.0.0.1, with its key in the same file."""
    path = folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout"
    )
    words = [*command.split(), str(folder / "key.pem"), "-out", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return path
