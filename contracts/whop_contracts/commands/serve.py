"""``serve``: the stateful provider on a port, honest or with a fault, its test clock beside it."""

from __future__ import annotations

import argparse
import shlex
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from whop_contracts.commands.engines import engine
from whop_contracts.commands.saying import say
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

    def tell(base_url: str) -> None:
        say(*welcome(base_url, server.clock_url(base_url), provider.SEED))

    try:
        server.serve(built, arguments.host, port, tell)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise UsageError(
            f"--host {arguments.host!r}, --port {port}: expected an address that is free and ours ({said})"
        ) from None
    return 0


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
