"""Recorded traffic: the exchanges of a HAR file, checked as those of a run are. Nothing is sent.

Time is the recording's. The provider's clock comes from the ``Date`` headers, with the uncertainty that
leaves; without any from ``startedDateTime``, to five minutes. Our own recordings contain it, and the case,
the credential's role and whose campaign it was: checking one gives the verdicts of its run again.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import inf
from pathlib import Path
from typing import Any, Final

from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, write_instant
from whop_contracts.integrations.har.entries import HarError, normalized
from whop_contracts.integrations.har.log import LACKING, Log, Row, overlapping, read_log
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.redaction import Redactor
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import UsageError, read_file
from whop_contracts.settings.kinds import describe_os_error
from whop_contracts.target.clocks import WallClock, to_ns
from whop_contracts.target.responses import Reply

_OTHER_HANDS: Final = {"auto_resume.nothing-else-changes-by-itself", "pausing.others-are-left-alone"}
"""What can only be checked by somebody who knows that nobody else used the campaigns."""
_BROKEN_OFF: Final = "the recorded run did not end: its recording breaks off"
_UNSTATED: Final = (
    "the recording does not say whose credential and campaigns it shows, nor who else used them"
)
_LARGEST: Final = 2**31
_NO_BODIES: Final = (
    "the recording has no bodies of responses to pauses; expected one made with them "
    "(Playwright: content 'embed', browsers: save all as HAR with content)"
)
_CONTRADICTED: Final = "updated_at contradicts the time of the recording"
_RECORDER_NS: Final = 300 * NANO
"""How far the recorder's clock may be from the provider's."""
_APART_NS: Final = 10 * NANO
"""How far ``updated_at`` may be from the provider's clock before the clock is doubted."""
_clock: Final = partial(WallClock, time=lambda: 0.0, sleep=lambda _: None)


@dataclass(frozen=True, slots=True)
class Recording:
    """What of a file is about the endpoint. ``items``, which can be read once, are in the order of the
    responses; None is a write other than pause and unpause, after which no state is known.
    """

    log: Log
    base_url: str
    clock: str
    items: Iterator[Exchange | None]
    notes: tuple[str, ...]


def load(path: Path, *, base_url: str | None = None) -> Recording:
    """Read a HAR file; of several targets in it ``base_url`` is checked. UsageError if it is no HAR."""
    try:
        # A pipe can be read only once; a file that is too large is an error.
        at_once = not path.is_file() or path.stat().st_size > _LARGEST
        content = read_file(path, _LARGEST) if at_once else None
        log = read_log(lambda: path.open("rb") if content is None else BytesIO(content))
        if log.run is None:
            return _foreign(log, base_url)
        notes = log.unreadable if log.run.get("finished") else (*log.unreadable, _BROKEN_OFF)
        target, clock = log.run.get("target", {}), log.run.get("clock", "wall")
        return Recording(log, target.get("base_url", ""), clock, log.entries(log.rows), notes)
    except OSError as error:
        why = f"it cannot be read ({describe_os_error(error)})"
    except HarError as error:
        why = str(error)
    raise UsageError(f"FILE {str(path)!r}: expected a HAR 1.2 file; {why}")


