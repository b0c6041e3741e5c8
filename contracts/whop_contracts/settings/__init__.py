"""Settings: flags > environment > file > defaults, each value with its source.

One table, the fields of ``Settings`` and their rows in ``settings.json``, drives the command line, the
variables, the file and its schema, the options of pytest, ``--show-config`` and docs/settings.md.
"""

from __future__ import annotations

import errno
import json
import os
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from whop_contracts.settings import kinds
from whop_contracts.settings.kinds import Kind

PRODUCTION_HOSTS: Final = ("api.whop.com",)
PREFIX: Final = "WHOP_CONTRACTS_"
Color = Literal["auto", "always", "never"]


class UsageError(Exception):
    """What cannot be used (exit 2): one line with source, value (never a secret) and what is expected."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``name`` is the field of ``Settings``. ``faces`` are the commands that have it, ``pytest``
    if there is an option, and ``reproduce`` if a command that repeats a run has it.

    ``usual`` is a variable that is tried after its own; ``otherwise`` is what None as a default means.
    """

    name: str
    default: Any
    kind: Kind
    help: str
    flag: str = ""
    short: str = ""
    repeatable: bool = False
    usual: str = ""
    otherwise: str = "none"
    faces: str = ""
    in_file: bool = True

    @property
    def key(self) -> str:
        """Its flag without dashes, and its key in a file."""
        return self.flag or self.name.replace("_", "-")

    @property
    def variables(self) -> tuple[str, ...]:
        """Its variables; the first that is set is taken."""
        own = PREFIX + self.key.upper().replace("-", "_")
        return (own, self.usual) if self.usual else (own,)


def read_file(path: Path, most: int = 2**26) -> bytes:
    """The content of a file or device. OSError if it cannot be read or has more than ``most`` bytes."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, f"it has more than {most >> 20} mebibytes")
    return content


def shown(value: Any) -> str:
    """A value that is no secret, for a reader; nothing for None and an empty list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}s" if isinstance(value, float) else "" if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a run. ``base_url`` None is the built-in mock; durations are seconds."""

    base_url: str | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    campaign_ids: tuple[str, ...] = ()
    readonly_token: str | None = field(default=None, repr=False)
    foreign_campaign_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    test_clock: str | None = None
    resume_tolerance: float = 60.0
    profile: Literal["quick", "standard", "thorough"] = "standard"
    seed: int = 0
    clauses: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    strict: bool = False
    waivers: Path | None = None
    drift_ledger: Path | None = None
    max_requests: int | None = None
    max_time: float | None = None
    rate: int | None = None
    jobs: int = 1
    restore_time: float = 60.0
    timeout: float = 10.0
    ca_file: Path | None = None
    insecure: bool = False
    journal: Path | None = None
    allow_production: bool = False
    production_hosts: tuple[str, ...] = PRODUCTION_HOSTS
    dry_run: bool = False
    json: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    html: Path | None = None
    har: Path | None = None
    events: Path | None = None
    color: Color = "auto"
    quiet: bool = False
    verbose: bool = False
    config: Path | None = None
    show_config: bool = False


def _table() -> Iterator[Setting]:
    rows = json.loads(Path(__file__).with_name("settings.json").read_text("utf-8"))
    for one in fields(Settings):
        row = rows[one.name]
        yield Setting(one.name, one.default, kinds.KINDS[row.pop("kind")], **row)


SETTINGS: Final = tuple(_table())
OUTPUTS: Final = tuple(setting.name for setting in SETTINGS if setting.kind is kinds.OUTPUT)
KEYS: Final = {setting.name: setting.key for setting in SETTINGS}


def check(settings: Settings, origins: Mapping[str, str]) -> None:
    """``UsageError`` where settings make no sense together; ``origins`` are their sources by name."""

    def named(name: str) -> str:
        return origins.get(name, f"--{KEYS[name]}")

    for problems in (_of_the_target, _of_actors, _of_files):
        for problem in problems(settings, named):
            raise UsageError(problem)


def _of_the_target(given: Settings, named: Callable[[str], str]) -> Iterator[str]:
    if given.base_url is None:
        for name in ("campaign_ids", "foreign_campaign_id", "test_clock", "headers"):
            if getattr(given, name):
                yield f"{named(name)}: expected with --base-url; without it the built-in mock is checked"
        return
    if (host := host_of(given.base_url)) in given.production_hosts and not given.allow_production:
        yield (
            f"{named('base_url')} {given.base_url!r}: {host} is production, where a run pauses and resumes "
            "real campaigns; expected a staging host, or --allow-production"
        )
    if not given.token:
        yield "WHOP_API_TOKEN: not set; expected a token for a live target (or --token-file, --token)"
    if not given.campaign_ids:
        yield "--campaign-id: not given; expected at least one campaign that belongs to the run"


def _of_actors(given: Settings, named: Callable[[str], str]) -> Iterator[str]:
    for index, campaign in enumerate(given.campaign_ids):
        if campaign in given.campaign_ids[:index]:
            yield f"{named('campaign_ids')} {campaign!r}: expected each campaign once"
    if given.foreign_campaign_id in given.campaign_ids:
        foreign = f"{named('foreign_campaign_id')} {given.foreign_campaign_id!r}"
        yield f"{foreign}: expected another company's campaign, not one of --campaign-id"
    if given.token and given.readonly_token == given.token:
        yield f"{named('readonly_token')}: expected a credential without ad_campaign:update, not the token"


def _of_files(given: Settings, named: Callable[[str], str]) -> Iterator[str]:
    """Options that exclude each other; files that are written are different ones, devices may be the same."""
    for one, other in (("insecure", "ca_file"), ("quiet", "verbose")):
        if getattr(given, one) and getattr(given, other):
            yield f"{named(one)}: expected either it or --{KEYS[other]}, not both"
    taken: dict[Path, str] = {}
    for name in OUTPUTS:
        path = getattr(given, name)
        if path is not None and (path.is_file() or not path.exists()):
            other = taken.setdefault(path.resolve(), name)
            if other != name:
                yield f"{named(name)} {str(path)!r}: expected another file than that of --{KEYS[other]}"


def host_of(url: str) -> str:
    """The host of a URL in lower case, without a dot at its end."""
    return (urllib.parse.urlsplit(url).hostname or "").rstrip(".")
