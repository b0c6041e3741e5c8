"""A page as its reader uses it: files with a title are written, commands of ``sh`` blocks are typed."""

import os
import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple, Self
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest

import commands as in_process
from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import clock_url, running

BLOCK = re.compile(
    r"^(?P<margin> *)```(?P<kind>\w+)?(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^(?P=margin)```$",
    re.MULTILINE | re.DOTALL,
)
STAGING = "https://staging.example.com/api/v1"
SCHEMAS = Path(__file__).parents[2] / "schemas"
SERVED = "127.0.0.1:8089"
STANDS_FOR = {"adcamp_XXXXXXXX": 0, "adcamp_YYYYYYYY": 1}
"""The campaigns of a staging system, as pages write them, and which of ours each is."""
PROGRAMS = {"whop-contracts": "-m whop_contracts", "pytest": "-m pytest", "python": "", "locust": "-m locust"}
ENVIRONMENT = in_process.environment()


class Block(NamedTuple):
    """One fenced block: ``kind`` is the word behind the fence, ``title`` the file that it stands for."""

    kind: str
    title: str | None
    text: str


def blocks(page: str) -> list[Block]:
    return [
        Block(found["kind"] or "", found["title"], textwrap.dedent(found["text"]))
        for found in BLOCK.finditer(page)
    ]


def commands(block: Block) -> list[str]:
    """The commands of a block; one that a backslash folds is one."""
    lines = block.text.replace("\\\n", "").splitlines()
    return [" ".join(line.split("  ")) for line in lines if line.strip() and not line.startswith("#")]


def typed(page: str) -> list[str]:
    """Every command of a page."""
    return [line for block in blocks(page) if block.kind == "sh" for line in commands(block)]


def serves(line: str) -> bool:
    """Whether a command goes on until somebody ends it."""
    return "whop-contracts serve" in line and "--list-faults" not in line


class Done(NamedTuple):
    """What became of a command: its exit code and all that it printed."""

    line: str
    code: int
    said: str


