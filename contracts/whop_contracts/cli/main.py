"""The commands, their options, help and exit codes. What implements one is imported when it is called."""

from __future__ import annotations

import difflib
import importlib
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import shell_complete

from whop_contracts import __version__
from whop_contracts.cli import discard, open_closed_streams, reader_may_leave, say, tell
from whop_contracts.report.summary import visible
from whop_contracts.settings import SETTINGS, UsageError, check
from whop_contracts.settings.kinds import CAMPAIGN, PROFILE, TOKEN, choice, nearest, number
from whop_contracts.settings.sources import SettingOption, describe, loaded_by
from whop_contracts.signals import describe_internal_error

NAME: Final = "whop-contracts"
USAGE, INCONCLUSIVE, INTERRUPTED = 2, 3, 130
_LONGEST: Final = 1_000
_COMPLETE: Final = "_WHOP_CONTRACTS_COMPLETE"
"""The variable by which a shell asks click for its completion script, and for completions."""
_TARGET: Final = (
    "base_url token token_file headers test_clock resume_tolerance rate restore_time timeout ca_file "
    "insecure allow_production config "
)
_PARTIES: Final = "campaign_ids readonly_token foreign_campaign_id journal max_requests max_time "
_CHECKED: Final = "clauses require strict waivers drift_ledger "
_REPORTS: Final = "json junit markdown html color quiet verbose "
_PATH: Final = click.Path(path_type=Path)
_RUN: Final = " ".join(setting.name for setting in SETTINGS if "command" in setting.faces)
_HELP: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""Also for each command: click keeps the help option of whichever context asks first."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; at most one line on standard error, never a traceback."""
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        with reader_may_leave():
            sys.stdout.flush()
    except UsageError as error:
        line, code = str(error), USAGE
    except KeyboardInterrupt:
        line, code = "interrupted", INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)
        return USAGE
    except OSError as error:
        # Other errors of files are told where they occur: this is standard output.
        discard(sys.stdout)
        line, code = f"the output could not be written ({error.strerror})", USAGE
    except Exception as error:  # noqa: BLE001 - our own error
        line, code = describe_internal_error(error), INCONCLUSIVE
    else:
        return code
    tell(f"{NAME}: {visible(line, _LONGEST)}")
    return code


def _run(words: list[str]) -> int:
    """What click's ``main`` does, but Ctrl-C and a closed pipe do not end with 1 (a clause failed)."""
    if asked := os.environ.get(_COMPLETE):
        return USAGE if shell_complete(PROGRAM, {}, NAME, _COMPLETE, asked) else 0
    try:
        with PROGRAM.make_context(NAME, [*words] or ["--help"]) as ctx:
            return int(ctx.command.invoke(ctx))
    except click.exceptions.Exit as done:
        return done.exit_code if words else USAGE
    except click.UsageError as error:
        raise UsageError(_line(error, click.Context(PROGRAM, info_name=NAME))) from None


def _line(error: click.UsageError, ctx: click.Context) -> str:
    """What is wrong, where, and what was expected."""
    see = f"; see {ctx.command_path} --help"
    if isinstance(error, click.NoSuchOption):
        return f"{error.option_name}: no such flag{_nearest_flag(error.option_name, ctx.command) or see}"
    if isinstance(error, click.BadOptionUsage):
        option = next(one for one in ctx.command.get_params(ctx) if error.option_name in _names(one))
        expected = getattr(option.type, "expected", "a value")
        return f"{error.option_name}: expected {'no value' if getattr(option, 'is_flag', 0) else expected}"
    if isinstance(error, click.BadParameter) and error.param:
        name = error.param.human_readable_name
        name = error.param.opts[0] if isinstance(error.param, click.Option) else name
        missing = isinstance(error, click.MissingParameter)
        return f"{name}: not given{see}" if missing else f"{name} {error.message}"
    return f"{error.format_message()}{see}"


