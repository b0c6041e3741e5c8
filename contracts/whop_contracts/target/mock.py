"""A target in this process: respx in front of a provider, so that no request can reach the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, Protocol

import httpx
import respx

from whop_contracts.exchange import Request, Response
from whop_contracts.target.clocks import VirtualClock
from whop_contracts.target.live import LiveTarget, check_address
from whop_contracts.target.protocol import Reply
from whop_contracts.target.responses import codings, read_body

_ORIGIN: Final = "https://provider.invalid"
MOCK_URL: Final = f"{_ORIGIN}/api/v1"
"""The mock's base URL; names below ``.invalid`` never resolve (RFC 2606)."""
_LIMIT: Final = 1_000_000
_KEPT_CALLS: Final = 256


class InProcess(Protocol):
    """A provider in this process."""

    def handle(
        self, method: str, path: str, headers: Iterable[tuple[str, str]] = (), content: bytes = b""
    ) -> Any:
        """Respond to one request with ``status``, ``headers`` and ``content``; ``path`` is percent-encoded."""
        ...


class MockTarget:
    """A provider in this process with a virtual clock: a request takes no time, and waiting moves the clock.

    Requests go through ``respx_router``; one that is not addressed to the provider's host fails an assertion
    of respx. An exception of the provider is a bug in this package and is not caught.
    """

    kind: Literal["mock"] = "mock"
    base_url = MOCK_URL
    loopback = True

    def __init__(self, provider: InProcess, clock: VirtualClock) -> None:
        self.clock = clock
        self._provider = provider
        self.respx_router = respx.MockRouter(assert_all_called=False, assert_all_mocked=True)
        self._route = self.respx_router.route(host=httpx.URL(MOCK_URL).host)
        self._route.mock(side_effect=self._respond)
        self._transport = httpx.MockTransport(self.respx_router.handler)

    def time(self) -> float:
        """The virtual clock, in seconds since 1970."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Move the virtual clock."""
        self.clock.lag(seconds)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:  # noqa: ARG002 - takes no time
        """Pass one request to the provider."""
        check_address(request.url, self.base_url)
        sent = self.time()
        return Reply(self._exchange(request), None, sent, self.time())

    def close(self) -> None:
        """Forget the requests that respx has recorded."""
        self.respx_router.reset()

    def _exchange(self, request: Request) -> Response:
        if len(self.respx_router.calls) >= _KEPT_CALLS:
            self.respx_router.reset()
        sent = httpx.Request(
            request.method,
            request.url,
            headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in request.headers],
            content=request.content or None,
            extensions={"target": request.url},
        )
        given = self._transport.handle_request(sent)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in given.headers.raw
        )
        assert isinstance(given.stream, httpx.SyncByteStream)
        if not codings(headers):
            return Response(given.status_code, headers, b"".join(given.stream))
        body = read_body(given.stream, headers, _LIMIT)
        return Response(given.status_code, headers, body.content, body.truncated, body.undecoded)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        """The provider's response, for respx: its headers and bytes unchanged, nothing added."""
        path = request.extensions["target"].removeprefix(_ORIGIN)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        given = self._provider.handle(request.method, path, headers, request.content)
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.headers]
        return httpx.Response(given.status, headers=lines, stream=_Bytes(given.content))


class _Bytes(httpx.SyncByteStream):
    """A body that is passed on as it is; httpx's own stream would have respx decode it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


Target = LiveTarget | MockTarget
"""What is checked. Both have ``kind``, ``base_url``, ``loopback``, ``clock``, ``time``, ``sleep``, ``send``, ``close``."""
