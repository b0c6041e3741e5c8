"""The journal of a run: what its campaigns were before it, and what our requests could have left them as.

JSON lines, each forced to the disk before the request that it announces is sent. It holds no credential. A
power cut leaves at worst one unfinished last line, which is not read: its request was never sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from whop_contracts.instants import write_instant
from whop_contracts.pause.evidence import State
from whop_contracts.settings import read_file
from whop_contracts.settings.kinds import CAMPAIGN

VERSION: Final = 1
_MODE: Final = 0o600


class JournalError(Exception):
    """A journal cannot be written, or a file is none that can be acted on; one line says which and why."""


ReadState = Callable[[Mapping[str, Any]], State]
"""Reads a state from the members that show it."""


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
    """What a journal says: the target, when the run began, its campaigns by id as they were read."""

    base_url: str
    run_id: str
    began: str
    campaigns: dict[str, CampaignRecord]

    @property
    def complete(self) -> bool:
        """Whether every campaign is as it was."""
        return all(campaign.put_back for campaign in self.campaigns.values())


def restore_command(path: Path, base_url: str, test_clock: str | None = None) -> str:
    """The command that restores what a journal still has open. A query of a clock's URL may hold a token."""
    clock = ["--test-clock", test_clock] if test_clock and "?" not in test_clock else []
    return shlex.join(["whop-contracts", "restore", str(path), "--base-url", base_url, *clock])


class Journal:
    """Writes one run's journal. ``JournalError`` if a line cannot be written: then nothing may be sent."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._firsts: set[str] = set()
        self._intended: set[tuple[str, State]] = set()

    @classmethod
    def create(
        cls,
        path: Path | None,
        base_url: str,
        run_id: str,
        read_state: ReadState,
        *,
        now: Callable[[], float] = time.time,
    ) -> Journal:
        """Begin the journal of a run: at ``path``, else in the current directory, for its owner alone.

        A complete journal is replaced. An incomplete one, or another file that is not empty, is an error.
        """
        path = path or Path(f"whop-contracts-{run_id}.journal.jsonl")
        if urllib.parse.urlsplit(base_url).username:
            raise JournalError("a base URL with a credential in it is not written to a journal")
        try:
            if path.exists() and not path.is_file():
                # A device would be removed to make room, and keeps nothing.
                raise JournalError(f"{path}: cannot be written: it is no file")
            if path.is_file() and path.stat().st_size:
                record = cls.read(path, read_state)
                if not record.complete:
                    first = restore_command(path, record.base_url)
                    why = "holds campaigns that were not put back; restore them first"
                    raise JournalError(f"{path}: {why}: {first}")
            path.unlink(missing_ok=True)
            journal = cls(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, _MODE))
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror or error}") from None
        began = write_instant(round(now() * 1_000) * 1_000_000)
        journal._write(journal=VERSION, base_url=base_url, run_id=run_id, began=began)
        _keep_name(path)
        return journal

    @classmethod
    def reopen(cls, path: Path, read_state: ReadState) -> Journal:
        """Continue a journal, to note what is restored after its run; an unfinished last line is cut off."""
        record = cls.read(path, read_state)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
            whole = path.read_bytes().rfind(b"\n") + 1
            os.ftruncate(descriptor, whole)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror or error}") from None
        journal = cls(path, descriptor)
        journal._firsts.update(record.campaigns)
        return journal

    def first(self, campaign: str, state: State) -> None:
        """A campaign's state at the run's first read; to be written before any ``intend``."""
        if campaign not in self._firsts:
            self._write(campaign=campaign, first=state.as_dict())
            self._firsts.add(campaign)

    def intend(self, campaign: str, state: State) -> None:
        """The next request can leave a campaign in this state. The same state is written only once."""
        if (campaign, state) not in self._intended:
            self._write(campaign=campaign, intend=state.as_dict())
            self._intended.add((campaign, state))

    def put_back(self, campaign: str) -> None:
        """A campaign was seen to be as it was."""
        self._write(campaign=campaign, put_back=True)
        self._intended = {intent for intent in self._intended if intent[0] != campaign}

    def close(self) -> None:
        """Close the file; a journal that is closed twice stays closed."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def remove_if_complete(self, read_state: ReadState) -> None:
        """Remove the file if every campaign is as it was: nothing is left to restore."""
        with contextlib.suppress(JournalError, OSError):
            if self.read(self.path, read_state).complete:
                self.path.unlink()

    def _write(self, **line: Any) -> None:
        text = memoryview(json.dumps(line).encode() + b"\n")
        try:
            while text:
                text = text[os.write(self._descriptor, text) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    @staticmethod
    def read(path: Path, read_state: ReadState) -> JournalRecord:
        """What a journal says. ``JournalError`` if the file is no journal of this version."""
        try:
            lines = read_file(path).split(b"\n")[:-1]
        except OSError as error:
            raise JournalError(f"{path}: cannot be read: {error.strerror or error}") from None
        if not lines:
            raise JournalError(f"{path}: is no journal: it is empty")
        header = _line(path, 1, lines[0])
        if header.get("journal") != VERSION:
            raise JournalError(f"{path}: is no journal of version {VERSION}")
        record = JournalRecord(
            _text(path, 1, header, "base_url"),
            _text(path, 1, header, "run_id"),
            _text(path, 1, header, "began"),
            {},
        )
        for number, text in enumerate(lines[1:], start=2):
            _take(path, number, _line(path, number, text), record, read_state)
        return record


def _take(
    path: Path, number: int, line: dict[str, Any], record: JournalRecord, read_state: ReadState
) -> None:
    """Add one line to a record."""
    name = _text(path, number, line, "campaign")
    try:
        CAMPAIGN.parse(name)
    except ValueError:
        raise JournalError(f"{path}: line {number}: {name[:80]!a} is no id of a campaign") from None
    if "first" in line:
        record.campaigns.setdefault(name, CampaignRecord(_state(path, number, line["first"], read_state)))
        return
    campaign = record.campaigns.setdefault(name, CampaignRecord(None))
    if "intend" in line:
        state = _state(path, number, line["intend"], read_state)
        if state not in campaign.left:
            campaign.left.append(state)
        campaign.put_back = False
    elif line.get("put_back") is True:
        campaign.put_back = True
        campaign.left.clear()
    else:
        raise JournalError(f"{path}: line {number}: says nothing that is known")


def _line(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        raise JournalError(f"{path}: line {number}: is no JSON object")
    return line


def _text(path: Path, number: int, line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value:
        raise JournalError(f"{path}: line {number}: has no {name}")
    return value


def _state(path: Path, number: int, value: Any, read_state: ReadState) -> State:
    state = read_state(value) if isinstance(value, dict) else None
    if state is None or not state.whole:
        raise JournalError(f"{path}: line {number}: holds no state that can be read")
    return state


def _keep_name(path: Path) -> None:
    """Force the new name to the disk too, where directories can be."""
    try:
        descriptor = os.open(path.absolute().parent, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
