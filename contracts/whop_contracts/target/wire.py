"""One HTTP/1.1 exchange over a socket, bounded in time and memory, that ends as a reply whatever the other side does.

This stands on httpcore, the transport beneath httpx, since httpx bounds every read and nothing bounds their sum: a target
that sends a byte a second would hold a run for hours. The pool's network backend is a documented argument of httpcore;
ours gives every connect, read and write what is left of one deadline. It also sends headers and target as they were given.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpcore
import httpx

from whop_contracts.exchange import Response
from whop_contracts.target.decoding import ACCEPTED, Body, read_body
from whop_contracts.target.errors import TRANSIENT, TooManyHeadersError, phrase
from whop_contracts.target.framing import Framing
from whop_contracts.target.protocol import Reply

_PIECE: Final = 65_536
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_CONNECTIONS: Final = 4
_IDLE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Where reading an answer stops: ``body`` bytes (as they came, and decoded), ``seconds`` for a whole exchange, ``headers``
    lines. A head of more than 100 kB is refused by h11, whatever the number of its lines.
    """

    body: int = 1_000_000
    seconds: float = 10.0
    headers: int = 2_000


class _Deadline(threading.local):
    """When the exchange of this thread must be over, by the monotonic clock."""

    at = 0.0

    def left(self) -> float:
        return self.at - time.monotonic()


class _Stream(httpcore.NetworkStream):
    """A connection that asks the deadline before it waits, and watches where answers end."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self.framing = Framing()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is stricter
        left = self._deadline.left()
        if left <= 0:
            raise httpcore.ReadTimeout
        data = self._inner.read(max_bytes, left)
        self.framing.came(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline is stricter
        self.framing.restart()
        for start in range(0, len(buffer), _PIECE):
            left = self._deadline.left()
            if left <= 0:
                raise httpcore.WriteTimeout
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
    ) -> httpcore.NetworkStream:
        left = max(self._deadline.left(), 0.001)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects within what is left of the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left()
        if left <= 0:
            raise httpcore.ConnectTimeout
        return _Stream(
            self._inner.connect_tcp(host, port, left, local_address, socket_options), self._deadline
        )

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class Wire:
    """Sends requests to any origin, over connections that are kept. ``time`` is the sender's clock.

    ``ca_file`` holds certificates to trust instead of the usual ones; ``insecure`` trusts any. Proxies are those of the usual
    variables, and never used for this machine itself. Raises ``ValueError`` for a certificate file or a proxy that cannot be used.
    """

    def __init__(
        self,
        *,
        time: Callable[[], float],
        limits: Limits | None = None,
        ca_file: str | None = None,
        insecure: bool = False,
    ) -> None:
        self._time = time
        self._limits = limits or Limits()
        self._ca_file = ca_file
        self._insecure = insecure
        self._deadline = _Deadline()
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def prepare(self, origin: httpx.URL) -> None:
        """Read what a first request to an origin needs, so that a setting that cannot be used is known before it."""
        try:
            self._pool(origin)
        except (httpcore.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ValueError(str(error)) from None

    def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        content: bytes,
        timeout: float | None = None,
    ) -> Reply:
        """Send one request and read its answer. ``url`` is percent-encoded and goes out as it stands."""
        sent = self._time()
        self._deadline.at = time.monotonic() + (self._limits.seconds if timeout is None else timeout)
        try:
            origin, target = split_url(url)
            pool = self._pool(origin)
            lines = _lines(method, origin, headers, content)
            request = httpcore.Request(
                method,
                httpcore.URL(
                    scheme=origin.raw_scheme,
                    host=origin.raw_host,
                    port=origin.port,
                    target=target.encode("ascii"),
                ),
                headers=lines,
                content=content or None,
                extensions={"timeout": {"pool": max(self._deadline.left(), 0.001)}},
            )
            response = self._read(pool.handle_request(request))
        except Exception as error:  # noqa: BLE001 - whatever a target does becomes a reply; the phrase names what is unexpected
            return Reply(None, phrase(error), sent, self._time())
        return Reply(response, None, sent, self._time())

    def _read(self, answer: httpcore.Response) -> Response:
        """Read an answer to its end or to a limit; where its length is wrong, its connection is not used again."""
        try:
            if len(answer.headers) > self._limits.headers:
                raise TooManyHeadersError
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers
            )
            body = self._body(answer.iter_stream(), headers)
        finally:
            answer.close()
        stream = answer.extensions.get("network_stream")
        if isinstance(stream, _Stream) and stream.framing.more_than(headers, body.came):
            stream.close()
        return Response(answer.status, headers, body.content, body.truncated, body.undecoded)

    def _body(self, pieces: Iterable[bytes], headers: Iterable[tuple[str, str]]) -> Body:
        """Read a body. One that breaks HTTP's framing, other than by its end, is an answer all the same: no network makes that."""
        try:
            return read_body(pieces, headers, self._limits.body)
        except httpcore.RemoteProtocolError as error:
            if (trouble := phrase(error)) in TRANSIENT:
                raise
            return Body(b"", truncated=False, came=0, undecoded=f"a body that is {trouble}")

    def _pool(self, origin: httpx.URL) -> httpcore.ConnectionPool:
        proxy = proxy_for(origin.scheme, origin.host)
        with self._lock:
            pool = self._pools.get(f"{origin.scheme} {proxy}")
            if pool is None:
                pool = self._pools[f"{origin.scheme} {proxy}"] = self._open(origin.scheme, proxy)
        return pool

    def _open(self, scheme: str, proxy: str | None) -> httpcore.ConnectionPool:
        secure = scheme == "https"
        settings: dict[str, Any] = {
            "ssl_context": self.trust() if secure else None,
            "max_connections": _CONNECTIONS,
            "max_keepalive_connections": _CONNECTIONS,
            "keepalive_expiry": _IDLE_S,
            "network_backend": _Backend(self._deadline),
        }
        if proxy is None:
            return httpcore.ConnectionPool(**settings)
        address = httpx.URL(proxy)
        if address.scheme not in {"http", "https"}:
            raise httpcore.UnsupportedProtocol(f"a proxy by {address.scheme}:// is not supported")
        auth = (address.username.encode(), address.password.encode()) if address.username else None
        bare = httpcore.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=b"/")
        return httpcore.HTTPProxy(bare, proxy_auth=auth, **settings)

    def trust(self) -> ssl.SSLContext:
        """What certificates are held against. ``ValueError`` where ``ca_file`` holds none."""
        if self._insecure:
            return httpx.create_ssl_context(verify=False)
        if self._ca_file is None:
            return httpx.create_ssl_context()
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{self._ca_file}: no certificates could be read from it: {error}") from None

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()


