"""``serve``, the reference provider on a port, and ``prove``, every built-in provider against the plan.

``serve --strict`` and ``--report`` check its clients too, and end with 1 if a request violated the contract.
``--strict`` rejects it with a 4xx. The report is replaced at the start, after each violation and at the end.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from whop_contracts import proof as proofs
from whop_contracts import provider
from whop_contracts.cli import rendered, say
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
from whop_contracts.settings.kinds import nearest


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
    built = _built(fault, variation)
    built.added = (token, campaign_id)
    built.reset()
    checker = RequestChecker((*token, SEED.token, SEED.readonly_token, SEED.foreign_token))

    def keep() -> None:
        if report:
            write_file(report, json.dumps(checker.document(), indent=2) + "\n", "--report")

    def watch(found: Found) -> None:
        # The client gets its response even if the disk is full for a while; the end reports it.
        with contextlib.suppress(UsageError):
            if found:
                keep()

    def welcome(base_url: str) -> None:
        held, clock_url = (*campaign_id, *SEED.campaigns), server.clock_url(base_url)
        listed = textwrap.fill(" ".join(held), 68, subsequent_indent=" " * 12)
        data = {"base_url": base_url, "clock_url": clock_url, "listed": listed, "campaigns": held}
        say(rendered("welcome", data | {"token": (*token, SEED.token)[0], "seed": SEED}))

    keep()
    if strict or report:
        handle = guarded(built.handle, checker, refuse=built.finish if strict else None, watch=watch)
        setattr(built, "handle", handle)  # noqa: B010 - in place of the method
    try:
        server.serve(built, host, port, welcome, _log if log else None)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"--host {host}, --port {port}: cannot listen there ({why})") from None
    if not (strict or report):
        return 0
    keep()
    document = checker.document()
    broken, requests = document["broken"], document["requests"]
    end = f"{broken} of {requests} requests broke the contract"
    say(end if broken else f"{requests} requests, none broken")
    return 1 if broken else 0


def _built(fault: tuple[str, ...], variation: str | None) -> provider.Provider:
    try:
        return provider.build(fault=fault, variation=variation, clock=provider.RunningClock())
    except ValueError as error:
        raise UsageError(f"{error}; --list-faults lists them") from None


def _log(method: str, path: str, status: int) -> None:
    """One line per request, without the query, which may contain a secret."""
    say(f"{visible(method, 20)} {visible(path.partition('?')[0], 200)} {status}")


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
    write: Path | None,
    check: Path | None,
    quiet: bool,
) -> int:
    """0 if every fault is found and no variation fails; 1 if not, or if ``check`` holds other numbers.

    ``only`` measures what a part of the plan finds: faults may survive. ``rank`` writes the ranks instead.
    """
    if rank:
        ranks = document_path("ranks.json")
        write_file(ranks, ranking.text_of(ranking.rank(jobs=jobs or trials.cores())), "--rank")
        say(str(ranks))
        return 0
    if faults and (write or check):
        given = "--write" if write else "--check"
        raise UsageError(f"{given}: expected without --faults, which runs a part only")
    before = {path: path.read_text("utf-8", "replace") if path.is_file() else "" for path in _both(check)}
    start, wanted = at.ns / NANO if at else proofs.START, _wanted(faults)
    planned = trials.planned(profile, seed=seed, seeds=seeds, start=start, wanted=wanted, only=only)
    proof = trials.prove(planned, jobs=jobs, watch=_count if sys.stderr.isatty() else None)
    if not quiet:
        say(*proofs.matrix(proof), "")
    wrong = proofs.problems(proof, whole=not faults)
    pages: list[str] = []
    if write or check:
        faulty = (replace(trial, only="drawn") for trial in planned if trial.fault)
        drawn = proof if only else trials.prove(tuple(faulty), jobs=jobs)
        pages = [proofs.markdown(proof, drawn), proofs.data(proof)]
    for (path, old), new in zip(before.items(), pages, strict=False):
        if old != new:
            wrong.append(f"{path} holds other numbers (whop-contracts prove --write replaces it):")
            wrong += proofs.difference(old, new)
    for path, text in zip(_both(write), pages, strict=False):
        write_file(path, text, "--write")
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


def _both(path: Path | None) -> list[Path]:
    """The files that hold a proof: the page, and its data beside it."""
    return [path, path.with_suffix(".json")] if path else []
