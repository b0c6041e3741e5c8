"""What protects the campaigns of a run: its journal and its lock, both files on this machine.

The journal says what campaigns were before the run, and what our requests could have left them as: JSON
lines, each forced to the disk before the request that it announces is sent. It holds no credential. A power
cut leaves at worst one unfinished last line, which is not read: its request was never sent.

The advisory lock keeps two runs from changing the same campaigns, journal or test clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from whop_contracts.instants import write_instant
from whop_contracts.pause.evidence import State
from whop_contracts.settings import UsageError, read_file, without_query
from whop_contracts.settings.kinds import CAMPAIGN

VERSION: Final = 1
ReadState = Callable[[Mapping[str, Any]], State]
"""Reads a state from the members that show it."""


class JournalError(UsageError):
    """A journal cannot be written, or a file is none that can be acted on; one line says which and why."""


@dataclass(slots=True)
class CampaignRecord:
    """One campaign of a journal.

    ``first`` is its state at the first read (None if that could not be read), ``left`` the states that
    requests of the run can have left since, ``put_back`` whether it was restored.
    """

    first: State | None
    left: list[State] = field(default_factory=list)
    put_back: bool = True


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """What a journal says: the target, the run, its campaigns by id as they were read."""

    base_url: str
    run_id: str
    campaigns: dict[str, CampaignRecord] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every campaign is as it was."""
        return all(campaign.put_back for campaign in self.campaigns.values())


def restore_command(path: Path, base_url: str, test_clock: str | None = None) -> str:
    """The command that restores what a journal still has open. A query of a clock's URL may hold a token."""
    clock = ["--test-clock", test_clock] if test_clock and "?" not in test_clock else []
    return shlex.join(["whop-contracts", "restore", str(path), "--base-url", base_url, *clock])


class Journal:
    """Writes one run's journal; without a file, nothing.

    ``JournalError`` if a line cannot be written: then nothing may be sent. If it is ``lenient``, as in
    teardown, the error is only kept as ``trouble``.
    """

    def __init__(self, path: Path | None = None, descriptor: int | None = None) -> None:
        self.path = path or Path(os.devnull)
        self.lenient = False
        self.trouble: str | None = None
        self._descriptor = descriptor
        self._intended: set[tuple[str, State]] = set()

    @classmethod
    def create(cls, path: Path, base_url: str, run_id: str, read_state: ReadState) -> Journal:
        """Begin the journal of a run, for its owner alone.

        A complete journal is replaced. An incomplete one, or another file that is not empty, is an error.
        """
        if urllib.parse.urlsplit(base_url).username:
            raise JournalError("a base URL with a credential in it is not written to a journal")
        with _explained(path, "written"):
            if path.exists() and not path.is_file():
                # A device would be removed to make room, and keeps nothing.
                raise JournalError(f"{path}: cannot be written: it is no file")
            if path.is_file() and path.stat().st_size and not (old := cls.read(path, read_state)).complete:
                first = f"restore them first: {restore_command(path, old.base_url)}"
                raise JournalError(f"{path}: holds campaigns that were not put back; {first}")
            path.unlink(missing_ok=True)
            journal = cls(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600))
        began = write_instant(round(time.time() * 1_000) * 1_000_000)
        journal._write(journal=VERSION, base_url=base_url, run_id=run_id, began=began)
        with contextlib.suppress(OSError), contextlib.ExitStack() as ending:
            # The new name is forced to the disk too, where directories can be.
            ending.callback(os.close, folder := os.open(path.absolute().parent, os.O_RDONLY))
            os.fsync(folder)
        return journal

    @classmethod
    def reopen(cls, path: Path) -> Journal:
        """Continue a journal, to note what is restored after its run; an unfinished last line is cut off."""
        with _explained(path, "written"):
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
            os.ftruncate(descriptor, path.read_bytes().rfind(b"\n") + 1)
        return cls(path, descriptor)

    def first(self, campaign: str, state: State) -> None:
        """A campaign's state at the run's first read; to be written before any ``intend``."""
        self._write(campaign=campaign, first=state.as_dict())

    def intend(self, campaign: str, state: State) -> None:
        """The next request can leave a campaign in this state. The same state is written only once."""
        if (campaign, state) not in self._intended and self._write(campaign=campaign, intend=state.as_dict()):
            self._intended.add((campaign, state))

    def put_back(self, campaign: str) -> None:
        """A campaign was seen to be as it was."""
        self._write(campaign=campaign, put_back=True)
        self._intended = {intent for intent in self._intended if intent[0] != campaign}

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)

    def remove_if_complete(self, read_state: ReadState) -> None:
        """Remove the file if every campaign is as it was: nothing is left to restore."""
        with contextlib.suppress(JournalError, OSError):
            if self.read(self.path, read_state).complete:
                self.path.unlink()

    def _write(self, **line: Any) -> bool:
        """Write a line; False if that failed, or if there is no file."""
        if self._descriptor is None:
            return False
        text, end = memoryview(json.dumps(line).encode() + b"\n"), os.fstat(self._descriptor).st_size
        try:
            with _explained(self.path, "written"):
                try:
                    while text:
                        text = text[os.write(self._descriptor, text) :]
                finally:
                    if text:
                        # In teardown more lines are written: the next one would continue this one.
                        os.ftruncate(self._descriptor, end)
                os.fsync(self._descriptor)
        except JournalError as error:
            self.trouble = str(error)
            if not self.lenient:
                raise
            return False
        return True

    @staticmethod
    def read(path: Path, read_state: ReadState) -> JournalRecord:
        """What a journal says. ``JournalError`` if the file is no journal of this version."""
        with _explained(path, "read"):
            lines = read_file(path).split(b"\n")[:-1]
        record: JournalRecord | None = None
        for number, text in enumerate(lines, start=1):
            try:
                record = _taken(text, record, read_state)
            except (ValueError, RecursionError) as error:
                why = error if type(error) is ValueError else "it is no JSON text"
                raise JournalError(f"{path}: line {number}: {why}") from None
        if record is None:
            raise JournalError(f"{path}: is no journal: it is empty")
        return record


