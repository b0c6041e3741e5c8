"""``serve``: the reference provider on a port.

``--strict`` and ``--report`` check its clients too (see :mod:`whop_contracts.integrations.consumer`).
``--strict`` rejects a request that violates the contract with a 4xx; ``--report`` leaves responses as they
are. The report is replaced at the start, after each violation and at the end. The exit code is 1 if there was
a violation.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

from whop_contracts import provider
from whop_contracts.cli import say
from whop_contracts.integrations.consumer import Found
from whop_contracts.integrations.consumer.request_checker import RequestChecker, guarded
from whop_contracts.provider import SEED, server
from whop_contracts.report import write_file
from whop_contracts.report.summary import visible
from whop_contracts.settings import UsageError


def serve(
    host: str,
    port: int,
    fault: tuple[str, ...],
    variation: str | None,
    *,
    token: tuple[str, ...],
    campaign_id: tuple[str, ...],
    log: bool,
    strict: bool,
    report: Path | None,
    list_faults: bool,
) -> int:
    """Serve until interrupted."""
    if list_faults:
        say(*(f"{one.name}  {one.kind}  {one.why}" for one in provider.faults()))
        say(*(f"{one.name}  variation  {one.why}" for one in provider.variations()))
        return 0
    try:
        built = provider.build(fault=fault, variation=variation, clock=provider.RunningClock())
    except ValueError as error:
        raise UsageError(f"{error}; --list-faults lists them") from None
    built.added = (token, campaign_id)
    built.reset()
    checker = _check_clients(built, strict=strict, report=report) if strict or report else None
    try:
        server.serve(
            built,
            host,
            port,
            lambda base_url: say(*_welcome(base_url, (*token, SEED.token), (*campaign_id, *SEED.campaigns))),
            _log if log else None,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"--host {host}, --port {port}: cannot listen there ({why})") from None
    return _conclude(checker, report) if checker else 0


def _check_clients(built: provider.Provider, *, strict: bool, report: Path | None) -> RequestChecker:
    """Check every request before the provider gets it, and keep the report up to date."""
    checker = RequestChecker((*built.added[0], SEED.token, SEED.readonly_token, SEED.foreign_token))

    def watch(found: Found) -> None:
        if found and report:
            # The client gets its response even if the disk is full for a while; the end reports it.
            with contextlib.suppress(UsageError):
                _write(report, checker)

    if report:
        _write(report, checker)
    handle = guarded(built.handle, checker, refuse=built.finish if strict else None, watch=watch)
    setattr(built, "handle", handle)  # noqa: B010 - in place of the method
    return checker


def _conclude(checker: RequestChecker, report: Path | None) -> int:
    if report:
        _write(report, checker)
    document = checker.document()
    broken, requests = document["broken"], document["requests"]
    end = f"{broken} of {requests} requests broke the contract"
    say(end if broken else f"{requests} requests, none broken")
    return 1 if broken else 0


def _write(path: Path, checker: RequestChecker) -> None:
    write_file(path, json.dumps(checker.document(), indent=2) + "\n", "--report")


def _log(method: str, path: str, status: int) -> None:
    """One line per request, without the query, which may contain a secret."""
    say(f"{visible(method, 20)} {visible(path.partition('?')[0], 200)} {status}")


def _welcome(base_url: str, tokens: tuple[str, ...], campaigns: tuple[str, ...]) -> Iterator[str]:
    """Where the provider is, what it holds, and a command that checks it."""
    clock_url = server.clock_url(base_url)
    yield f"base URL    {base_url}"
    yield f"test clock  {clock_url}"
    yield f"token       {tokens[0]} (read only: {SEED.readonly_token})"
    yield f"campaigns   {textwrap.fill(' '.join(campaigns), 68, subsequent_indent=' ' * 12)}"
    yield f"foreign     {SEED.foreign_campaign}"
    yield ""
    lines = [
        f"WHOP_API_TOKEN={shlex.quote(tokens[0])} whop-contracts run",
        f"--base-url {shlex.quote(base_url)}",
        f"--test-clock {shlex.quote(clock_url)}",
        *(f"--campaign-id {shlex.quote(campaign)}" for campaign in campaigns),
        f"--readonly-token {shlex.quote(SEED.readonly_token)}",
        f"--foreign-campaign-id {shlex.quote(SEED.foreign_campaign)}",
    ]
    yield " \\\n  ".join(lines)
    yield ""
    yield "Ctrl-C ends it."
