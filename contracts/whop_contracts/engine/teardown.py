"""Restoring: every campaign gets the state of the run's first read again, and is read to make sure.

The run's own teardown and ``whop-contracts restore`` are this one loop. Neither a response nor a check nor a
full disk stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from whop_contracts.engine.guards import Stopped
from whop_contracts.engine.journal import CampaignRecord
from whop_contracts.engine.session import Session
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.signals import describe_internal_error
from whop_contracts.target.sender import BudgetSpent

SEQUENCE: Final = "put back"
_ATTEMPTS: Final = 2
_LONGEST_S: Final = 300.0
"""How long restoring may take in total."""
_UNAUTHORIZED: Final = 401


class _LeftAsItIsError(Exception):
    """A campaign is not as it was; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign to restore; with a ``record`` only if a request of the run explains its state."""

    symbol: str
    campaign: str
    first: State | None
    record: CampaignRecord | None = None


def wanted_by_run(campaigns: Iterable[str], first: Mapping[str, State]) -> list[Wanted]:
    """The campaigns of a run whose first state is known."""
    return [Wanted(f"own:{i}", name, first[name]) for i, name in enumerate(campaigns) if name in first]


def wanted_by_journal(campaigns: Mapping[str, CampaignRecord]) -> list[Wanted]:
    """The campaigns of a journal; those that got no request come last."""
    every = [Wanted(f"own:{i}", name, one.first, one) for i, (name, one) in enumerate(campaigns.items())]
    return sorted(every, key=lambda one: one.record is not None and one.record.put_back)


def restore_campaigns(session: Session, wanted: Iterable[Wanted], *, restore_time: float) -> None:
    """Restore each campaign; ``session.state`` has what became of it.

    One campaign takes at most ``restore_time`` seconds, all of them at most 5 minutes. An interruption leaves
    the rest as it is. If the target of a journal cannot be reached at the first campaign, the state is
    inconclusive.
    """
    state, foreign = session.state, session.foreign
    todo = list(wanted)
    rest = {one.campaign: partial(_restore, session, one) for one in todo}
    recorded = any(one.record is not None for one in todo)
    if foreign.taken or foreign.sent:
        rest[f"{foreign.name}, another company's"] = partial(_restore_foreign, session)
    try:
        session.begin_teardown()
        until = session.sender.elapsed() + _LONGEST_S
        for name in list(rest):
            if recorded:
                session.tell(name)
            left = max(until - session.sender.elapsed(), 0.0)
            session.sender.restore_within(min(restore_time, left), session.tell)
            done = _attempt(session, name, rest[name], recorded=recorded)
            del rest[name]
            if not done and recorded and state.inconclusive is not None:
                return
    except KeyboardInterrupt:
        state.left = True
        state.failed += [f"{name}: not restored: restoring was interrupted" for name in rest]


def _attempt(session: Session, name: str, restore: Callable[[], str], *, recorded: bool) -> bool:
    state = session.state
    try:
        done = restore()
    except Stopped as error:
        if recorded and not (state.restored or state.failed):
            state.inconclusive = f"{name}: {error}"
        else:
            state.failed.append(f"{name}: {error}")
        return False
    except (_LeftAsItIsError, BudgetSpent) as error:
        state.failed.append(f"{name}: {error}")
        return False
    except Exception as error:  # noqa: BLE001 - a bug at one campaign leaves the others to restore
        state.failed.append(f"{name}: {describe_internal_error(error)}")
        return False
    if done:
        state.restored.append(f"{name}: {done}")
    return True


def _restore(session: Session, one: Wanted) -> str:
    if one.record is None:
        assert one.first is not None
        return _bring_back(session, one, one.first, SEQUENCE)
    shown = _look(session, one.symbol)
    seen = shown.shown
    if one.record.put_back:
        return _check_untouched(session, one, seen)
    if seen is None or not seen.whole:
        raise _LeftAsItIsError(f"left as it is: its state cannot be read (status code {shown.status})")
    if one.first is None:
        raise _LeftAsItIsError(f"left as it is, {seen}: the journal does not have its state before the run")
    wanted = _elapsed(session, one.first)
    if seen.matches(wanted):
        session.write_journal(lambda journal: journal.put_back(one.campaign))
        return f"is {wanted}, as it was"
    if not could_be(one.record, seen, session.contract.baseline):
        raise _LeftAsItIsError(f"left as it is, {seen}: no request of the run could have left it so")
    _bring_back(session, one, one.first, "restore")
    return f"was {seen}, is {_elapsed(session, one.first)} again"


def _check_untouched(session: Session, one: Wanted, seen: State | None) -> str:
    """A campaign that got no request: a faulty provider may have changed it along with another."""
    first = one.first
    if first is None or (seen is not None and seen.matches(_elapsed(session, first))):
        return ""
    # Kept open in the journal, so that the next restore reads it too.
    session.write_journal(lambda journal: journal.intend(one.campaign, first))
    raise _LeftAsItIsError(
        f"left as it is, {seen or 'not readable'}: was {first}, and the run sent nothing to it"
    )


def _bring_back(session: Session, one: Wanted, first: State, sequence: str) -> str:
    """Send what is needed, and read. What is wanted is decided again at each attempt, since time passes."""
    contract, seen, wanted = session.contract, None, first
    for attempt in range(_ATTEMPTS):
        wanted = _elapsed(session, first)
        current = frozenset({wanted})
        if attempt or session.oracle.lags or session.possible(one.campaign) != current:
            # The second time from the baseline: some providers refuse to pause what is paused.
            cases = contract.requests_to_restore(contract.baseline if attempt else None, wanted, one.symbol)
            for case in cases:
                session.send(case, sequence)
        seen = session.read(one.symbol, sequence, patient=True).shown
        if seen is not None and (seen.matches(wanted) or seen.matches(_elapsed(session, first))):
            session.write_journal(lambda journal: journal.put_back(one.campaign))
            return f"is {wanted}"
    raise _LeftAsItIsError(f"was {wanted}, is {seen or 'not readable'}")


def _elapsed(session: Session, first: State) -> State:
    """What a campaign has to be now: as it was, or resumed if its date has passed by the provider's clock."""
    return session.contract.elapsed(first, session.now())


