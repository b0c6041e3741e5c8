"""The provider on a real socket, with hooks before and after each request."""

import contextlib
import http.server
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whop_contracts.provider import SEED, Answer, Provider, RunningClock, build
from whop_contracts.provider.server import TEST_CLOCK, show_or_move_clock
from whop_contracts.provider.state import Campaign
from whop_contracts.settings import Settings


class Dropped(Exception):  # noqa: N818 - it is weather, not a mistake
    """The connection is closed here, without an answer."""


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it, from 1."""

    number: int
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def campaign(self) -> str:
        return self.path.partition("/ad_campaigns/")[2].partition("/")[0]

    @property
    def pauses(self) -> bool:
        return self.path.endswith("/pause")


@dataclass
class Served:
    """What a test sees and controls. ``before`` and ``after`` may raise ``Dropped`` or return another
    response.
    """

    provider: Provider
    base_url: str = ""
    before: Callable[[Seen], Answer | None] = lambda _seen: None
    after: Callable[[Seen, Answer], Answer] = lambda _seen, answer: answer
    requests: list[Seen] = field(default_factory=list)
    answers: list[tuple[Seen, int]] = field(default_factory=list)
    busy: threading.Condition = field(default_factory=threading.Condition)
    working: int = 0

    @property
    def clock_url(self) -> str:
        return self.base_url.removesuffix("/api/v1") + TEST_CLOCK

    def campaign(self, name: str) -> Campaign:
        return self.provider.state.campaigns[name]

    def settings(self, folder: Path, **more: Any) -> Settings:
        """Settings of a run with every credential and the test clock; ``more`` replaces some."""
        given = {
            "base_url": self.base_url,
            "token": SEED.token,
            "readonly_token": SEED.readonly_token,
            "foreign_campaign_id": SEED.foreign_campaign,
            "campaign_ids": SEED.campaigns[:2],
            "test_clock": self.clock_url,
            "journal": folder / "journal.jsonl",
        }
        return Settings(**{**given, **more})

    def words(self, *campaigns: str) -> list[str]:
        """The same settings as flags, but for credentials and files."""
        named = [word for name in campaigns or SEED.campaigns[:2] for word in ("--campaign-id", name)]
        return ["--base-url", self.base_url, "--test-clock", self.clock_url, *named]

    def states(self) -> dict[str, tuple[str, int | None]]:
        """Every campaign's state as the provider's own store has it, what fell due done."""
        with self.provider.lock:
            self.provider.tick()
            return {
                name: (one.status, one.paused_until) for name, one in self.provider.state.campaigns.items()
            }

    def settle(self) -> None:
        """Wait until nothing is under way any more."""
        with self.busy:
            assert self.busy.wait_for(lambda: self.working == 0, timeout=20)

    def handle(self, method: str, path: str, headers: tuple[tuple[str, str], ...], content: bytes) -> Answer:
        if path == TEST_CLOCK:
            return show_or_move_clock(self.provider, method, content)
        with self.busy:
            self.working += 1
            seen = Seen(len(self.requests) + 1, method, path, headers, content)
            self.requests.append(seen)
        try:
            answer = self.before(seen) or self.provider.handle(method, path, headers, content)
            answer = self.after(seen, answer)
            self.answers.append((seen, answer.status))
            return answer
        finally:
            with self.busy:
                self.working -= 1
                self.busy.notify_all()


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news here."""


class _QuietSix(_Quiet):
    address_family = socket.AF_INET6


@contextlib.contextmanager
def served(
    provider: Provider | None = None,
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    **built: Any,
) -> Iterator[Served]:
    """Serve a provider, or one that is ``built`` so, on a free port of loopback until the context ends."""
    state = Served(provider or build(clock=RunningClock(), **built))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            return True

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.whatever
            raise AttributeError(name)

        def whatever(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            try:
                # A proxy is asked for whole URLs: whatever host they name is answered here.
                path = re.sub(r"^http://[^/]+", "", self.path)
                answer = state.handle(self.command, path, headers, content)
            except Dropped:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(len(answer.content)))
            with contextlib.suppress(OSError):
                self.end_headers()
                self.wfile.write(answer.content)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    six = ":" in host
    server = (_QuietSix if six else _Quiet)((host, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    shown = f"[{host}]" if six else host
    state.base_url = f"{'https' if tls else 'http'}://{shown}:{server.server_port}/api/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
