"""``restore``: the teardown of a run that was killed, from its journal. A second time it changes nothing."""

from __future__ import annotations

import os
import random
import secrets
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from whop_contracts import __version__
from whop_contracts.actors import Actors
from whop_contracts.engine.journal import Journal, JournalError, JournalRecord
from whop_contracts.engine.lock import exclusive, resources_of
from whop_contracts.engine.request_builder import RequestBuilder, redactor_of
from whop_contracts.engine.run_state import RunState
from whop_contracts.engine.session import Session
from whop_contracts.engine.teardown import restore_campaigns, wanted_by_journal
from whop_contracts.pause.clause import Contract
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import interruptible
from whop_contracts.target import Target, checked_base, describe_plain_http
from whop_contracts.target.sender import Sender
from whop_contracts.target.wire import is_loopback, split_url


def read_journal(path: Path, settings: Settings, contract: Contract) -> JournalRecord:
    """The journal, if the settings allow to act on it. ``UsageError`` if they do not."""
    try:
        record = Journal.read(path, contract.read_state)
        base_url = checked_base(record.base_url)
        given = None if settings.base_url is None else checked_base(settings.base_url)
    except (JournalError, ValueError) as error:
        raise UsageError(str(error)) from None
    if given is not None and given != base_url:
        raise UsageError(
            f"--base-url {given!r}: the journal was written for {base_url!r}; expected the same, or none"
        )
    host = split_url(base_url)[0].host.rstrip(".").lower()
    if given is None and not is_loopback(host) and not _is_private(path):
        raise UsageError(
            f"{path}: names {base_url}, and is no file of this user with mode 0600; "
            f"expected --base-url {base_url} beside it, as the credential is sent there"
        )
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(f"{path}: {host} is production; expected --allow-production beside it")
    return replace(record, base_url=base_url)


def _is_private(path: Path) -> bool:
    """Whether only this user can have written a journal: it is a regular file for its owner alone."""
    status = path.stat()
    own = hasattr(os, "getuid") and status.st_uid == os.getuid()
    return own and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077


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

    ``state.inconclusive`` is set if the target could not be reached. ``UsageError`` for what the user has to
    change.
    """
    record = read_journal(path, settings, contract)
    if record.complete:
        return RunState()
    if not settings.token:
        raise UsageError("WHOP_API_TOKEN: not set; expected the token of the run (or --token-file, --token)")
    actors = Actors(token=settings.token, campaigns=tuple(record.campaigns), headers=settings.headers)
    try:
        target = open_target(settings, record.base_url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        journal = Journal.reopen(path, contract.read_state)
        try:
            tolerance, pace = settings.resume_tolerance, rate(settings, target)
            session = _session(
                target, contract, actors, journal=journal, tolerance=tolerance, rate=pace, tell=tell
            )
            resources = resources_of(record.base_url, actors.campaigns, settings.test_clock)
            with exclusive(resources, f"restore of {record.run_id}"), interruptible():
                if note := describe_plain_http(record.base_url):
                    tell(note)
                wanted = wanted_by_journal(record.campaigns)
                restore_campaigns(session, wanted, restore_time=settings.restore_time)
            state = session.state
            if state.unjournalled:
                raise JournalError(state.unjournalled)
        finally:
            journal.close()
    except JournalError as error:
        raise UsageError(str(error)) from None
    finally:
        target.close()
    redact = redactor_of(actors).text
    state.restored = [redact(line) for line in state.restored]
    state.failed = [redact(line) for line in state.failed]
    state.inconclusive = state.inconclusive and redact(state.inconclusive)
    return state


def _session(
    target: Target,
    contract: Contract,
    actors: Actors,
    *,
    journal: Journal,
    tolerance: float,
    rate: int | None,
    tell: Callable[[str], None],
) -> Session:
    rng = random.Random(secrets.token_hex(4))  # noqa: S311 - spreads retries
    agent = f"whop-contracts/{__version__} (restore)"
    return Session(
        target,
        Sender(target, rng=rng, rate=rate),
        RequestBuilder(target.base_url, actors, contract, agent=agent, rng=rng),
        actors,
        contract,
        tolerance=tolerance,
        journal=journal,
        watch=lambda *_: None,
        tell=tell,
    )
