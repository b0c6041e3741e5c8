"""``explain``: one clause in full."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.report.sanitize import visible
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.sources import nearest

_WIDTH: Final = 80
_MARGIN: Final = 13
_SENT: Final = 8
_EXAMPLES: Final = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """The clause's id."""
    parser.add_argument("id", metavar="ID", help="a clause's id, as `whop-contracts clauses` lists it")


def execute(arguments: argparse.Namespace) -> int:
    """Print what is known of the clause. Nothing is sent to anybody: what serves and what trips it is tried on built-in providers."""
    clauses = {clause.id: clause for clause in engine("clauses")()}
    if arguments.id not in clauses:
        raise UsageError(
            f"ID {arguments.id!r}: no such clause{nearest(arguments.id, clauses) or '; see whop-contracts clauses'}"
        )
    clause = clauses[arguments.id]
    say(clause.id, *(line for label, text in _told(clause) for line in _labelled(label, text)))
    return 0


def _told(clause: Any) -> Iterator[tuple[str, str]]:
    means = (
        "a break fails the run" if clause.level == "must" else "a break warns; with --strict it fails the run"
    )
    yield "promise", clause.statement
    yield "says", str(clause.source)
    yield "level", f"{clause.level}: {means}"
    yield "needs", clause.needs or "nothing beyond a campaign"
    explaining = engine("explaining")
    plan = engine("planned")(Settings())
    yield from _sent(explaining.served(clause, plan))
    faults = explaining.tripping(clause.id)
    examples = list(explaining.examples(clause, plan, faults[:_EXAMPLES]))
    bounds = explaining.bounds(clause)
    if bounds:
        yield "conforms", bounds.conforms
        if bounds.warns:
            yield "only warns", bounds.warns
        yield "does not", bounds.fails
    else:
        yield from _each("conforms", dict.fromkeys(f"{one.expected} (to “{one.case}”)" for one in examples))
    for number, example in enumerate(examples):
        label = "does not" if number == 0 and not bounds else ""
        yield label, f"{visible(example.actual, 200)} (fault {example.fault}: {example.why})"
    yield (
        "tripped by",
        f"{len(faults)} fault{'' if len(faults) == 1 else 's'} of the proof: {', '.join(faults)}"
        if faults
        else "no fault",
    )
    yield "alone", f"whop-contracts run --clause {clause.id}"


def _sent(served: Any) -> Iterator[tuple[str, str]]:
    yield "sent", f"{served.requests} of the {served.of} requests of a standard run put it to the test:"
    yield from _each("", served.names[:_SENT])
    more = len(served.names) - _SENT
    if more > 0:
        yield "", f"and {more} more (whop-contracts plan --why lists them)"


def _each(label: str, texts: Any) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(texts):
        yield "" if number else label, visible(text, 300)


def _labelled(label: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(text, _WIDTH - _MARGIN, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        yield f"{f'  {label}' if number == 0 else '':<{_MARGIN}}{line}"