def _nearest_flag(name: str, command: click.Command) -> str:
    """A hint at the flag that was probably meant; ``--no-…`` is first compared with what undoes a switch."""
    options = [one for one in command.params if isinstance(one, click.Option)]
    on = {flag.lstrip("-"): flag for one in options for flag in one.opts}
    off = {flag.removeprefix("--no-"): flag for one in options for flag in one.secondary_opts}
    stem = name.lstrip("-")
    for word, known in ((stem.removeprefix("no-"), off if stem.startswith("no-") else on), (stem, on)):
        if near := difflib.get_close_matches(word, known, n=1):
            return f"; did you mean {known[near[0]]}?"
    return ""


def _names(option: click.Parameter) -> tuple[str, ...]:
    return (*option.opts, *option.secondary_opts)


class Command(click.Command):
    """A command that ``place``, ``module:function``, implements.

    The function gets the ``own`` parameters by name and, where there are ``settings``, what was ``loaded``:
    unless ``checked``, they need not make sense together. ``words`` changes the row of a setting.
    """

    allow_extra_args = True

    def __init__(
        self,
        place: str,
        text: str,
        *own: click.Parameter,
        settings: str = "",
        checked: bool = True,
        **words: Mapping[str, Any],
    ) -> None:
        self.place, self.own, self.checked = place, own, checked
        rows = [row for row in SETTINGS if row.name in settings.split()]
        self.settings = [SettingOption(replace(row, **words.get(row.name, {}))) for row in rows]
        params = [*own, *self.settings]
        super().__init__(None, params=params, help=text, short_help=text, context_settings=_HELP)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, without taking a flag for the value of the one before it."""
        flags = {name: one for one in self.params if isinstance(one, click.Option) for name in _names(one)}
        for word, following in itertools.pairwise(args):
            if word in flags and following in flags and not flags[word].is_flag and not ctx.resilient_parsing:
                raise UsageError(f"{word}: expected a value, not {following}")
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            raise UsageError(_line(error, ctx)) from None
        if rest and not ctx.resilient_parsing:
            raise UsageError(f"unexpected argument {rest[0]!r}; see {ctx.command_path} --help")
        return rest

    def invoke(self, ctx: click.Context) -> int:
        """Call the function; it returns the exit code."""
        given: dict[str, Any] = {one.name: ctx.params[one.name] for one in self.own if one.name}
        if self.settings:
            given["loaded"] = loaded = loaded_by(ctx)
            if ctx.params.get("show_config"):
                say(describe(loaded))
                return 0
            if self.checked:
                check(loaded.settings, loaded.origins)
        module, _, function = self.place.partition(":")
        return int(getattr(importlib.import_module(f"whop_contracts.cli.{module}"), function)(**given))


class Program(click.Group):
    """All commands, in the order of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            hint = nearest(args[0], self.commands) or f"; see {NAME} --help"
            raise UsageError(f"{args[0]!r}: no such command{hint}")
        return super().resolve_command(ctx, args)


class _Argument(click.Argument):
    """A positional argument with help, which older versions of click do not have."""

    def __init__(self, name: str, metavar: str, text: str, **more: Any) -> None:
        super().__init__([name], metavar=metavar, **more)
        self.help = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        del ctx
        return self.human_readable_name, self.help or ""


def _flag(name: str, text: str) -> click.Option:
    return click.Option(["as_json", name] if name == "--json" else [name], is_flag=True, help=text)


def _option(name: str, metavar: str, text: str, **more: Any) -> click.Option:
    return click.Option([name], metavar=metavar, help=text, show_default=True, **more)


