"""The entry point: turns whatever ends a command into an exit code and at most one line on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import shell_complete

from whop_contracts.cli import discard, open_closed_streams, reader_may_leave, tell
from whop_contracts.cli.commands import NAME, PROGRAM
from whop_contracts.engine.run_state import describe_internal_error
from whop_contracts.report.summary import visible
from whop_contracts.settings import UsageError

USAGE, INCONCLUSIVE, INTERRUPTED = 2, 3, 130
_LONGEST: Final = 1_000
_COMPLETE: Final = "_WHOP_CONTRACTS_COMPLETE"
"""The variable by which a shell asks click for its completion script, and for completions."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. There is never a traceback."""
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        with reader_may_leave():
            sys.stdout.flush()
    except UsageError as error:
        return _fail(str(error), USAGE)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        discard(sys.stdout)
        return USAGE
    except OSError as error:
        # Other errors of files are told where they occur: this is standard output.
        discard(sys.stdout)
        return _fail(f"the output could not be written ({error.strerror})", USAGE)
    except Exception as error:  # noqa: BLE001 - our own error
        return _fail(describe_internal_error(error), INCONCLUSIVE)
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


def _fail(line: str, code: int) -> int:
    tell(f"{NAME}: {visible(line, _LONGEST)}")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
