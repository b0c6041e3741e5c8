"""Sequences: requests and clock moves that belong together, and the named ones that put pausing and time to the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

from whop_contracts.pause.cases import CREDENTIALS, DAY, HOUR, LOOSE, MEDIA, OVERWRITING, PAST, RECASED, dated
from whop_contracts.steps import (
    AWAITED,
    AdvanceClock,
    AwaitResume,
    Case,
    Need,
    Send,
    Sequence,
    SymbolicInstant,
    read,
)

MARGIN: Final = 4_000
"""Milliseconds that a look just before an instant keeps away from it."""
_LENIENT: Final = frozenset(
    case.name
    for case in (
        *LOOSE,
        *MEDIA,
        *PAST,
        *RECASED,
        *(one for one in CREDENTIALS if one.credential.startswith("scheme")),
    )
)
"""The refusals that conform, or only warn, where they are carried out all the same."""
_NIGHT: Final = 24 * HOUR + HOUR // 2
_SHAPES: Final = 6
"""How many of the campaigns named are paused; the rest are only watched."""


def unpause(campaign: str = "own:0") -> Case:
    """An unpause of a campaign."""
    return Case(f"unpause {campaign}", operation="unpause", campaign=campaign, media_type=None)


def indefinitely(campaign: str = "own:0") -> Case:
    """A pause without a date."""
    return Case("without a date", campaign=campaign, body="{}")


READ: Final = Send(read())


def kept(*cases: Case) -> Sequence:
    """Pauses that must hold, and a read that must agree with the last. They may follow others: the last request holds.

    Where the first asks for no date the campaign is active before it: a pause that is overlooked would not show on one paused so already.
    """
    start: Literal["active", "any"] = "any" if cases[0].until else "active"
    return Sequence(cases[0].name, (*(Send(case) for case in cases), READ), start=start, ends="paused")


def refused(*cases: Case, needs: Iterable[Need] = (), start: Literal["active", "any"] = "active") -> Sequence:
    """Requests that must change nothing, to an active campaign or to one as it is, and the read that shows whether they did.

    Those that a provider may carry out come last and have a read of their own: they would hide what the others have done.
    """
    sure = [Send(case) for case in cases if case.name not in _LENIENT]
    open_ = [Send(case) for case in cases if case.name in _LENIENT]
    steps = tuple(step for sends in (sure, open_) if sends for step in (*sends, READ))
    ends: Literal["active", "same"] = "active" if start == "active" else "same"
    return Sequence(cases[0].name, steps, start=start, ends=ends, needs=frozenset(needs))


def _until(
    mark: str, plus_ms: int, *, campaign: str = "own:0", offset: str = "Z", fraction: str | None = None
) -> Send:
    stamp = SymbolicInstant(plus_ms=plus_ms, offset=offset, fraction=fraction)
    return Send(dated(f"its instant {mark}", stamp, campaign=campaign, mark=mark))


def _same(mark: str, *, campaign: str = "own:0", offset: str = "Z") -> Send:
    """A pause until the instant of ``mark`` again."""
    name = f"the instant {mark}" + ("" if offset == "Z" else f" at {offset}")
    return Send(dated(name, SymbolicInstant(f"@{mark}", offset=offset), campaign=campaign))


def _ticket(campaign: str = "own:0") -> Send:
    return Send(read(campaign))


def moved(gap: int, *, second: bool = True) -> tuple[Sequence, ...]:
    """The sequences for a clock that can be moved. ``gap`` is the milliseconds that one dated pause lasts: more than the tolerance.

    With a ``second`` campaign the long ones watch that as well.
    """
    past = gap // 2
    a, b = _until("a", gap), _until("b", 2 * gap)
    cancel = Send(unpause())
    forever = Send(indefinitely())
    before_a, before_b = AdvanceClock("a", -MARGIN), AdvanceClock("b", -MARGIN)
    after_a = AdvanceClock("a", past)
    wait_a, wait_b = AwaitResume("a"), AwaitResume("b")
    other = "own:1"
    ticket = _ticket(other)
    resumed = Send(replace(read(other), mark=AWAITED))
    month = Send(dated("in 40 days, and stays", SymbolicInstant(plus_ms=40 * DAY)))
    return (
        Sequence("a dated pause ends by itself", (a, READ, before_a, READ, wait_a), ends="active",
                 why="just before its instant it holds, just after it is over"),
        Sequence("an unpause cancels the date", (a, READ, cancel, READ, forever, READ, after_a, READ), ends="paused",
                 why="the cancelled date must not hit a later pause"),
        Sequence("a pause is extended", (a, b, READ, after_a, READ, before_b, READ, wait_b), ends="active",
                 why="the later date holds, the earlier one is gone"),
        Sequence("an indefinite pause stays for a day",
                 (a, forever, READ, *((_until("n", 24 * HOUR, campaign=other),) if second else ()), after_a, READ, AdvanceClock("a", _NIGHT), READ,
                  *((resumed,) if second else ())), ends="paused",
                 why="a date that was replaced must not fire, no other clock may end the pause, and a timer must last through the night"),
        Sequence("a pause is moved twice", (a, b, _until("c", gap * 3 // 2, fraction=""), READ, AwaitResume("c"), AdvanceClock("b", past // 2), READ), ends="active",
                 why="the last of three dates holds, and a later one must not come back"),
        Sequence("an indefinite pause gets a date", (forever, READ, _until("a", gap, fraction="654321"), READ, wait_a), ends="active"),
        Sequence("a second pause after the resume", (a, wait_a, b, READ, before_b, READ, wait_b), ends="active",
                 why="a resume that works only once, or an old timer that ends the new pause"),
        Sequence("an instant written east of UTC", (_until("a", gap, offset="+05:30"), READ, before_a, READ, wait_a), ends="active",
                 why="a timer that reads the digits and not the zone"),
        Sequence("the same request twice", (a, _same("a"), READ, _same("a", offset="+05:30"), READ, wait_a), ends="active",
                 why="a pause until the instant that it lasts until already changes nothing, however it is written"),
        Sequence("unpaused, and past the old instant", (a, cancel, READ, after_a, READ), ends="active",
                 why="a cancelled date must not touch an active campaign"),
        Sequence("refusals while paused", (a, READ, *_refusals(), READ, wait_a), ends="active",
                 why="a refused request must not replace or lift a pause"),
        Sequence("a date that has passed", (_until("a", -60_000), READ, wait_a), start="active", ends="active",
                 why="where it is accepted, nothing may stay paused"),
        Sequence("a reader's request while paused",
                 (a, READ, Send(Case("a pause without the permission, while paused", credential="readonly", body="{}")), READ),
                 ends="paused", needs=frozenset({"readonly"})),
        Sequence("two campaigns side by side",
                 (a, _until("b", 2 * gap, campaign=other), READ, ticket, wait_a, before_b, ticket, Send(indefinitely(other)),
                  _until("c", gap), AwaitResume("c"), ticket), ends="active", needs=frozenset({"second"}),
                 why="one campaign's timer must end neither another's dated pause nor one without a date"),
        Sequence("two campaigns until one instant", (a, _same("a", campaign=other), READ, ticket, after_a, READ, resumed), ends="active",
                 needs=frozenset({"second"}), why="what falls due together is done together"),
        Sequence("a pause without a date beside a dated one",
                 (_until("a", gap, campaign=other), ticket, forever, ticket, AwaitResume("a", other), READ), ends="paused",
                 needs=frozenset({"second"}), why="a pause must touch neither another campaign's date nor its timer"),
        Sequence("a pause of 40 days stays for an hour", (_until("a", HOUR), month, AdvanceClock("a", 60_000), READ), ends="paused",
                 why="a timer that overflows, or a limit to how long a dated pause lasts"),
        Sequence("a pause of 17 hours ends by itself", (_until("a", 17 * HOUR), READ, wait_a, AdvanceClock("a", HOUR), READ), ends="active",
                 why="a timer that is lost over the hours, a limit that ends a pause before, a sweep that comes after"),
    )  # fmt: skip


def _refusals() -> tuple[Send, ...]:
    return (
        Send(Case("a word, while paused", body='{"paused_until": "tomorrow"}')),
        Send(Case("DELETE, while paused", method="DELETE")),
        Send(Case("no JSON, while paused", body="pause it")),
        *(Send(Case(f"{method}, while paused", method=method)) for method in ("GET", "PUT", "PATCH")),
        READ,
        Send(Case("no credential, while paused", credential="none", body="{}")),
    )


def waited(*, second: bool) -> tuple[Sequence, ...]:
    """The sequences for a wall clock: pauses of seconds, their waits laid over each other where there are two campaigns."""
    forever, cancel = Send(indefinitely()), Send(unpause())
    ends = Sequence(
        "a dated pause ends by itself", (_until("a", 2_000), READ, READ, AwaitResume("a")), ends="active"
    )
    other = "own:1"
    if not second:
        return (
            ends,
            Sequence("cancelled dates do not fire",
                     (_until("a", 1_500), cancel, READ, _until("b", 1_700), forever, READ, AdvanceClock("b", 700), READ), ends="paused"),
            Sequence("a pause is extended", (_until("a", 1_500), _until("b", 5_000), READ, AdvanceClock("a", 700), READ, AwaitResume("b")), ends="active"),
            *_unwaited(),
        )  # fmt: skip
    return (
        Sequence("a dated pause ends by itself",
                 (_until("c", 1_500, campaign=other), Send(unpause(other)), Send(indefinitely(other)), _ticket(other), _until("a", 2_000), READ, READ,
                  AwaitResume("a"), _ticket(other)),
                 ends="active", needs=frozenset({"second"}), why="and one that was lifted before must not end a later one when its instant comes"),
        Sequence("extended here, cancelled there",
                 (_until("a", 1_500), _until("b", 6_000), READ,
                  _until("c", 1_800, campaign=other), Send(unpause(other)), _ticket(other),
                  _until("d", 2_000, campaign=other), Send(indefinitely(other)), _ticket(other),
                  AdvanceClock("d", 700), READ, _ticket(other), AwaitResume("b"), _ticket(other)), ends="active", needs=frozenset({"second"}),
                 why="the waits of two campaigns are one wait"),
        *_unwaited(),
    )  # fmt: skip


def _unwaited() -> tuple[Sequence, ...]:
    hour = 3_600_000
    a, b = _until("a", hour), _until("b", 2 * hour)
    return (
        Sequence("refusals while paused", (a, READ, *_refusals(), READ), ends="paused"),
        Sequence(
            "a date that has passed",
            (_until("past", -60_000), READ, AwaitResume("past")),
            start="active",
            ends="active",
        ),
        Sequence("the same request twice", (a, a, READ), ends="paused"),
        Sequence("a pause is shortened", (b, a, READ), ends="paused"),
        Sequence("an indefinite pause gets a date", (Send(indefinitely()), READ, a, READ), ends="paused"),
    )


def watched(campaigns: int) -> Iterator[Sequence]:
    """A pause without a date, the look at another campaign after it, and the other campaigns' own pauses, of ``campaigns`` named."""
    yield Sequence("without a date", (Send(replace(indefinitely(), body="{\n}\n")), READ), ends="paused")
    yield Sequence("the other campaign", (Send(read("own:1")),), needs=frozenset({"second"}))
    for own in (f"own:{index}" for index in range(1, min(campaigns, _SHAPES))):
        steps = [
            Send(dated("tomorrow", SymbolicInstant(plus_ms=DAY), campaign=own)),
            Send(indefinitely(own)),
            Send(unpause(own)),
        ]
        if own == "own:1":
            # What went before must not have touched it.
            steps.insert(0, Send(read(own)))
        why = "campaigns differ in what they promote, and in how they are paid"
        yield Sequence(f"another campaign, {own}", tuple(steps), why=why)


def resting() -> Iterator[Sequence]:
    """Pauses of campaigns that are not running: whatever the answer is, it is no crash."""
    for state in ("inactive", "stale", "paused"):
        steps = (Send(read(state)), Send(indefinitely(state)), Send(read(state)))
        yield Sequence(f"a campaign that is {state}", steps, needs=frozenset({"resting"}))


def overwriting() -> Sequence:
    """A pause that names members of the answer, at the end of all: of a provider that assigns them nothing more could be said."""
    return Sequence(OVERWRITING.name, (Send(OVERWRITING), READ), ends="paused", needs=frozenset({"loopback"}),
                    why="what a pause may not touch, it may not be told to")  # fmt: skip
