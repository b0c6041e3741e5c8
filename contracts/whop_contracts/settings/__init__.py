"""Settings: flags > environment > file > defaults, each value with its source.

One table, the fields of ``Settings`` and their rows in ``settings.json``, drives the command line, the
variables, the file and its schema, the options of pytest, ``--show-config`` and docs/settings.md.
"""

from __future__ import annotations

import errno
import json
import os
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

PRODUCTION_HOSTS: Final = ("api.whop.com",)
Color = Literal["auto", "always", "never"]
ROWS: Final[Mapping[str, Mapping[str, Any]]] = {
    name: {"key": name.replace("_", "-")} | row
    for name, row in json.loads(Path(__file__).with_name("settings.json").read_text("utf-8")).items()
}
"""The rows of the table by the fields of ``Settings``, in their order; ``key`` is in a file, and the flag."""


class UsageError(Exception):
    """What cannot be used (exit 2): one line with source, value (never a secret) and what is expected."""


def read_file(path: Path, most: int = 2**26) -> bytes:
    """The content of a file or device. OSError if it cannot be read or has more than ``most`` bytes."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, f"it has more than {most >> 20} mebibytes")
    return content


def without_query(url: str) -> str:
    """A URL for a reader: what its query and its fragment assign may be a token."""
    for mark in "?#":
        before, _, after = url.partition(mark)
        url = f"{before}{mark}(not shown)" if "=" in after else url
    return url


def shown(value: Any) -> str:
    """A value that is no secret, for a reader; nothing for None and an empty list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}s" if isinstance(value, float) else "" if value is None else without_query(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a run. ``base_url`` None is the built-in mock; durations are seconds.

    ``origins`` has the source of each setting that is no default, by its field: ``--seed``,
    ``WHOP_API_TOKEN`` or ``whop-contracts.toml, seed``.
    """

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
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)


def in_words(text: str, origins: Mapping[str, str], prefix: str = "--") -> str:
    """A text that names settings by their sources, else as flags with ``prefix``. Commands in it are kept."""
    known = {f"--{row['key']}": origins.get(name, prefix + row["key"]) for name, row in ROWS.items()}
    said, command, rest = text.partition("whop-contracts ")
    said = re.sub(r"(?<![\w-])--[\w-]+", lambda flag: known.get(flag[0], flag[0]), said)
    return said + command + rest


def check(settings: Settings, prefix: str = "--") -> None:
    """``UsageError`` where settings make no sense together; it names flags with ``prefix``."""
    for problem in (*_of_the_target(settings), *_of_what_excludes_each_other(settings)):
        raise UsageError(in_words(problem, settings.origins, prefix))


def _of_the_target(given: Settings) -> Iterator[str]:
    if given.base_url is None:
        for name in ("campaign_ids", "foreign_campaign_id", "test_clock", "headers"):
            if getattr(given, name):
                yield f"--{ROWS[name]['key']}: expected with --base-url; without it the mock is checked"
        return
    if (host := host_of(given.base_url)) in given.production_hosts and not given.allow_production:
        what = f"{host} is production, where a run pauses and resumes real campaigns"
        yield f"--base-url {given.base_url!r}: {what}; expected a staging host, or --allow-production"
    if not given.token:
        yield "WHOP_API_TOKEN: not set; expected a token for a live target (or --token-file, --token)"
    if not given.campaign_ids:
        yield "--campaign-id: not given; expected at least one campaign that belongs to the run"


def _of_what_excludes_each_other(given: Settings) -> Iterator[str]:
    """Files that are written have to be different ones; devices may be the same."""
    for index, campaign in enumerate(given.campaign_ids):
        if campaign in given.campaign_ids[:index]:
            yield f"--campaign-id {campaign!r}: expected each campaign once"
    if given.foreign_campaign_id in given.campaign_ids:
        yield f"--foreign-campaign-id {given.foreign_campaign_id!r}: expected another company's campaign"
    if given.token and given.readonly_token == given.token:
        yield "--readonly-token: expected a credential without ad_campaign:update, not the token"
    for one, other in (("insecure", "ca_file"), ("quiet", "verbose")):
        if getattr(given, one) and getattr(given, other):
            yield f"--{one} and --{ROWS[other]['key']} exclude each other"
    taken: dict[Path, str] = {}
    for name, key in ((one, row["key"]) for one, row in ROWS.items() if row["kind"] in {"OUTPUT", "REPORT"}):
        path = getattr(given, name)
        if path is not None and (path.is_file() or not path.exists()):
            other = taken.setdefault(path.resolve(), key)
            if other != key:
                yield f"--{key} {str(path)!r}: expected another file than that of --{other}"


def host_of(url: str) -> str:
    """The host of a URL in lower case, without a dot at its end."""
    return (urllib.parse.urlsplit(url).hostname or "").rstrip(".")
