"""The provider as an ASGI application, and on a port: in the foreground, or in a thread for a test.

Its clock is one resource more, ``/test_clock``, which needs no credential. ``GET`` returns
``{"now": "<RFC 3339>"}``. ``PUT`` of the same body moves it and returns 200 once everything due has been
done; an earlier instant is a 409, anything unreadable a 400.
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
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.requests import ClientDisconnect, Request

from whop_contracts.exchange import Response
from whop_contracts.provider import dates
from whop_contracts.provider.messages import BASE
from whop_contracts.provider.state import Rejection

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from whop_contracts.provider.core import Provider


TEST_CLOCK: Final = "/test_clock"
Log = Callable[[str, str, int], None]
"""Is given the method, the path with its query, and the status of each request."""


def create_app(provider: Provider, log: Log | None = None) -> ASGIApp:
    """An ASGI application around a provider, its test clock and ``POST /reset``.

    It matches no route itself: a pattern would miss paths that matter, such as an id with a line feed.
    """
    count = itertools.count()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request, content = Request(scope, receive), bytearray()
        try:
            async for chunk in request.stream():
                # What exceeds the longest body is received and dropped.
                content += chunk if len(content) <= provider.options.longest_body else b""
        except ClientDisconnect:
            return
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = b"?".join(filter(None, (raw, scope["query_string"]))).decode("latin-1")
        response = _respond(provider, request, path, bytes(content))
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


def _respond(provider: Provider, request: Request, path: str, content: bytes) -> Response:
    route = path.partition("?")[0]
    if route == TEST_CLOCK:
        return show_or_move_clock(provider, request.method, content)
    if route != "/reset":
        return provider.handle(request.method, path, request.headers.items(), content)
    if request.method != "POST":
        return Response(405, (("allow", "POST"),))
    provider.reset()
    return Response(204)


def show_or_move_clock(provider: Provider, method: str, content: bytes) -> Response:
    """The response of the test clock's resource."""
    with provider.lock:
        try:
            if method != "GET":
                _move_clock(provider, method, content)
        except Rejection as rejection:
            return provider.render_error(rejection)
        now = json.dumps({"now": dates.write(provider.now(), digits=6)})
        return Response(200, (("content-type", "application/json"),), now.encode())


def _move_clock(provider: Provider, method: str, content: bytes) -> None:
    if method != "PUT":
        allow = (("allow", "GET, PUT"),)
        raise Rejection(405, "method_not_allowed", "GET reads the clock, PUT moves it.", allow)
    try:
        wanted = dates.split(json.loads(content)["now"]).instant()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Rejection(400, "bad_request", 'Send {"now": "<RFC 3339>"}.') from None
    now = provider.clock.now() if wanted == provider.now() else 0.0
    try:
        provider.clock.set(max(wanted / dates.SECOND, now))
    except ValueError:
        raise Rejection(409, "conflict", "The clock already shows a later instant.") from None
    provider.tick()


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
    server, listener = _open(provider, host, port, log)
    # The server raises the signal that ended it once more, for the handlers that it found.
    former = {one: signal.signal(one, server.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        on_ready(_base_url(listener))
        server.run(sockets=[listener])
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)
        listener.close()


@contextlib.contextmanager
def running(provider: Provider, log: Log | None = None) -> Iterator[str]:
    """Serve on 127.0.0.1 from a thread while the context lasts; yields the base URL, ``/api/v1`` included."""
    server, listener = _open(provider, "127.0.0.1", 0, log)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield _base_url(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _open(provider: Provider, host: str, port: int, log: Log | None) -> tuple[uvicorn.Server, socket.socket]:
    """A server, and a socket that listens already: what a client sends before the server runs waits."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    # Accepted sockets inherit it: without it each response waits for a delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Over a socket reads lag by the machine's clock: nobody moves the reader's time.
    provider.lag_time = time.monotonic
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
    return uvicorn.Server(config), listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{BASE}"
