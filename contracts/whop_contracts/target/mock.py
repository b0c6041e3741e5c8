"""A target in this process: respx in front of a provider, so that no request can leave for the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Protocol

import httpx
import respx

from whop_contracts.exchange import Request, Response
from whop_contracts.target.clocks import VirtualClock
from whop_contracts.target.decoding import codings, read_body
from whop_contracts.target.live import check_address
from whop_contracts.target.protocol import Reply

MOCK_URL: Final = "https://provider.invalid/api/v1"
"""Where the mock answers; names under ``.invalid`` never resolve (RFC 2606)."""
_LIMIT: Final = 1_000_000
_KEPT_CALLS: Final = 256


class ProviderAnswer(Protocol):
    """One answer of a provider, its bytes and headers as they are to be seen."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The header lines."""
        ...

    @property
    def content(self) -> bytes:
        """The body."""
        ...


class InProcess(Protocol):
    """A provider in this process."""

    def handle(
        self, method: str, path: str, headers: Iterable[tuple[str, str]] = (), content: bytes = b""
    ) -> ProviderAnswer:
        """Answer one request; ``path`` is percent-encoded."""
        ...


class MockTarget:
    """A provider in this process, its clock virtual: a request takes no time, and waiting moves the clock.

    ``respx_router`` is the router that requests go through; anything that is not addressed to the provider's host fails an assertion
    of respx. An exception of the provider is a bug of ours and is not caught.
    """

    kind: Literal["mock"] = "mock"
    base_url = MOCK_URL
    loopback = True

    def __init__(self, provider: InProcess, clock: VirtualClock) -> None:
        self.clock = clock
        self._provider = provider
        self.respx_router = respx.MockRouter(assert_all_called=False, assert_all_mocked=True)
        self._route = self.respx_router.route(host=httpx.URL(MOCK_URL).host)
        self._route.mock(side_effect=self._answer)
        self._transport = httpx.MockTransport(self.respx_router.handler)

    def time(self) -> float:
        """The virtual clock, in seconds since 1970."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Move the virtual clock."""
        self.clock.lag(max(seconds, 0.0))

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:  # noqa: ARG002 - a call takes as long as it takes
        """Have the provider answer one request."""
        check_address(request.url, self.base_url)
        sent = self.time()
        response = self._exchange(request)
        return Reply(response, None, sent, self.time())

    def send_together(self, first: Request, second: Request) -> tuple[Reply, Reply]:
        """Have the provider answer two requests, one after the other, within one span of time."""
        one, two = self.send(first), self.send(second)
        sent, received = min(one.sent, two.sent), max(one.received, two.received)
        return Reply(one.response, None, sent, received), Reply(two.response, None, sent, received)

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
        answer = self._transport.handle_request(sent)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw
        )
        assert isinstance(answer.stream, httpx.SyncByteStream)
        if not codings(headers):
            return Response(answer.status_code, headers, b"".join(answer.stream))
        body = read_body(answer.stream, headers, _LIMIT)
        return Response(answer.status_code, headers, body.content, body.truncated, body.undecoded)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """The provider's answer, for respx: its headers and bytes untouched, nothing added."""
        path = request.extensions["target"].removeprefix(_ORIGIN)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        answer = self._provider.handle(request.method, path, headers, request.content)
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        return httpx.Response(answer.status, headers=lines, stream=_Bytes(answer.content))


_ORIGIN: Final = MOCK_URL.removesuffix("/api/v1")


class _Bytes(httpx.SyncByteStream):
    """A body that is given as it is; httpx's own stream would have respx decode it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        yield self._content
