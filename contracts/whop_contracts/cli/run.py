"""``run``, ``check-har``, ``replay`` and ``restore``.

``replay`` sends the requests of one failure again, with dates counted from now: the plan of the result is
drawn again, and the sequence in which the clause failed is sent alone, between first reads and restoring.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, get_args

from whop_contracts import report as reports
from whop_contracts.cli import check, reader_may_leave, say, tell
from whop_contracts.cli.offline import read_result
from whop_contracts.cli.planning import capabilities, chosen_clauses, open_live, pace
from whop_contracts.engine import run as engine
from whop_contracts.engine.build_plan import BATCH, batch, draw
from whop_contracts.engine.journal import JournalError, restore_command
from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.integrations import har
from whop_contracts.pause.contract import PAUSE
from whop_contracts.report import postprocess, terminal
from whop_contracts.report.summary import lasting, visible, words
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import interruptible
from whop_contracts.target.wire import is_loopback, split_url

_LONGEST: Final = 400


def run(settings: Settings) -> int:
    """Check a target; the exit code is the result's."""
    if settings.dry_run:
        explain = importlib.import_module("whop_contracts.cli.explain")
        return int(explain.plan(settings, as_json=False, why=False))
    with interruptible():
        with terminal.watching(tell, quiet=settings.quiet, color=settings.color) as watch:
            result = check.check(settings, watch=watch, tell=tell)
        return _conclude(settings, result)


def check_har(settings: Settings, file: Path, target: str | None) -> int:
    """Check recorded traffic; the exit code is the result's."""
    clauses = chosen_clauses(settings)
    settle = postprocess.prepare(settings)
    log = har.load(file, base_url=target)
    secrets = [secret for secret in (settings.token, settings.readonly_token) if secret]
    tolerance = settings.resume_tolerance if "resume_tolerance" in settings.origins else None
    result = har.check_recording(log, clauses, tolerance=tolerance, strict=settings.strict, secrets=secrets)
    return _conclude(settings, settle(result))


def _conclude(settings: Settings, result: Mapping[str, Any]) -> int:
    """Write and print the result; its exit code. ``UsageError``, after printing, if a file had a problem."""
    try:
        reports.write(settings, result)
    finally:
        with reader_may_leave():
            reports.show(settings, result, sys.stdout)
    return int(result["exit_code"])


def restore(settings: Settings, journal: Path) -> int:
    """0 if all is as it was, 4 if a campaign is not, 3 if the target could not be asked."""
    if settings.insecure and settings.ca_file:
        raise UsageError("--insecure and --ca-file exclude each other")
    try:
        record = engine.read_journal(journal, settings, PAUSE)
    except JournalError as error:
        why = f"expected a journal as run --journal writes it; {str(error).removeprefix(f'{journal}: ')}"
        raise UsageError(f"JOURNAL {str(journal)!r}: {why}") from None
    with reader_may_leave():
        if not record.complete:
            say(f"target: {record.base_url}")
        if settings.insecure:
            say("certificates are not checked (--insecure)")
    state = engine.restore(
        journal,
        settings,
        PAUSE,
        open_target=open_live,
        rate=pace,
        tell=lambda line: tell(f"restoring: {line}"),
    )
    with reader_may_leave():
        for line in (*state.restored, *(f"NOT PUT BACK  {one}" for one in state.failed)):
            say(visible(line, _LONGEST))
        if state.inconclusive:
            say(f"inconclusive: {visible(state.inconclusive, _LONGEST)}")
        elif not state.failed:
            say(f"{len(state.restored)} put back" if state.restored else "nothing to put back")
    if state.left:
        rest = restore_command(journal, record.base_url, settings.test_clock)
        tell(f"restoring: interrupted; again with: {rest}")
    return 3 if state.inconclusive else 4 if state.failed else 0


# -- replay ------------------------------------------------------------------------------------------------


