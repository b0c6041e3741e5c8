"""Recorded traffic: the exchanges of a HAR file, judged as a run's are. Nothing is sent.

Time is the recording's. The provider's clock comes from the ``Date`` headers, with the uncertainty that leaves; in our own recordings it is
written down, as are the case, the credential's role and whose campaign it was, so that judging one gives the run's verdicts again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args

from whop_contracts import __version__
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.exchange import Exchange, Operation, Request, Role, Scope, Window
from whop_contracts.instants import write_instant
from whop_contracts.integrations.har.entries import Entry, HarError, Log, read_har, read_window
from whop_contracts.integrations.har.routes import (
    CONCERNS,
    Routed,
    cached,
    credentials,
    likeliest,
    overlaps_of,
    route,
)
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.redaction import Redactor
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import UsageError
from whop_contracts.target.clocks import WallClock
from whop_contracts.target.responses import Reply

_OTHER_HANDS: Final = frozenset(
    {"auto_resume.nothing-else-changes-by-itself", "pausing.others-are-left-alone"}
)
"""What only somebody who knows that nobody else touched the campaigns can judge."""
_BROKEN_OFF: Final = "the recorded run did not end: its recording breaks off"
_UNSTATED: Final = (
    "the recording does not say whose credential and campaigns it shows, nor who else touched them"
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Recording:
    """What of a file is about the endpoint. ``items`` are exchanges in the order of their answers; None stands where a campaign was written to
    in another way than by pause and unpause, after which nothing is known. ``run`` is what our own writer says of its run, empty in a foreign file.
    """

    base_url: str
    items: tuple[Exchange | None, ...]
    notes: tuple[str, ...]
    run: Mapping[str, Any]
    ours: bool
    sha256: str
    clock: str
    secrets: tuple[str, ...] = ()


def load(path: Path, *, base_url: str | None = None) -> Recording:
    """Read a HAR file; of several targets in it, ``base_url`` names the one that is meant. UsageError, in one line, where it is none."""
    try:
        content = path.read_bytes()
        log = read_har(content, CONCERNS)
    except OSError as error:
        raise UsageError(
            f"FILE {str(path)!r}: expected a HAR 1.2 file; it cannot be read ({(error.strerror or 'no answer').lower()})"
        ) from None
    except HarError as error:
        raise UsageError(f"FILE {str(path)!r}: expected a HAR 1.2 file; {error}") from None
    digest = hashlib.sha256(content).hexdigest()
    return _own(log, digest) if log.run is not None else _foreign(log, digest, base_url)


def judge_recording(
    recording: Recording,
    clauses: tuple[Clause, ...],
    *,
    tolerance: float | None = None,
    strict: bool = False,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """The result of a recording, redacted. ``tolerance`` is the recorded run's unless given."""
    began = time.monotonic()
    stated = recording.run.get("resume_tolerance")
    if tolerance is None:
        tolerance = float(stated) if isinstance(stated, int | float) else 60.0
    tally = ClauseRunner(clauses, PAUSE)
    expectation = Oracle(tolerance=tolerance)
    for item in recording.items:
        if item is None:
            expectation = Oracle(tolerance=tolerance)
        else:
            evidence = expectation.follow(item)
            tally.add(evidence if recording.ours else _by_anyone(evidence), item.sequence)
    judged = [item for item in recording.items if item is not None]
    windows = [item.now for item in judged if item.now is not None]
    result = build(
        tally,
        Circumstances(
            target={"kind": "recorded", "base_url": recording.base_url},
            contract={"version": __version__, "sha256": PAUSE.sha256()},
            plan=_plan(recording),
            clock={
                "kind": recording.clock,
                "from": write_instant(min(w.start for w in windows)) if windows else None,
                "to": write_instant(max(w.end for w in windows)) if windows else None,
            },
            put_back={"campaigns": 0, "failed": []},
            duration_s=time.monotonic() - began,
            waited_s=0.0,
            requests=0,
            notes=[f"{len(judged)} recorded exchanges were judged, none was sent", *recording.notes],
            reason=_reason(recording, judged),
            untested=dict.fromkeys((clause.id for clause in clauses), _UNSTATED)
            if not recording.ours
            else {},
            strict=strict,
        ),
    )
    return cast("dict[str, Any]", Redactor([*secrets, *recording.secrets]).data(result))


def _reason(recording: Recording, judged: list[Exchange]) -> str | None:
    if not judged:
        return "the recording shows no exchange with the endpoint"
    if recording.ours and recording.run.get("finished") is not True:
        return _BROKEN_OFF
    reason = recording.run.get("reason")
    return reason if isinstance(reason, str) and reason else None


