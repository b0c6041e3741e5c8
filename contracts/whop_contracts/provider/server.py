"""The provider as an ASGI application, and on a port: in the foreground, or in a thread for a test.

Its clock is one resource more, ``/test_clock``, unless it cannot be moved. It needs no credential. ``GET``
returns ``{"now": "<RFC 3339>"}``. ``PUT`` of the same body moves it and returns 200 once everything due has
been done; an earlier instant is a 409, anything unreadable a 400.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.requests import ClientDisconnect, Request

from whop_contracts.exchange import Response
from whop_contracts.provider import dates
from whop_contracts.provider.reading import BASE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from whop_contracts.provider.core import Provider


RESET: Final = "/reset"
TEST_CLOCK: Final = "/test_clock"
Log = Callable[[str, str, int], None]
"""Is given the method, the path with its query, and the status of each request."""


def create_app(provider: Provider, log: Log | None = None) -> ASGIApp:
    """An ASGI application around a provider, its test clock and ``POST /reset``.

    It matches no route itself: a pattern would miss the paths that matter most, such as an id with a line
    feed.
    """
    count = itertools.count()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            content = await _read(request, provider.options.longest_body)
        except ClientDisconnect:
            return
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1")
        response = _respond(provider, request.method, path, request.headers.items(), content)
        if log:
            log(request.method, path, response.status)
        low, high = provider.options.latency
        if high:
            await asyncio.sleep(low + (high - low) * (next(count) * 7 % 10) / 10)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        if response.status != 204:
            headers.append((b"content-length", str(len(response.content)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    return app


async def _read(request: Request, limit: int) -> bytes:
    """The body; what exceeds ``limit`` bytes is received and dropped."""
    kept = bytearray()
    async for chunk in request.stream():
        if len(kept) <= limit:
            kept += chunk
    return bytes(kept)


def _respond(
    provider: Provider, method: str, path: str, headers: Iterable[tuple[str, str]], content: bytes
) -> Response:
    route = path.partition("?")[0]
    if route == TEST_CLOCK:
        return show_or_move_clock(provider, method, content)
    if route == RESET:
        if method != "POST":
            return Response(405, (("allow", "POST"),))
        provider.reset()
        return Response(204)
    return provider.handle(method, path, headers, content)


def show_or_move_clock(provider: Provider, method: str, content: bytes) -> Response:
    """The response of the test clock's resource."""
    mover = getattr(provider.clock, "set", None)
    if mover is None:
        return _error(404, "not_found", "This provider's clock cannot be moved.")
    if method not in {"GET", "PUT"}:
        allow = ("allow", "GET, PUT")
        return _error(405, "method_not_allowed", "GET reads the clock, PUT moves it.", allow)
    with provider.lock:
        if method == "PUT":
            try:
                wanted = dates.split(json.loads(content)["now"]).instant()
            except (ValueError, KeyError, TypeError, RecursionError):
                return _error(400, "bad_request", 'Send {"now": "<RFC 3339>"}.')
            try:
                mover(max(wanted / dates.SECOND, provider.clock.now() if wanted == provider.now() else 0.0))
            except ValueError:
                return _error(409, "conflict", "The clock already shows a later instant.")
            provider.tick()
        return _json(200, {"now": dates.write(provider.now(), digits=6)})


def _error(status: int, code: str, message: str, *headers: tuple[str, str]) -> Response:
    return _json(status, {"error": {"type": code, "message": message}}, *headers)


def _json(status: int, value: object, *headers: tuple[str, str]) -> Response:
    return Response(status, (("content-type", "application/json"), *headers), json.dumps(value).encode())


class _Server(uvicorn.Server):
    """Reports when it listens, and returns on a signal instead of raising it again."""

    def __init__(self, provider: Provider, ready: Callable[[], None], log: Log | None = None) -> None:
        config = uvicorn.Config(
            create_app(provider, log),
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in former.items():
                signal.signal(one, handler)


def clock_url(base_url: str) -> str:
    """The URL of the test clock of a served provider, given its base URL."""
    return base_url.removesuffix(BASE) + TEST_CLOCK


def serve(
    provider: Provider,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
    log: Log | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then return. ``on_ready`` is given the base URL, ``/api/v1`` included.

    ``log`` is called after each request. Port 0 is any free one. Raises ``OSError`` if the port is not free.
    """
    listener = _listen(provider, host, port)
    _Server(provider, lambda: on_ready(_base_url(listener)), log).run(sockets=[listener])


@contextlib.contextmanager
def running(
    provider: Provider, host: str = "127.0.0.1", port: int = 0, log: Log | None = None
) -> Iterator[str]:
    """Serve from a thread while the context lasts; yields the base URL, ``/api/v1`` included."""
    listener = _listen(provider, host, port)
    ready = threading.Event()
    server = _Server(provider, ready.set, log)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not ready.wait(timeout=30):
            raise RuntimeError("the provider did not start")
        yield _base_url(listener)
    finally:
        server.should_exit = True
        thread.join()


def _listen(provider: Provider, host: str, port: int) -> socket.socket:
    """A listening socket. Over it reads lag by the machine's clock: nobody moves the reader's time."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    # Accepted sockets inherit it: without it each response waits for a delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    provider.lag_time = time.monotonic
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{BASE}"
