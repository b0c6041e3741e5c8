"""One run: preflight, plan, teardown. Command line, pytest, proof and tests all run a plan by this."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from operator import methodcaller
from typing import Final

from whop_contracts.engine.executor import Executor
from whop_contracts.engine.journal import JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run_state import RunState, Stopped, describe_internal_error
from whop_contracts.engine.session import Session
from whop_contracts.engine.teardown import restore_campaigns, wanted_by_run
from whop_contracts.pause.clause import Contract
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.signals import interruptible, restoring
from whop_contracts.target.sender import BudgetSpent

_JSON_STARTS: Final = tuple(bytes([byte]) for byte in b'{["tfn-0123456789')


def execute(
    session: Session, plan: Plan, *, more: Callable[[int], Plan] | None = None, restore_time: float = 60.0
) -> RunState:
    """Send a plan, and ``more`` batches of it (numbered from 1) as long as the budget allows; then restore,
    for at most ``restore_time`` seconds per campaign.

    ``JournalError`` if the journal cannot be kept before anything was changed. Whatever else happens is in
    the state that is returned.
    """
    state = session.state
    with interruptible():
        executor = Executor(session)
        try:
            evidence, first = executor.preflight(foreign=plan.means.foreign)
            state.inconclusive = why_not_ready(session, evidence)
        except (BudgetSpent, Stopped) as stopped:
            state.inconclusive = str(stopped)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - an error of our own; nothing was changed yet
            state.inconclusive = describe_internal_error(error)
        if state.inconclusive:
            return state
        with ExitStack() as ending:
            try:
                executor.run(plan)
                if more is not None:
                    _run_batches(executor, state, more)
                # Within the ``try``: a signal comes before it and is caught below, or while restoring.
                ending.enter_context(restoring())
            except KeyboardInterrupt:
                ending.enter_context(restoring())
                state.inconclusive = "the run was interrupted"
                if not state.untouched:
                    session.tell("the run was interrupted; a second Ctrl-C leaves the rest as it is")
            except Exception as error:  # noqa: BLE001 - an error of our own; what follows is restored
                ending.enter_context(restoring())
                state.inconclusive = describe_internal_error(error)
            finally:
                _restore(session, first, restore_time)
    return state


def _restore(session: Session, first: Mapping[str, State], restore_time: float) -> None:
    """Restore the campaigns. If no request was ever accepted, only the journal notes that they are as they
    were.
    """
    if not session.state.untouched:
        wanted = wanted_by_run(session.actors.campaigns, first)
        restore_campaigns(session, wanted, restore_time=restore_time)
        return
    session.in_teardown = True
    for campaign in first:
        session.write_journal(methodcaller("put_back", campaign))


def _run_batches(executor: Executor, state: RunState, more: Callable[[int], Plan]) -> None:
    for number in itertools.count(1):
        if state.cut or state.inconclusive:
            return
        executor.run(more(number), f" of batch {number}")


def why_not_ready(session: Session, first_reads: Mapping[str, Evidence]) -> str | None:
    """Why a run cannot begin after its first reads; None if it can.

    Campaigns of a live target that is not on loopback have to be readable and ready to be used.
    """
    live = session.target.kind == "live" and not session.target.loopback
    for campaign, evidence in first_reads.items():
        reason = _why_unreadable(session.contract, evidence)
        if reason:
            cause = session.contract.likely_cause(evidence)
            return f"{campaign} could not be read: {reason}" + (f"; likely cause: {cause}" if cause else "")
        shown = evidence.shown
        if live and (shown is None or not session.contract.is_ready(shown)):
            return (
                f"{campaign} is not {session.contract.baseline} but {shown or 'not readable'}: "
                f"a run on a live target only uses campaigns that are"
            )
    return None


def _why_unreadable(contract: Contract, evidence: Evidence) -> str | None:
    response = evidence.exchange.response
    if response is None:
        return evidence.exchange.trouble
    if not evidence.accepted:
        return {
            401: "the credential is not accepted (401)",
            403: f"the credential may not read it (403); {contract.read_permission} is needed",
            404: "there is no such campaign for this credential (404)",
        }.get(response.status, f"the first read got status code {contract.describe_status(evidence)}")
    if evidence.shown is None and response.content.lstrip()[:1] not in _JSON_STARTS:
        return "the response does not begin as JSON"
    return None
