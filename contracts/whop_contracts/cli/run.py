"""``run``, ``check-har`` and ``replay``, which check something, with ``plan`` and ``restore``."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from whop_contracts import report as reports
from whop_contracts.cli import check, planning, reader_may_leave, replaying, say, tell
from whop_contracts.cli.coverage import served_by_case
from whop_contracts.cli.open_target import open_live
from whop_contracts.engine import restore as restoring
from whop_contracts.engine.journal import restore_command
from whop_contracts.integrations import har
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.report import diff, postprocess, terminal
from whop_contracts.report.summary import visible
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.sources import Loaded
from whop_contracts.signals import interruptible

_LONGEST: Final = 400


def run(loaded: Loaded) -> int:
    """Check a target; the exit code is the result's."""
    settings = loaded.settings
    if settings.dry_run:
        say(*plan_lines(planning.outline(settings)))
        return 0
    with interruptible():
        with terminal.watching(tell, quiet=settings.quiet, color=settings.color) as watch:
            result = check.check(settings, watch=watch)
        problem = _write(settings, result)
    return _show(settings, result, problem)


def check_har(loaded: Loaded, file: Path, target: str | None) -> int:
    """Check recorded traffic; the exit code is the result's."""
    settings = loaded.settings
    try:
        clauses = catalogue.chosen(settings.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None
    settle = postprocess.prepare(settings)
    result = har.judge_recording(
        har.load(file, base_url=target),
        clauses,
        tolerance=settings.resume_tolerance if "resume_tolerance" in loaded.origins else None,
        strict=settings.strict,
        secrets=[secret for secret in (settings.token, settings.readonly_token) if secret],
    )
    final = settle(result)
    return _show(settings, final, _write(settings, final))


def _write(settings: Settings, result: Mapping[str, Any]) -> UsageError | None:
    """Write the files that were asked for; return what went wrong, as the result is shown in any case."""
    try:
        reports.write(settings, result)
    except UsageError as problem:
        return problem
    return None


def _show(settings: Settings, result: Mapping[str, Any], problem: UsageError | None) -> int:
    """Print the result and return the exit code, or raise the problem that its files had."""
    piped = reports.for_stdout(settings)
    with reader_may_leave():
        if piped:
            sys.stdout.write(reports.render(piped, result))
        else:
            how = {"quiet": settings.quiet, "verbose": settings.verbose}
            reports.show(result, sys.stdout, **how, color=settings.color)
    if problem:
        raise problem
    return int(result["exit_code"])


def replay(loaded: Loaded, result: Path, clause: str) -> int:
    """1 if the clause still fails, 0 if it does not, 3 if the requests did not test it."""
    settings, failed = loaded.settings, diff.read_result(result, "RESULT")
    with terminal.watching(tell, quiet=settings.quiet, color=settings.color) as watch:
        replayed = replaying.replay(failed, clause, settings, watch=watch)
    sent = f"{replayed.result['requests']} requests of {visible(replayed.sequence, 80)!r} sent again"
    with reader_may_leave():
        if replayed.outcome == "broken":
            if not settings.quiet:
                with reports.guarded(sys.stdout):
                    terminal.show_failure(replayed.result, replayed.row, sys.stdout, color=settings.color)
            say(f"still fails: {clause} ({sent})")
        elif replayed.outcome == "kept":
            say(f"does not fail any more: {clause} ({sent})")
        else:
            reason = visible(replayed.row["reason"] or replayed.result["reason"] or "")
            say(f"inconclusive: {clause} was not tested ({sent}): {reason}")
        for line in replayed.result["put_back"]["failed"]:
            say(f"NOT PUT BACK: {visible(line)}")
    return replayed.exit_code


def restore(loaded: Loaded, journal: Path) -> int:
    """0 if all is as it was, 4 if a campaign is not, 3 if the target could not be asked."""
    settings = loaded.settings
    if settings.insecure and settings.ca_file:
        raise UsageError("--insecure: expected either it or --ca-file, not both")
    record = restoring.read_journal(journal, settings, PAUSE)
    with reader_may_leave():
        if not record.complete:
            say(f"target: {record.base_url}")
        if settings.insecure:
            say("certificates are not checked (--insecure)")
    state = restoring.restore(
        journal,
        settings,
        PAUSE,
        open_target=open_live,
        rate=planning.pace,
        tell=lambda line: tell(f"restoring: {line}"),
    )
    with reader_may_leave():
        for line in state.restored:
            say(visible(line, _LONGEST))
        for line in state.failed:
            say(f"NOT PUT BACK  {visible(line, _LONGEST)}")
        if state.inconclusive:
            say(f"inconclusive: {visible(state.inconclusive, _LONGEST)}")
        elif not state.failed:
            say(f"{len(state.restored)} put back" if state.restored else "nothing to put back")
    if state.left:
        rest = restore_command(journal, record.base_url, settings.test_clock)
        tell(f"restoring: interrupted; again with: {rest}")
    if state.inconclusive:
        return 3
    return 4 if state.failed else 0


def plan(loaded: Loaded, *, as_json: bool, why: bool) -> int:
    """Print what ``run`` would send."""
    settings = loaded.settings
    outline = planning.outline(settings)
    if why:
        clauses = planning.selected_clauses(settings)
        served = served_by_case(planning.planned(settings), clauses)
        outline = reasoned(outline, served, [clause.id for clause in clauses])
    say(*([json.dumps(outline, indent=2)] if as_json else plan_lines(outline)))
    return 0


def reasoned(
    outline: Mapping[str, Any], served: Mapping[tuple[str, str], frozenset[str]], order: Sequence[str]
) -> dict[str, Any]:
    """The outline with the clauses that each request ``serves``, and of these the ``first`` served by it."""
    seen: set[str] = set()
    cases = []
    for case in outline["cases"]:
        found = served.get((case["sequence"], case["name"]), frozenset())
        serves = [id_ for id_ in order if id_ in found]
        cases.append(case | {"serves": serves, "first": [id_ for id_ in serves if id_ not in seen]})
        seen |= found
    return {**outline, "cases": cases, "unserved": [id_ for id_ in order if id_ not in seen]}


def plan_lines(outline: Mapping[str, Any]) -> Iterator[str]:
    """The plan for a reader: one line per request under the name of its sequence, and the count last."""
    yield f"profile {outline['profile']}, seed {outline['seed']}, plan {outline['sha256']}"
    sequence = None
    for case in outline["cases"]:
        if case["sequence"] != sequence:
            sequence = case["sequence"]
            yield from ("", str(sequence))
        more = [visible(case["body"], 100)] if case.get("body") is not None else []
        more += [f"as {case['role']}"] if case.get("role") not in {None, "full"} else []
        more += [f"(until {visible(case['until'], 60)})"] if case.get("until") else []
        request = visible(f"{case['method']} {case['path']}", 60)
        yield "  ".join([f"{case['number']:>5}", request, *more, visible(case["name"], 60)])
        if "serves" in case:
            count, first = len(case["serves"]), ", ".join(case["first"])
            serves = f"tests {count} clause{'' if count == 1 else 's'}"
            yield from _folded(f"{serves}; the first to test {first}" if first else serves, "       ")
    if "unserved" in outline:
        missed = ", ".join(outline["unserved"])
        yield from ("", *_folded(f"no request tests {missed}" if missed else "every clause is tested", ""))
    on = ", and batches of drawn ones until the time is spent" if outline["goes_on"] else ""
    dropped = f" ({outline['dropped']} dropped)" if outline["dropped"] else ""
    yield from (
        "",
        f"{outline['vectors']} vectors, {outline['drawn']} drawn requests{dropped}, sequences and reads",
    )
    yield f"{outline['requests']} requests planned{on}, none sent"


def _folded(line: str, margin: str) -> list[str]:
    return textwrap.wrap(
        line,
        80,
        initial_indent=margin,
        subsequent_indent=f"{margin}  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
