"""How a step of the provider is replaced, and what else happens to campaigns after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from whop_contracts.exchange import Request, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE
from whop_contracts.provider.faults import HOUR, Faulty, Make, Row, change, condition, having, moved
from whop_contracts.provider.state import SEED, Campaign, Rejection, crash

Go = Callable[..., Any]
"""A step of the provider, given its arguments; or what takes its place."""


def both(*providers: Faulty) -> Faulty:
    """Several faults in one provider. Where they replace the same step, the first counts."""
    # A subclass comes before its base, or Python knows no order for them.
    return type("SeveralFaults", tuple(sorted(providers, key=lambda one: -len(one.__mro__))), {})


def around(step: Go) -> Make:
    """Replace a step of the provider by a function of the step, the provider, and the step's arguments."""

    def make(how: Go) -> Faulty:
        def replaced(self: Provider, *args: Any) -> Any:
            return how(partial(step, self), self, *args)

        return type("Around", (Provider,), {step.__name__: replaced})

    return make


def after(step: Go) -> Make:
    """Do more after one step of the provider: a function of the provider and the step's arguments."""

    def make(then: Go) -> Faulty:
        def step_and_more(go: Go, provider: Provider, *args: Any) -> Any:
            result = go(*args)
            then(provider, *args)
            return result

        return around(step)(step_and_more)

    return make


def failing(step: Go, error: Callable[[Provider], Rejection] = lambda _: crash()) -> Make:
    """Crash (or raise another error) before a step of the provider if a predicate holds for its arguments."""

    def make(wanted: Go) -> Faulty:
        def check(go: Go, provider: Provider, *args: Any) -> Any:
            if wanted(*args):
                raise error(provider)
            return go(*args)

        return around(step)(check)

    return make


def timer(how: Callable[[Provider, Campaign, int], int | None]) -> Faulty:
    """Resume at another instant, or never (None): from the provider, the campaign and the due instant."""

    def due(go: Go, provider: Provider, campaign: Campaign) -> int | None:
        instant = go(campaign)
        return None if instant is None else how(provider, campaign, instant)

    return around(Provider.due)(due)


note_offset: Final = after(Provider.compose)(lambda p, parts: p.notes.update(offset=parts.offset * MINUTE))
"""Notes the offset of the last date, in nanoseconds."""


def by_row(step: Go, kind: Callable[[Go], Make] = around) -> Callable[[Go], Make]:
    """Turn a function for `around` (or `after`), given a row first, into what makes a fault of a row."""
    return lambda how: lambda row: kind(step)(partial(how, row))


@by_row(Provider.apply_pause)
def moving(row: Row, go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    """Store another date of campaigns that fit a row, by its ``how`` and ``seconds``."""
    if until is not None and having(row, campaign):
        until = moved(row, until, provider.now())
    go(campaign, until)


_AFFECTED: Final[Mapping[str, Callable[[Campaign, Any], bool]]] = {
    "addressed": lambda one, addressed: one is addressed,
    "all": lambda *_: True,
    "paused": lambda one, _: one.status == "paused",
    "paused with a date": lambda one, _: one.paused_until is not None,
    "paused without a date": lambda one, _: one.status == "paused" and one.paused_until is None,
    "addressed without a date": lambda one, it: one is it and one.paused_until is None,
    "paused in the company": lambda one, it: one.status == "paused" and one.company == it.company,
    "running in the company": lambda one, it: (
        one.status in {"active", "paused"} and one.company == it.company
    ),
    "others that are paused": lambda one, it: (
        one.status == "paused" and one is not it and one.id in SEED.campaigns
    ),
}
"""Whether a campaign is among those that are affected, given the addressed one, if it is known."""


def act(row: Row, provider: Provider, campaign: Campaign | None, *_: Any) -> None:
    """Set what a row ``sets`` ``of`` campaigns, by default the addressed one, and do ``then`` with them.

    Nothing is done if the addressed campaign does not fit the row.
    """
    wanted = _AFFECTED[row.get("of", "addressed")]
    every = provider.state.campaigns.values() if campaign is None or having(row, campaign) else ()
    for one in [one for one in every if wanted(one, campaign)]:
        change(one, row.get("sets", {}))
        match row.get("then"), one.status:
            case "pause" | "toggle", "active":
                Provider.apply_pause(provider, one, None)
            case "pause likewise", _:
                Provider.apply_pause(provider, one, campaign.paused_until if campaign else None)
            case "resume" | "toggle", "paused":
                Provider.apply_unpause(provider, one)
            case "postpone", _:
                one.paused_until = one.paused_until and one.paused_until + HOUR


def acting(step: Go) -> Make:
    """`act` after a step that is given a campaign first."""
    return by_row(step, after)(act)


def _credential(request: Request) -> str:
    header = request.header("authorization")
    return "absent" if header is None else "unknown" if header.partition(" ")[2].strip() else "empty"


@by_row(Provider.reject)
def rejected(row: Row, go: Go, provider: Provider, request: Request, rejection: Rejection) -> Any:
    """`act` before, or do something else instead of, a rejection that a row describes.

    It has one of the ``statuses``, the ``method``, one of the ``credentials``, and is about an id that is
    ``known`` or not, and fits the row's `condition`.
    """
    campaign = provider.state.campaigns.get(request.campaign)
    if not (
        request.operation
        and rejection.status in row.get("statuses", [401])
        and request.method == row.get("method", request.method)
        and _credential(request) in row.get("credentials", [_credential(request)])
        and (campaign is not None) == row.get("known", campaign is not None)
        and condition(row)(request.campaign)
    ):
        return go(request, rejection)
    match row.get("then"):
        case "accept":
            ours = ("authorization", f"Bearer {SEED.token}")
            return provider.respond(replace(request, headers=(ours, *request.headers)))
        case "empty":
            return Response(200, (("content-type", "application/json"),), b"{}")
        case "success" if campaign:
            return provider.success(request.operation, provider.render_campaign(campaign))
        case "forbid":
            return go(request, Rejection(403, "forbidden", "This is not allowed."))
        case "crash":
            return go(request, crash())
    if "of" in row or request.operation == "pause":
        act(row, provider, campaign)
    return go(request, rejection)
