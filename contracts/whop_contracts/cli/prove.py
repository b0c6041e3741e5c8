"""``prove``: every fault and every honest variation against the plan, in process."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from pathlib import Path
from typing import Any, Final

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.settings import UsageError

_MOST_SEEDS: Final = 1_000
_NANO: Final = 1_000_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Of what the proof is made, and where it goes."""
    parser.add_argument(
        "--profile",
        choices=("quick", "standard", "thorough"),
        default="standard",
        help="the plan that is proved (standard)",
    )
    parser.add_argument(
        "--seed", metavar="N", default="0", help="the seed of the faults, and the first of the variations (0)"
    )
    parser.add_argument(
        "--seeds", metavar="N", default="1", help="how many seeds each honest variation is run with (1)"
    )
    parser.add_argument(
        "--faults",
        metavar="GLOB",
        action="append",
        help="these faults alone, and the honest default; repeatable",
    )
    parser.add_argument(
        "--at",
        metavar="INSTANT",
        help="where the virtual clock starts (2026-09-21T14:13:20Z, so that numbers can be compared)",
    )
    parser.add_argument("--jobs", metavar="N", help="how many processes work (as many as there are cores)")
    parser.add_argument(
        "--write",
        metavar="FILE",
        help="write the matrix there, as Markdown, and beside it as .json the faults that trip each clause",
    )
    parser.add_argument(
        "--check",
        metavar="FILE",
        help="fail where FILE, or the .json beside it, tells other numbers than this run",
    )
    parser.add_argument(
        "--only",
        choices=("drawn",),
        help="drawn requests alone, without vectors and sequences; only false alarms count",
    )
    parser.add_argument(
        "--rank",
        action="store_true",
        help="write schemas/ranks.json, the order of vectors and sequences; in a source checkout, takes minutes",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="the totals and what is wrong, without the matrix"
    )


def execute(arguments: argparse.Namespace) -> int:
    """0: the proof holds; 1: it does not, or FILE tells other numbers."""
    seed, seeds = (
        _whole("--seed", arguments.seed, 0, 2**63),
        _whole("--seeds", arguments.seeds, 1, _MOST_SEEDS),
    )
    jobs = None if arguments.jobs is None else _whole("--jobs", arguments.jobs, 1, 256)
    if arguments.rank:
        return _rank(jobs)
    globs = tuple(arguments.faults or ())
    for flag, path in (("--write", arguments.write), ("--check", arguments.check)):
        if path is not None and globs:
            raise UsageError(f"{flag}: expected without --faults: a part of the proof is none")
    before = [_read(path) for path in _both(arguments.check)] if arguments.check else None
    trials, proofs, shown = engine("trials"), engine("proof"), engine("proof_page")
    tasks = trials.tasks(
        arguments.profile,
        seed=seed,
        seeds=seeds,
        start=_start(arguments.at, proofs.START),
        wanted=_wanted(globs),
        only=arguments.only,
    )
    proof = trials.prove(tasks, jobs=jobs, watch=_count if sys.stderr.isatty() else None)
    if not arguments.quiet:
        say(*shown.matrix(proof), "")
    wrong = proofs.problems(proof, whole=not globs, measured=bool(arguments.only))
    pages = [shown.markdown(proof), engine("proof_data")(proof.faults)]
    for path, old, new in zip(_both(arguments.check or ""), before or (), pages, strict=False):
        if old != new:
            wrong.append(f"{path} tells other numbers (whop-contracts prove --write makes it anew):")
            wrong += shown.difference(old, new)
    if arguments.write:
        for path, page in zip(_both(arguments.write), pages, strict=True):
            _write(path, page)
    say(*shown.totals(proof), *(f"WRONG  {line}" for line in wrong))
    say("the proof does not hold" if wrong else "the proof holds")
    return 1 if wrong else 0


def _rank(jobs: int | None) -> int:
    """Write the ranks anew."""
    ranking, path = engine("ranking"), engine("document_path")("ranks.json")
    _write(str(path), ranking.text_of(ranking.rank(jobs=jobs or engine("trials").cores())))
    say(str(path))
    return 0


def _count(done: int, of: int) -> None:
    """Show how far it is, on one line that is gone when it ends."""
    sys.stderr.write(f"\r\x1b[K{done} of {of} providers judged" if done < of else "\r\x1b[K")
    sys.stderr.flush()


def _wanted(globs: tuple[str, ...]) -> Any:
    """Whether a fault is wanted, by its name; None where all are."""
    if not globs:
        return None
    names = [fault.name for fault in engine("provider").faults()]
    for glob in globs:
        if not fnmatch.filter(names, glob):
            raise UsageError(
                f"--faults {glob!r}: no such fault; whop-contracts serve --list-faults lists them"
            )
    return lambda name: any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def _whole(flag: str, text: str, least: int, most: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1  # noqa: PLR2004 - digits of 64 bits
    if not least <= number <= most:
        raise UsageError(f"{flag} {text!r}: expected a whole number from {least} to {most}")
    return number


def _start(text: str | None, otherwise: float) -> float:
    if text is None:
        return otherwise
    instant = engine("read_instant")(text)
    if instant is None:
        raise UsageError(f"--at {text!r}: expected an instant, such as 2028-02-28T23:59:00Z")
    return float(instant.ns / _NANO)


def _both(path: str) -> tuple[str, str]:
    """Where the matrix lies, and the data beside it."""
    return path, f"{path.removesuffix('.md')}.json"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--check {path!r}: expected a file that can be read ({error})") from None


def _write(path: str, page: str) -> None:
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        sys.stdout.flush()
        raise UsageError(
            f"--write {path!r}: expected a file that can be written ({error.strerror or error})"
        ) from None
