"""Instants: texts by the grammar of RFC 3339, and symbolic dates of pause requests by request class.

A symbolic instant is written as text when it is sent, so that a plan can be sent years after it was drawn.
"""

from __future__ import annotations

import calendar
import itertools
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import BEYOND, NANO, utc, write_instant
from whop_contracts.pause.strategies import values
from whop_contracts.pause.strategies.values import FRACTIONS, SAMPLES, ZONES, sample
from whop_contracts.steps import SymbolicInstant

FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_ALMOST_A_YEAR: Final = 364 * _DAY
_BEYOND_A_YEAR: Final = 367


# -- texts by RFC 3339 ---------------------------------------------------------------------------------------


def rfc3339_instants(*, earliest: datetime = FIRST, latest: datetime = LAST) -> SearchStrategy[str]:
    """Texts that RFC 3339 reads as an instant from ``earliest`` to ``latest``, both aware, both included.

    Days, months and years end, and the landmarks of counters come often; so do none to nine digits of
    fraction, offsets of odd minutes up to ``±23:59``, ``-00:00``, lower-case letters and, on whole minutes, a
    second of 60. Shrinks towards the midnight that begins 2000 in UTC, or the bound next to it, with ``Z``
    and without a fraction. Source: RFC 3339, sections 5.6 and 5.7.
    """
    if earliest.tzinfo is None or latest.tzinfo is None or earliest > latest:
        message = f"earliest={earliest} and latest={latest} must be aware and in this order"
        raise ValueError(message)
    low, high = ((bound - _EPOCH) // timedelta(microseconds=1) * 1_000 for bound in (earliest, latest))
    first, last = low // NANO, high // NANO
    middle = min(max(946_684_800, first), last)  # or the bound next to 2000
    # Any second of UTC, or one at the edge of a month or a counter in the zone that it is written in.
    seconds = st.integers(first - middle, last - middle).map(middle.__add__)
    years = st.integers(utc(low).year, utc(high).year)
    edges = _LANDMARKS | st.builds(_edge_of_month, years, st.integers(1, 12), st.booleans(), sample("times"))
    local = edges.map(lambda moment: (datetime.fromisoformat(f"{moment}Z") - _EPOCH) // timedelta(seconds=1))
    moments = seconds.map(lambda second: (second, False)) | local.map(lambda second: (second, True))
    return _texts(low, high, moments)


_LANDMARKS: Final = st.sampled_from(SAMPLES["far_landmarks"] + SAMPLES["other_landmarks"])
_ANY_FRACTION: Final = FRACTIONS | values.FINE_FRACTIONS | values.digits(0, 9)
_ANY_ZONE: Final = ZONES | values.WIDE_ZONES
_UTC: Final = st.sampled_from(["Z", "z", "-00:00"])


@st.composite
def _texts(draw: DrawFn, low: int, high: int, moments: SearchStrategy[tuple[int, bool]]) -> str:
    """An instant in any form. All take as many choices, or the shortest, not the plainest, is shrunk to."""
    second, local = draw(moments)
    fraction, offset = draw(_ANY_FRACTION), draw(_ANY_ZONE)
    leap, letter, utc_ = draw(st.booleans()), draw(st.sampled_from("Tt")), draw(_UTC)
    minutes = 0 if offset == "Z" else int(f"{offset[0]}1") * (int(offset[1:3]) * 60 + int(offset[4:]))
    ns = (second - 60 * minutes * local) * NANO + int(fraction.ljust(9, "0"))
    if not low <= ns <= high:
        ns = low if ns < low else high
        fraction = f"{ns % NANO:09d}".rstrip("0")
    if write_instant(ns, offset_minutes=minutes) == BEYOND:
        offset, minutes = "Z", 0
    text, before = (write_instant(at, digits=0, offset_minutes=minutes) for at in (ns, ns - NANO))
    if leap and ns // NANO % 60 == 0 and before != BEYOND:
        text = before[:17] + "60"
    zone = utc_ if offset == "Z" else offset
    return f"{text[:10]}{letter}{text[11:19]}{'.' if fraction else ''}{fraction}{zone}"


def _edge_of_month(year: int, month: int, last: bool, time: str) -> str:  # noqa: FBT001 - drawn
    day = calendar.monthrange(year, month)[1] if last else 1
    return f"{year:04d}-{month:02d}-{day:02d}T{time}"


# -- symbolic instants ---------------------------------------------------------------------------------------


_symbolic: Final = partial(st.builds, SymbolicInstant)
"""Symbolic instants whose members are drawn from these strategies, in the order in which they are given."""


def _milliseconds(low: int, high: int) -> SearchStrategy[int]:
    """Milliseconds from ``low`` to ``high``, telling ones often. Shrinks towards ``low``."""
    whole = st.integers(-(-low // _MINUTE), high // _MINUTE).map(_MINUTE.__mul__)
    spans = [span * 1_000 for span in SAMPLES["spans_s"] if low <= span * 1_000 <= high]
    return st.one_of(st.integers(low, high), whole, *([st.sampled_from(spans)] if spans else []))


_ahead: Final = partial(_symbolic, plus_ms=_milliseconds(_HOUR, _ALMOST_A_YEAR))
_SOME_FRACTION: Final = st.none() | FRACTIONS


def stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider must accept and keep to the millisecond: from an hour to 364 days ahead of the
    target's now, both to one second; any whole minute of offset from ``-12:00`` to ``+14:00``; up to six
    digits of fraction. Shrinks towards an hour ahead, written with ``Z`` and three digits.
    """
    return _ahead(offset=ZONES, fraction=_SOME_FRACTION)


def calendar_stamps() -> SearchStrategy[SymbolicInstant]:
    """The next 1 July, the next end of a month or of the year, at telling times of the day: from an hour to a
    year, a day and an hour ahead, since the day may just have passed. Otherwise as :func:`stamps`. Shrinks
    towards noon of the next 1 July, written with ``Z`` and no fraction.
    """
    return _symbolic(base=sample("days"), time=sample("times"), offset=ZONES, fraction=FRACTIONS)


SUNDAYS: Final = tuple(
    st.builds(
        lambda night, fraction: SymbolicInstant(night[0], time=night[1], offset=night[2], fraction=fraction),
        st.sampled_from(nights),
        FRACTIONS,
    )
    for nights in SAMPLES["nights"].values()
)
"""Instants in hours that clocks skip or repeat: in North America, in Europe, elsewhere."""

# No later than 30 December, so that no offset carries the instant out of the year 9999.
_FAR_DAYS: Final = st.dates(date(2100, 1, 1), date(9999, 12, 30)).map(date.isoformat)
FAR: Final = (
    st.sampled_from([SymbolicInstant(base=one[:10], time=one[11:]) for one in SAMPLES["far_landmarks"]]),
    _symbolic(
        plus_ms=_milliseconds(_BEYOND_A_YEAR * _DAY, 400 * 365 * _DAY), offset=ZONES, fraction=_SOME_FRACTION
    ),
    _ahead(fraction=values.FINE_FRACTIONS),
    _ahead(offset=values.WIDE_ZONES),
    # Binding looks for the next 29 February no further than eleven years ahead.
    _symbolic(
        base=st.just("02-29"),
        time=sample("times"),
        offset=ZONES,
        after_days=st.integers(_BEYOND_A_YEAR, 1_000),
    ),
    _symbolic(base=_FAR_DAYS, time=sample("times"), offset=ZONES, fraction=FRACTIONS),
)
"""The kinds of far instants: see :func:`far_stamps`."""


def far_stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider may refuse but not change: more than a year ahead, to the end of the year 9999
    in UTC; or as :func:`stamps`, with seven to nine digits of fraction or an offset that no country has.
    Never two of these at once.

    2038-01-19, the one fixed day before 2100, is of this kind for as long as it is more than a year ahead.
    Shrinks towards 2038-01-19T03:14:07Z, the last second that 32 bits hold.
    """
    return st.one_of(*FAR)


EDGES: Final = (
    _ahead(offset=st.sampled_from(["z", "-00:00"]), fraction=_SOME_FRACTION),
    _ahead(offset=ZONES, form=st.just("{date}t{time}{fraction}{offset}")),
    _symbolic(
        base=st.sampled_from(("06-30", "12-31", *SAMPLES["days"])),
        time=st.sampled_from(["23:59:60", "12:00:60"])
        | st.builds("{:02d}:{:02d}:60".format, st.integers(0, 23), st.integers(0, 59)),
        offset=ZONES,
    ),
)
"""The kinds of rare forms: see :func:`edge_stamps`."""


def edge_stamps() -> SearchStrategy[SymbolicInstant]:
    """Forms that RFC 3339 allows and many readers do not know, from an hour to a year, a day and an hour
    ahead: a lower-case ``t`` or ``z``, the offset ``-00:00``, a second of 60. One of them at a time. Shrinks
    towards an hour ahead with a lower-case ``z`` and three digits.
    """
    return st.one_of(*EDGES)


PAST: Final = tuple(
    _symbolic(plus_ms=_milliseconds(low, high).map(int.__neg__), offset=ZONES, fraction=_SOME_FRACTION)
    for low, high in itertools.pairwise((_HOUR, 2 * _DAY, 400 * _DAY, 36_524 * _DAY))
)
"""Instants of the last two days, of the last thirteen months, of the last century."""


def past_stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants of the last century, but for the last hour. Shrinks towards an hour ago, spelt with ``Z``."""
    return st.one_of(*PAST)


_days_ahead: Final = partial(_symbolic, plus_ms=_milliseconds(2 * _DAY, _ALMOST_A_YEAR))
LOOSE: Final = (
    _days_ahead(offset=st.just("")),
    _days_ahead(offset=ZONES, form=st.just("{date} {time}{fraction}{offset}")),
    _days_ahead(offset=ZONES.filter(lambda zone: zone != "Z").map(lambda zone: zone.replace(":", ""))),
    _days_ahead(offset=ZONES, form=st.just("{date}T{time:.5}{offset}")),
    _days_ahead(
        offset=ZONES,
        form=st.sampled_from([" {}", "{} ", "{}\\n", " {} ", "   {}", "{}  \\n", "\\n{}"]).map(
            lambda form: form.replace("{}", SymbolicInstant().form)
        ),
    ),
    _days_ahead(form=st.just("{date}")),
    _days_ahead(offset=ZONES, form=st.just("{date}T{time}.{offset}")),
)
"""The kinds of other forms: see :func:`loose_stamps`. A line end is JSON's escape, since a form goes into a
JSON text as it stands.
"""


def loose_stamps() -> SearchStrategy[SymbolicInstant]:
    """Texts that are no RFC 3339 and still name one instant, from two to 364 days ahead: a bare date, no
    zone, a space for the T, no seconds, a decimal point without digits, an offset without its colon, white
    space around it. One of them at a time.

    A bare date names the start of its day in UTC, up to a day earlier. Shrinks towards a date and time
    without a zone, two days ahead.
    """
    return st.one_of(*LOOSE)