def _look(session: Session, symbol: str) -> Evidence:
    evidence = session.read(symbol, "restore", patient=True)
    if evidence.exchange.response is None:
        raise Stopped(f"could not be read: {evidence.exchange.trouble}")
    if evidence.status == _UNAUTHORIZED:
        raise Stopped("the credential is not accepted (401)")
    return evidence


def could_be(record: CampaignRecord, seen: State, baseline: State) -> bool:
    """Whether the run's own requests, or none, explain what is seen. A dated pause also ends by itself."""
    known = [one for one in (record.first, *record.left) if one is not None and one.whole]
    dated = any(one.until is not None for one in known)
    return any(seen.matches(one) for one in known) or (dated and seen.matches(baseline))


def _restore_foreign(session: Session) -> str:
    """Another company's campaign: each request that it accepted was followed by one that resumes it."""
    foreign = session.foreign
    if foreign.first is not None and foreign.sent:
        seen = session.plain(session.read("foreign", SEQUENCE)).shown
        if seen is None or not (
            seen.matches(foreign.first) or seen.matches(_elapsed(session, foreign.first))
        ):
            raise _LeftAsItIsError(f"was {foreign.first}, is {seen or 'not readable'}")
    elif not foreign.taken:
        return ""
    elif foreign.released is None or not foreign.released.accepted:
        status = foreign.released.status if foreign.released else "no status code"
        raise _LeftAsItIsError(f"was paused by a request of ours, and the one that resumes it got {status}")
    session.write_journal(lambda journal: journal.put_back(foreign.name))
    return ""
