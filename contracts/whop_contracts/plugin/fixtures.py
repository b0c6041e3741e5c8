"""The fixtures: the stateful provider for an application's own tests, the session's target and its run.

:class:`AdCampaignProvider` may be used without pytest too, and with any scope::

    with AdCampaignProvider(fault="missing-paused-until") as provider: ...
"""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self, cast

import httpx
import pytest
import respx

from whop_contracts import plugin
from whop_contracts.cli.planning import actors_of
from whop_contracts.instants import utc
from whop_contracts.integrations.consumer import Broken, RequestChecker, guarded
from whop_contracts.provider import SEED, ManualClock, build
from whop_contracts.provider.server import running
from whop_contracts.settings import UsageError
from whop_contracts.target import MOCK_URL, response_of

__all__ = ["WHOP_URL", "AdCampaignProvider", "Broken", "CampaignState", "ContractTarget"]

WHOP_URL: Final = "https://api.whop.com/api/v1"
"""The default address of the provider: what an application calls in production. No request gets there."""


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign as the provider holds it, whatever a fault makes it respond. Instants are aware, in UTC."""

    id: str
    title: str
    status: str
    paused_until: datetime | None
    created_at: datetime
    updated_at: datetime


class AdCampaignProvider:
    """A stateful provider of the documented operations, for tests of code that calls them.

    It is conforming, has one ``fault``, or conforms in the way of one ``variation`` (``whop-contracts serve
    --list-faults`` lists both). Inside its context it responds to every httpx request below ``base_url`` +
    ``/ad_campaigns``, synchronous or not; any other request is a failed assertion of respx, unless a route of
    ``router`` or of another active router matches it. :meth:`serve` opens a port as well. It starts with the
    campaigns of ``seed`` and its clock at ``now`` (default: the machine's), which only :meth:`advance` moves.
    With ``strict`` a request that breaks the contract gets a 4xx that says why and is not carried out.
    ``ValueError`` for an unknown name and for a ``now`` without a zone.
    """

    seed = SEED
    """All ids and tokens that the provider knows."""
    token = SEED.token
    """Has every permission."""
    readonly_token = SEED.readonly_token
    """Lacks ``ad_campaign:update``: a pause is a 403."""
    campaign_ids = SEED.campaigns
    """Active campaigns of the token's company."""

    def __init__(
        self,
        *,
        fault: str | None = None,
        variation: str | None = None,
        base_url: str = WHOP_URL,
        now: datetime | None = None,
        strict: bool = False,
    ) -> None:
        if now is not None and now.tzinfo is None:
            raise ValueError(f"now={now.isoformat()} has no zone")
        start = time.time() if now is None else now.timestamp()
        self._provider = build(fault=fault, variation=variation, clock=ManualClock(start))
        self._checker = RequestChecker((SEED.token, SEED.readonly_token, SEED.foreign_token))
        refuse = self._provider.finish if strict else None
        checked = guarded(self._provider.handle, self._checker, refuse=refuse)
        self._provider.handle = checked  # type: ignore[method-assign]  # in front of every fault
        self.base_url = base_url.rstrip("/")
        url = httpx.URL(self.base_url)
        self._path = url.path.rstrip("/")
        self.router = respx.MockRouter(assert_all_called=False, assert_all_mocked=True)
        """The respx router: ``router.calls`` are the requests that it handled."""
        port: dict[str, Any] = {} if url.port is None else {"port": url.port}
        place = f"{self._path}/ad_campaigns"
        route = self.router.route(scheme=url.scheme, host=url.host, path__startswith=place, **port)
        route.mock(side_effect=self._respond)
        self._open = ExitStack()
        self._served: str | None = None

    def __enter__(self) -> Self:
        self._open.enter_context(self.router)
        return self

    def __exit__(self, *_: object) -> None:
        self._served = None
        self._open.close()

    @property
    def now(self) -> datetime:
        """The provider's clock, in UTC."""
        return utc(self._provider.now())

    def advance(self, by: float | timedelta) -> datetime:
        """Move the clock forward by so many seconds and return its time. What is due by then has been done.

        ``ValueError`` for a step back.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else float(by)
        with self._provider.lock:
            cast("ManualClock", self._provider.clock).advance(seconds)
            self._provider.tick()
        return self.now

    def campaign(self, id_: str) -> CampaignState:
        """The campaign as the provider holds it now. ``KeyError`` for an unknown id."""
        with self._provider.lock:
            self._provider.tick()
            held = self._provider.state.campaigns[id_]
            until = None if held.paused_until is None else utc(held.paused_until)
            created, updated = utc(held.created_at), utc(held.updated_at)
            return CampaignState(held.id, held.title, held.status, until, created, updated)

    @property
    def broken_requests(self) -> tuple[Broken, ...]:
        """The requests that broke the contract, without tokens: a row per rule that a request broke.

        Each has ``number method path rule promise pointer expected actual``.
        """
        return self._checker.broken

    @property
    def unwise_requests(self) -> tuple[Broken, ...]:
        """The same for what a provider may ignore or reject: undocumented members, a query, a body."""
        return tuple(one for one in self._checker.findings if one.level == "should")

    def serve(self) -> str:
        """Listen on a free port of 127.0.0.1 as well, until the context ends; returns the base URL there.

        For code that does not use httpx, or runs in another process. State and clock are shared. A second
        call returns the same URL.
        """
        if self._served is None:
            self._served = self._open.enter_context(running(self._provider))
            url = httpx.URL(self._served)
            self.router.route(host=url.host, port=url.port).pass_through()
        return self._served

    def _respond(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        return response_of(self._provider, "/api/v1" + target.removeprefix(self._path), request)


@dataclass(frozen=True, slots=True)
class ContractTarget:
    """The target of this session's run, by its settings; creating it sends nothing.

    ``headers`` are the credential and those of ``--contract-header``; no ``repr`` shows them.
    The built-in mock (``kind`` "mock") has no socket: use ``ad_campaign_provider`` for requests of your own.
    """

    kind: Literal["mock", "live"]
    base_url: str
    campaign_ids: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)


class Hidden(str):
    """Text whose ``repr`` hides it: pytest shows the values in a failed assertion."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def provider_of(request: pytest.FixtureRequest, *, strict: bool = False) -> Iterator[AdCampaignProvider]:
    """The provider that the test's marker configures; a ``strict`` one fails the test for broken requests."""
    marker = request.node.get_closest_marker("ad_campaign_provider") or pytest.mark.ad_campaign_provider
    known, message = AdCampaignProvider.__init__.__kwdefaults__ or {}, "@pytest.mark.ad_campaign_provider: "
    if wrong := [*map(repr, marker.args), *(name for name in marker.kwargs if name not in known)]:
        pytest.fail(f"{message}expected only {', '.join(known)}, not {', '.join(wrong)}", pytrace=False)
    try:
        provider = AdCampaignProvider(**{"strict": strict, **marker.kwargs})
    except (TypeError, ValueError) as error:
        pytest.fail(f"{message}{error}", pytrace=False)
    with provider:
        yield provider
    if strict and provider.broken_requests:
        broken = "\n".join(map(str, provider.broken_requests))
        pytest.fail(f"the contract was broken by what was sent:\n{broken}", pytrace=False)
    for unwise in provider.unwise_requests if strict else ():
        warnings.warn(plugin.ContractWarning(str(unwise)), stacklevel=1)


def target_of(config: pytest.Config) -> ContractTarget:
    """The target that the session's settings name."""
    try:
        settings = plugin.chosen(config)
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)
    url, who = settings.base_url, actors_of(settings)
    headers = {name: Hidden(value) for name, value in who.headers}
    if who.token:
        headers["Authorization"] = Hidden(f"Bearer {who.token}")
    return ContractTarget("live" if url else "mock", url or MOCK_URL, who.campaigns, headers)


def run_of(config: pytest.Config) -> dict[str, Any]:
    """The result of the session's run; a copy, so that no test changes what another one reads."""
    from whop_contracts.plugin.session import obtain  # noqa: PLC0415 - the engine, for this alone

    run = obtain(config)
    if run.result is None:
        pytest.fail(run.error or "there is no result", pytrace=False)
    return copy.deepcopy(dict(run.result))
