"""The benchmarks: each checks a result before it measures the time, and adds a line to the table at the end.

The figures of one machine say nothing about another. A limit is therefore set for a ratio to a bare loop of
the same session, or for seconds, requests or megabytes that are required. ``tox -e bench`` runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from running import Served, provider_process

TABLE = pytest.StashKey[list["Line"]]()


@dataclass(frozen=True)
class Line:
    """One figure: what was measured, the value with its unit, and its limit (empty: none)."""

    what: str
    figure: str
    limit: str
    kept: bool


class Figures:
    """Records figures, and fails a benchmark that misses its limit, after it is recorded."""

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
    """Benchmark a function; returns its shortest time, in seconds."""

    def timed(work: Callable[[], object], rounds: int = 5) -> float:
        benchmark.pedantic(work, rounds=rounds, warmup_rounds=1)
        return float(benchmark.stats.stats.min)

    return timed


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The conforming provider in a process of its own, so that it does not share our interpreter."""
    with provider_process(tmp_path_factory.mktemp("served")) as started:
        yield started
