"""The command line: finds the command in a table, and turns what ends it into an exit code and at most one line.

A command is a module with ``configure(parser)``, which adds its arguments, and ``execute(arguments) -> int``. It is imported when it is
asked for, so that ``--help`` costs nothing.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from whop_contracts import __version__
from whop_contracts.engine.run_state import describe_internal_error
from whop_contracts.settings import UsageError

PROGRAM: Final = "whop-contracts"
USAGE, INCONCLUSIVE, INTERRUPTED = 2, 3, 130


@dataclass(frozen=True, slots=True)
class Command:
    """One command: where it is, and what it does in a line."""

    module: str
    summary: str


COMMANDS: Final = {
    "run": Command("whop_contracts.cli.run", "judge a target; with no --base-url, the built-in mock"),
    "serve": Command(
        "whop_contracts.cli.serve", "serve the stateful provider on a port, test clock included"
    ),
    "restore": Command(
        "whop_contracts.cli.restore", "put campaigns back after a run that was killed, by its journal"
    ),
    "clauses": Command("whop_contracts.cli.clauses", "list what the documentation promises"),
    "explain": Command("whop_contracts.cli.explain", "one clause in full"),
    "plan": Command("whop_contracts.cli.plan", "what run would send, sending nothing"),
    "prove": Command("whop_contracts.cli.prove", "every fault and honest variation against the plan"),
    "check-har": Command("whop_contracts.cli.check_har", "judge recorded traffic; sends nothing"),
    "compare": Command("whop_contracts.cli.compare", "what changed between two results"),
    "replay": Command("whop_contracts.cli.replay", "send one failure's requests again"),
    "derive": Command(
        "whop_contracts.cli.derive", "the schemas, from the documented bodies and the annotations"
    ),
}


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message.removeprefix("argument "))

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments; an unknown flag is named without its value, with the nearest known one."""
        arguments, rest = self.parse_known_args(argv)
        if rest:
            raise UsageError(self._unknown(rest))
        return arguments

    def _unknown(self, rest: Sequence[str]) -> str:
        flag = next((one for one in rest if one.startswith("-")), None)
        if flag is None:
            return f"unexpected argument {rest[0]!r}; see {self.prog} --help"
        name = flag.partition("=")[0]
        flags = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(name, flags, n=1)
        return f"{name}: no such flag" + (
            f"; did you mean {near[0]}?" if near else f"; see {self.prog} --help"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Whatever happens, no traceback: an exit code, and one line on standard error where there is something to say."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except UsageError as misuse:
        return _say(str(misuse), USAGE)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _abandon_stdout()
        return _say("nobody reads the output any more", USAGE)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the last resort: an unforeseen error is ours, and its words may quote a secret
        return _say(describe_internal_error(error), INCONCLUSIVE)
    return code


def _dispatch(argv: list[str]) -> int:
    if argv and argv[0] in COMMANDS:
        command = COMMANDS[argv[0]]
        module = importlib.import_module(command.module)
        parser = Parser(
            prog=f"{PROGRAM} {argv[0]}",
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            allow_abbrev=False,
        )
        module.configure(parser)
        return int(module.execute(parser.parse(argv[1:])))
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND [...]",
        description="Tells, promise by promise, whether an API keeps the documented contract of POST /ad_campaigns/{id}/pause.",
        epilog="\n".join(
            [
                "commands:",
                *(f"  {name:<10} {command.summary}" for name, command in COMMANDS.items()),
                "",
                f"{PROGRAM} COMMAND --help tells the flags of one. Exit codes: 0 conforms, 1 a promise is broken,",
                "2 usage, 3 inconclusive, 4 a campaign could not be put back.",
            ]
        ),
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    if argv and not argv[0].startswith("-"):
        near = difflib.get_close_matches(argv[0], COMMANDS, n=1)
        parser.error(
            f"{argv[0]!r}: no such command"
            + (f"; did you mean {near[0]}?" if near else f"; see {PROGRAM} --help")
        )
    parser.parse(argv)
    parser.print_help()
    return USAGE


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"{PROGRAM}: {line}\n")
    return code


def _abandon_stdout() -> None:
    """Keep the interpreter from flushing into a closed pipe at its end, which would print a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