def check_recording(
    recording: Recording,
    clauses: tuple[Clause, ...],
    *,
    tolerance: float | None = None,
    strict: bool = False,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """The result of a recording, redacted. ``tolerance`` is the recorded run's unless given, in seconds."""
    began, log = time.time(), recording.log
    ours, run = log.run is not None, log.run or {}
    tolerance = run.get("resume_tolerance", 60.0) if tolerance is None else tolerance
    tally, oracle = ClauseRunner(clauses, PAUSE), Oracle(tolerance=tolerance)
    count, bodiless, starts, ends = 0, False, inf, -inf
    for item in recording.items:
        if item is None:
            oracle = Oracle(tolerance=tolerance)
            continue
        count += 1
        evidence = oracle.follow(item)
        if not ours:
            findings = {one: found for one, found in evidence.findings.items() if one not in _OTHER_HANDS}
            tested = evidence.tested - _OTHER_HANDS
            evidence = dataclasses.replace(evidence, tested=tested, findings=findings)
        tally.add(evidence, item.sequence)
        bodiless |= evidence.accepted and evidence.unseen and item.request.operation == "pause"
        if item.now:
            starts, ends = min(starts, item.now.start), max(ends, item.now.end)
    reason: str | None = None
    if not count:
        reason = "; ".join(["the recording shows no exchange with the endpoint", *log.unreadable])
    elif ours:
        reason = run.get("reason") if run.get("finished") else _BROKEN_OFF
    elif bodiless and not tally.conclusive:
        reason = _NO_BODIES
    circumstances = Circumstances(
        target={"kind": "recorded", "base_url": recording.base_url},
        plan={"profile": "recorded", "seed": 0, "sha256": log.sha256, "drawn": 0} | run.get("plan", {}),
        clock={
            "kind": recording.clock,
            "from": write_instant(int(starts)) if starts < inf else None,
            "to": write_instant(int(ends)) if ends > -inf else None,
        },
        put_back={"campaigns": 0, "failed": []},
        started_at=began,
        duration_s=max(time.time() - began, 0.0),
        waited_s=0.0,
        requests=0,
        notes=[f"{count} recorded exchanges were checked, none was sent", *recording.notes],
        reason=reason,
        untested={} if ours else {clause.id: (_UNSTATED, "not_applicable") for clause in clauses},
        strict=strict,
    )
    return build(tally, circumstances, Redactor([*secrets, *(() if ours else log.secrets)]))


def _foreign(log: Log, base_url: str | None) -> Recording:
    """What a file that is not ours shows of a target: that at ``base_url``, or that of its first pause."""
    firsts = (row.base for kind in ("pause", "retrieve") for row in log.rows if row.operation == kind)
    base = normalized(base_url) if base_url else next(filter(None, firsts), "")
    here = sorted((row for row in log.rows if row.base == base), key=lambda row: row.received)
    usable = [row for row in here if not row.cached]
    together = overlapping(usable)
    counted = {
        "of other hosts and routes, skipped": log.count - log.skipped - len(here),
        "answered from a cache, skipped": len(here) - len(usable),
        "beside writes to the same campaign, skipped": len(together),
        **dict.fromkeys(LACKING, 0),
        **Counter(what for row in usable for what in row.lacks),
    }
    timed = partial(_timed, log, usable, together)
    read = [row for row in usable if row.operation and row.number not in together]
    dated = any(row.dated for row in read)
    clock = _clock() if dated else None
    contradicted = _is_contradicted(timed(clock), dated=dated)
    trouble = (clock and clock.trouble) or (_CONTRADICTED if contradicted else None)
    doubt = [f"time could not be checked: {trouble}"] if trouble else []
    if read and not dated and not trouble:
        doubt = ["no Date headers: startedDateTime is the clock, with an uncertainty of 5 minutes"]
    notes = *(f"{what}: {count}" for what, count in counted.items() if count), *log.unreadable, *doubt
    clock = _clock() if dated or trouble else None
    if clock and trouble:
        clock.doubt(trouble)
    return Recording(log, base, "wall", timed(clock), notes)


def _timed(
    log: Log, rows: Sequence[Row], together: set[int], clock: WallClock | None
) -> Iterator[Exchange | None]:
    """The exchanges of rows by ``clock``, which learns from each, or without one by the recorder's clock.

    A write of ``together``, or another than pause and unpause, is None: after it no state is known. A read
    during a write proves nothing and is left out.
    """
    kept = [row for row in rows if row.operation != "retrieve" or row.number not in together]
    for row, exchange in zip(kept, log.entries(kept), strict=True):
        if row.operation is None or row.number in together:
            yield None
            continue
        sent, received = row.sent, row.received
        if clock:
            clock.learn(Reply(exchange.response, exchange.trouble, sent, received))
            now = clock.window(sent, received)
        else:
            now = Window(to_ns(sent) - _RECORDER_NS, to_ns(received) + _RECORDER_NS)
        yield dataclasses.replace(exchange, now=now, case=f"entry {row.number}")


def _is_contradicted(exchanges: Iterable[Exchange | None], *, dated: bool) -> bool:
    """Whether ``updated_at`` is in the future, or that of an accepted pause in the past.

    An ``updated_at`` that was seen before proves nothing, nor does the first one if there are Date headers:
    some providers do not change it.
    """
    contradicted = False
    seen: dict[str, set[int]] = defaultdict(set)
    for exchange in filter(None, exchanges):
        now, request = exchange.now, exchange.request
        stamp = PAUSE.stamped_at(PAUSE.read_document(Evidence(exchange)))
        if stamp is None or now is None:
            continue
        known = seen[request.campaign]
        early = request.operation == "pause" and stamp < now.start - _APART_NS
        new = stamp not in known and (known or not dated)
        contradicted |= stamp > now.end + _APART_NS or bool(new and early)
        known.add(stamp)
    return contradicted
