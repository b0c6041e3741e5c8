"""What a plan is made of: symbolic requests, steps, sequences; what a target offers, and who takes part.

A plan is not bound to a time, an address or an actor, so that it can be counted, hashed and printed offline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from whop_contracts.exchange import Operation

Need = Literal["second", "readonly", "foreign", "resting", "loopback"]
"""A capability of a target that a sequence cannot do without."""
Origin = Literal["vector", "drawn", "sequence"]
_OWN: Final = re.compile(r"\bown:(\d+)")
AWAITED: Final = "awaited"
"""The mark of the read that shows an awaited resume."""


@dataclass(frozen=True, slots=True)
class SymbolicInstant:
    """An instant that is bound to text only when it is sent, so that a plan does not depend on the day.

    ``base`` is one of: ``now`` (of the target); ``@`` and the mark of an earlier step; ``MM-DD``, its next
    occurrence after now and ``after_days`` (``02-29``: the next leap year); ``MM/n``, the n-th Sunday of a
    month (-1: the last), when clocks change; a fixed ``YYYY-MM-DD``. ``plus_ms`` is added to ``now`` and to
    marks; the other bases take ``time`` of the day in the zone of ``offset``. ``fraction`` is the digits
    after the point; None keeps the milliseconds of ``now`` and marks, and writes none otherwise. ``form`` is
    the text, with ``{date} {time} {fraction} {offset}``.
    """

    base: str = "now"
    plus_ms: int = 0
    time: str = "12:00:00"
    fraction: str | None = None
    offset: str = "Z"
    form: str = "{date}T{time}{fraction}{offset}"
    after_days: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One request of a plan.

    ``name`` is for people. ``campaign`` is a symbol: ``own:0``, ``own:1``, also altered as in ``own:0:half``,
    ``foreign``, ``invented``, or ``raw:…``, a path segment as it is. ``{until}`` in ``body`` is where
    ``until`` is written; None sends no body.
    """

    name: str
    operation: Operation = "pause"
    method: str = "POST"
    campaign: str = "own:0"
    credential: str = "full"
    body: str | bytes | None = None
    until: SymbolicInstant | None = None
    media_type: str | None = "application/json"
    mark: str | None = None
    """The name under which later steps of the sequence refer to the instant that ``until`` was bound to."""
    id: str = ""
    """The id of a vector; empty for any other request."""
    request_class: str | None = None
    """The id of the request class that the request is meant for; None for reads and unpauses."""
    origin: Origin = "sequence"

    @property
    def leaves(self) -> Literal["active", "paused"] | None:
        """The state in which a conforming provider leaves a campaign of ours; None: as it was."""
        if self.operation == "pause":
            return "paused" if self.credential == "full" else None
        return "active" if self.operation == "unpause" or self.mark == AWAITED else None

    def shifted(self, by: int, campaigns: int) -> Case:
        """The same request to another of ``campaigns``: ``own:0`` becomes ``own:by``, and so on."""
        if not self.campaign.startswith("own:"):
            return self
        name = self.name if self.operation == "pause" else _shifted(self.name, by, campaigns)
        return replace(self, name=name, campaign=_shifted(self.campaign, by, campaigns))


@dataclass(frozen=True, slots=True)
class Send:
    """Send one case."""

    case: Case


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Let the provider's clock reach the instant of ``mark``, and ``plus_ms`` more (or less)."""

    mark: str
    plus_ms: int


@dataclass(frozen=True, slots=True)
class AwaitResume:
    """Read a campaign after the instant of ``mark`` until it has resumed, or the tolerance has passed."""

    mark: str
    campaign: str = "own:0"


