"""Recorded traffic: the exchanges of a HAR file, checked as those of a run are. Nothing is sent.

Time is the recording's. The provider's clock comes from the ``Date`` headers, with the uncertainty that
leaves; without any from ``startedDateTime``, to five minutes. Our own recordings contain it, and the case,
the credential's role and whose campaign it was: checking one gives the verdicts of its run again.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterable
from io import BytesIO
from math import inf
from pathlib import Path
from typing import Any, Final

from whop_contracts import __version__
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.instants import write_instant
from whop_contracts.integrations.har.entries import HarError
from whop_contracts.integrations.har.foreign import Recording, read_foreign
from whop_contracts.integrations.har.log import Log, read_log
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.redaction import Redactor
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import UsageError, read_file
from whop_contracts.settings.kinds import describe_os_error

_OTHER_HANDS: Final = frozenset(
    {"auto_resume.nothing-else-changes-by-itself", "pausing.others-are-left-alone"}
)
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
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def load(path: Path, *, base_url: str | None = None) -> Recording:
    """Read a HAR file; of several targets in it ``base_url`` is checked. UsageError if it is no HAR."""
    try:
        # A pipe can be read only once; a file that is too large is an error.
        at_once = not path.is_file() or path.stat().st_size > _LARGEST
        content = read_file(path, _LARGEST) if at_once else None
        log = read_log(lambda: path.open("rb") if content is None else BytesIO(content))
        return _own(log) if log.run is not None else read_foreign(log, base_url)
    except OSError as error:
        why = f"it cannot be read ({describe_os_error(error)})"
    except HarError as error:
        why = str(error)
    raise UsageError(f"FILE {str(path)!r}: expected a HAR 1.2 file; {why}")


def judge_recording(
    recording: Recording,
    clauses: tuple[Clause, ...],
    *,
    tolerance: float | None = None,
    strict: bool = False,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """The result of a recording, redacted. ``tolerance`` is the recorded run's unless given, in seconds."""
    began = time.time()
    stated = recording.run.get("resume_tolerance")
    if tolerance is None:
        tolerance = float(stated) if isinstance(stated, int | float) else 60.0
    tally, oracle = ClauseRunner(clauses, PAUSE), Oracle(tolerance=tolerance)
    count, bodiless, starts, ends = 0, False, inf, -inf
    for item in recording.items:
        if item is None:
            oracle = Oracle(tolerance=tolerance)
            continue
        count += 1
        evidence = oracle.follow(item)
        tally.add(evidence if recording.ours else _by_anyone(evidence), item.sequence)
        bodiless |= evidence.accepted and evidence.unseen and item.request.operation == "pause"
        if item.now:
            starts, ends = min(starts, item.now.start), max(ends, item.now.end)
    unstated = () if recording.ours else tuple(clause.id for clause in clauses)
    reason = _reason(recording, count)
    if reason is None and not tally.conclusive and bodiless:
        reason = _NO_BODIES
    circumstances = Circumstances(
        target={"kind": "recorded", "base_url": recording.base_url},
        contract={"version": __version__, "sha256": PAUSE.sha256()},
        plan=_plan(recording),
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
        untested=dict.fromkeys(unstated, (_UNSTATED, "not_applicable")),
        strict=strict,
    )
    return build(tally, circumstances, Redactor([*secrets, *recording.secrets]))


def _reason(recording: Recording, count: int) -> str | None:
    if not count:
        return "; ".join(["the recording shows no exchange with the endpoint", *recording.unreadable])
    if recording.ours and recording.run.get("finished") is not True:
        return _BROKEN_OFF
    reason = recording.run.get("reason")
    return reason if isinstance(reason, str) and reason else None


def _plan(recording: Recording) -> dict[str, Any]:
    """The recorded run's plan; a foreign file has none, and its own fingerprint instead."""
    stated = recording.run.get("plan")
    plan = stated if isinstance(stated, dict) else {}
    profile, seed, sha256, drawn = (plan.get(name) for name in ("profile", "seed", "sha256", "drawn"))
    texts = isinstance(profile, str) and profile and isinstance(sha256, str) and _SHA256.fullmatch(sha256)
    if not texts or type(seed) is not int:
        return {"profile": "recorded", "seed": 0, "sha256": recording.sha256, "drawn": 0}
    count = drawn if type(drawn) is int and drawn > 0 else 0
    return {"profile": profile, "seed": seed, "sha256": sha256, "drawn": count}


def _own(log: Log) -> Recording:
    run = log.run or {}
    target = run.get("target")
    base_url = target.get("base_url") if isinstance(target, dict) else None
    kind = run.get("clock")
    return Recording(
        base_url=base_url if isinstance(base_url, str) else "",
        items=log.entries(log.rows),
        notes=(*log.unreadable, *(() if run.get("finished") is True else (_BROKEN_OFF,))),
        run=run,
        ours=True,
        sha256=log.sha256,
        unreadable=log.unreadable,
        clock=kind if kind in ("virtual", "test", "wall") else "wall",
    )


def _by_anyone(evidence: Evidence) -> Evidence:
    """The evidence without what assumes that nobody else used the campaigns."""
    findings = tuple(one for one in evidence.findings if one.clause not in _OTHER_HANDS)
    return dataclasses.replace(evidence, tested=evidence.tested - _OTHER_HANDS, findings=findings)
