"""Providers that are right most of the time, and wrong in one pause of so many. They count; nothing is left to chance."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import SECOND
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import Edit, drop, put
from whop_contracts.provider.messages import Answer, Request, crash

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Operation
    from whop_contracts.provider.state import Campaign


class _Liar(Provider):
    """One good pause in every so many is where the lie is told."""

    every = 9
    good = 0
    lying = False

    def admit(self, campaign: Campaign, until: int | None) -> None:
        super().admit(campaign, until)
        self.good += 1
        self.lying = self.good % self.every == 0

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        self.lying = False
        return super().pause(campaign, request)


def _saying(edit: Edit, every_: int) -> type[Provider]:
    class Saying(_Liar):
        every = every_

        def present(self, operation: Operation, document: dict[str, Any]) -> Any:
            lying = operation == "pause" and self.lying
            return edit(copy.deepcopy(document)) if lying else document

    return Saying


def _crashing(every_: int) -> type[Provider]:
    class Crashing(_Liar):
        every = every_

        def admit(self, campaign: Campaign, until: int | None) -> None:
            super().admit(campaign, until)
            if self.lying:
                raise crash()

    return Crashing


def _forgetting(every_: int) -> type[Provider]:
    class Forgetting(_Liar):
        every = every_

        def pause(self, campaign: Campaign, request: Request) -> Answer:
            before = copy.deepcopy(campaign)
            answer = super().pause(campaign, request)
            if self.lying:
                campaign.status, campaign.paused_until = before.status, before.paused_until
            return answer

    return Forgetting


def _shifting(seconds: float, every_: int) -> type[Provider]:
    """The date is wrong, stored and answered alike; the pause after it is right again."""

    class Shifting(_Liar):
        every = every_

        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            shifted = until is not None and self.lying
            super().apply_pause(campaign, until + round(seconds * SECOND) if until and shifted else until)

    return Shifting


def _dated(every_: int) -> type[Provider]:
    """Counts the pauses with a date, and loses the date of one in so many."""

    class Dated(Provider):
        dated = 0

        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            self.dated += until is not None
            super().apply_pause(campaign, None if self.dated and self.dated % every_ == 0 else until)

    return Dated


def _mixing(every_: int) -> type[Provider]:
    class Mixing(_Liar):
        every = every_

        def encode(self, value: Any) -> bytes:
            return json.dumps(value).encode()[:-1] if self.lying else super().encode(value)

    return Mixing


FAULTS: Final = tuple(
    Fault(name, "liars", why, wfc, provider)
    for name, why, wfc, provider in (
        (
            "liar-9-says-active",
            "one answer in nine is rendered too early",
            None,
            _saying(put("status", "active"), 9),
        ),
        (
            "liar-15-says-active",
            "one answer in fifteen is rendered too early",
            None,
            _saying(put("status", "active"), 15),
        ),
        ("liar-9-drops-title", "one worker in nine is of an older release", 101, _saying(drop("title"), 9)),
        (
            "liar-15-drops-until",
            "one worker in fifteen knows no date",
            101,
            _saying(drop("paused_until"), 15),
        ),
        (
            "liar-9-count-as-text",
            "one worker in nine sends strings",
            101,
            _saying(put("clicks_count", "42"), 9),
        ),
        ("liar-9-crashes", "one pause in nine meets a closed connection", 100, _crashing(9)),
        ("liar-15-crashes", "one pause in fifteen meets a closed connection", 100, _crashing(15)),
        ("liar-9-forgets", "one write in nine is lost", None, _forgetting(9)),
        ("liar-9-an-hour-off", "one server in nine is in another zone", None, _shifting(3600, 9)),
        ("liar-5-ten-milliseconds-off", "one server in five reckons in floats", None, _shifting(0.01, 5)),
        ("liar-5-loses-date", "one date in five is lost", None, _dated(5)),
        ("liar-9-truncated", "one answer in nine is cut", 101, _mixing(9)),
    )
)
