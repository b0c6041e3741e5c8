"""Restoring: what a run that was killed could not do itself. Puts back the campaigns of a journal, and nothing else.

A campaign is touched only where it is in a state that the run's own requests could have left; whoever changed it since, meant it.
Doing it twice does no more than doing it once.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from whop_contracts import __version__
from whop_contracts.actors import Actors
from whop_contracts.engine.journal import CampaignRecord, Journal, JournalError, JournalRecord, Standing
from whop_contracts.engine.preflight import pace, redactor_of
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run_state import Stopped
from whop_contracts.engine.session import Session
from whop_contracts.engine.teardown import due, put_back
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import interruptible
from whop_contracts.target import Sender, Target
from whop_contracts.target.live import checked_base
from whop_contracts.target.open import open_live
from whop_contracts.target.wire import split_url

DONE, UNREACHED, LEFT = 0, 3, 4
_SEQUENCE: Final = "restore"
_UNAUTHORIZED: Final = 401


@dataclass(slots=True)
class Restored:
    """What came of it, a line a campaign: those that are as they were, and those that are not."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unreached: str | None = None
    """Why the target said nothing that could be acted on, where it did not."""

    @property
    def exit_code(self) -> int:
        """0 where every campaign is as it was, 3 where the target could not be asked, 4 where one was left otherwise."""
        if self.unreached:
            return UNREACHED
        return LEFT if self.left else DONE