def _taken(text: bytes, record: JournalRecord | None, read_state: ReadState) -> JournalRecord:
    """A record with one more line; the first line begins it. ``ValueError`` if it is none of a journal."""
    line = json.loads(text)
    if not isinstance(line, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - a line is wrong, no argument
    if record is None:
        if line.get("journal") != VERSION:
            raise ValueError(f"is no journal of version {VERSION}")
        return JournalRecord(_text(line, "base_url"), _text(line, "run_id"))
    name = _text(line, "campaign")
    if CAMPAIGN.parse(name) is None:
        raise ValueError(f"{name[:80]!a} is no id of a campaign")
    if "first" in line:
        record.campaigns.setdefault(name, CampaignRecord(_state(line["first"], read_state)))
        return record
    campaign = record.campaigns.setdefault(name, CampaignRecord(None))
    if "intend" in line:
        state = _state(line["intend"], read_state)
        if state not in campaign.left:
            campaign.left.append(state)
        campaign.put_back = False
    elif line.get("put_back") is True:
        campaign.put_back = True
        campaign.left.clear()
    else:
        raise ValueError("says nothing that is known")
    return record


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"has no {name}")
    return value


def _state(value: Any, read_state: ReadState) -> State:
    if isinstance(value, dict) and (state := read_state(value)).whole:
        return state
    raise ValueError("holds no state that can be read")


@contextlib.contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Turn an ``OSError`` into a ``JournalError``."""
    try:
        yield
    except OSError as error:
        raise JournalError(f"{path}: cannot be {what}: {error.strerror or error}") from None


# -- the lock ------------------------------------------------------------------------------------------------


def resources_of(
    base_url: str, names: Iterable[str], test_clock: str | None, journal: Path | None
) -> list[str]:
    """What a run must not share with another: its campaigns, by origin, its journal and its test clock."""
    url = urllib.parse.urlsplit(base_url)
    named = [f"campaign {name} at {url.scheme}://{url.netloc}" for name in names]
    named += [f"journal {os.path.realpath(journal)}"] if journal else []
    return [*named, f"test clock {without_query(test_clock)}"] if test_clock else named


@contextlib.contextmanager
def exclusive(resources: Iterable[str], run: str) -> Iterator[str | None]:
    """Hold the lock of each resource while the block runs.

    ``resources`` are for people (``campaign X at https://host``), ``run`` describes this run to others.
    Yields a note if locks cannot be kept here (the run goes on without), else None. ``UsageError`` names the
    other run that holds one of them.
    """
    with contextlib.ExitStack() as held:
        try:
            base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
            folder = (Path(base) if base else Path.home() / ".local" / "state") / "whop-contracts"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for resource in sorted(set(resources)):
                held.enter_context(_locked(folder, resource, run))
            note = None
        except (OSError, RuntimeError) as error:
            held.close()
            note = f"no lock could be taken on this machine, other runs are not kept away: {error}"
        yield note


@contextlib.contextmanager
def _locked(folder: Path, resource: str, run: str) -> Iterator[None]:
    name = hashlib.sha256(resource.encode()).hexdigest()[:32]
    lock, holder = FileLock(folder / f"{name}.lock", timeout=0), folder / f"{name}.txt"
    try:
        lock.acquire()
    except Timeout:
        other = "which has just started"
        with contextlib.suppress(OSError, ValueError):
            other = holder.read_text("utf-8") or other
        expected = "expected one run at a time: wait for it, or use another"
        raise UsageError(
            f"{resource} is in use by another run on this machine ({other}); {expected}"
        ) from None
    try:
        holder.write_text(f"run {run}, process {os.getpid()}", "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
