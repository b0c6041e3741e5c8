"""``prove``: every fault and every conforming variation against the plan, in process."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from whop_contracts import proof as proofs
from whop_contracts import provider
from whop_contracts.cli import say
from whop_contracts.engine.plan import Profile
from whop_contracts.instants import NANO, read_instant
from whop_contracts.proof import rank as ranking
from whop_contracts.proof import trials
from whop_contracts.schemas import document_path
from whop_contracts.settings import UsageError
from whop_contracts.settings.kinds import nearest


def prove(
    *,
    profile: Profile,
    seed: int,
    seeds: int,
    faults: tuple[str, ...],
    only: Literal["drawn"] | None,
    rank: bool,
    at: str | None,
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
    tasks = trials.tasks(profile, seed=seed, seeds=seeds, start=_start(at), wanted=_wanted(faults), only=only)
    proof = trials.prove(tasks, jobs=jobs, watch=_count if sys.stderr.isatty() else None)
    if not quiet:
        say(*proofs.matrix(proof), "")
    wrong = proofs.problems(proof, whole=not faults, measured=only is not None)
    pages = [proofs.markdown(proof), proofs.data(proof)]
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


def _start(text: str | None) -> float:
    instant = None if text is None else read_instant(text)
    if text is not None and instant is None:
        raise UsageError(f"--at {text!r}: expected an instant, such as 2028-02-28T23:59:00Z")
    return instant.ns / NANO if instant else proofs.START


def _both(path: str) -> tuple[str, str]:
    """The matrix, and the data beside it."""
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
        why = error.strerror or error
        raise UsageError(f"--write {path!r}: expected a file that can be written ({why})") from None
