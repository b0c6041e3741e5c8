"""``serve``: the stateful provider on a port, honest or with a fault, its test clock beside it.

With ``--strict`` or ``--report FILE`` the clients are judged as well (see :mod:`whop_contracts.integrations.consumer`): ``--strict`` answers a request that
breaks the contract with a 4xx in the error's shape and carries nothing out, ``--report`` leaves the answers as they are. The report is JSON, put
in place whole at the start, after each broken request and at the end. Where a request broke the contract the exit code is 1 at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.settings import UsageError

_PORTS: Final = 65_535


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and how to behave."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="HOST", help="the address to listen on (127.0.0.1)"
    )
    parser.add_argument("--port", default="8089", metavar="PORT", help="the port; 0 is any free one (8089)")
    parser.add_argument("--fault", metavar="NAME", help="break one promise")
    parser.add_argument("--variation", metavar="NAME", help="keep every promise in another way")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse requests that break the contract, whatever the provider would do",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="which requests broke the contract, as JSON"
    )
    parser.add_argument("--list-faults", action="store_true", help="the faults by name, and the variations")


def execute(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    provider = engine("provider")
    if arguments.list_faults:
        for fault in provider.faults():
            say(f"{fault.name}  {fault.kind}  {fault.why}")
        for variation in provider.variations():
            say(f"{variation.name}  variation  {variation.why}")
        return 0
    port = int(arguments.port) if arguments.port.isascii() and arguments.port.isdigit() else -1
    if not 0 <= port <= _PORTS:
        raise UsageError(f"--port {arguments.port!r}: expected a whole number from 0 to {_PORTS}")
    known = {
        "--fault": (arguments.fault, provider.faults),
        "--variation": (arguments.variation, provider.variations),
    }
    for flag, (name, table) in known.items():
        if name is not None and name not in {one.name for one in table()}:
            raise UsageError(f"{flag} {name!r}: no such name; expected one that --list-faults lists")
    built = provider.build(
        fault=arguments.fault, variation=arguments.variation, clock=provider.RunningClock()
    )
    server = engine("server")
    witness = None
    if arguments.strict or arguments.report:
        witness = _witnessed(built, strict=arguments.strict, report=arguments.report)

    def tell(base_url: str) -> None:
        say(*welcome(base_url, server.clock_url(base_url), provider.SEED))

    try:
        server.serve(built, arguments.host, port, tell)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise UsageError(
            f"--host {arguments.host!r}, --port {port}: expected an address that is free and ours ({said})"
        ) from None
    return 0 if witness is None else _ended(witness, arguments.report)


def _witnessed(built: Any, *, strict: bool, report: Path | None) -> Any:
    """Put a witness before the provider's one entry; it writes the report whenever a request breaks something."""
    judged, provider = engine("witness"), engine("provider")
    seed = provider.SEED
    witness = judged.RequestChecker((seed.token, seed.readonly_token, seed.foreign_token))

    def refuse(answer: Any) -> Any:
        return built.finish(provider.Answer(answer.status, answer.headers, answer.content))

    def watch(found: Any) -> None:
        if found and report:
            # A disk that is full for a while is no reason to leave the client without an answer: the end tells.
            with contextlib.suppress(UsageError):
                _write(report, witness.document())

    if report:
        _write(report, witness.document())
    built.handle = judged.guarded(built.handle, witness, refuse=refuse if strict else None, watch=watch)
    return witness


def _ended(witness: Any, report: Path | None) -> int:
    """Say what came of it, in a line."""
    document = witness.document()
    if report:
        _write(report, document)
    broken, requests = document["broken"], document["requests"]
    say(
        f"{broken} of {requests} requests broke the contract"
        if broken
        else f"{requests} requests, none broken"
    )
    return 1 if broken else 0


def _write(path: Path, document: Any) -> None:
    try:
        engine("replace_file")(path, json.dumps(document, indent=2) + "\n")
    except OSError as error:
        why = (error.strerror or "no answer").lower()
        raise UsageError(f"--report {str(path)!r}: could not be written ({why})") from None


def welcome(base_url: str, clock_url: str, seed: Any) -> Iterator[str]:
    """Where the provider is and what it holds, and a command to judge it that can be pasted as it stands."""
    yield f"base URL    {base_url}"
    yield f"test clock  {clock_url}"
    yield f"token       {seed.token} (read only: {seed.readonly_token})"
    yield f"campaigns   {textwrap.fill(' '.join(seed.campaigns), 68, subsequent_indent=' ' * 12)}"
    yield f"foreign     {seed.foreign_campaign}"
    yield ""
    lines = [
        f"WHOP_API_TOKEN={shlex.quote(seed.token)} whop-contracts run",
        f"--base-url {shlex.quote(base_url)}",
        f"--test-clock {shlex.quote(clock_url)}",
        *(f"--campaign-id {shlex.quote(campaign)}" for campaign in seed.campaigns),
        f"--readonly-token {shlex.quote(seed.readonly_token)}",
        f"--foreign-campaign-id {shlex.quote(seed.foreign_campaign)}",
    ]
    yield " \\\n  ".join(lines)
    yield ""
    yield "Ctrl-C ends it."
