"""Settings: flags > environment > file > defaults, each value knowing where it came from.

One table, ``SETTINGS``, drives the command line, the variables, the file, the options of pytest and ``--show-config``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from whop_contracts.settings import kinds
from whop_contracts.settings.kinds import Kind

PRODUCTION_HOSTS: Final = ("api.whop.com",)
PREFIX: Final = "WHOP_CONTRACTS_"


class UsageError(Exception):
    """A setting that cannot be used (exit 2): one line that names where it came from, its value (never a secret's), and what is
    expected.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a run can be told. ``base_url`` None is the built-in mock; durations are seconds."""

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
    strict: bool = False
    waivers: Path | None = None
    drift_ledger: Path | None = None
    max_requests: int | None = None
    max_time: float | None = None
    rate: int | None = None
    """Requests a minute; None for 300, and for any number on loopback."""
    """Requests a minute on a live target; there is no limit on loopback and the mock."""
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
    quiet: bool = False
    verbose: bool = False
    config: Path | None = None
    show_config: bool = False


Face = Literal["command", "pytest"]
_BOTH: Final[frozenset[Face]] = frozenset({"command", "pytest"})
_COMMAND: Final[frozenset[Face]] = frozenset({"command"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``name`` is the field of ``Settings``; ``key`` is its flag without dashes and its key in a file. ``variables`` are tried in
    order after the one that every setting has; ``faces`` are where it is a flag.
    """

    name: str
    key: str
    kind: Kind
    help: str
    metavar: str = ""
    repeatable: bool = False
    variables: tuple[str, ...] = ()
    faces: frozenset[Face] = _BOTH
    in_file: bool = True

    @property
    def variable(self) -> str:
        """The environment's name for it."""
        return PREFIX + self.key.upper().replace("-", "_")

    @property
    def default(self) -> Any:
        """What holds where nobody says otherwise."""
        return _DEFAULTS[self.name]


_DEFAULTS: Final = {one.name: one.default for one in fields(Settings)}
SETTINGS: Final = (
    Setting(
        "base_url",
        "base-url",
        kinds.BASE_URL,
        "what stands before /ad_campaigns; without it the built-in mock is judged",
        "URL",
    ),
    Setting(
        "token",
        "token",
        kinds.TOKEN,
        "the credential; the variable WHOP_API_TOKEN keeps it out of the process list",
        "TOKEN",
        variables=("WHOP_API_TOKEN",),
    ),
    Setting("token_file", "token-file", kinds.INPUT, "a file that holds the credential", "FILE"),
    Setting(
        "campaign_ids",
        "campaign-id",
        kinds.CAMPAIGN,
        "a campaign that is ours for the run (repeatable); at least one for a live target",
        "ID",
        repeatable=True,
    ),
    Setting(
        "readonly_token",
        "readonly-token",
        kinds.TOKEN,
        "a credential without ad_campaign:update",
        "TOKEN",
        variables=("WHOP_READONLY_TOKEN",),
    ),
    Setting(
        "foreign_campaign_id", "foreign-campaign-id", kinds.CAMPAIGN, "a campaign of another company", "ID"
    ),
    Setting(
        "headers",
        "header",
        kinds.HEADER,
        "a header for every request: 'Name: value' (repeatable)",
        "HEADER",
        repeatable=True,
    ),
    Setting(
        "test_clock",
        "test-clock",
        kinds.CLOCK_URL,
        "the provider's test clock: GET tells its now, PUT moves it",
        "URL",
    ),
    Setting(
        "resume_tolerance",
        "resume-tolerance",
        kinds.DURATION,
        "how late an auto-resume may be seen (60s)",
        "DURATION",
    ),
    Setting(
        "profile",
        "profile",
        kinds.choice("quick", "standard", "thorough"),
        "how much is sent: quick, standard, thorough",
        "NAME",
    ),
    Setting("seed", "seed", kinds.NUMBER, "varies what Hypothesis adds to the plan (0)", "N"),
    Setting(
        "clauses",
        "clause",
        kinds.GLOB,
        "judge these clauses alone: an id or a pattern (repeatable)",
        "GLOB",
        repeatable=True,
    ),
    Setting("strict", "strict", kinds.SWITCH, "a warning fails the run too"),
    Setting("waivers", "waivers", kinds.INPUT, "known failures: clause, reason, owner, expiry", "FILE"),
    Setting(
        "drift_ledger", "drift-ledger", kinds.OUTPUT, "keeps when each drift was first and last seen", "FILE"
    ),
    Setting("max_requests", "max-requests", kinds.COUNT, "send no more than this", "N"),
    Setting("max_time", "max-time", kinds.DURATION, "take no longer than this", "DURATION"),
    Setting(
        "rate",
        "rate",
        kinds.COUNT,
        "requests a minute at most (300 on a live target, no limit on loopback)",
        "N",
    ),
    Setting("timeout", "timeout", kinds.DURATION, "how long one answer may take (10s)", "DURATION"),
    Setting(
        "ca_file", "ca-file", kinds.CERTIFICATES, "certificates to trust instead of the usual ones", "FILE"
    ),
    Setting("insecure", "insecure", kinds.SWITCH, "do not verify the target's certificate"),
    Setting("journal", "journal", kinds.OUTPUT, "where to note what has to be put back", "FILE"),
    Setting(
        "allow_production",
        "allow-production",
        kinds.SWITCH,
        "send to a production host, which is refused otherwise",
    ),
    Setting(
        "production_hosts",
        "production-hosts",
        kinds.HOST,
        "hosts that count as production, besides api.whop.com",
        "HOST",
        repeatable=True,
        faces=frozenset(),
    ),
    Setting("dry_run", "dry-run", kinds.SWITCH, "say what would be sent, and send nothing", faces=_COMMAND),
    Setting("json", "json", kinds.OUTPUT, "write the result", "FILE"),
    Setting("junit", "junit", kinds.OUTPUT, "write JUnit XML: one test case a clause", "FILE"),
    Setting(
        "markdown", "markdown", kinds.OUTPUT, "write Markdown that fits a pull request's comment", "FILE"
    ),
    Setting("html", "html", kinds.OUTPUT, "write one page of HTML that opens offline", "FILE"),
    Setting("har", "har", kinds.OUTPUT, "write every exchange as HAR 1.2, redacted", "FILE"),
    Setting("quiet", "quiet", kinds.SWITCH, "the verdict and one line a failure", faces=_COMMAND),
    Setting("verbose", "verbose", kinds.SWITCH, "every clause", faces=_COMMAND),
    Setting(
        "config",
        "config",
        kinds.INPUT,
        "settings in TOML (else whop-contracts.toml, else [tool.whop-contracts] of pyproject.toml)",
        "FILE",
        in_file=False,
    ),
    Setting(
        "show_config",
        "show-config",
        kinds.SWITCH,
        "print every setting and where it came from",
        faces=_COMMAND,
        in_file=False,
    ),
)
OUTPUTS: Final = tuple(setting.name for setting in SETTINGS if setting.kind is kinds.OUTPUT)
KEYS: Final = {setting.name: setting.key for setting in SETTINGS}
