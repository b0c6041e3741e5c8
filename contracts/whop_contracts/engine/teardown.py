"""Putting back: ``status`` and ``paused_until`` as the first read showed them, and read again.

What nobody may leave undone is done here, so nothing here is stopped by what an answer, a judge or a full disk does.
"""

from __future__ import annotations

from typing import Final

from whop_contracts.engine.internal_error import told
from whop_contracts.engine.run_state import Stopped
from whop_contracts.engine.session import Session, plain
from whop_contracts.instants import write_instant
from whop_contracts.pause.evidence import ACTIVE, State
from whop_contracts.pause.sequences import indefinitely, unpause
from whop_contracts.steps import Case
from whop_contracts.target import BudgetSpent

SEQUENCE: Final = "put back"
_ATTEMPTS: Final = 2


def put_all_back(talk: Session, firsts: dict[str, State]) -> None:
    """Bring every campaign into the state of its first read; the conversation's outcome says how many are, and which are not.

    Never raises, save for an interruption.
    """
    talk.part()
    for index, campaign in enumerate(talk.parties.campaigns):
        first = firsts.get(campaign)
        if first is None or not first.whole:
            continue
        try:
            wrong = put_back(talk, f"own:{index}", campaign, State(str(first.status), first.until))
        except (BudgetSpent, Stopped) as stopped:
            wrong = str(stopped)
        except Exception as error:  # noqa: BLE001 - a bug of ours at one campaign must not leave the others paused
            wrong = told(error)
        talk.outcome.restored += wrong is None
        if wrong:
            talk.outcome.failed.append(f"{campaign}: {wrong}")
    try:
        wrong = _look_after_foreign(talk)
    except (BudgetSpent, Stopped) as stopped:
        wrong = str(stopped)
    except Exception as error:  # noqa: BLE001 - the same
        wrong = told(error)
    if wrong:
        talk.outcome.failed.append(f"{talk.parties.foreign}, another company's: {wrong}")


def put_back(talk: Session, symbol: str, campaign: str, first: State, sequence: str = SEQUENCE) -> str | None:
    """Put one campaign back; None, or why it could not be. What is wanted is decided anew at each attempt: time goes on."""
    seen, wanted = None, first
    for attempt in range(_ATTEMPTS):
        wanted = due(talk, first)
        if attempt and wanted.status == "paused":
            # Some refuse to pause what is paused already.
            talk.send(unpause(symbol), sequence)
        if attempt or talk.expectation.lags or talk.possible(campaign) != frozenset({wanted}):
            talk.send(towards(wanted, symbol), sequence)
        seen = talk.read(symbol, sequence, patient=True).shown
        if seen is not None and (seen.matches(wanted) or seen.matches(due(talk, first))):
            talk.noted(lambda journal: journal.put_back(campaign))
            return None
    return f"was {wanted}, is {seen or 'not readable'}"


def due(talk: Session, first: State) -> State:
    """What a campaign has to be now: as it was, or active where its pause has run out by the provider's clock."""
    now = talk.now()
    over = first.status == "paused" and first.until is not None and now and first.until <= now.start
    return ACTIVE if over else first


def towards(state: State, symbol: str) -> Case:
    """The request that brings a campaign into ``state``."""
    if state.status != "paused":
        return unpause(symbol)
    if state.until is None:
        return indefinitely(symbol)
    return Case(
        "until its first date", campaign=symbol, body=f'{{"paused_until": "{write_instant(state.until)}"}}'
    )


def _look_after_foreign(talk: Session) -> str | None:
    """What is wrong with another company's campaign after our pauses of it, each of which was followed by its one unpause."""
    foreign, name = talk.foreign, talk.parties.foreign or ""
    if foreign.first is not None and foreign.sent:
        first = State(str(foreign.first.status), foreign.first.until)
        seen = plain(talk.read("foreign", SEQUENCE)).shown
        if seen is None or not (seen.matches(first) or seen.matches(due(talk, first))):
            return f"was {first}, is {seen or 'not readable'}"
    elif not foreign.taken:
        return None
    elif foreign.released is None or not foreign.released.accepted:
        status = foreign.released.status if foreign.released else "not at all"
        return f"was paused by a request of ours, and its unpause was answered {status}"
    talk.noted(lambda journal: journal.put_back(name))
    return None
