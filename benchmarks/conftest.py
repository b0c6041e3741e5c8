"""The benchmarks: each sees that the answer is right before it takes the time, and puts one line into the table at the end.

Numbers of one machine say nothing on another, so what is held to a limit is a ratio to a bare loop of the same session, or a figure
that issue and page name in seconds, requests or megabytes. ``tox -e bench`` runs them; the tests do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from running import Served, provider_process

TABLE = pytest.StashKey[list["Line"]]()


@dataclass(frozen=True)
class Line:
    """One figure: what it is of, how it reads, and the limit that it was held to (empty: none)."""

    what: str
    figure: str
    limit: str
    kept: bool


class Figures:
    """Takes figures down, and fails the benchmark whose limit is not kept, after it has been taken down."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def take(
        self,
        what: str,
        value: float,
        unit: str = "",
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        kept = (least is None or value >= least) and (most is None or value <= most)
        limits = [
            f"{word} {limit:g}"
            for word, limit in (("at least", least), ("at most", most))
            if limit is not None
        ]
        line = Line(what, f"{value:,.2f} {unit}".strip(), " and ".join(limits), kept)
        self._lines.append(line)
        assert kept, f"{line.what}: {line.figure}, wanted {line.limit}"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[TABLE]
    if lines:
        wide = max(len(line.what) for line in lines)
        broad = max(len(line.figure) for line in lines)
        terminalreporter.section("figures")
        for line in lines:
            mark = "" if line.kept else "  NOT KEPT"
            terminalreporter.write_line(
                f"{line.what:<{wide}}  {line.figure:>{broad}}  {line.limit}{mark}".rstrip()
            )


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Figures:
    return Figures(pytestconfig.stash[TABLE])


@pytest.fixture
def fastest(benchmark) -> Callable[..., float]:
    """Benchmark ``work`` and give its shortest time, in seconds."""

    def timed(work: Callable[[], object], rounds: int = 5) -> float:
        benchmark.pedantic(work, rounds=rounds, warmup_rounds=1)
        return float(benchmark.stats.stats.min)

    return timed


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The honest provider in a process of its own, so that it does not share our interpreter."""
    with provider_process(tmp_path_factory.mktemp("served")) as started:
        yield started
