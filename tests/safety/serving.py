"""The provider on a real socket, with hooks before and after each request, and runs against it."""

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safety.nursery import Nursery
from target.hostile import Server, serving
from whop_contracts.cli.check import check
from whop_contracts.engine.journal import Journal, JournalRecord
from whop_contracts.engine.plan import Plan
from whop_contracts.pause.evidence import read_state
from whop_contracts.provider import SEED, Provider, Response, RunningClock, build
from whop_contracts.provider.server import TEST_CLOCK, show_or_move_clock
from whop_contracts.provider.state import Campaign
from whop_contracts.settings import Settings

ONE, TWO = SEED.campaigns[:2]
THEIRS = SEED.foreign_campaign
JSON = (("content-type", "application/json"),)


class Dropped(ConnectionError):  # noqa: N818 - it is no mistake
    """The connection is closed here, without a response."""


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
    response. Runs are on two campaigns with every credential; if ``alone``, on one with its own. ``first``
    are the states at the start.
    """

    provider: Provider
    folder: Path = Path()
    nursery: Nursery | None = None
    alone: bool = False
    base_url: str = ""
    before: Callable[[Seen], Response | None] = lambda _seen: None
    after: Callable[[Seen, Response], Response] = lambda _seen, answer: answer
    requests: list[Seen] = field(default_factory=list)
    answers: list[tuple[Seen, int]] = field(default_factory=list)
    clock: Callable[[Provider, str, bytes], Response] = show_or_move_clock
    busy: threading.Condition = field(default_factory=threading.Condition)
    working: int = 0
    first: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first = self.states()

    @property
    def clock_url(self) -> str:
        return self.base_url.removesuffix("/api/v1") + TEST_CLOCK

    def settings(self, folder: Path, **more: Any) -> Settings:
        """Settings of a run in a folder, with the test clock; ``more`` replaces some."""
        given = {
            "base_url": self.base_url,
            "token": SEED.token,
            "campaign_ids": (ONE,) if self.alone else (ONE, TWO),
            "test_clock": self.clock_url,
            "journal": folder / "journal.jsonl",
        }
        if not self.alone:
            given |= {"readonly_token": SEED.readonly_token, "foreign_campaign_id": THEIRS}
        return Settings(**given | more)

    def check(self, plan: Plan | None = None, **more: Any) -> dict[str, Any]:
        """The result of a run in this process; ``more`` replaces some settings."""
        return check(self.settings(self.folder, **more), plan=plan)

    def words(self, *campaigns: str) -> list[str]:
        """The same settings as flags, but for credentials and files; other ``campaigns`` if named."""
        given = ["--base-url", self.base_url, "--test-clock", self.clock_url]
        for name in campaigns or self.settings(self.folder).campaign_ids:
            given += ["--campaign-id", name]
        return given if self.alone else [*given, "--foreign-campaign-id", THEIRS]

    def run(self, *more: str, campaigns: tuple[str, ...] = (), **environment: str) -> tuple[int, str]:
        """The exit code and the output of the command ``run``, in a process of its own."""
        words = ("run", *self.words(*campaigns), "--journal", "journal.jsonl", *more)
        return self.command(*words, **environment)

    def restore(self) -> tuple[int, str]:
        """The exit code and the output of the command ``restore``."""
        return self.command(*self.restore_words)

    @property
    def restore_words(self) -> tuple[str, ...]:
        where = ("--base-url", self.base_url, "--test-clock", self.clock_url)
        return "restore", "journal.jsonl", *where

    def command(self, *words: str, **environment: str) -> tuple[int, str]:
        """The exit code and the output of any command, which has the credentials as variables."""
        tokens = {"WHOP_API_TOKEN": SEED.token}
        if not self.alone:
            tokens["WHOP_READONLY_TOKEN"] = SEED.readonly_token
        return self.nursery.run(*words, cwd=self.folder, **tokens | environment)

    @property
    def result(self) -> dict[str, Any]:
        """The result that the last command has written, with ``--json r.json``."""
        return json.loads((self.folder / "r.json").read_text())

    @property
    def journal(self) -> JournalRecord:
        return Journal.read(self.folder / "journal.jsonl", read_state)

    def campaign(self, name: str) -> Campaign:
        return self.provider.state.campaigns[name]

    def states(self) -> dict[str, tuple[str, int | None]]:
        """Every campaign's state as the provider's own store has it, what fell due done."""
        with self.provider.lock:
            self.provider.tick()
            return {
                name: (one.status, one.paused_until) for name, one in self.provider.state.campaigns.items()
            }

    def settle(self) -> None:
        """Wait until nothing is under way any more; nothing is hooked from then on."""
        with self.busy:
            assert self.busy.wait_for(lambda: self.working == 0, timeout=20)
        self.before, self.after = (lambda _seen: None), (lambda _seen, answer: answer)

    def handle(
        self, method: str, path: str, headers: tuple[tuple[str, str], ...], content: bytes
    ) -> Response:
        if path == TEST_CLOCK:
            return self.clock(self.provider, method, content)
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


@contextlib.contextmanager
def served(
    provider: Provider | None = None,
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    folder: Path = Path(),
    nursery: Nursery | None = None,
    alone: bool = False,
    **built: Any,
) -> Iterator[Served]:
    """Serve a provider, or one that is ``built`` so, on a free port of loopback until the context ends."""
    state = Served(provider or build(clock=RunningClock(), **built), folder, nursery, alone)

    def behave(server: Server, connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
            while received := server.receive(stream):
                stream.sendall(_respond(state, received))

    with serving(behave, host) as server:
        state.base_url = server.url.replace("http:", "https:") if tls else server.url
        yield state


def _respond(state: Served, received: bytes) -> bytes:
    head, _, content = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, url, _ = first.split(" ")
    headers = tuple((name.lower(), value) for name, _, value in (line.partition(": ") for line in lines))
    # A proxy is asked for whole URLs: whatever host they name is this one.
    answer = state.handle(method, re.sub(r"^http://[^/]+", "", url), headers, content)
    sent = [f"HTTP/1.1 {answer.status} ", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status != 204:
        sent.append(f"content-length: {len(answer.content)}")
    return "\r\n".join(sent).encode("latin-1") + b"\r\n\r\n" + answer.content
