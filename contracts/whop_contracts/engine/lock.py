"""An advisory lock on this machine: two runs do not change the same campaigns or the same test clock."""

from __future__ import annotations

import hashlib
import json
import os
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from whop_contracts.settings import UsageError
from whop_contracts.settings.kinds import without_query


def state_folder() -> Path:
    """Where the locks of this user are kept: ``XDG_STATE_HOME``, else the usual place of the system."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "whop-contracts"


def resources_of(base_url: str, campaigns: Iterable[str], test_clock: str | None) -> list[str]:
    """What a run must not share with another: its campaigns, by origin, and its test clock."""
    url = urllib.parse.urlsplit(base_url)
    named = [f"campaign {campaign} at {url.scheme}://{url.netloc}" for campaign in campaigns]
    return [*named, f"test clock {without_query(test_clock)}"] if test_clock else named


@contextmanager
def exclusive(resources: Iterable[str], run: str, *, folder: Path | None = None) -> Iterator[str | None]:
    """Hold the lock of each resource while the block runs.

    ``resources`` are for people (``campaign X at https://host``), ``run`` describes this run to others.
    Yields a note if locks cannot be kept here (the run goes on without), else None. ``UsageError`` names the
    other run that holds one of them.
    """
    with ExitStack() as held:
        try:
            where = folder or state_folder()
            where.mkdir(mode=0o700, parents=True, exist_ok=True)
            for resource in sorted(set(resources)):
                held.enter_context(_locked(where, resource, run))
            note = None
        except (OSError, RuntimeError) as error:
            held.close()
            note = f"no lock could be taken on this machine, other runs are not kept away: {error}"
        yield note


@contextmanager
def _locked(folder: Path, resource: str, run: str) -> Iterator[None]:
    name = hashlib.sha256(resource.encode()).hexdigest()[:32]
    lock, holder = FileLock(folder / f"{name}.lock", timeout=0), folder / f"{name}.json"
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"{resource} is in use by another run on this machine ({_holder(holder)}); "
            f"expected one run at a time: wait for it, or use another campaign"
        ) from None
    try:
        holder.write_text(json.dumps({"run": run, "process": os.getpid()}), "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        said = json.loads(path.read_text("utf-8"))
        return f"run {said['run']}, process {said['process']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "which has just started"
