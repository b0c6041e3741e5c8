# ruff: noqa: RUF009 - `_setting` gives a field, as `dataclasses.field` does
"""Settings: flags > environment > file > defaults, each value with its source.

The fields of ``Settings`` are the one table. It drives the command line, the variables, the file and its
schema, the options of pytest, ``--show-config`` and docs/settings.md.
"""

from __future__ import annotations

import errno
import itertools
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
    """One setting. ``name`` is the field of ``Settings``; ``faces`` names where it is a flag.

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
    faces: str = "command pytest"
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


def _setting(kind: Kind, text: str, /, default: Any = None, **more: Any) -> Any:
    """A field of ``Settings`` and its row of the table."""
    return field(default=default, repr=not kind.secret, metadata={"kind": kind, "help": text} | more)


def _list(kind: Kind, text: str, flag: str, **more: Any) -> Any:
    return _setting(kind, f"{text} Repeatable.", (), flag=flag, repeatable=True, **more)


def _switch(text: str, **more: Any) -> Any:
    return _setting(kinds.SWITCH, text, default=False, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a run. ``base_url`` None is the built-in mock; durations are seconds."""

    base_url: str | None = _setting(
        kinds.BASE_URL,
        "API base URL including the version, e.g. https://host/api/v1; "
        "without it the built-in mock is checked.",
    )
    token: str | None = _setting(
        kinds.TOKEN,
        "Credential of the target. As a variable it is not in the process list.",
        usual="WHOP_API_TOKEN",
    )
    token_file: Path | None = _setting(kinds.INPUT, "File that holds the credential only.")
    campaign_ids: tuple[str, ...] = _list(
        kinds.CAMPAIGN, "Campaign that belongs to the run; a live target needs one.", "campaign-id"
    )
    readonly_token: str | None = _setting(
        kinds.TOKEN, "Credential without ad_campaign:update.", usual="WHOP_READONLY_TOKEN"
    )
    foreign_campaign_id: str | None = _setting(kinds.CAMPAIGN, "Campaign of another company.")
    headers: tuple[tuple[str, str], ...] = _list(
        kinds.HEADER, "Header for every request, as 'Name: value'.", "header"
    )
    test_clock: str | None = _setting(
        kinds.CLOCK_URL, "The provider's test clock: GET returns its time, PUT moves it forward."
    )
    resume_tolerance: float = _setting(kinds.DURATION, "How late an auto-resume may be seen.", 60.0)
    profile: Literal["quick", "standard", "thorough"] = _setting(
        kinds.PROFILE, "How much is sent: quick, standard or thorough.", "standard"
    )
    seed: int = _setting(kinds.NUMBER, "Number that varies the generated requests.", 0)
    clauses: tuple[str, ...] = _list(
        kinds.GLOB, "Check only clauses with this id or pattern; '!GLOB' leaves clauses out.", "clause"
    )
    require: tuple[str, ...] = _list(
        kinds.GLOB, "Exit with 3 if a clause with this id or pattern is not tested.", "require"
    )
    strict: bool = _switch("Fail on warnings too.")
    waivers: Path | None = _setting(kinds.INPUT, "Known failures: clause, reason, owner, expiry date.")
    drift_ledger: Path | None = _setting(kinds.OUTPUT, "Record when each drift was first and last seen.")
    max_requests: int | None = _setting(kinds.COUNT, "Send at most this many requests.")
    max_time: float | None = _setting(kinds.DURATION, "Stop sending after this time.")
    rate: int | None = _setting(
        kinds.COUNT, "Requests per minute at most.", otherwise="300, unlimited on loopback"
    )
    jobs: int = _setting(
        kinds.COUNT, "Requests that must be rejected are sent over this many connections.", 1
    )
    restore_time: float = _setting(
        kinds.DURATION, "How long restoring one campaign may take; 5 minutes for all of them.", 60.0
    )
    timeout: float = _setting(kinds.DURATION, "How long one response may take.", 10.0)
    ca_file: Path | None = _setting(
        kinds.CERTIFICATES, "Certificates to trust, in PEM.", otherwise="those of the system"
    )
    insecure: bool = _switch("Do not verify the target's certificate.")
    journal: Path | None = _setting(
        kinds.OUTPUT, "Record what has to be restored.", otherwise="a new file in the current folder"
    )
    allow_production: bool = _switch("Allow a production host as target.")
    production_hosts: tuple[str, ...] = _setting(
        kinds.HOST,
        "Production hosts, besides api.whop.com.",
        PRODUCTION_HOSTS,
        repeatable=True,
        faces="",
    )
    dry_run: bool = _switch("Print what would be sent, and send nothing.", faces="command")
    json: Path | None = _setting(kinds.OUTPUT, "Write the result as JSON; - is standard output.")
    junit: Path | None = _setting(kinds.OUTPUT, "Write JUnit XML with one test case per clause.")
    markdown: Path | None = _setting(
        kinds.OUTPUT, "Write Markdown that fits a pull request comment; - is standard output."
    )
    html: Path | None = _setting(kinds.OUTPUT, "Write one HTML page that opens offline.")
    har: Path | None = _setting(kinds.OUTPUT, "Write every exchange as HAR 1.2, secrets redacted.")
    events: Path | None = _setting(
        kinds.OUTPUT, "Write a JSON line per exchange, finding and phase during the run."
    )
    color: Color = _setting(
        kinds.COLOR, "Color: auto (NO_COLOR, FORCE_COLOR), always or never.", "auto", faces="command"
    )
    quiet: bool = _switch("Print the verdict and one line per failure.", short="-q", faces="command")
    verbose: bool = _switch("Print every clause.", short="-v", faces="command")
    config: Path | None = _setting(
        kinds.INPUT,
        "Settings in TOML.",
        in_file=False,
        otherwise="whop-contracts.toml, else [tool.whop-contracts] of pyproject.toml",
    )
    show_config: bool = _switch("Print every setting with its source.", faces="command", in_file=False)


SETTINGS: Final = tuple(Setting(one.name, one.default, **one.metadata) for one in fields(Settings))
OUTPUTS: Final = tuple(setting.name for setting in SETTINGS if setting.kind is kinds.OUTPUT)
KEYS: Final = {setting.name: setting.key for setting in SETTINGS}


def check(settings: Settings, origins: Mapping[str, str]) -> None:
    """``UsageError`` where settings make no sense together; ``origins`` are their sources by name."""

    def named(name: str) -> str:
        return origins.get(name, f"--{KEYS[name]}")

    checks = (_of_the_target, _of_actors, _of_files)
    for problem in itertools.chain.from_iterable(problems(settings, named) for problems in checks):
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
