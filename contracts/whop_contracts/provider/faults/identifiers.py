"""Ids that are found though nobody has them, crash, or reach another campaign; methods that act where they should not."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Refusal, Request, crash
from whop_contracts.provider.seed import SEED

if TYPE_CHECKING:
    from collections.abc import Callable

    from whop_contracts.provider.messages import Operation
    from whop_contracts.provider.state import Campaign, Credential

_FORM = re.compile(r"adcamp_[A-Za-z0-9]+")


def _crashing(wanted: Callable[[str], bool]) -> type[Provider]:
    """An id that is wanted crashes, unless it is known."""

    class Crashing(Provider):
        def find_campaign(self, wanted_id: str, credential: Credential) -> Campaign:
            if wanted_id not in self.state.campaigns and wanted(wanted_id):
                raise crash()
            return super().find_campaign(wanted_id, credential)

    return Crashing


def _finding(alike: Callable[[str, str], bool]) -> type[Provider]:
    """An id that is alike enough to a known one finds it."""

    class Finding(Provider):
        def look_up(self, wanted: str) -> Campaign | None:
            found = super().look_up(wanted)
            return found or next(
                (one for one in self.state.campaigns.values() if alike(wanted, one.id)), None
            )

    return Finding


class _UnknownInvented(Provider):
    """A campaign that is not there is made up from defaults."""

    def find_campaign(self, wanted: str, credential: Credential) -> Campaign:
        if self.look_up(wanted) is None and _FORM.fullmatch(wanted):
            made_up = copy.deepcopy(self.state.campaigns[SEED.campaigns[0]])
            made_up.id = wanted
            return made_up
        return super().find_campaign(wanted, credential)


class _UnknownIsFirst(Provider):
    """Where nothing is found the first row is taken."""

    def look_up(self, wanted: str) -> Campaign | None:
        return super().look_up(wanted) or self.state.campaigns[SEED.campaigns[0]]


class _UnknownIsEmpty(Provider):
    """Nothing found is answered with success and an empty object."""

    def perform_unknown(self) -> Answer:
        return Answer(200, (("content-type", "application/json"),), b"{}")

    def respond(self, request: Request) -> Answer:
        answer = super().respond(request)
        try:
            call = self.locate(request.path)
        except Refusal:
            return answer
        if answer.status == 404 and call.operation == "pause" and call.id not in self.state.campaigns:  # noqa: PLR2004
            return self.perform_unknown()
        return answer


class _UnknownPausesAll(Provider):
    """An id that is not found falls out of the WHERE: every campaign is paused, and a 404 is said."""

    def look_up(self, wanted: str) -> Campaign | None:
        found = super().look_up(wanted)
        if found is None:
            for campaign in self.state.campaigns.values():
                if campaign.status == "active":
                    self.apply_pause(campaign, None)
        return found


def _acting(method: str) -> type[Provider]:
    """One more method does what POST does."""

    class Acting(Provider):
        def allowed_methods(self, operation: Operation) -> tuple[str, ...]:
            allowed = super().allowed_methods(operation)
            return (*allowed, method) if operation == "pause" else allowed

    return Acting


def _meeting(method: str, meet: Callable[[Provider, str], Answer]) -> type[Provider]:
    """One method on the pause route is met by something else than a 405."""

    class Meeting(Provider):
        def respond(self, request: Request) -> Answer:
            if request.method == method:
                try:
                    call = self.locate(request.path)
                except Refusal as refusal:
                    return self.render_error(refusal)
                if call.operation == "pause":
                    return meet(self, call.id)
            return super().respond(request)

    return Meeting


def _shown(provider: Provider, wanted: str) -> Answer:
    campaign = provider.state.campaigns.get(wanted)
    if campaign is None:
        return provider.render_error(Refusal(404, "not_found", "There is no such ad campaign."))
    return provider.success("retrieve", provider.render_campaign(campaign))


def _crashed(provider: Provider, _wanted: str) -> Answer:
    return provider.render_error(crash())


def _ended(provider: Provider, wanted: str) -> Answer:
    """The pause is deleted, and a 405 is said."""
    campaign = provider.state.campaigns.get(wanted)
    if campaign is not None and campaign.status == "paused":
        provider.apply_unpause(campaign)
    elif campaign is not None and campaign.status == "active":
        provider.apply_pause(campaign, None)
    return provider.render_error(Refusal(405, "method_not_allowed", "No.", (("allow", "POST"),)))


_CRASHES: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    (
        "unknown-id-crashes",
        lambda v: _FORM.fullmatch(v) is not None,
        "what was not found is asked for its status",
    ),
    (
        "malformed-id-crashes",
        lambda v: _FORM.fullmatch(v) is None,
        "the id is decoded before it is looked at",
    ),
    (
        "wrong-prefix-crashes",
        lambda v: "_" in v and not v.startswith("adcamp_"),
        "the prefix is looked up in a table of kinds",
    ),
    (
        "recased-id-crashes",
        lambda v: v.lower() in {known.lower() for known in SEED.campaigns},
        "the look-up knows no case, the check after it does",
    ),
    ("bare-prefix-crashes", lambda v: v.rstrip("_") == "adcamp", "the part after the prefix is asked for"),
)
_ALIKE: Final[tuple[tuple[str, Callable[[str, str], bool], str], ...]] = (
    (
        "any-prefix-found",
        lambda sent, known: sent.rpartition("_")[2] == known.rpartition("_")[2],
        "the prefix is cut off, whatever it is",
    ),
    (
        "id-suffix-ignored",
        lambda sent, known: sent.startswith(known),
        "an id is cut to the length of its column",
    ),
    ("id-prefix-found", lambda sent, known: len(sent) > 9 and known.startswith(sent), "LIKE 'id%'"),  # noqa: PLR2004
    ("id-trimmed", lambda sent, known: sent.strip() == known, "white space around an id is cut off"),
    ("any-id-of-its-length", lambda sent, known: len(sent) == len(known), "a hash of ids is too short"),
    ("malformed-id-found", lambda sent, _: _FORM.fullmatch(sent) is None, "a malformed id is read as zero"),
)

FAULTS: Final = (
    *(Fault(name, "identifiers", why, 100, _crashing(wanted)) for name, wanted, why in _CRASHES),
    *(Fault(name, "identifiers", why, 102, _finding(alike)) for name, alike, why in _ALIKE),
    written("identifiers", "unknown-id-invented", _UnknownInvented, 102),
    written("identifiers", "unknown-id-is-first", _UnknownIsFirst, 102),
    written("identifiers", "unknown-id-answered-200", _UnknownIsEmpty, 102),
    written("identifiers", "unknown-id-pauses-all", _UnknownPausesAll, 104),
    *(
        Fault(
            f"{method.lower()}-pauses",
            "identifiers",
            f"{method} is routed to the same handler",
            102,
            _acting(method),
        )
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    *(
        Fault(
            f"{method.lower()}-crashes",
            "identifiers",
            f"{method} meets no handler",
            100,
            _meeting(method, _crashed),
        )
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    Fault("get-reads-on-pause-route", "identifiers", "GET shows the campaign", 102, _meeting("GET", _shown)),
    Fault(
        "delete-acts-and-405", "identifiers", "DELETE acts, and denies it", 104, _meeting("DELETE", _ended)
    ),
    Fault("put-acts-and-405", "identifiers", "PUT acts, and denies it", 104, _meeting("PUT", _ended)),
)