COMMANDS: Final[dict[str, click.Command]] = {
    "run": Command("run:run", "Check a target, or without --base-url the built-in mock.", settings=_RUN),
    "serve": Command(
        "providers:serve",
        "Serve the reference provider and its test clock on a port.",
        _option("--host", "HOST", "Address to listen on.", default="127.0.0.1"),
        _option("--port", "PORT", "Port; 0 is any free one.", type=number(0, 65_535), default=8089),
        _option("--fault", "NAME", "Serve the provider with this bug. Repeatable.", multiple=True),
        _option("--variation", "NAME", "Serve the provider conforming in another way."),
        _option("--token", "TOKEN", "Accept this token too. Repeatable.", type=TOKEN, multiple=True),
        _option("--campaign-id", "ID", "Hold this campaign too. Repeatable.", type=CAMPAIGN, multiple=True),
        _flag("--log", "Print one line per request: method, path, status."),
        _flag("--strict", "Reject requests that violate the contract."),
        _option("--report", "FILE", "Write the requests that violated the contract as JSON.", type=_PATH),
        _flag("--list-faults", "List faults and variations, and exit."),
    ),
    "restore": Command(
        "run:restore",
        "Restore the campaigns of a run that was killed.",
        _Argument("journal", "JOURNAL", "File that the run named when it began.", type=_PATH),
        settings=_TARGET,
        checked=False,
        base_url={"help": "API base URL of the run.", "otherwise": "the one in the journal"},
    ),
    "clauses": Command("offline:clauses", "List every clause.", _flag("--json", "Print JSON.")),
    "explain": Command(
        "explain:explain",
        "Explain one clause: what is sent for it, what conforms, which faults it finds.",
        _Argument("clause_id", "ID", "A clause's id, as `whop-contracts clauses` lists it."),
    ),
    "plan": Command(
        "explain:plan",
        "Print the requests that run would send; send nothing.",
        _flag("--json", "Print JSON."),
        _flag("--why", "Print for each request the clauses that it tests, as tried on the built-in mock."),
        settings=_TARGET + _PARTIES + _CHECKED + "profile seed",
    ),
    "prove": Command(
        "providers:prove",
        "Run the plan against every fault and every conforming variation.",
        _option("--profile", "NAME", "Plan: quick, standard or thorough.", type=PROFILE, default="standard"),
        _option("--seed", "N", "First seed; faults have only this.", type=number(0, 2**63), default=0),
        _option("--seeds", "N", "How many seeds each variation gets.", type=number(1, 1_000), default=1),
        _option("--faults", "GLOB", "Only these, and the default provider. Repeatable.", multiple=True),
        _option("--only", "PART", "Only a part of the plan: drawn requests.", type=choice("drawn")),
        _flag("--rank", "Write schemas/ranks.json, the order of vectors and sequences, and exit."),
        _option("--at", "INSTANT", "Start of the virtual clock.  [default: 2026-09-21T14:13:20Z]"),
        _option("--jobs", "N", "Processes.  [default: one per core]", type=number(1, 256)),
        _option("--write", "FILE", "Write the matrix as Markdown, and the faults per clause beside it."),
        _option("--check", "FILE", "Fail if FILE, or the .json beside it, has other numbers."),
        _flag("--quiet", "Print no matrix, only totals and problems."),
    ),
    "check-har": Command(
        "run:check_har",
        "Check recorded traffic; send nothing.",
        _Argument("file", "FILE", "HAR 1.2 file of a browser, a proxy or run --har.", type=_PATH),
        _option("--target", "URL", "Check only this base URL.  [default: the first one that got a pause]"),
        settings=_CHECKED + _REPORTS + "resume_tolerance config",
        checked=False,
    ),
    "compare": Command(
        "offline:compare",
        "Compare two results.",
        _Argument("old", "OLD", "A result, as run --json writes it.", type=_PATH),
        _Argument("new", "NEW", "A later one.", type=_PATH),
        _flag("--json", "Print JSON."),
    ),
    "replay": Command(
        "run:replay",
        "Send the requests of one failure again.",
        _Argument("result", "RESULT", "A result, as run --json writes it.", type=_PATH),
        _option("--clause", "ID", "Clause that fails in it.", required=True),
        settings=_TARGET + _PARTIES + "har color quiet",
        base_url={"help": "API base URL; needed unless the result is of the built-in mock."},
    ),
    "derive": Command(
        "offline:derive",
        "Generate the schemas from the documented bodies and the annotations.",
        _flag("--check", "Write nothing; exit with 1 and print the difference if there is one."),
        _Argument(
            "folder", "[FOLDER]", "Folder of documented/; our own by default.", required=False, type=_PATH
        ),
    ),
}
PROGRAM: Final = Program(
    NAME,
    commands=COMMANDS,
    help="Checks an API against the documented contract of POST /ad_campaigns/{id}/pause, clause by clause.",
    epilog="Exit codes: 0 conforms, 1 a must clause failed, 2 usage, 3 inconclusive, 4 not restored.",
    context_settings=_HELP,
)
click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")(PROGRAM)
