"""``serve``, the reference provider on a port, and ``prove``, every built-in provider against the plan.

``serve --strict`` and ``--report`` check its clients too, and end with 1 if a request violated the contract.
``--strict`` rejects it with a 4xx. The report is replaced at the start, after each violation and at the end.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from whop_contracts import proof as proofs
from whop_contracts import provider
from whop_contracts.cli import say
from whop_contracts.engine.plan import Profile
from whop_contracts.instants import NANO, Instant
from whop_contracts.integrations.consumer import Found, RequestChecker, guarded
from whop_contracts.proof import rank as ranking
from whop_contracts.proof import trials
from whop_contracts.provider import SEED, server
from whop_contracts.report import write_file
from whop_contracts.report.summary import visible
from whop_contracts.schemas import document_path
from whop_contracts.settings import UsageError
from whop_contracts.settings.kinds import describe_os_error, nearest


def serve(
    host: str,
    port: int,
    fault: tuple[str, ...],
    variation: str | None,
    *,
    token: tuple[str, ...],
    campaign_id: tuple[str, ...],
    log: bool,
    strict: bool,
    report: Path | None,
    list_faults: bool,
) -> int:
    """Serve until interrupted."""
    if list_faults:
        say(*(f"{one.name}  {one.kind}  {one.why}" for one in provider.faults()))
        say(*(f"{one.name}  variation  {one.why}" for one in provider.variations()))
        return 0
    try:
        built = provider.build(fault=fault, variation=variation, clock=provider.RunningClock())
    except ValueError as error:
        raise UsageError(f"{error}; --list-faults lists them") from None
    built.added = (token, campaign_id)
    built.reset()
    checker = _check_clients(built, strict=strict, report=report) if strict or report else None
    try:
        server.serve(
            built,
            host,
            port,
            lambda base_url: say(*_welcome(base_url, (*token, SEED.token), (*campaign_id, *SEED.campaigns))),
            _log if log else None,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"--host {host}, --port {port}: cannot listen there ({why})") from None
    return _conclude(checker, report) if checker else 0


def _check_clients(built: provider.Provider, *, strict: bool, report: Path | None) -> RequestChecker:
    """Check every request before the provider gets it, and keep the report up to date."""
    checker = RequestChecker((*built.added[0], SEED.token, SEED.readonly_token, SEED.foreign_token))

    def watch(found: Found) -> None:
        if found:
            # The client gets its response even if the disk is full for a while; the end reports it.
            with contextlib.suppress(UsageError):
                _write_report(report, checker)

    _write_report(report, checker)
    handle = guarded(built.handle, checker, refuse=built.finish if strict else None, watch=watch)
    setattr(built, "handle", handle)  # noqa: B010 - in place of the method
    return checker


def _conclude(checker: RequestChecker, report: Path | None) -> int:
    _write_report(report, checker)
    document = checker.document()
    broken, requests = document["broken"], document["requests"]
    end = f"{broken} of {requests} requests broke the contract"
    say(end if broken else f"{requests} requests, none broken")
    return 1 if broken else 0


def _write_report(path: Path | None, checker: RequestChecker) -> None:
    if path:
        write_file(path, json.dumps(checker.document(), indent=2) + "\n", "--report")


def _log(method: str, path: str, status: int) -> None:
    """One line per request, without the query, which may contain a secret."""
    say(f"{visible(method, 20)} {visible(path.partition('?')[0], 200)} {status}")


def _welcome(base_url: str, tokens: tuple[str, ...], campaigns: tuple[str, ...]) -> Iterator[str]:
    """Where the provider is, what it holds, and a command that checks it."""
    clock_url = server.clock_url(base_url)
    yield f"base URL    {base_url}"
    yield f"test clock  {clock_url}"
    yield f"token       {tokens[0]} (read only: {SEED.readonly_token})"
    yield f"campaigns   {textwrap.fill(' '.join(campaigns), 68, subsequent_indent=' ' * 12)}"
    yield f"foreign     {SEED.foreign_campaign}"
    yield ""
    lines = [
        f"WHOP_API_TOKEN={shlex.quote(tokens[0])} whop-contracts run",
        f"--base-url {shlex.quote(base_url)}",
        f"--test-clock {shlex.quote(clock_url)}",
        *(f"--campaign-id {shlex.quote(campaign)}" for campaign in campaigns),
        f"--readonly-token {shlex.quote(SEED.readonly_token)}",
        f"--foreign-campaign-id {shlex.quote(SEED.foreign_campaign)}",
    ]
    yield " \\\n  ".join(lines)
    yield ""
    yield "Ctrl-C ends it."


def prove(
    *,
    profile: Profile,
    seed: int,
    seeds: int,
    faults: tuple[str, ...],
    only: Literal["drawn"] | None,
    rank: bool,
    at: Instant | None,
    jobs: int | None,
    write: str | None,
    check: str | None,
    quiet: bool,
) -> int:
    """0 if every fault is found and no variation fails; 1 if not, or if ``check`` holds other numbers.

    ``only`` measures what a part of the plan finds: faults may survive. ``rank`` writes the ranks instead.
    """
    if rank:
        ranks = str(document_path("ranks.json"))
        _write(ranks, ranking.text_of(ranking.rank(jobs=jobs or trials.cores())))
        say(ranks)
        return 0
    for flag, path in (("--write", write), ("--check", check)):
        if path is not None and faults:
            raise UsageError(f"{flag}: expected without --faults, which runs a part only")
    before = [_read(path) for path in _both(check)] if check else []
    start, wanted = at.ns / NANO if at else proofs.START, _wanted(faults)
    planned = trials.planned(profile, seed=seed, seeds=seeds, start=start, wanted=wanted, only=only)
    proof = trials.prove(planned, jobs=jobs, watch=_count if sys.stderr.isatty() else None)
    if not quiet:
        say(*proofs.matrix(proof), "")
    wrong = proofs.problems(proof, whole=not faults)
    pages: list[str] = []
    if write or check:
        alone = (replace(trial, only="drawn") for trial in planned if trial.fault)
        pages = [proofs.markdown(proof, trials.prove(tuple(alone), jobs=jobs)), proofs.data(proof)]
    for name, old, new in zip(_both(check or ""), before, pages, strict=False):
        if old != new:
            wrong.append(f"{name} holds other numbers (whop-contracts prove --write replaces it):")
            wrong += proofs.difference(old, new)
    for name, text in zip(_both(write), pages, strict=True) if write else ():
        _write(name, text)
    say(*proofs.totals(proof, whole=not faults), *(f"WRONG  {line}" for line in wrong))
    say("the proof does not hold" if wrong else "the proof holds")
    return 1 if wrong else 0


def _count(done: int, of: int) -> None:
    """Show the progress on one line that is gone at the end."""
    sys.stderr.write(f"\r\x1b[K{done} of {of} providers checked" if done < of else "\r\x1b[K")
    sys.stderr.flush()


def _wanted(globs: tuple[str, ...]) -> Callable[[str], bool] | None:
    """Whether a fault is wanted, by its name; None where all are."""
    names = [fault.name for fault in provider.faults()]
    for glob in globs:
        if not fnmatch.filter(names, glob):
            hint = nearest(glob, names) or "; whop-contracts serve --list-faults lists them"
            raise UsageError(f"--faults {glob!r}: no such fault{hint}")
    return (lambda name: any(fnmatch.fnmatchcase(name, glob) for glob in globs)) if globs else None


def _both(path: str) -> tuple[str, str]:
    return path, f"{path.removesuffix('.md')}.json"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--check {path!r}: expected a file that can be read ({error})") from None


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        why = describe_os_error(error)
        raise UsageError(f"--write {path!r}: expected a file that can be written ({why})") from None