def split_url(url: str) -> tuple[httpx.URL, str]:
    """The origin of an absolute URL, and what is asked of it, as it stands."""
    scheme, _, rest = url.partition("://")
    ends = [at for mark in "/?#" if (at := rest.find(mark)) >= 0]
    cut = min(ends, default=len(rest))
    return httpx.URL(f"{scheme}://{rest[:cut]}"), rest[cut:] or "/"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, as far as its name tells; no name is looked up."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def proxy_for(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host; None for none, and for this machine."""
    if is_loopback(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _lines(
    method: str, origin: httpx.URL, headers: Sequence[tuple[str, str]], content: bytes
) -> list[tuple[bytes, bytes]]:
    """The header lines of a request: those given, and before them what HTTP/1.1 needs and was not."""
    given = {name.lower() for name, _ in headers}
    lines: list[tuple[bytes, bytes]] = []
    if "host" not in given:
        lines.append((b"Host", origin.netloc))
    if "accept" not in given:
        lines.append((b"Accept", b"*/*"))
    if "accept-encoding" not in given:
        lines.append((b"Accept-Encoding", ACCEPTED.encode()))
    if "connection" not in given:
        lines.append((b"Connection", b"keep-alive"))
    lines += [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
    if "content-length" not in given and (content or method in _WITH_LENGTH):
        lines.append((b"Content-Length", str(len(content)).encode()))
    return lines
