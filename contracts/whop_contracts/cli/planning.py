"""``plan``, and what the settings ask for: the clauses, what the target offers, the plan, the pace.

Which clauses a request tests is seen on the reference provider in this process.
"""

from __future__ import annotations

import dataclasses
import json
import random
import textwrap
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from typing import Any, Final

from whop_contracts import provider
from whop_contracts.cli import say
from whop_contracts.cli.open_target import mock_actors, run_in_process
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.plan import Plan
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import CLASSES
from whop_contracts.report.summary import plural, visible
from whop_contracts.settings import Settings, UsageError, shown
from whop_contracts.settings.sources import Loaded
from whop_contracts.steps import Capabilities
from whop_contracts.target import Target
from whop_contracts.target.wire import is_loopback

_ORIGINS: Final = ("vector", "drawn", "sequence")
_HALF_THE_LIMIT: Final = 300
Names = tuple[str, str]
"""The names of a sequence and of a case in it."""


def selected_clauses(settings: Settings) -> tuple[Clause, ...]:
    """The clauses that a run is asked for."""
    try:
        return catalogue.chosen(settings.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None


def capabilities(settings: Settings) -> Capabilities:
    """What the target of a run offers, as far as the settings tell."""
    mock = settings.base_url is None
    return Capabilities(
        campaigns=len(mock_actors().campaigns if mock else settings.campaign_ids),
        readonly=mock or settings.readonly_token is not None,
        foreign=mock or settings.foreign_campaign_id is not None,
        resting=mock,
        loopback=mock or is_loopback(urllib.parse.urlsplit(settings.base_url or "").hostname or ""),
        clock="virtual" if mock else "test" if settings.test_clock else "wall",
        tolerance_s=settings.resume_tolerance,
    )


def pace(settings: Settings, target: Target) -> int | None:
    """Requests a minute per operation: as set, else half of the provider's limit; None (any) on loopback."""
    if settings.rate is not None:
        return settings.rate
    return None if target.loopback else _HALF_THE_LIMIT


def pacing(settings: Settings, plan: Plan, rate: int) -> str | None:
    """How long a plan takes at least at a rate, in one line; None if that is less than a second.

    Requests of one operation begin 60/``rate`` seconds apart, so the operation with the most requests counts.
    """
    most = max(Counter(case.operation for _, case in plan.listed()).values())
    seconds = (most - 1) * 60 // rate
    if not seconds:
        return None
    limits = [f"--max-requests {settings.max_requests}"] if plan.goes_on and settings.max_requests else []
    if settings.max_time and (plan.goes_on or settings.max_time < seconds):
        limits.append(f"--max-time {shown(settings.max_time)}")
    end = f", {'and more follow ' if plan.goes_on else ''}until {' or '.join(limits)}" if limits else ""
    minutes, seconds = divmod(seconds, 60)
    least = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    what = f"{'the first ' if plan.goes_on else ''}{plan.requests} planned requests"
    return f"{what} take at least {least} at {rate} a minute for each operation{end}"


def planned(settings: Settings) -> Plan:
    """The plan of a run: only what serves the selected clauses, cut to fit ``max_requests``.

    A ``thorough`` plan goes on in batches if the time is limited.
    """
    plan = draw(PAUSE, settings.profile, seed=settings.seed, means=capabilities(settings))
    if settings.clauses:
        found = served(plan, selected_clauses(settings))
        serving = {sequence for (sequence, _), ids in found.items() if ids}
        # One request must succeed: the first sequence stays.
        kept = (one for one in plan.sequences if one.name in serving or one is plan.sequences[0])
        plan = dataclasses.replace(plan, sequences=tuple(kept))
    if settings.max_requests is not None:
        plan = plan.cut(settings.max_requests)
    endless = settings.profile == "thorough" and settings.max_time is not None and not settings.clauses
    return dataclasses.replace(plan, goes_on=endless and not plan.cut_short)


# -- which requests test which clauses ---------------------------------------------------------------------


def served(plan: Plan, clauses: Iterable[Clause]) -> Mapping[Names, frozenset[str]]:
    """The ids of the clauses that each case tests, in the plan's order."""
    by_case: dict[Names, frozenset[str]] = {}
    for names, ids in _requests(plan, clauses):
        by_case[names] = by_case.get(names, frozenset()) | ids
    return by_case


def missed(plan: Plan, clauses: Iterable[Clause], sent: Mapping[Names, int]) -> frozenset[str]:
    """The ids of the clauses that only requests of ``plan`` test that were not sent; ``sent`` counts those
    that were.
    """
    requests = _requests(plan, clauses)
    by_fate: dict[bool, set[str]] = {True: set(), False: set()}
    for there, (_, ids) in zip(_were_sent((names for names, _ in requests), sent), requests, strict=True):
        by_fate[there] |= ids
    return frozenset(by_fate[False] - by_fate[True])


def classes_of(plan: Plan, sent: Mapping[Names, int]) -> list[dict[str, Any]]:
    """How many planned requests of each class got a response, by their origin; ``sent`` counts responses."""
    listed = list(plan.listed())
    there = _were_sent(((sequence, case.name) for sequence, case in listed), sent)
    count = Counter((case.request_class, case.origin) for _, case in compress(listed, there))
    found = [one.id for one in CLASSES if any(one.id == id_ for id_, _ in count)]
    return [{"class": id_} | {origin: count[id_, origin] for origin in _ORIGINS} for id_ in found]


def _were_sent(requests: Iterable[Names], sent: Mapping[Names, int]) -> Iterator[bool]:
    """For each request whether it is one of those ``sent``."""
    left = Counter(sent)
    for one in requests:
        left[one] -= 1
        yield left[one] >= 0


def _requests(plan: Plan, clauses: Iterable[Clause]) -> list[tuple[Names, frozenset[str]]]:
    """The requests of a plan on the reference provider, each with the ids of the clauses that it tests."""
    wanted = tuple(clauses)
    found: list[tuple[Names, frozenset[str]]] = []

    def note(evidence: Evidence, sequence: str) -> None:
        tested = frozenset(clause.id for clause in wanted if clause.applies(evidence))
        found.append(((sequence, evidence.exchange.case), tested))

    reference = provider.build(clock=provider.ManualClock(time.time()))
    run_in_process(plan, reference, random.Random(plan.seed), note)  # noqa: S311 - no secrets
    return found


# -- the command -------------------------------------------------------------------------------------------


def plan(loaded: Loaded, *, as_json: bool, why: bool) -> int:
    """Print what ``run`` would send."""
    whole = planned(loaded.settings)
    outline = whole.outline()
    if why:
        clauses = selected_clauses(loaded.settings)
        outline = _reasoned(outline, served(whole, clauses), [clause.id for clause in clauses])
    say(*([json.dumps(outline, indent=2)] if as_json else plan_lines(outline)))
    return 0


def _reasoned(
    outline: Mapping[str, Any], found: Mapping[Names, frozenset[str]], order: Iterable[str]
) -> dict[str, Any]:
    """The outline with the clauses that each request ``serves``, and of these the ``first`` served by it."""
    unserved, cases = list(order), []
    for case in outline["cases"]:
        ids = found.get((case["sequence"], case["name"]), frozenset())
        first = [id_ for id_ in unserved if id_ in ids]
        cases.append(case | {"serves": [id_ for id_ in order if id_ in ids], "first": first})
        unserved = [id_ for id_ in unserved if id_ not in ids]
    return {**outline, "cases": cases, "unserved": unserved}


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
            serves, first = f"tests {plural(len(case['serves']), 'clause')}", ", ".join(case["first"])
            yield from _folded(f"{serves}; the first to test {first}" if first else serves, "       ")
    if "unserved" in outline:
        missed = ", ".join(outline["unserved"])
        yield from ("", *_folded(f"no request tests {missed}" if missed else "every clause is tested", ""))
    on = ", and batches of drawn ones until the time is spent" if outline["goes_on"] else ""
    dropped = f" ({outline['dropped']} dropped)" if outline["dropped"] else ""
    yield ""
    yield f"{outline['vectors']} vectors, {outline['drawn']} drawn requests{dropped}, sequences and reads"
    yield f"{outline['requests']} requests planned{on}, none sent"


def _folded(line: str, margin: str) -> list[str]:
    wrapper = textwrap.TextWrapper(80, margin, f"{margin}  ", break_on_hyphens=False, break_long_words=False)
    return wrapper.wrap(line)
