"""Long runs: exchanges are judged and let go, so memory stays where it is and time grows by their number alone."""

from __future__ import annotations

import subprocess
import sys

FEW, MANY = 10_000, 100_000
LENGTH = """
import re, resource, sys, time
from pathlib import Path
from running import on_the_mock, standard
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause import catalogue
from whop_contracts.engine.clause_runner import ClauseRunner

wanted, plan = int(sys.argv[1]), standard()
tally = ClauseRunner(catalogue.clauses(), PAUSE)
began = time.process_time()
on_the_mock(plan, lambda evidence, sequence: tally.add(evidence, sequence), lambda: tally.requests < wanted)
seconds = time.process_time() - began
assert not any(count.broken for count in tally.counts.values())
status = Path("/proc/self/status")
# Linux hands ru_maxrss on from the process that began this one.
most = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1] if status.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
print(tally.requests, seconds, most)
"""


def run(exchanges: int) -> tuple[int, float, float]:
    """Exchanges judged, seconds of the processor, and the most memory held, in megabytes, of a process that judges so many."""
    done = subprocess.run(
        [sys.executable, "-c", LENGTH, str(exchanges)],
        cwd=__file__.rpartition("/")[0],
        capture_output=True,
        text=True,
        check=True,
    )
    judged, seconds, kilobytes = done.stdout.split()
    return int(judged), float(seconds), int(kilobytes) / 1_024


def test_a_hundred_thousand_exchanges(figures, benchmark) -> None:
    """Seconds are the processor's: whoever else is at work on the machine does not count."""
    few, few_s, few_mb = min((run(FEW) for _ in range(3)), key=lambda seen: seen[1])
    many, many_s, many_mb = benchmark.pedantic(run, args=(MANY,), rounds=1)
    assert few >= FEW
    assert many >= MANY
    figures.take("100,000 exchanges: memory beyond that of 10,000", many_mb - few_mb, "MB", most=50)
    figures.take(
        "100,000 exchanges: time for each, of that at 10,000", (many_s / many) / (few_s / few), most=1.15
    )
