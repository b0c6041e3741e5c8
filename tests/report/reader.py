"""A page as its reader uses it: files with a title are written, commands of ``sh`` blocks are typed."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self
from unittest.mock import patch

import pytest

import commands as in_process
from whop_contracts.cli.planning import planned
from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import clock_url, running
from whop_contracts.settings import Settings

BLOCK = re.compile(
    r"^(?P<margin> *)```(?P<kind>\w+)?(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^(?P=margin)```$",
    re.MULTILINE | re.DOTALL,
)
STAGING = "https://staging.example.com/api/v1"
SCHEMAS = Path(__file__).parents[2] / "schemas"
SERVED = "127.0.0.1:8089"
STANDS_FOR = {"adcamp_XXXXXXXX": 0, "adcamp_YYYYYYYY": 1}
"""The campaigns of a staging system, as pages write them, and which of ours each is."""
PROGRAMS = {
    "whop-contracts": "whop_contracts",
    "pytest": "pytest",
    "python": "",
    "st": "",
    "locust": "locust",
}
ENVIRONMENT = in_process.environment()


@dataclass(frozen=True)
class Block:
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


@dataclass
class Done:
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
    served: subprocess.Popen[str] | None = None

    @property
    def folder(self) -> Path:
        return self.pytester.path

    def __enter__(self) -> Self:
        for place in ("bin", ".venv/bin"):
            (self.folder / place).mkdir(parents=True)
            for name, module in PROGRAMS.items():
                program = self.folder / place / name
                words = f'exec "{sys.executable}" {f"-m {module} " if module else ""}"$@"'
                if name == "st":
                    words = f'exec "{Path(sys.executable).with_name(name)}" "$@"'
                program.write_text(f"#!/bin/sh\n{words}\n")
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
        path = f"{self.folder / 'bin'}{os.pathsep}{ENVIRONMENT.get('PATH', '')}"
        tokens = {"WHOP_API_TOKEN": SEED.token} if STAGING in self.means else {}
        found = ENVIRONMENT | {"PATH": path} | tokens | self.given
        if STAGING in line:
            found["WHOP_CONTRACTS_PROFILE"] = "quick"
            found["WHOP_CONTRACTS_TEST_CLOCK"] = clock_url(self.means[STAGING])
        return found

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
        """The exit code and the output; ours and pytest run in this process, everything else in its own."""
        program, *words = shlex.split(self.read(line))
        if Path(program).name == "whop-contracts":
            ended = in_process.command(*words, cwd=self.folder, variables=self.environment(line))
            return ended.returncode, ended.both
        if program == "pytest":
            _import_everything()
            quiet = {"PYTEST_ADDOPTS": "-o asyncio_default_fixture_loop_scope=function"}
            with patch.dict(os.environ, {**self.environment(line), **quiet}, clear=True):
                result = self.pytester.runpytest_inprocess(*words)
            return int(result.ret), f"{result.stdout}\n{result.stderr}"
        bash = {"cwd": self.folder, "env": self.environment(line), "text": True, "stdout": subprocess.PIPE}
        words = ["bash", "-c", self.read(line)]
        done = subprocess.run(words, stderr=subprocess.STDOUT, timeout=240, check=False, **bash)
        return done.returncode, done.stdout

    def unread(self, text: str) -> str:
        """What a command printed, as the page would write it."""
        for written, meant in self.means.items():
            text = text.replace(meant, written)
        return text

    def serve(self, line: str) -> Done:
        self.stop()
        bash = {"cwd": self.folder, "env": self.environment(line), "text": True, "stdout": subprocess.PIPE}
        self.served = subprocess.Popen(["bash", "-c", f"exec {line} --port 0"], **bash)
        assert self.served.stdout is not None
        said = []
        for text in self.served.stdout:
            said.append(text)
            if text.startswith("Ctrl-C"):
                break
        self.means[SERVED] = re.findall(r"127\.0\.0\.1:\d+", said[0])[0]
        return Done(line, 0, self.unread("".join(said)))

    def stop(self) -> Done | None:
        """Ctrl-C in the terminal of what was served last."""
        if self.served is None:
            return None
        served, self.served = self.served, None
        served.send_signal(signal.SIGINT)
        said, _ = served.communicate(timeout=60)
        return Done("Ctrl-C", served.returncode, said)


@cache
def _import_everything() -> None:
    """Draw a plan: pytester unloads what a test run in this process is the first to import."""
    planned(Settings(profile="quick")).outline()


reading = Reader


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
