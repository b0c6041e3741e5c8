"""``replay``: the requests of one failure are sent again, with dates counted from now.

The plan of the result is drawn again. The sequence in which the clause failed is sent alone, between the
first reads and restoring.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from whop_contracts.cli import check as engine
from whop_contracts.cli import planning as preparing
from whop_contracts.cli.open_target import same_origin
from whop_contracts.engine.build_plan import BATCH, batch, draw
from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause.contract import PAUSE
from whop_contracts.report.summary import visible
from whop_contracts.settings import Settings, UsageError
from whop_contracts.target.wire import is_loopback, split_url

_ALWAYS: Final = frozenset({"preflight", "put back"})
"""What every run sends besides its sequences."""
_OF_A_BATCH: Final = re.compile(rf"{BATCH}(\d{{1,9}}): ", re.ASCII)
"""How the sequences are named that a plan goes on with."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of the requests that were sent again, and whether the clause still fails."""

    result: dict[str, Any]
    row: Mapping[str, Any]
    sequence: str

    @property
    def outcome(self) -> Literal["broken", "kept", "untold"]:
        """``untold`` if the requests did not test the clause."""
        if self.row["verdict"] in {"failed", "warned"}:
            return "broken"
        return "kept" if self.row["verdict"] == "passed" else "untold"

    @property
    def exit_code(self) -> int:
        """4 if a campaign was not restored, 1 if the clause still fails, 3 if it was not tested, else 0."""
        if self.result["put_back"]["failed"]:
            return 4
        return {"broken": 1, "kept": 0, "untold": 3}[self.outcome]


def replay(
    result: Mapping[str, Any],
    clause: str,
    settings: Settings,
    *,
    watch: Callable[[engine.Progress], None] | None = None,
) -> Replay:
    """Send the failing sequence of ``clause`` again. UsageError if the result does not tell which it is."""
    row = _failing(result, clause)
    _check_origin(result, settings)
    profile, seed = result["plan"]["profile"], result["plan"]["seed"]
    if profile not in get_args(Profile):
        raise UsageError(
            f"RESULT: it is of recorded traffic (plan {profile!r}), which has no plan; send its curl line"
        )
    sequence = row["failure"]["request"]["sequence"]
    # Waivers and the ledger are about whole runs.
    alone = dataclasses.replace(
        settings,
        profile=cast("Profile", profile),
        seed=seed,
        clauses=(clause,),
        require=(),
        waivers=None,
        drift_ledger=None,
        strict=False,
    )
    again = engine.check(alone, watch=watch, plan=single(sequence, alone))
    return Replay(again, again["clauses"][0], sequence)


def single(sequence: str, settings: Settings) -> Plan:
    """The plan of the settings with one sequence left, by its name."""
    plan = draw(PAUSE, settings.profile, seed=settings.seed, means=preparing.capabilities(settings))
    if match := _OF_A_BATCH.match(sequence):
        plan = batch(PAUSE, plan, int(match[1]))
    found = tuple(one for one in plan.sequences if one.name == sequence)
    if not found and sequence not in _ALWAYS:
        lacking = next((one for one in plan.left_out if one.name == sequence), None)
        if lacking:
            needs = ", ".join(sorted(lacking.needs))
            raise UsageError(
                f"RESULT: {sequence!r} needs what this target does not offer: {needs}; "
                "give the flags of the first run"
            )
        raise UsageError(
            f"RESULT: {sequence!r} is not in the plan of profile {settings.profile}, seed {settings.seed}; "
            "it was drawn by another version, or for a target with another clock"
        )
    return dataclasses.replace(plan, sequences=found, left_out=())


def _failing(result: Mapping[str, Any], clause: str) -> Mapping[str, Any]:
    rows = {row["id"]: row for row in result["clauses"]}
    failing = [id_ for id_, row in rows.items() if row["failure"]]
    if clause in failing:
        return cast("Mapping[str, Any]", rows[clause])
    if not failing:
        raise UsageError("RESULT: nothing fails in it")
    what = (
        f"it is {rows[clause]['verdict'].replace('_', ' ')} there"
        if clause in rows
        else "it is not in the result"
    )
    more = ", …" if len(failing) > 5 else ""  # noqa: PLR2004 - fits a line
    raise UsageError(f"--clause {clause!r}: {what}; expected one that fails: {', '.join(failing[:5])}{more}")


def _check_origin(result: Mapping[str, Any], settings: Settings) -> None:
    """The credential goes to loopback, or to the origin of the result if ``--base-url`` names it.

    A result of a live target is never replayed on the mock, which conforms.
    """
    if result["target"]["kind"] == "mock":
        return
    of = visible(result["target"]["base_url"] or "no known target", 200)
    given = settings.base_url
    if given is None:
        raise UsageError(f"--base-url: not given; the result is of {of}, and the mock conforms")
    try:
        allowed = is_loopback(split_url(given)[0].host) or same_origin(given, of)
    except ValueError:
        allowed = False
    if not allowed:
        raise UsageError(
            f"--base-url {given!r}: the result is of {of}; expected the same origin, or loopback"
        )
