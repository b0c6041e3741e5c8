"""The command line, made from ``commands.json`` and the settings. A command is imported when it is called."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final, TextIO

import click
from click.shell_completion import shell_complete

from whop_contracts import __version__
from whop_contracts.report import environment
from whop_contracts.report.summary import plural, visible
from whop_contracts.settings import UsageError, in_words
from whop_contracts.settings import check as check_settings
from whop_contracts.settings.kinds import KINDS, describe_os_error, nearest
from whop_contracts.settings.sources import SETTINGS, describe, settings_of
from whop_contracts.signals import describe_internal_error

NAME: Final = "whop-contracts"
USAGE, INCONCLUSIVE, INTERRUPTED = 2, 3, 130
_COMPLETE: Final = "_WHOP_CONTRACTS_COMPLETE"  # the variable by which a shell asks for completions
_HELP: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""Also for each command: click keeps the help option of whichever context asks first."""


def say(*lines: str) -> None:
    """Write lines and flush, because the reader of a pipe may be waiting."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def rendered(name: str, data: Mapping[str, Any], **filters: Any) -> str:
    """The text of a template of this package."""
    filters |= {"folded": _folded, "plural": plural, "quote": shlex.quote, "visible": visible}
    templates = environment(Path(__file__).with_name("texts"))
    templates.filters |= filters
    return templates.get_template(f"{name}.txt.j2").render(data)


def _folded(line: str, margin: str) -> str:
    wrapper = textwrap.TextWrapper(80, margin, f"{margin}  ", break_on_hyphens=False, break_long_words=False)
    return wrapper.fill(line)


def tell(line: str) -> None:
    """Write a line to standard error, if that is possible."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        discard(sys.stderr)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """If standard output cannot be written, drop the rest and keep the exit code; a closed pipe is silent."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            tell(f"standard output could not be written ({describe_os_error(error)})")


def discard(stream: TextIO) -> None:
    """Keep the interpreter from flushing a stream at its end, which would print a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; at most one line on standard error, never a traceback."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # The process was started with closed streams.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays open
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except UsageError as error:
        line, code = str(error), USAGE
    except KeyboardInterrupt:
        line, code = "interrupted", INTERRUPTED
    except OSError as error:
        # Other errors of files are told where they occur: this is standard output.
        discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return USAGE
        line, code = f"the output could not be written ({error.strerror})", USAGE
    except Exception as error:  # noqa: BLE001 - our own error
        line, code = describe_internal_error(error), INCONCLUSIVE
    tell(f"{NAME}: {visible(line, 1_000)}")
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
        flags = (flag for one in ctx.command.get_params(ctx) for flag in _names(one) if flag[:2] == "--")
        hint = nearest(error.option_name.lstrip("-"), (flag[2:] for flag in flags), "--")
        return f"{error.option_name}: no such flag{hint or see}"
    if isinstance(error, click.BadOptionUsage):
        option = next(one for one in ctx.command.get_params(ctx) if error.option_name in _names(one))
        expected = getattr(option.type, "expected", "a value")
        return f"{error.option_name}: expected {'no value' if getattr(option, 'is_flag', 0) else expected}"
    if isinstance(error, click.BadParameter) and (param := error.param):
        name = param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
        missing = isinstance(error, click.MissingParameter)
        return f"{name}: not given{see}" if missing else f"{name} {error.message}"
    return f"{error.format_message()}{see}"


def _names(option: click.Parameter) -> tuple[str, ...]:
    return (*option.opts, *option.secondary_opts)


class _Command(click.Command):
    """A command, which a function of the same name implements, in a ``module`` of this folder.

    It gets the row's ``parameters`` by name and, if the table has settings for it, all ``settings``: unless
    ``checked``, they need not make sense together. ``changes`` are to their rows, by the field's name.
    """

    allow_extra_args = True

    def __init__(self, name: str, row: Mapping[str, Any]) -> None:
        self.module, self.checked = row["module"], row.get("checked", True)
        self.own = [_parameter(**one) for one in row.get("parameters", ())]
        self.settings = [copy(one) for one in SETTINGS if name in one.faces]
        for one in self.settings:
            vars(one).update(row.get("changes", {}).get(one.name, {}))
        params, text = [*self.own, *self.settings], row["help"]
        super().__init__(name, params=params, help=text, short_help=text, context_settings=_HELP)

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
            given["settings"] = settings = settings_of(ctx)
            if ctx.params.get("show_config"):
                say(describe(settings))
                return 0
            if self.checked:
                check_settings(settings)
        module = importlib.import_module(f"whop_contracts.cli.{self.module}")
        try:
            return int(getattr(module, str(self.name).replace("-", "_"))(**given))
        except UsageError as error:
            raise UsageError(in_words(str(error), getattr(given.get("settings"), "origins", {}))) from None


class _Program(click.Group):
    """All commands, in the order of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not ctx.resilient_parsing:
            hint = nearest(args[0], self.commands) or f"; see {NAME} --help"
            raise UsageError(f"{args[0]!r}: no such command{hint}")
        return super().resolve_command(ctx, args)


class _Argument(click.Argument):
    """A positional argument with help, which older versions of click do not have."""

    def __init__(self, names: Sequence[str], help: str, **more: Any) -> None:  # noqa: A002 - click's name
        super().__init__(names, **more)
        self.help = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        del ctx
        return self.human_readable_name, self.help or ""


def _parameter(names: str, type: str = "", **more: Any) -> click.Parameter:  # noqa: A002 - click's name
    """An option if the last of the ``names`` begins with dashes, else an argument; ``type`` is a kind."""
    flags, kind = names.split(), KINDS.get(type)
    more = {"metavar": kind and kind.metavar, "type": kind, **more}
    if flags[-1].startswith("--"):
        return click.Option(flags, show_default=not more.get("is_flag"), **more)
    return _Argument(flags, **more)


_ROWS: Final = json.loads(Path(__file__).with_name("commands.json").read_text("utf-8"))
COMMANDS: Final[Mapping[str, click.Command]] = {name: _Command(name, row) for name, row in _ROWS.items()}
PROGRAM: Final = _Program(
    NAME,
    commands=dict(COMMANDS),
    help="Checks an API against the documented contract of POST /ad_campaigns/{id}/pause, clause by clause.",
    epilog="Exit codes: 0 conforms, 1 a must clause failed, 2 usage, 3 inconclusive, 4 not restored.",
    context_settings=_HELP,
)
click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")(PROGRAM)
