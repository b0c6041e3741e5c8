"""Restoring: every campaign gets the state of the run's first read again, and is read to make sure.

The run's own teardown and ``whop-contracts restore`` are this one loop. Neither a response nor a check nor a
full disk stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from whop_contracts.engine.guards import Stopped
from whop_contracts.engine.journal import CampaignRecord
from whop_contracts.engine.plan import RESTORING
from whop_contracts.engine.session import Session
from whop_contracts.pause.evidence import State
from whop_contracts.signals import describe_internal_error
from whop_contracts.target.sender import BudgetSpent

_ATTEMPTS: Final = 2
_LONGEST_S: Final = 300.0
"""How long restoring may take in total."""


class _LeftAsItIsError(Exception):
    """A campaign is not as it was; the message says what is wrong."""


def restore_campaigns(
    session: Session, campaigns: Mapping[str, CampaignRecord], *, restore_time: float, killed: bool = False
) -> None:
    """Bring each campaign into its first state again; ``session.state`` has what became of it.

    One takes at most ``restore_time`` seconds, all at most 5 minutes. An interruption leaves the rest.

    After a run that was ``killed``, a campaign is only changed if a request of that run explains its state.
    If the target cannot be reached at the first campaign, the state is inconclusive.
    """
    state, foreign = session.state, session.foreign
    rest: dict[str, Callable[[], str]] = {}
    for name in sorted(campaigns, key=lambda name: killed and campaigns[name].put_back):
        rest[name] = partial(_restore if killed else _bring_back, session, name, campaigns[name])
    if foreign.sent:
        rest[f"{foreign.name}, another company's"] = partial(_restore_foreign, session)
    try:
        session.begin_teardown()
        until = session.sender.elapsed() + _LONGEST_S
        for name in list(rest):
            if killed:
                session.tell(name)
            left = max(until - session.sender.elapsed(), 0.0)
            session.sender.restore_within(min(restore_time, left), session.tell)
            try:
                if done := rest[name]():
                    state.restored.append(f"{name}: {done}")
            except (Stopped, _LeftAsItIsError, BudgetSpent) as error:
                if killed and isinstance(error, Stopped) and not (state.restored or state.failed):
                    state.inconclusive = f"{name}: {error}"
                    return
                state.failed.append(f"{name}: {error}")
            except Exception as error:  # noqa: BLE001 - a bug at one campaign leaves the others to restore
                state.failed.append(f"{name}: {describe_internal_error(error)}")
            del rest[name]
    except KeyboardInterrupt:
        state.left = True
        state.failed += [f"{name}: not restored: restoring was interrupted" for name in rest]


def _restore(session: Session, name: str, record: CampaignRecord) -> str:
    """Restore a campaign of a run that was killed, from its record."""
    evidence = session.read(_symbol(session, name), RESTORING, patient=True)
    seen, first = evidence.shown, record.first
    if evidence.exchange.response is None:
        raise Stopped(f"could not be read: {evidence.exchange.trouble}")
    if evidence.status == HTTPStatus.UNAUTHORIZED:
        raise Stopped("the credential is not accepted (401)")
    if record.put_back:
        # It got no request: a faulty provider may have changed it along with another.
        if first is None or (seen is not None and seen.matches(_elapsed(session, first))):
            return ""
        # Kept open in the journal, so that the next restore reads it too.
        session.journal.intend(name, first)
        was = f"was {first}, and the run sent nothing to it"
        raise _LeftAsItIsError(f"left as it is, {seen or 'not readable'}: {was}")
    if seen is None or seen.status is None:
        raise _LeftAsItIsError(f"left as it is: its state cannot be read (status code {evidence.status})")
    if first is None:
        raise _LeftAsItIsError(f"left as it is, {seen}: the journal does not have its state before the run")
    wanted = _elapsed(session, first)
    if seen.matches(wanted):
        session.journal.put_back(name)
        return f"is {wanted}, as it was"
    if not could_be(record, seen, session.contract.baseline):
        raise _LeftAsItIsError(f"left as it is, {seen}: no request of the run could have left it so")
    _bring_back(session, name, record)
    return f"was {seen}, is {_elapsed(session, first)} again"


def could_be(record: CampaignRecord, seen: State, baseline: State) -> bool:
    """Whether the run's own requests, or none, explain what is seen. A dated pause also ends by itself."""
    known = [one for one in (record.first, *record.left) if one is not None and one.whole]
    dated = any(one.until is not None for one in known)
    return any(seen.matches(one) for one in known) or (dated and seen.matches(baseline))


def _bring_back(session: Session, name: str, record: CampaignRecord) -> str:
    """Send what is needed, and read. What is wanted is decided again at each attempt, since time passes."""
    contract, symbol, first = session.contract, _symbol(session, name), record.first
    assert first is not None
    for attempt in range(_ATTEMPTS):
        wanted = _elapsed(session, first)
        if attempt or session.oracle.lags or session.possible(name) != frozenset({wanted}):
            # The second time from the baseline: some providers refuse to pause what is paused.
            for case in contract.requests_to_restore(contract.baseline if attempt else None, wanted, symbol):
                session.send(case, RESTORING)
        seen = session.read(symbol, RESTORING, patient=True).shown
        if seen is not None and (seen.matches(wanted) or seen.matches(_elapsed(session, first))):
            session.journal.put_back(name)
            return f"is {wanted}"
    raise _LeftAsItIsError(f"was {wanted}, is {seen or 'not readable'}")


def _symbol(session: Session, name: str) -> str:
    return f"own:{session.actors.campaigns.index(name)}"


def _elapsed(session: Session, first: State) -> State:
    """What a campaign has to be now: as it was, or resumed if its date has passed by the provider's clock."""
    return session.contract.elapsed(first, session.now())


def _restore_foreign(session: Session) -> str:
    """Another company's campaign: each request that it accepted was followed by one that resumes it."""
    foreign = session.foreign
    if first := foreign.first:
        seen = session.plain(session.read("foreign", RESTORING)).shown
        if seen is None or not (seen.matches(first) or seen.matches(_elapsed(session, first))):
            raise _LeftAsItIsError(f"was {first}, is {seen or 'not readable'}")
    elif not foreign.taken:
        return ""
    elif foreign.released is None or not foreign.released.accepted:
        status = foreign.released.status if foreign.released else "no status code"
        raise _LeftAsItIsError(f"was paused by a request of ours, and the one that resumes it got {status}")
    session.journal.put_back(foreign.name)
    return ""
