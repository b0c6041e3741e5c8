"""One run: preflight, plan, teardown. Command line, pytest, proof and tests all run a plan by this.

``restore`` is the teardown of a run that was killed, from its journal. A second time it changes nothing.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from whop_contracts import __version__
from whop_contracts.engine.executor import Executor
from whop_contracts.engine.guards import PREFLIGHT, Stopped
from whop_contracts.engine.journal import CampaignRecord, Journal, JournalRecord, exclusive, resources_of
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import redactor_of
from whop_contracts.engine.session import RunState, Session
from whop_contracts.engine.teardown import restore_campaigns
from whop_contracts.pause.contract import Contract
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import describe_internal_error, interruptible, restoring
from whop_contracts.steps import Actors, read
from whop_contracts.target import Target, checked_base, describe_plain_http
from whop_contracts.target.sender import BudgetSpent, Sender
from whop_contracts.target.wire import is_loopback, split_url

_JSON_STARTS: Final = tuple(bytes([byte]) for byte in b'{["tfn-0123456789')


def execute(
    session: Session, plan: Plan, *, more: Callable[[int], Plan] | None = None, restore_time: float = 60.0
) -> RunState:
    """Send a plan, and ``more`` batches of it (numbered from 1) as long as the budget allows; then restore,
    for at most ``restore_time`` seconds per campaign.

    ``JournalError`` if the journal cannot be kept before anything was changed; all else is in the state.
    """
    state = session.state
    with interruptible():
        try:
            first = preflight(session, foreign=plan.means.foreign)
        except (BudgetSpent, Stopped) as stopped:
            state.inconclusive = str(stopped)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - an error of our own; nothing was changed yet
            state.inconclusive = describe_internal_error(error)
        if state.inconclusive:
            return state
        with ExitStack() as ending:
            try:
                Executor(session).run(plan, more)
                # Within the ``try``: a signal comes before it and is caught below, or while restoring.
                ending.enter_context(restoring())
            except KeyboardInterrupt:
                state.inconclusive = "the run was interrupted"
                if not state.untouched:
                    session.tell("the run was interrupted; a second Ctrl-C leaves the rest as it is")
            except Exception as error:  # noqa: BLE001 - an error of our own; what follows is restored
                state.inconclusive = describe_internal_error(error)
            finally:
                ending.enter_context(restoring())
                if state.untouched:
                    # No request was ever accepted: only the journal notes that they are as they were.
                    session.journal.lenient = True
                    for campaign in first:
                        session.journal.put_back(campaign)
                else:
                    records = {name: CampaignRecord(shown) for name, shown in first.items()}
                    restore_campaigns(session, records, restore_time=restore_time)
    return state


def preflight(session: Session, *, foreign: bool) -> dict[str, State]:
    """Read every named campaign once, and another company's if one was given, and journal their states.

    Returns the states of those named that can be restored. ``Stopped`` if a run cannot begin.
    """
    first, reads = {}, {}
    for index, campaign in enumerate(session.actors.campaigns):
        reads[campaign] = session.send(read(f"own:{index}"), PREFLIGHT)
        shown = reads[campaign].shown
        if shown is not None and not shown.whole and session.contract.is_ready(shown):
            # What is active has no date, so that it can be restored even if dates cannot be read.
            shown = session.contract.baseline
        if shown is not None and shown.whole:
            first[campaign] = shown
            session.journal.first(campaign, shown)
    theirs = session.plain(session.send(read("foreign"), PREFLIGHT)).shown if foreign else None
    if theirs is not None and theirs.whole:
        session.foreign.first = theirs
        session.journal.first(session.foreign.name, theirs)
    for campaign, evidence in reads.items():
        _check_first_read(session, campaign, evidence)
    return first


def _check_first_read(session: Session, campaign: str, evidence: Evidence) -> None:
    """``Stopped`` if a campaign cannot be read, or is not ready on a live target that is not on loopback."""
    contract, shown = session.contract, evidence.shown
    if reason := _why_unreadable(contract, evidence):
        cause = f"; likely cause: {cause}" if (cause := contract.likely_cause(evidence)) else ""
        raise Stopped(f"{campaign} could not be read: {reason}{cause}")
    live = session.target.kind == "live" and not session.target.loopback
    if live and (shown is None or not contract.is_ready(shown)):
        but = f"not {contract.baseline} but {shown or 'not readable'}"
        raise Stopped(f"{campaign} is {but}: a run on a live target only uses campaigns that are")


def _why_unreadable(contract: Contract, evidence: Evidence) -> str | None:
    if (response := evidence.exchange.response) is None:
        return evidence.exchange.trouble
    if not evidence.accepted:
        return {
            401: "the credential is not accepted (401)",
            403: f"the credential may not read it (403); {contract.read_permission} is needed",
            404: "there is no such campaign for this credential (404)",
        }.get(response.status, f"the first read got status code {contract.describe_status(evidence)}")
    begins_as_json = response.content.lstrip()[:1] in _JSON_STARTS
    return None if evidence.shown or begins_as_json else "the response does not begin as JSON"


# -- restoring after a run that was killed -------------------------------------------------------------------


def read_journal(path: Path, settings: Settings, contract: Contract) -> JournalRecord:
    """The journal, if the settings allow to act on it. ``UsageError`` if they do not."""
    record = Journal.read(path, contract.read_state)
    base_url = checked_base(record.base_url)
    given = None if settings.base_url is None else checked_base(settings.base_url)
    if given is not None and given != base_url:
        why = f"the journal was written for {base_url!r}; expected the same, or none"
        raise UsageError(f"--base-url {given!r}: {why}")
    host = split_url(base_url)[0].host.rstrip(".").lower()
    if given is None and not is_loopback(host) and not _is_private(path):
        why = f"names {base_url}, and is no file of this user with mode 0600"
        expected = f"expected --base-url {base_url} beside it, as the credential is sent there"
        raise UsageError(f"{path}: {why}; {expected}")
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(f"{path}: {host} is production; expected --allow-production beside it")
    return replace(record, base_url=base_url)


def _is_private(path: Path) -> bool:
    """Whether only this user can have written a journal: it is a regular file for its owner alone."""
    status = path.stat()
    own = hasattr(os, "getuid") and status.st_uid == os.getuid()
    return own and path.is_file() and not status.st_mode & 0o077


def restore(
    path: Path,
    settings: Settings,
    contract: Contract,
    *,
    open_target: Callable[[Settings, str], Target],
    rate: Callable[[Settings, Target], int | None],
    tell: Callable[[str], None] = lambda _line: None,
) -> RunState:
    """Restore the campaigns of the journal at ``path``, and continue it. ``tell`` gets what is tried.

    ``state.inconclusive`` is set if the target could not be reached.
    """
    with ExitStack() as held:
        # Nothing is read, or cut off, of a journal that a run still writes.
        held.enter_context(exclusive(resources_of("", (), None, path), "restore"))
        record = read_journal(path, settings, contract)
        if record.complete:
            return RunState()
        if not settings.token:
            raise UsageError("WHOP_API_TOKEN: not set; expected the run's token (or --token-file, --token)")
        actors = Actors(token=settings.token, campaigns=tuple(record.campaigns), headers=settings.headers)
        resources = resources_of(record.base_url, actors.campaigns, settings.test_clock, None)
        held.enter_context(exclusive(resources, f"restore of {record.run_id}"))
        target = held.enter_context(closing(open_target(settings, record.base_url)))
        session = Session(
            Sender(target, rng=random.Random(), rate=rate(settings, target)),  # noqa: S311 - spreads retries
            actors,
            contract,
            agent=f"whop-contracts/{__version__} (restore)",
            tolerance=settings.resume_tolerance,
            watch=lambda *_: None,
            tell=tell,
        )
        session.journal = journal = held.enter_context(closing(Journal.reopen(path)))
        held.enter_context(interruptible())
        if note := describe_plain_http(record.base_url):
            tell(note)
        restore_campaigns(session, record.campaigns, restore_time=settings.restore_time, killed=True)
    state = session.state
    if journal.trouble:
        if not state.failed:
            raise UsageError(journal.trouble)
        tell(journal.trouble)
    lines = [state.restored, state.failed, state.inconclusive]
    state.restored, state.failed, state.inconclusive = redactor_of(actors).data(lines)
    return state
