"""Sequences: requests and clock moves that belong together, and the named ones that test pausing and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Final, Literal

from whop_contracts.pause.request_classes import BY_ID
from whop_contracts.pause.vectors import vector
from whop_contracts.steps import (
    AWAITED,
    AdvanceClock,
    AwaitResume,
    Capabilities,
    Case,
    Need,
    Send,
    Sequence,
    Step,
    SymbolicInstant,
    read,
)
from whop_contracts.steps import reactivate as unpause

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
GAP: Final = 5 * MINUTE
"""Milliseconds that the shortest dated pause lasts if a clock is moved: five times the default tolerance."""
MARGIN: Final = 800
"""Milliseconds before an instant at which a read must still show the pause."""
DATED: Final = '{"paused_until": "{until}"}'
_ASSIGNED: Final = (
    '{"title": "Changed by a pause", "daily_budget": 7.5, "platform": "tiktok", '
    '"target_country_codes": ["FR"], "paused_until": "{until}"}'
)
OTHER: Final = "own:1"
READ: Final = Send(read())
_NIGHT: Final = 24 * HOUR + HOUR // 2
_OTHERS: Final = 5
"""How many campaigns besides the first have sequences."""


def dated(name: str, until: SymbolicInstant, *, campaign: str = "own:0", mark: str | None = None) -> Case:
    """A pause until an instant."""
    return Case(
        f"until {name}", campaign=campaign, body=DATED, until=until, mark=mark, request_class="instant"
    )


def indefinitely(campaign: str = "own:0") -> Case:
    """A pause without a date."""
    return Case("without a date", campaign=campaign, body="{}", request_class="omitted")


def kept(*cases: Case) -> Sequence:
    """Pauses that must hold, and a read that must agree with the last one. They may follow other pauses.

    If the first one has no date, the campaign is active before it: on a paused one it might go unnoticed.
    """
    start: Literal["active", "any"] = "any" if cases[0].until else "active"
    steps = (*(Send(case) for case in cases), READ)
    return Sequence(cases[0].name, steps, start=start, ends="paused", id=cases[0].id)


def refused(*cases: Case) -> Sequence:
    """Requests that must change nothing, to an active campaign, and the read that shows whether they did.

    Those that a provider may carry out come last and have a read of their own: they would hide others.
    """
    sure: list[Send] = []
    possible: list[Send] = []
    for case in cases:
        (sure if BY_ID[case.request_class or ""].effect == "none" else possible).append(Send(case))
    theirs = (Send(read("foreign")),) if any(case.campaign == "foreign" for case in cases) else ()
    steps = tuple(step for sends in (sure, possible) if sends for step in (*sends, READ)) + theirs
    needs = _needs(cases)
    return Sequence(cases[0].name, steps, start="active", ends="active", needs=needs, id=cases[0].id)


def _needs(cases: Iterable[Case]) -> frozenset[Need]:
    """What the target of these requests has to offer."""
    of_classes = (BY_ID[case.request_class].needs for case in cases if case.request_class)
    second: list[Need] = ["second" for case in cases if case.campaign == OTHER]
    return frozenset([*(need for need in of_classes if need), *second])


def _sequence(
    id_: str,
    name: str,
    *steps: Step,
    ends: Literal["active", "paused", "same"] = "active",
    needs: frozenset[Need] = frozenset(),
    **more: Any,
) -> Sequence:
    needs |= _needs([step.case for step in steps if isinstance(step, Send)])
    return Sequence(name, steps, ends=ends, needs=needs, id=id_, **more)


def _until(
    mark: str, plus_ms: int, *, campaign: str = "own:0", offset: str = "Z", fraction: str | None = None
) -> Send:
    """A pause until an instant that later steps refer to."""
    until = SymbolicInstant(plus_ms=plus_ms, offset=offset, fraction=fraction)
    case = dated(f"its instant {mark}", until, campaign=campaign, mark=mark)
    return Send(case if plus_ms > 0 else replace(case, request_class="past"))


def _same(mark: str, *, campaign: str = "own:0", offset: str = "Z") -> Send:
    """A pause until the instant of ``mark`` again."""
    name = f"the instant {mark}" + ("" if offset == "Z" else f" at {offset}")
    return Send(dated(name, SymbolicInstant(f"@{mark}", offset=offset), campaign=campaign))


def _rejections() -> tuple[Send, ...]:
    """Requests of different classes that are rejected, with a read before the last one."""
    ids = (
        "date-is-a-word", "delete-on-pause-route", "not-json", "get-on-pause-route", "put-on-pause-route",
        "patch-on-pause-route", "unknown-campaign", "no-credential",
    )  # fmt: skip
    *sends, last = (Send(replace(vector(id_), origin="sequence")) for id_ in ids)
    return (*sends, READ, last)


def _passed() -> Sequence:
    """A date that has passed: if it is accepted, nothing may stay paused."""
    steps = (_until("past", -30_000), READ, AwaitResume("past"))
    return _sequence("date-that-has-passed", "a date that has passed", *steps, start="active")


def moved(gap: int, campaigns: int) -> tuple[Sequence, ...]:
    """The sequences for a clock that can be moved; ``gap`` is the milliseconds that one dated pause lasts:
    more than the tolerance. With a second of the ``campaigns``, the long ones watch that one as well.
    """
    second = campaigns > 1
    others = [f"own:{index}" for index in range(1, min(campaigns, _OTHERS + 1))]
    past = gap // 2
    a, b, c = _until("a", gap), _until("b", 2 * gap), _until("c", gap * 3 // 2, fraction="")
    cancel, forever = Send(unpause()), Send(indefinitely())
    before_a, before_b = AdvanceClock("a", -MARGIN), AdvanceClock("b", -MARGIN)
    after_a, after_b = AdvanceClock("a", past), AdvanceClock("b", past // 2)
    wait_a, wait_b, wait_c = AwaitResume("a"), AwaitResume("b"), AwaitResume("c")
    read_other = Send(read(OTHER))
    month = Send(dated("in 40 days, and stays", SymbolicInstant(plus_ms=40 * DAY)))
    reader = Send(replace(vector("pause-without-permission"), origin="sequence"))
    beside = (Send(dated("tomorrow", SymbolicInstant(plus_ms=DAY), campaign=OTHER)),) if second else ()
    aside = (read_other,) if second else ()
    night = (_until("n", 24 * HOUR, campaign=OTHER),) if second else ()
    return (
        # Just before its instant it holds, just after it is over.
        _sequence("dated-pause-ends", "a dated pause ends by itself", a, READ, before_a, READ, wait_a),
        # The cancelled date must not affect a later pause.
        _sequence("unpause-cancels-date", "an unpause cancels the date",
                  a, READ, cancel, READ, forever, READ, after_a, READ, ends="paused"),
        # The later date holds, the earlier one is gone.
        _sequence("pause-is-extended", "a pause is extended", a, b, READ, after_a, READ, before_b, READ,
                  wait_b),
        # A date that was replaced must not fire, no other clock may end the pause, a timer lasts through the
        # night.
        _sequence("indefinite-pause-stays-a-day", "an indefinite pause stays for a day",
                  a, forever, READ, *night, after_a, READ, AdvanceClock("a", _NIGHT), READ,
                  *(Send(replace(one.case, mark=AWAITED)) for one in aside), ends="paused"),
        # The last of three dates holds, and a later one must not come back.
        _sequence("pause-is-moved-twice", "a pause is moved twice", a, b, c, READ, wait_c, after_b, READ),
        _sequence("indefinite-pause-gets-date", "an indefinite pause gets a date",
                  forever, READ, _until("a", gap, fraction="654321"), READ, wait_a),
        # A resume that works only once, or an old timer that ends the new pause.
        _sequence("second-pause-after-resume", "a second pause after the resume",
                  a, wait_a, b, READ, before_b, READ, wait_b),
        # A timer that reads the digits and not the zone.
        _sequence("instant-east-of-utc", "an instant written east of UTC",
                  _until("a", gap, offset="+05:30"), READ, before_a, READ, wait_a),
        # A pause until the instant that it already lasts until changes nothing, however it is written.
        _sequence("same-request-twice", "the same request twice",
                  a, _same("a"), READ, _same("a", offset="+05:30"), READ, wait_a),
        # A cancelled date must not affect an active campaign.
        _sequence("unpaused-and-past-old-instant", "unpaused, and past the old instant", a, cancel,
                  READ, after_a, READ),
        # A rejected request must not replace or end a pause.
        _sequence("rejections-while-paused", "refusals while paused",
                  *beside, a, READ, *_rejections(), READ, *aside, wait_a),
        _passed(),
        _sequence("readonly-request-while-paused", "a reader's request while paused",
                  *beside, a, READ, reader, READ, *aside, ends="paused"),
        # One campaign's timer must end neither another's dated pause nor one without a date.
        _sequence("two-campaigns-side-by-side", "two campaigns side by side",
                  a, _until("b", 2 * gap, campaign=OTHER), READ, read_other, wait_a, before_b, read_other,
                  Send(indefinitely(OTHER)), _until("c", gap), wait_c, read_other),
        # What is due together is done together, whatever the campaigns are.
        _sequence("campaigns-until-one-instant", "all campaigns until one instant",
                  a, *(_same("a", campaign=own) for own in others), READ, after_a, READ,
                  *(Send(replace(read(own), mark=AWAITED)) for own in others),
                  needs=frozenset({"second"})),
        # A timer that cannot be set for less than minutes, or for parts of a second; one that fires again.
        _sequence("short-pause-ends", "a pause of less than a minute ends by itself, and once",
                  _until("a", 45_950), READ, before_a, READ, wait_a, AdvanceClock("a", 10 * MINUTE), READ),
        # Neither an idempotency key nor a cancelled timer may swallow the same date.
        _sequence("same-date-after-unpause", "the same date again after an unpause",
                  a, cancel, _same("a"), READ, wait_a),
        _sequence("later-date-after-unpause", "a later date after an unpause",
                  a, cancel, b, READ, after_a, READ, ends="paused"),
        # A pause must affect neither another campaign's date nor its timer.
        _sequence("indefinite-pause-beside-dated-one", "a pause without a date beside a dated one",
                  _until("a", gap, campaign=OTHER), read_other, forever, read_other,
                  AwaitResume("a", OTHER), READ, ends="paused"),
        # A timer that overflows, or a limit to how long a dated pause lasts.
        _sequence("40-day-pause-stays-an-hour", "a pause of 40 days stays for an hour",
                  _until("a", HOUR), month, AdvanceClock("a", 60_000), READ, ends="paused"),
        # A timer that is lost over the hours, a limit that ends a pause before, a sweep that comes after.
        _sequence("17-hour-pause-ends", "a pause of 17 hours ends by itself",
                  _until("a", 17 * HOUR), READ, wait_a, AdvanceClock("a", HOUR), READ),
    )  # fmt: skip


def waited(campaigns: int) -> tuple[Sequence, ...]:
    """The sequences for a wall clock, of seconds, with ``campaigns`` named.

    While one waits, others are sent to other campaigns; what is left for each campaign takes eight seconds.
    """
    second, other = campaigns > 1, Send(read(OTHER))
    forever, cancel = Send(indefinitely()), Send(unpause())
    a, b, hour = _until("a", 1_500), _until("b", 1_500), _until("a", HOUR)
    before, aside = ((Send(indefinitely(OTHER)), other), (other,)) if second else ((), ())
    ends = _sequence("dated-pause-ends", "a dated pause ends by itself",
                     _until("a", 2_000), READ, READ, AwaitResume("a"))  # fmt: skip
    over = (forever, READ, AdvanceClock("b", 600), READ)
    cancelled: tuple[Sequence, ...] = (
        _sequence("unpause-cancels-date", "an unpause cancels the date", b, cancel, READ, *over,
                  ends="paused"),
        _sequence("indefinite-pause-replaces-date", "an indefinite pause replaces a date", b, *over,
                  ends="paused"),
    )  # fmt: skip
    if not second:
        cancelled = (_sequence("unpause-cancels-date", "cancelled dates do not fire",
                               a, cancel, READ, b, *over, ends="paused"),)  # fmt: skip
    return (
        *(() if campaigns == 2 else (ends,)),  # noqa: PLR2004 - the next one shows it, too
        _sequence("pause-is-extended", "a pause is extended",
                  a, _until("b", 4_500), READ, AdvanceClock("a", 700), READ, AwaitResume("b")),
        *cancelled,
        _sequence("rejections-while-paused", "refusals while paused",
                  hour, READ, *_rejections(), READ, ends="paused"),
        _passed(),
        _sequence("same-request-twice", "the same request twice",
                  *before, hour, hour, READ, *aside, ends="paused"),
        _sequence("indefinite-pause-gets-date", "an indefinite pause gets a date",
                  forever, READ, hour, READ, ends="paused"),
    )  # fmt: skip


def untimed(campaigns: int) -> Iterator[Sequence]:
    """The sequences that need no clock, with ``campaigns`` named."""
    hour, two_hours = _until("a", HOUR), _until("b", 2 * HOUR)
    null = Send(replace(vector("null-date"), origin="sequence"))
    yield _sequence("pause-is-shortened", "a pause is shortened", two_hours, hour, READ, ends="paused")
    yield _sequence("null-date-replaces-date", "a null date replaces a date", hour, null, READ, ends="paused")
    yield _sequence("other-campaign-is-read", "the other campaign", Send(read(OTHER)), ends="same")
    # Campaigns differ in what they promote, and in how they are paid.
    for index in range(1, min(campaigns, _OTHERS + 1)):
        own = f"own:{index}"
        dated_pause = dated("tomorrow", SymbolicInstant(plus_ms=DAY), campaign=own)
        # What went before must not have affected it.
        first = (Send(read(own)),) if index == 1 else ()
        yield _sequence(f"another-campaign-{index}", f"another campaign, {own}",
                        *first, Send(dated_pause), Send(indefinitely(own)), Send(unpause(own)),
                        ends="same")  # fmt: skip
    # Whatever the response to a pause of a campaign that is not running is, it is not a crash.
    for state in ("inactive", "stale", "paused"):
        yield _sequence(f"campaign-that-is-{state}", f"a campaign that is {state}",
                        Send(read(state)), Send(indefinitely(state)), Send(read(state)),
                        ends="same", needs=frozenset({"resting"}))  # fmt: skip
    # A provider that assigns the members of a response cannot be restored: this is no vector.
    name, tomorrow = "until tomorrow, and members of the response", SymbolicInstant(plus_ms=DAY)
    assigned = Case(name, body=_ASSIGNED, until=tomorrow, request_class="extra")
    yield _sequence("members-of-the-response", name, Send(assigned), READ,
                    ends="paused", needs=frozenset({"loopback"}))  # fmt: skip


def gap_of(means: Capabilities) -> int:
    """Milliseconds that a dated pause lasts if the clock is moved: surely more than the tolerance."""
    return max(GAP, int(5_000 * means.tolerance_s))


def sequences(means: Capabilities) -> tuple[Sequence, ...]:
    """Every named sequence for the clock and the number of campaigns of a target, whatever else it offers."""
    timed = waited(means.campaigns) if means.clock == "wall" else moved(gap_of(means), means.campaigns)
    return (*timed, *untimed(means.campaigns))


@cache
def sequence_ids() -> frozenset[str]:
    """The ids of all named sequences, for any target."""
    counts = (1, _OTHERS + 1)
    targets = [Capabilities(count, clock=clock) for count in counts for clock in ("virtual", "wall")]
    return frozenset(sequence.id for target in targets for sequence in sequences(target))
