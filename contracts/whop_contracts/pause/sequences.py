"""Sequences: requests and clock moves that belong together.

``sequences.json`` has the named ones about pausing and time, with the mistakes that they find.

Their steps are separated by semicolons. Instants have names, spans of time end in ms, s, m, h, d or ``gap``,
which is surely more than the tolerance:

- ``pause a 5m``: a pause until the instant a, five minutes ahead; also with an offset (``+05:30``) or the
  digits of a fraction (``.654321``, or ``.`` for whole seconds). ``until NAME 5m``: until an instant that no
  later step refers to. ``again a``: until the instant a once more. ``pause`` alone has no date.
- ``assign NAME 5m``: a pause with a date and members of the response. ``send ID``: a vector. ``unpause``,
  ``read``.
- ``clock a -800ms``: let the provider's clock reach so much before or after the instant.
- ``resume a``: read until the campaign has resumed. ``seen``: a read that shows that it has.

``other`` before a step is for the second campaign, ``others`` for each of the further ones, ``own:2`` for the
third, ``stale`` for one in that status. A step with ``other?`` or ``third?`` is left out if there is no
second or third campaign, and ``send ID`` if the target does not offer what the class of the vector needs; a
row is left out if there are fewer than its ``campaigns``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from whop_contracts.pause.request_classes import BY_ID, vectors
from whop_contracts.steps import (
    AWAITED,
    AdvanceClock,
    AwaitResume,
    Capabilities,
    Case,
    Need,
    Send,
    Sequence,
    Step,
    SymbolicInstant,
    read,
)
from whop_contracts.steps import reactivate as unpause

GAP: Final = 300_000
"""Milliseconds that the shortest dated pause lasts if a clock is moved: five times the default tolerance."""
MARGIN: Final = 800
"""Milliseconds before an instant at which a read must still show the pause."""
OTHER: Final = "own:1"
_ROWS: Final[Mapping[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
READ: Final = Send(read())
_UNITS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 24 * 3_600_000}
_ASSIGNED: Final = (
    '{"title": "Changed by a pause", "daily_budget": 7.5, "platform": "tiktok", '
    '"target_country_codes": ["FR"], "paused_until": "{until}"}'
)


def dated(name: str, until: SymbolicInstant, *, campaign: str = "own:0", mark: str | None = None) -> Case:
    """A pause until an instant."""
    row = "past" if until.plus_ms < 0 else "instant"
    body = '{"paused_until": "{until}"}'
    return Case(f"until {name}", campaign=campaign, body=body, until=until, mark=mark, request_class=row)


def indefinitely(campaign: str = "own:0") -> Case:
    """A pause without a date."""
    return Case("without a date", campaign=campaign, body="{}", request_class="omitted")


# -- groups of vectors and drawn requests --------------------------------------------------------------------


def together(*cases: Case) -> Sequence:
    """Requests of one kind that share reads: pauses that must hold, or requests that must change nothing.

    Pauses follow any other; if the first has no date, only an active campaign shows whether it took effect.
    Of requests that must change nothing, those that a provider may carry out come last and have a read of
    their own: they would hide others.
    """
    effects = {case: BY_ID[case.request_class or ""].effect for case in cases}
    first = cases[0]
    expected = effects[first] == "expected"
    sure = [case for case in cases if expected or effects[case] == "none"]
    groups = (sure, [case for case in cases if case not in sure])
    steps = [step for group in groups if group for step in (*map(Send, group), READ)]
    if any(case.campaign == "foreign" for case in cases):
        steps.append(Send(read("foreign")))
    start: Literal["active", "any"] = "any" if expected and first.until else "active"
    ends: Literal["active", "paused"] = "paused" if expected else "active"
    return Sequence(first.name, tuple(steps), start=start, ends=ends, needs=_needs(cases), id=first.id)


def _needs(cases: Iterable[Case]) -> frozenset[Need]:
    """What the target of these requests has to offer."""
    of_classes = (BY_ID[case.request_class].needs for case in cases if case.request_class)
    second: list[Need] = ["second" for case in cases if case.campaign == OTHER]
    return frozenset([*(need for need in of_classes if need), *second])


# -- named sequences -----------------------------------------------------------------------------------------


def _sequence(row: Mapping[str, Any], means: Capabilities) -> Sequence:
    """A row of ``sequences.json``, without vectors that need what the target does not offer."""
    # Five campaigns besides the first have sequences at most.
    others = [f"own:{index}" for index in range(1, min(means.campaigns, 6))]
    whose = {"other": [OTHER], "other?": others[:1], "third?": others[1:2], "others": others}
    whose |= {symbol: [symbol] for symbol in (*others, "inactive", "stale", "paused")}
    gap, offer = gap_of(means), means.offer() | {"second"}
    steps: list[Step] = []
    for step in "; ".join(row["steps"]).split("; "):
        words = shlex.split(step)
        targets = whose[words.pop(0)] if words[0] in whose else ["own:0"]
        steps += [_step(target, gap, words) for target in targets]
    steps = [step for step in steps if not isinstance(step, Send) or _needs([step.case]) <= offer]
    needs = _needs([step.case for step in steps if isinstance(step, Send)]).union(row.get("needs", ()))
    start, ends = row.get("start", "any"), row.get("ends", "active")
    return Sequence(row["name"], tuple(steps), start=start, needs=needs, ends=ends, id=row["id"])


def _step(campaign: str, gap: int, words: list[str]) -> Step:
    match words:
        case ["clock", mark, span]:
            return AdvanceClock(mark, _in_ms(span, gap))
        case ["resume", mark]:
            return AwaitResume(mark, campaign)
        case ["send", id_]:
            vector = vectors()[id_]
            whose = campaign if vector.campaign == "own:0" else vector.campaign
            return Send(replace(vector, campaign=whose, origin="sequence"))
        case ["seen"]:
            return Send(replace(read(campaign), mark=AWAITED))
        case ["again", mark, *offset]:
            name = " at ".join((f"the instant {mark}", *offset))
            until = SymbolicInstant(f"@{mark}", offset=offset[0] if offset else "Z")
            return Send(dated(name, until, campaign=campaign))
        case [verb, name, span, *more]:
            fraction = next((one[1:] for one in more if one.startswith(".")), None)
            offset = [one for one in more if not one.startswith(".")] or ["Z"]
            until = SymbolicInstant(plus_ms=_in_ms(span, gap), offset=offset[0], fraction=fraction)
            if verb == "assign":
                return Send(Case(name, body=_ASSIGNED, until=until, request_class="extra"))
            if verb == "until":
                return Send(dated(name, until, campaign=campaign))
            return Send(dated(f"its instant {name}", until, campaign=campaign, mark=name))
    return Send({"pause": indefinitely, "unpause": unpause, "read": read}[words[0]](campaign))


def _in_ms(span: str, gap: int) -> int:
    number = span.rstrip("msdhgap")
    return int(float(number or 1) * ({"gap": gap} | _UNITS)[span.removeprefix(number)])


def gap_of(means: Capabilities) -> int:
    """Milliseconds that a dated pause lasts if the clock is moved: surely more than the tolerance."""
    return max(GAP, int(5_000 * means.tolerance_s))


def sequences(means: Capabilities) -> tuple[Sequence, ...]:
    """Every named sequence for the clock and the number of campaigns of a target, whatever else it offers."""
    tables = ["movable clock", "any clock", "campaigns that differ"]
    if means.clock == "wall":
        # While one waits, others are sent to other campaigns; what is left takes eight seconds at most.
        others = "four campaigns" if means.campaigns > 3 else "a second campaign"  # noqa: PLR2004
        timed = f"wall clock and {others}" if means.campaigns > 1 else "wall clock"
        tables[:1] = [timed, "wall clock without waiting"]
    rows = [row for table in tables for row in _ROWS[table] if row.get("campaigns", 1) <= means.campaigns]
    return tuple(_sequence(row, means) for row in rows)