def replay(settings: Settings, result: Path, clause: str) -> int:
    """4 if a campaign was not restored, 1 if the clause still fails, 3 if it was not tested, else 0."""
    old = read_result(result, "RESULT")
    sequence = failing_sequence(old, clause)
    check_origin(old, settings)
    profile, seed = old["plan"]["profile"], old["plan"]["seed"]
    if profile not in get_args(Profile):
        raise UsageError(f"RESULT: recorded traffic (plan {profile!r}) has no plan; send its curl line")
    # Waivers and the ledger are about whole runs.
    whole: dict[str, Any] = {"require": (), "waivers": None, "drift_ledger": None, "strict": False}
    alone = dataclasses.replace(settings, profile=profile, seed=seed, clauses=(clause,), **whole)
    with terminal.watching(tell, quiet=settings.quiet, color=settings.color) as watch:
        new = check.check(alone, plan=single(sequence, alone), watch=watch, tell=tell)
    (row,) = new["clauses"]
    sent = f"{new['requests']} requests of {visible(sequence, 80)!r} sent again"
    with reader_may_leave():
        if row["failure"]:
            if not settings.quiet:
                with reports.guarded(sys.stdout):
                    terminal.show_failure(new, row, terminal.Page(sys.stdout, settings.color))
            say(f"still fails: {clause} ({sent})")
        elif row["verdict"] == "passed":
            say(f"does not fail any more: {clause} ({sent})")
        else:
            reason = visible(row["reason"] or new["reason"] or "")
            say(f"inconclusive: {clause} was not tested ({sent}): {reason}")
        say(*lasting(new))
    if new["put_back"]["failed"]:
        return 4
    return 1 if row["failure"] else 0 if row["verdict"] == "passed" else 3


def single(sequence: str, settings: Settings) -> Plan:
    """The plan of the settings with one sequence left, by its name."""
    plan = draw(PAUSE, settings.profile, seed=settings.seed, means=capabilities(settings))
    if match := re.match(rf"{BATCH}([0-9]{{1,9}}): ", sequence):
        plan = batch(PAUSE, plan, int(match[1]))
    found = tuple(one for one in plan.sequences if one.name == sequence)
    if not found and sequence not in {"preflight", "put back"}:  # which every run sends
        why = f"is not in the plan of profile {settings.profile}, seed {settings.seed}; "
        why += "it is of another version or another clock: give --test-clock if the first run had it"
        if lacking := next((one for one in plan.left_out if one.name == sequence), None):
            needs = ", ".join(sorted(lacking.needs))
            why = f"needs what this target does not offer: {needs}; give the flags of the first run"
        raise UsageError(f"RESULT: {sequence!r} {why}")
    return dataclasses.replace(plan, sequences=found, left_out=())


def failing_sequence(result: Mapping[str, Any], clause: str) -> str:
    """The name of the sequence in which a clause failed. UsageError names the clauses that did."""
    rows = {row["id"]: row for row in result["clauses"]}
    failing = [id_ for id_, row in rows.items() if row["failure"]]
    if clause in failing:
        return str(rows[clause]["failure"]["request"]["sequence"])
    if not failing:
        raise UsageError("RESULT: nothing fails in it")
    what = f"it is {words(rows[clause]['verdict'])} there" if clause in rows else "it is not in the result"
    named = ", ".join([*failing[:5], *(["…"] if failing[5:] else [])])
    raise UsageError(f"--clause {clause!r}: {what}; expected one that fails: {named}")


def check_origin(result: Mapping[str, Any], settings: Settings) -> None:
    """The credential goes to loopback, or to the origin of the result if ``--base-url`` names it."""
    if result["target"]["kind"] == "mock":
        return
    of = visible(result["target"]["base_url"] or "no known target", 200)
    given = settings.base_url
    if given is None:
        raise UsageError(f"--base-url: not given; the result is of the live target {of}, so replay needs it")
    with suppress(UsageError):
        origin = split_url(given)[0]
        if is_loopback(origin.host) or origin == split_url(of)[0]:
            return
    raise UsageError(f"--base-url {given!r}: the result is of {of}; expected the same origin, or loopback")
