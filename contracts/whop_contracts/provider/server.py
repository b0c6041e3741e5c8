"""The provider on a port: in the foreground for a person, in a thread for a test. Loopback unless told otherwise."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from whop_contracts.provider.app import create_app
from whop_contracts.provider.clock_route import PATH
from whop_contracts.provider.reading import BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from whop_contracts.provider.core import Provider


class _Server(uvicorn.Server):
    """Says when it listens, and returns when it is interrupted instead of raising the signal again."""

    def __init__(self, provider: Provider, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(provider),
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
        )
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
    """Where the test clock of a served provider is, given its base URL."""
    return base_url.removesuffix(BASE) + PATH


def serve(
    provider: Provider,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until interrupted (SIGINT, SIGTERM), then return. ``on_ready`` is told the base URL, ``/api/v1`` included.

    Port 0 is any free one. Raises ``OSError`` where the port cannot be had.
    """
    listener = _listen(host, port)
    _prepare(provider)
    _Server(provider, lambda: on_ready(_base_url(listener))).run(sockets=[listener])


@contextlib.contextmanager
def running(provider: Provider, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve from a thread for as long as the context lasts; yields the base URL, ``/api/v1`` included."""
    listener = _listen(host, port)
    _prepare(provider)
    ready = threading.Event()
    server = _Server(provider, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    base_url = _base_url(listener)
    thread.start()
    try:
        if not ready.wait(timeout=30):
            raise RuntimeError("the provider did not start")
        yield base_url
    finally:
        server.should_exit = True
        thread.join()


def _prepare(provider: Provider) -> None:
    """Over a socket, reads lag by the wall: nobody moves the reader's time."""
    provider.lag_time = time.monotonic


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    # Accepted sockets inherit it: without it each answer waits for a delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{BASE}"
