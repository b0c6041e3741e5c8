"""Targets: what is checked, in this process or behind a socket, with its clock, rate limits and retries."""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, Protocol

import httpx
import respx

from whop_contracts.exchange import Request
from whop_contracts.settings import UsageError
from whop_contracts.settings.kinds import BASE_URL
from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.responses import Reply, decoded_response, header_lines
from whop_contracts.target.wire import Wire, is_loopback, split_url

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_ORIGIN: Final = "https://provider.invalid"
MOCK_URL: Final = f"{_ORIGIN}/api/v1"
"""The mock's base URL; names below ``.invalid`` never resolve (RFC 2606)."""


class OffTargetError(Exception):
    """A request does not lead to the target. It was not sent; the code that made its URL has a bug."""


def steady_time() -> Callable[[], float]:
    """A clock in seconds since 1970 that does not jump if the machine's clock is set from now on."""
    ahead = time.time() - time.monotonic()
    return lambda: time.monotonic() + ahead


def checked_base(base_url: str) -> str:
    """A base URL as the setting takes it, without slashes at its end; ``UsageError`` for anything else."""
    if (url := BASE_URL.parse(base_url)) is None:
        raise UsageError(f"{BASE_URL.shown(base_url)}: expected {BASE_URL.expected}")
    return str(url)


def check_address(url: str, base_url: str) -> None:
    """Raise ``OffTargetError`` if a URL is not below ``base_url``, as given or as a gateway may read it."""
    below = url.removeprefix(f"{base_url}/")
    if below == url:
        raise OffTargetError(f"{url!r} is not below {base_url}")
    path = urllib.parse.unquote(below.partition("?")[0])
    if _VISIBLE.fullmatch(below) is None or "#" in below or {".", ".."} & set(re.split(r"[/\\]", path)):
        raise OffTargetError(f"{url!r} does not certainly stay below {base_url}")


class LiveTarget:
    """The target at ``base_url``, reached over ``wire``. Redirects are not followed: a 3xx is the response.

    Raises ``UsageError`` for a base URL, a certificate file or a proxy that cannot be used.
    """

    kind: Literal["live"] = "live"

    def __init__(self, base_url: str, *, wire: Wire, clock: WallClock | ProviderTestClock) -> None:
        self.base_url = checked_base(base_url)
        self.clock = clock
        self.time, self.sleep = clock.time, clock.sleep
        self.close = wire.close
        self._wire = wire
        origin, _ = split_url(self.base_url)
        self.loopback = is_loopback(origin.host)
        wire.pool(origin)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        """Send one request and read its response within ``timeout`` seconds and the wire's limit."""
        check_address(request.url, self.base_url)
        return self._wire.exchange(request, timeout)


def describe_plain_http(base_url: str) -> str | None:
    """A note if the credential can be read on its way to a base URL."""
    origin, _ = split_url(base_url)
    if origin.scheme != "http" or is_loopback(origin.host):
        return None
    return f"the credential is sent over plain http:// to {origin.host}: whoever is on the way can read it"


class InProcess(Protocol):
    """A provider in this process: responds with ``status``, ``headers`` and ``content``."""

    def handle(self, method: str, path: str, headers: Iterable[tuple[str, str]], content: bytes) -> Any:
        """``path`` is percent-encoded."""


class MockTarget:
    """A provider in this process with a virtual clock: a request takes no time, and waiting moves the clock.

    Requests go through ``respx_router``; one that is not addressed to the provider's host fails an assertion
    of respx. Unless ``routed``, they are passed on without it: the same exchanges in a third of the time. An
    exception of the provider is a bug in this package and is not caught.
    """

    kind: Literal["mock"] = "mock"
    base_url = MOCK_URL
    loopback = True

    def __init__(self, provider: InProcess, clock: VirtualClock, *, routed: bool = True) -> None:
        self.clock = clock
        self.time, self.sleep = clock.time, clock.sleep
        self._provider = provider
        self._routed = routed
        self.respx_router = respx.MockRouter(assert_all_called=False, assert_all_mocked=True)
        self.respx_router.route(host=httpx.URL(MOCK_URL).host).mock(side_effect=self._respond)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:  # noqa: ARG002 - no time
        """Pass one request to the provider."""
        check_address(request.url, self.base_url)
        sent = self.time()
        if self._routed:
            # The request and response of respx lead there and back, and carry ours as they are.
            self.respx_router.reset()
            routed = httpx.Request(request.method, request.url, extensions={"request": request})
            given = self.respx_router.handler(routed).extensions["given"]
        else:
            given = self._pass_on(request)
        response, _ = decoded_response(given.status, tuple(given.headers), [given.content])
        return Reply(response, None, sent, self.time())

    def close(self) -> None:
        """Nothing is open."""

    def _pass_on(self, request: Request) -> Any:
        headers = [(name.lower(), value.encode().decode("latin-1")) for name, value in request.headers]
        path = request.url.removeprefix(_ORIGIN)
        return self._provider.handle(request.method, path, headers, request.content)

    def _respond(self, sent: httpx.Request) -> httpx.Response:
        return httpx.Response(200, extensions={"given": self._pass_on(sent.extensions["request"])})


def response_of(provider: InProcess, path: str, request: httpx.Request) -> httpx.Response:
    """The provider's response to a request of httpx: its headers and bytes unchanged, nothing added."""
    given = provider.handle(request.method, path, header_lines(request.headers.raw), request.content)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.headers]
    return httpx.Response(given.status, headers=headers, stream=httpx.ByteStream(given.content))


Target = LiveTarget | MockTarget
"""What is checked: both have the same methods, and ``kind``, ``base_url``, ``loopback`` and ``clock``."""