def _plan(recording: Recording) -> dict[str, Any]:
    """The recorded run's plan; for a foreign file its own fingerprint stands in."""
    plan = recording.run.get("plan")
    if isinstance(plan, dict):
        profile, seed, sha256 = (plan.get(name) for name in ("profile", "seed", "sha256"))
        if (
            isinstance(profile, str)
            and profile
            and type(seed) is int
            and isinstance(sha256, str)
            and _SHA256.fullmatch(sha256)
        ):
            return {"profile": profile, "seed": seed, "sha256": sha256}
    return {"profile": "recorded", "seed": 0, "sha256": recording.sha256}


# -- our own recordings ----------------------------------------------------------------------------------------------------


def _own(log: Log, digest: str) -> Recording:
    run = log.run or {}
    target = run.get("target")
    base_url = target.get("base_url") if isinstance(target, dict) else None
    kind = run.get("clock")
    return Recording(
        base_url=base_url if isinstance(base_url, str) else "",
        items=tuple(_restored(entry) for entry in log.entries),
        notes=() if run.get("finished") is True else (_BROKEN_OFF,),
        run=run,
        ours=True,
        sha256=digest,
        clock=kind if kind in ("virtual", "test", "wall") else "wall",
    )


def _restored(entry: Entry) -> Exchange:
    """The exchange as the run knew it."""
    custom = entry.custom

    def text(name: str) -> str:
        value = custom.get(name)
        return value if isinstance(value, str) else ""

    role, scope, operation = text("_role"), text("_scope"), text("_operation")
    number = custom.get("_number")
    return Exchange(
        number=number if type(number) is int and number > 0 else entry.number,
        request=Request(
            entry.method,
            entry.url,
            cast("Operation", operation) if operation in get_args(Operation) else None,
            text("_campaign"),
            entry.headers,
            entry.content,
        ),
        response=entry.response,
        sent=entry.sent,
        received=entry.received,
        now=read_window(custom.get("_now")),
        role=cast("Role", role) if role in get_args(Role) else "unstated",
        scope=cast("Scope", scope) if scope in get_args(Scope) else "unstated",
        case=text("_case"),
        sequence=text("_sequence"),
        trouble=entry.trouble,
    )


# -- foreign recordings ----------------------------------------------------------------------------------------------------


def _foreign(log: Log, digest: str, base_url: str | None) -> Recording:
    routed = [one for entry in log.entries if (one := route(entry))]
    base = base_url.rstrip("/") if base_url else likeliest(routed)
    here = sorted((one for one in routed if one.base == base), key=lambda one: one.entry.received)
    usable = [one for one in here if not cached(one.entry)]
    overlaps = overlaps_of(usable)
    clock = WallClock(time=lambda: 0.0, sleep=lambda _: None)
    items = tuple(
        None if one.entry.number in overlaps.tangled else _exchange(one, clock)
        for one in usable
        if one.entry.number not in overlaps.beside
    )
    skipped = log.others + len(log.entries) - len(here)
    unseen = sum(one.entry.response is None for one in usable)
    counted = (
        (skipped, "of other hosts and routes, skipped"),
        (len(here) - len(usable), "answered from a cache, skipped"),
        (len(overlaps.beside) + len(overlaps.tangled), "beside writes to the same campaign, skipped"),
        (unseen, "without an answer in the recording, or without its body"),
    )
    notes = [f"{what}: {count}" for count, what in counted if count]
    if clock.trouble:
        notes.append(f"time could not be judged: {clock.trouble}")
    return Recording(
        base or "",
        items,
        tuple(notes),
        {},
        ours=False,
        sha256=digest,
        clock="wall",
        secrets=credentials(here),
    )


def _exchange(one: Routed, clock: WallClock) -> Exchange | None:
    if one.operation is None:
        return None
    entry = one.entry
    clock.learn(Reply(entry.response, entry.trouble, entry.sent, entry.received))
    now: Window | None = clock.window(entry.sent, entry.received)
    request = Request(entry.method, entry.url, one.operation, one.campaign, entry.headers, entry.content)
    return Exchange(
        entry.number, request, entry.response, entry.sent, entry.received, now,
        case=f"entry {entry.number}", trouble=entry.trouble,
    )  # fmt: skip


def _by_anyone(evidence: Evidence) -> Evidence:
    """The evidence without what supposes that nobody else touched the campaigns."""
    findings = tuple(one for one in evidence.findings if one.clause not in _OTHER_HANDS)
    return dataclasses.replace(evidence, tested=evidence.tested - _OTHER_HANDS, findings=findings)
