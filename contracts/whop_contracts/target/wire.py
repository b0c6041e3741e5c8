"""One HTTP/1.1 exchange over a socket, bounded in time and memory. Whatever the target does is a reply.

httpx limits the time of each read but not their sum: a target that sends a byte per second would hold a run
for hours. So this uses httpcore, the transport below httpx, with a network backend that gives each connect,
read and write what is left of one deadline. Headers and target are sent as given.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import httpcore
import httpx

from whop_contracts.exchange import Request, Response
from whop_contracts.settings import UsageError
from whop_contracts.target.responses import LIMIT, TRANSIENT, Reply, decoded_response, header_lines, phrase

_PIECE: Final = 65_536
_MOST_HEADERS: Final = 2_000
"""Lines; h11 rejects a head of more than 100 kB, whatever their number."""
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_INTERIM: Final = re.compile(rb"HTTP/1\.\d 1\d\d")
_LAST_CHUNK: Final = b"\r\n\r\n"


class _Deadline(threading.local):
    """When the exchange of this thread must be over, by the monotonic clock."""

    at = 0.0

    def left(self, expired: type[httpcore.TimeoutException]) -> float:
        """The seconds that are left; raises ``expired`` if there are none."""
        if (left := self.at - time.monotonic()) <= 0:
            raise expired
        return left


class _Stream(httpcore.NetworkStream):
    """A connection that waits no longer than the deadline, and counts what comes after each request.

    A target that sends more bytes than it announces, or responds twice, would otherwise have the rest read as
    the response to the next request, and each response after that would be checked against the wrong request.
    """

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._head: bytes | None = b""
        self._body, self._tail = 0, b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see the deadline
        data = self._inner.read(max_bytes, self._deadline.left(httpcore.ReadTimeout))
        self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
        if self._head is None:
            self._body += len(data)
            return data
        head = self._head + data
        while (end := _HEAD_END.search(head)) and _INTERIM.match(head):
            head = head[end.end() :]
        self._head = None if end else head
        self._body = len(head) - end.end() if end else 0
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see the deadline
        self._head, self._body, self._tail = b"", 0, b""
        for start in range(0, len(buffer), _PIECE):
            left = self._deadline.left(httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE], left)

    def received_more_than(self, headers: Iterable[tuple[str, str]], body: int) -> bool:
        """Whether more came than a response with these headers and a body of so many bytes."""
        chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
        return self._tail != _LAST_CHUNK if chunked else self._body > body

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Connects within what is left of the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, *_: Any, **how: Any) -> httpcore.NetworkStream:
        how["timeout"] = self._deadline.left(httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, **how), self._deadline)


@dataclass(slots=True, kw_only=True, eq=False)
class Wire:
    """Sends requests over connections that are kept open: ``connections``, but at least four, at once.

    A whole exchange takes at most ``seconds``; a body is cut at ``most`` bytes, encoded and decoded. ``time``
    is the sender's clock. ``ca_file`` contains certificates to trust instead of the usual ones; ``insecure``
    trusts any. Proxies are those of the environment, and are never used for this machine itself.
    """

    time: Callable[[], float]
    seconds: float = 10.0
    most: int = LIMIT
    ca_file: str | None = None
    insecure: bool = False
    connections: int = 1
    _deadline: _Deadline = field(default_factory=_Deadline, init=False)
    _pools: dict[tuple[str, str | None], httpcore.ConnectionPool] = field(default_factory=dict, init=False)

    def exchange(self, request: Request, timeout: float | None = None) -> Reply:
        """Send one request and read its response. Its URL is percent-encoded and is sent as given."""
        sent = self.time()
        seconds = min(self.seconds, timeout or self.seconds)
        self._deadline.at = time.monotonic() + seconds
        try:
            origin, target = split_url(request.url)
            sent_as = httpcore.Request(
                request.method,
                _bare(origin, target.encode("ascii")),
                headers=_lines(origin, request),
                content=request.content or None,
                extensions={"timeout": {"pool": seconds}},
            )
            response = self._read(self.pool(origin).handle_request(sent_as))
        except Exception as error:  # noqa: BLE001 - whatever it does becomes a reply
            return Reply(None, phrase(error), sent, self.time())
        return Reply(response, None, sent, self.time())

    def _read(self, given: httpcore.Response) -> Response:
        """Read a response to its end or to a limit; if its length is wrong, close its connection."""
        try:
            if len(given.headers) > _MOST_HEADERS:
                raise httpcore.RemoteProtocolError("too many headers")
            headers = header_lines(given.headers)
            try:
                response, came = decoded_response(given.status, headers, given.iter_stream(), self.most)
            except httpcore.RemoteProtocolError as error:
                if (trouble := phrase(error)) in TRANSIENT:
                    raise
                # Wrong framing other than an early end comes from the target: no network does it.
                response, came = Response(given.status, headers, undecoded=f"a body that is {trouble}"), 0
        finally:
            given.close()
        stream = given.extensions.get("network_stream")
        if isinstance(stream, _Stream) and stream.received_more_than(headers, came):
            stream.close()
        return response

    def pool(self, origin: httpx.URL) -> httpcore.ConnectionPool:
        """The connections to an origin. Raises ``UsageError`` for an unusable ``ca_file`` or proxy."""
        scheme, proxy = key = origin.scheme, proxy_for(origin.scheme, origin.host)
        if key in self._pools:
            return self._pools[key]
        settings: dict[str, Any] = {
            "ssl_context": self._trust() if scheme == "https" else None,
            "max_connections": max(self.connections, 4),
            "keepalive_expiry": 15.0,
            "network_backend": _Backend(self._deadline),
        }
        if proxy is None:
            return self._pools.setdefault(key, httpcore.ConnectionPool(**settings))
        try:
            address = httpx.URL(proxy)
        except httpx.InvalidURL:
            raise UsageError(f"the proxy of the environment for {scheme}:// is not a URL") from None
        if address.scheme not in {"http", "https"}:
            raise UsageError(f"a proxy by {address.scheme}:// is not supported")
        auth = (address.username.encode(), address.password.encode()) if address.username else None
        through = httpcore.HTTPProxy(_bare(address, b"/"), proxy_auth=auth, **settings)
        return self._pools.setdefault(key, through)

    def _trust(self) -> ssl.SSLContext:
        if self.insecure or self.ca_file is None:
            return httpx.create_ssl_context(verify=not self.insecure)
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl.SSLError too
            raise UsageError(f"{self.ca_file}: no certificates could be read from it: {error}") from None

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()


def split_url(url: str) -> tuple[httpx.URL, str]:
    """The origin of an absolute URL, and its path and query as given. Raises ``UsageError``."""
    scheme, _, rest = url.partition("://")
    host = re.split("[/?#]", rest, maxsplit=1)[0]
    try:
        return httpx.URL(f"{scheme}://{host}"), rest.removeprefix(host) or "/"
    except httpx.InvalidURL as error:
        raise UsageError(str(error)) from None


def _bare(origin: httpx.URL, target: bytes) -> httpcore.URL:
    return httpcore.URL(scheme=origin.raw_scheme, host=origin.raw_host, port=origin.port, target=target)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address; no name is looked up."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def proxy_for(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host; None if there is none, and for this machine."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _lines(origin: httpx.URL, request: Request) -> list[tuple[bytes, bytes]]:
    """The header lines of a request: those given, and before them those that HTTP/1.1 needs."""
    given = {name.lower() for name, _ in request.headers}
    host = origin.netloc.decode("ascii")
    needed = {"Host": host, "Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
    lines = [(name, value) for name, value in needed.items() if name.lower() not in given]
    lines += request.headers
    if "content-length" not in given and (request.content or request.method in {"POST", "PUT", "PATCH"}):
        lines.append(("Content-Length", str(len(request.content))))
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in lines]