Step = Send | AdvanceClock | AwaitResume


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps that belong together.

    ``start`` is the state that ``campaign`` is brought into first, ``ends`` the one in which a conforming
    provider leaves it (``same``: as it was found). ``needs`` is what the target must offer. ``id`` is the key
    of the sequence, ``name`` is for people.
    """

    name: str
    steps: tuple[Step, ...]
    start: Literal["active", "any"] = "any"
    needs: frozenset[Need] = frozenset()
    ends: Literal["active", "paused", "same"] = "same"
    id: str = ""
    campaign: str = "own:0"

    @property
    def origin(self) -> Origin:
        """Where its requests come from; its reads serve them."""
        sent = (step.case for step in self.steps if isinstance(step, Send))
        return next((case.origin for case in sent if case.operation == "pause"), "sequence")

    def cases(self) -> Iterator[Case]:
        """Every request on a conforming provider: a resume takes one read, none if the date has passed."""
        sent = [step.case for step in self.steps if isinstance(step, Send)]
        over = {case.mark for case in sent if case.until and case.until.plus_ms < 0}
        for step in self.steps:
            if isinstance(step, Send):
                yield step.case
            elif isinstance(step, AwaitResume) and step.mark not in over:
                yield replace(read(step.campaign), mark=AWAITED)

    def follow(self, paused: set[str]) -> None:
        """Update the set of paused campaigns (by their symbols) as a conforming provider would."""
        for case in self.cases():
            if case.leaves:
                (paused.add if case.leaves == "paused" else paused.discard)(case.campaign)
        if self.ends != "same":
            (paused.add if self.ends == "paused" else paused.discard)(self.campaign)

    def shifted(self, by: int, campaigns: int) -> Sequence:
        """The same steps for another of ``campaigns``: ``own:0`` becomes ``own:by``, and so on."""

        def shift(step: Step) -> Step:
            if isinstance(step, Send):
                return Send(step.case.shifted(by, campaigns))
            if isinstance(step, AwaitResume):
                return replace(step, campaign=_shifted(step.campaign, by, campaigns))
            return step

        if by % campaigns == 0:
            return self
        campaign = _shifted(self.campaign, by, campaigns)
        return replace(self, steps=tuple(map(shift, self.steps)), campaign=campaign)


def _shifted(symbol: str, by: int, campaigns: int) -> str:
    return _OWN.sub(lambda found: f"own:{(int(found[1]) + by) % campaigns}", symbol, count=1)


def read(campaign: str = "own:0") -> Case:
    """A read of a campaign."""
    return Case(f"read {campaign}", operation="retrieve", method="GET", campaign=campaign, media_type=None)


def reactivate(campaign: str = "own:0") -> Case:
    """A request that ends a pause."""
    return Case(f"unpause {campaign}", operation="unpause", campaign=campaign, media_type=None)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target offers to a run: how many campaigns, which further credentials, which clock.

    ``resting`` allows to try inactive, stale and paused campaigns too (mock and loopback); ``loopback`` says
    that nobody's real campaigns are there, so that what a broken provider may change for good may be tried.
    """

    campaigns: int = 1
    readonly: bool = False
    foreign: bool = False
    resting: bool = False
    loopback: bool = False
    clock: Literal["virtual", "test", "wall"] = "wall"
    tolerance_s: float = 60.0

    def offer(self) -> frozenset[Need]:
        """What a sequence may need, of all that this target has."""
        named: tuple[Need, ...] = ("readonly", "foreign", "resting", "loopback")
        second: tuple[Need, ...] = ("second",) if self.campaigns > 1 else ()
        return frozenset((*second, *(need for need in named if getattr(self, need))))


# -- who takes part ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actors:
    """The campaigns named for a run, those of others, and the credentials.

    ``resting`` maps a status (or ``paused``) to a campaign that is in it; ``headers`` go with every request.
    """

    token: str = field(repr=False)
    campaigns: tuple[str, ...]
    readonly_token: str | None = field(default=None, repr=False)
    foreign: str | None = None
    resting: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def own(self, symbol: str) -> str:
        """The id of a campaign of the run, by its symbol (``own:0``)."""
        return self.campaigns[int(symbol.removeprefix("own:"))]


ALTERATIONS: Final = (
    "middle", "case", "cut", "added", "before", "middle:1", "middle:2", "middle:3", "middle:4", "cut:5",
    "cut:6", "cut:7", "head", "head:5", "head:6", "head:7", "start", "added:5", "added:8", "before:6",
    "before:9", "word", "comma", "quoted", "symbols",
)  # fmt: skip
"""The ways in which :func:`altered` alters a token."""
_MOST_CUT: Final = 7
PLACES: Final = (8, 6, 7, 9, 10)
"""Sixteenths of a token at which a character is changed: its middle third."""
ADDED: Final = "AbC4"
SYMBOLS: Final = "-.~-"
MANY: Final = 64
"""How often four characters are added, to show a reader that only looks at the first of many."""


def altered(token: str, how: str) -> str:
    """A token that nobody was given, made from ``token`` in one of the ``ALTERATIONS``.

    ``middle`` changes a character of the middle third and ``case`` its case. ``cut`` and ``head`` take at
    least four characters off the end or the start, ``start`` replaces those. ``added``, ``before``, ``word``,
    ``comma``, ``quoted`` and ``symbols`` add some. A short token is added to.
    """
    kind, _, number = how.partition(":")
    size, half, added = int(number or 0), len(token) // 2, ADDED * 3
    longer = {
        "before": added[: size or 4] + token,
        "word": f"{token} {ADDED}",
        "comma": f"{token},{ADDED}",
        "quoted": f'"{token}"',
        "symbols": f"{token[:half]}{SYMBOLS}{token[half:]}",
    }
    if kind in longer:
        return longer[kind]
    if kind in ("cut", "head", "start") and len(token) > 2 * _MOST_CUT:
        cut = token[: -(size or 4)] if kind == "cut" else token[size or 4 :]
        return ADDED + cut if kind == "start" else cut
    if kind in ("case", "middle") and token:
        letters = [at for at in range(1, len(token) - 1) if token[at].swapcase() != token[at]]
        if kind == "case" and letters:
            at = letters[len(letters) // 2]
            return token[:at] + token[at].swapcase() + token[at + 1 :]
        at = len(token) * PLACES[size] // 16
        return token[:at] + ("y" if token[at] in "xX" else "x") + token[at + 1 :]
    return token + (added[:size] if size else ADDED * MANY)


def altered_forms(token: str) -> tuple[str, ...]:
    """What has to be redacted so that no altered token is shown, a few characters of it aside."""
    changed = [altered(token, how) for how in ALTERATIONS if how.startswith(("middle", "case", "symbols"))]
    cut = (altered(token, f"{kind}:{size}") for kind in ("cut", "head") for size in (4, _MOST_CUT))
    return (*changed, *(one for one in cut if len(one) < len(token)))