@dataclass
class Reader:
    """Somebody who does what a page says, in the folder of ``pytester``."""

    pytester: pytest.Pytester
    open: ExitStack = field(default_factory=ExitStack)
    given: dict[str, str] = field(default_factory=dict)
    """What the page exports, with our tokens for its dots."""
    means: dict[str, str] = field(default_factory=dict)
    """What is read for what the page writes: addresses and campaigns."""
    serving: tuple[Thread, Event] | None = None
    """A ``serve`` command in a thread of this process, and what ends it."""

    @property
    def folder(self) -> Path:
        return self.pytester.path

    def __enter__(self) -> Self:
        for place in ("bin", ".venv/bin"):
            (self.folder / place).mkdir(parents=True)
            programs = {name: f'"{sys.executable}" {module}' for name, module in PROGRAMS.items()}
            for name, words in {**programs, "st": f'"{Path(sys.executable).with_name("st")}"'}.items():
                program = self.folder / place / name
                program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
                program.chmod(0o755)
        (self.folder / "schemas").symlink_to(SCHEMAS)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.open.close()

    def write(self, block: Block) -> None:
        path = self.folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.read(block.text), "utf-8")

    def read(self, text: str) -> str:
        """A text with our addresses and campaigns in the place of the page's."""
        if STAGING in text and STAGING not in self.means:
            self.means[STAGING] = self.open.enter_context(running(build(clock=RunningClock())))
            self.means |= {name: SEED.campaigns[index] for name, index in STANDS_FOR.items()}
            self.means["adcamp_ZZZZZZZZ"] = SEED.foreign_campaign
        for written, meant in self.means.items():
            text = text.replace(written, meant)
        return text

    def environment(self, line: str) -> Mapping[str, str]:
        """That of a command; a run on staging is cut short, and nobody waits for it."""
        variables = {"PATH": f"{self.folder / 'bin'}{os.pathsep}{ENVIRONMENT.get('PATH', '')}"}
        if STAGING in self.means:
            variables["WHOP_API_TOKEN"] = SEED.token
        variables |= self.given
        if STAGING in line:
            clock = clock_url(self.means[STAGING])
            variables |= {"WHOP_CONTRACTS_PROFILE": "quick", "WHOP_CONTRACTS_TEST_CLOCK": clock}
        return ENVIRONMENT | variables

    def do(self, line: str) -> Done:
        """Type one command. One that serves is left to itself once it has said where."""
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            if value == "...":
                value = {"WHOP_API_TOKEN": SEED.token, "WHOP_READONLY_TOKEN": SEED.readonly_token}[name]
            self.given[name] = value
            return Done(line, 0, "")
        if serves(line):
            return self.serve(line)
        code, said = self.run(line)
        assert SEED.token not in said, line
        return Done(line, code, self.unread(said))

    def run(self, line: str) -> tuple[int, str]:
        """The exit code and the output; Python programs of a page run in this process if they use ours."""
        program, *words = shlex.split(self.read(line))
        name, variables = Path(program).name, self.environment(line)
        if name == "pytest":
            quiet = {"PYTEST_ADDOPTS": "-o asyncio_default_fixture_loop_scope=function"}
            with patch.dict(os.environ, {**variables, **quiet}, clear=True):
                result = self.pytester.runpytest_inprocess(*words)
            return int(result.ret), f"{result.stdout}\n{result.stderr}"
        if name == "whop-contracts":
            # What is proved with one process is proved without starting others.
            with patch("whop_contracts.proof.trials.cores", return_value=1):
                ended = in_process.command(*words, cwd=self.folder, variables=variables)
        elif program == "python" and words[0].startswith("try_"):
            ended = in_process.script(self.folder / words[0], variables)
        else:
            done = in_process.process("bash", "-c", self.read(line), cwd=self.folder, env=variables)
            return done.returncode, done.stdout
        return ended.returncode, ended.stderr + ended.stdout

    def unread(self, text: str) -> str:
        """What a command printed, as the page would write it."""
        for written, meant in self.means.items():
            text = text.replace(meant, written)
        return text

    def serve(self, line: str) -> Done:
        """Serve in a thread; whatever is done before it is stopped ends before that."""
        self.stop()
        ready, ended = Event(), Event()
        words = shlex.split(line)[1:]

        def serve(built: Any, _host: str, _port: int, on_ready: Callable[[str], None], log: Any) -> None:
            with running(built, log=log) as base_url:
                self.means[SERVED] = urlsplit(base_url).netloc
                on_ready(base_url)
                ready.set()
                ended.wait()

        def work() -> None:
            with patch("whop_contracts.provider.server.serve", serve):
                in_process.command(*words, cwd=self.folder, variables=self.environment(line))

        self.serving = Thread(target=work), ended
        self.serving[0].start()
        assert ready.wait(60), line
        return Done(line, 0, "")

    def stop(self) -> None:
        """End what was served last."""
        if self.serving:
            thread, ended = self.serving
            ended.set()
            thread.join()
            self.serving = None


def shape(line: str, *, figures: bool) -> str:
    """A line without what differs between runs: timestamps, decimal numbers, and the width of a column."""
    line = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "#", line)
    # The counts of a generated sample differ from day to day; tests/docs/test_generated.py compares them.
    return " ".join(re.sub(r"\d+\.\d+" if figures else r"[0-9.]+|-", "#", line).split())


def matches(page: str, output: str) -> bool:
    """Whether ``output`` is what a page shows; … is anything there, and on a line alone any lines."""
    figures = not page.startswith("the built-in mock, ")
    wanted = [line for line in page.splitlines() if line.strip()]
    patterns = [
        r"(?:.*\n)*?"
        if line.strip() == "…"
        else ".*".join(re.escape(shape(one, figures=figures)) for one in line.split("…")) + "\n"
        for line in wanted
    ]
    text = "".join(f"{shape(line, figures=figures)}\n" for line in output.splitlines() if line.strip())
    return re.fullmatch("".join(patterns), text) is not None