def read_journal(path: Path, settings: Settings) -> JournalRecord:
    """The journal, where the settings allow to act on it. ``UsageError`` where they do not."""
    record = _read(path)
    try:
        base_url = checked_base(record.base_url)
        given = None if settings.base_url is None else checked_base(settings.base_url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if given is not None and given != base_url:
        raise UsageError(
            f"--base-url {given!r}: the journal was written for {base_url!r}; expected the same, or none"
        )
    host = split_url(base_url)[0].host.rstrip(".").lower()
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(f"{path}: {host} is production; expected --allow-production beside it")
    return replace(record, base_url=base_url)


def restore(
    path: Path, settings: Settings, *, opening: Callable[[Settings, str], Target] = open_live
) -> Restored:
    """Put back what the journal at ``path`` says was changed. ``UsageError`` is the user's; whatever the target does is in the result."""
    record = read_journal(path, settings)
    if record.complete:
        return Restored()
    if not settings.token:
        raise UsageError("WHOP_API_TOKEN: not set; expected the token of the run (or --token-file, --token)")
    try:
        target = opening(settings, record.base_url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        with _reopened(path) as journal, interruptible():
            talk = _talk(target, settings, journal, record.campaigns)
            restored = _Restorer(talk, journal, record.campaigns).restore()
    finally:
        target.close()
    redact = redactor_of(talk.parties).text
    return Restored(
        [redact(line) for line in restored.done],
        [redact(line) for line in restored.left],
        None if restored.unreached is None else redact(restored.unreached),
    )


def _talk(
    target: Target, settings: Settings, journal: Journal, campaigns: dict[str, CampaignRecord]
) -> Session:
    """A conversation about the campaigns of a journal, in its order."""
    rng = random.Random(secrets.token_hex(4))  # noqa: S311 - spreads retries
    parties = Actors(token=settings.token or "", campaigns=tuple(campaigns), headers=settings.headers)
    return Session(
        target,
        Sender(target, rng=rng, rate=pace(settings, target)),
        RequestBuilder(target.base_url, parties, agent=f"whop-contracts/{__version__} (restore)", rng=rng),
        parties,
        expectation=Oracle(tolerance=settings.resume_tolerance),
        journal=journal,
        watch=lambda _evidence, _sequence: None,
    )


@dataclass(frozen=True, slots=True)
class _Restorer:
    """Brings campaigns back by a journal, which is gone on with."""

    talk: Session
    journal: Journal
    campaigns: dict[str, CampaignRecord]

    def restore(self) -> Restored:
        """Bring every campaign back that a request was sent to, as far as that is ours to do; the others are looked at, after them."""
        restored = Restored()
        numbered = [(index, *pair) for index, pair in enumerate(self.campaigns.items())]
        for index, campaign, record in sorted(numbered, key=lambda row: row[2].put_back):
            said, wrong = None, None
            try:
                if record.put_back:
                    wrong = self._bystander(index, campaign, record)
                else:
                    said, wrong = self._one(index, campaign, record)
            except Stopped as stopped:
                wrong = str(stopped)
                if not (restored.done or restored.left):
                    restored.unreached = f"{campaign}: {stopped}"
                    return restored
            if said:
                restored.done.append(f"{campaign}: {said}")
            elif wrong:
                restored.left.append(f"{campaign}: {wrong}")
        return restored

    def _bystander(self, index: int, campaign: str, record: CampaignRecord) -> str | None:
        """What is wrong with a campaign that no request was sent to: a faulty provider may have changed it along with another."""
        first = None if record.first is None else _state(record.first)
        if record.first is None or first is None:
            return None
        seen = self._look(index).shown
        if seen is not None and seen.matches(due(self.talk, first)):
            return None
        # Kept open in the journal, so that the next restore looks at it too.
        self.journal.intend(campaign, str(first.status), record.first.paused_until)
        return f"left as it is, {seen or 'not readable'}: was {first}, and nothing of the run was sent to it"

    def _one(self, index: int, campaign: str, record: CampaignRecord) -> tuple[str | None, str | None]:
        """What was done with one campaign, or why it was left as it is."""
        evidence = self._look(index)
        seen = evidence.shown
        if seen is None or not seen.whole:
            return None, f"left as it is: its state cannot be read (answered {evidence.status})"
        if record.first is None:
            return None, f"left as it is, {seen}: the journal does not know what it was before the run"
        first = _state(record.first)
        if first is None:
            return None, f"left as it is, {seen}: the journal's state of it cannot be understood"
        wanted = due(self.talk, first)
        if seen.matches(wanted):
            self.journal.put_back(campaign)
            return f"is {wanted}, as it was", None
        if not could_be(record, seen):
            return None, f"left as it is, {seen}: no request of the run could have left it so"
        wrong = put_back(self.talk, f"own:{index}", campaign, first, _SEQUENCE)
        if wrong is None:
            return f"was {seen}, is {due(self.talk, first)} again", None
        return None, wrong

    def _look(self, index: int) -> Evidence:
        """Read a campaign; ``Stopped`` where the target cannot be asked."""
        evidence = self.talk.read(f"own:{index}", _SEQUENCE, patient=True)
        if evidence.exchange.response is None:
            raise Stopped(f"could not be read: {evidence.exchange.trouble}")
        if evidence.status == _UNAUTHORIZED:
            raise Stopped("the credential is not accepted (401)")
        return evidence


def could_be(record: CampaignRecord, seen: State) -> bool:
    """Whether the run's own requests, or none, explain what is seen. Dates are compared as instants, to a millisecond."""
    for standing in (record.first, *record.left):
        state = None if standing is None else _state(standing)
        if standing is not None and state is not None and seen.matches(state):
            return record.could_be(standing)
    until = None if seen.until is None else write_instant(seen.until)
    return record.could_be(Standing(str(seen.status), until))


def _state(standing: Standing) -> State | None:
    """A journal's state; None where its date cannot be read."""
    if standing.paused_until is None:
        return State(standing.status)
    instant = read_instant(standing.paused_until)
    return None if instant is None else State(standing.status, instant.ns, MILLI)


def _read(path: Path) -> JournalRecord:
    try:
        return Journal.read(path)
    except JournalError as error:
        raise UsageError(str(error)) from None


@contextmanager
def _reopened(path: Path) -> Iterator[Journal]:
    """The journal, to be gone on with; what keeps it from being written is the user's."""
    try:
        journal = Journal.reopen(path)
        try:
            yield journal
        finally:
            journal.close()
    except JournalError as error:
        raise UsageError(str(error)) from None
