"""The benchmarks: each checks a result before it measures, and adds a line to the table at the end.

The figures of one machine say nothing about another. So every limit is for a ratio of two figures of the same
session, or for a count. Times are seconds of the CPU, the shortest of several: other work does not count.
``tox -e bench`` runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from running import Served, bare_respx, cpu, exchanged, metered, provider_process

from whop_contracts.pause.evidence import Evidence

TABLE = pytest.StashKey[list["Line"]]()


@dataclass(frozen=True)
class Line:
    """One figure: what was measured, the value with its unit, and its limit."""

    what: str
    figure: str
    limit: str
    kept: bool


class Figures:
    """Records figures, and fails a benchmark that misses its limit, after it is recorded."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def take(self, what: str, value: float, unit: str = "", *, least: float | None = None,
             most: float | None = None) -> None:  # fmt: skip
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
        wide, broad = (max(len(getattr(line, name)) for line in lines) for name in ("what", "figure"))
        terminalreporter.section("figures")
        for line in lines:
            mark = "" if line.kept else "  NOT KEPT"
            text = f"{line.what:<{wide}}  {line.figure:>{broad}}  {line.limit}{mark}"
            terminalreporter.write_line(text.rstrip())


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Figures:
    return Figures(pytestconfig.stash[TABLE])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The conforming provider in a process of its own, so that it does not share our interpreter."""
    with provider_process(tmp_path_factory.mktemp("served")) as started:
        yield started


@pytest.fixture(scope="session")
def evidence() -> list[Evidence]:
    """That of one ``standard`` run on the conforming provider in this process."""
    return exchanged()


@pytest.fixture(scope="session")
def bare(evidence: list[Evidence]) -> float:
    """Seconds per request of a loop over httpx and respx that checks nothing."""
    requests = [one.exchange.request for one in evidence]
    assert bare_respx(requests) == len(requests)
    return cpu(lambda: bare_respx(requests)) / len(requests)


@pytest.fixture(scope="session")
def imports(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that Python takes to import Hypothesis and schemathesis."""
    return metered(["-c", "import hypothesis, schemathesis"], tmp_path_factory.mktemp("imports")).seconds
