"""Symbolic instants: dates of pause requests, written as text when they are sent, by request class.

They do not depend on the day: a plan that is drawn today can be sent in ten years.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.pause.strategies import samples
from whop_contracts.pause.strategies.samples import DAY, MINUTE, SECOND, sample
from whop_contracts.steps import SymbolicInstant

_AN_HOUR: Final = timedelta(hours=1)
_ALMOST_A_YEAR: Final = timedelta(days=364)
_BEYOND_A_YEAR: Final = 367
_NEAR_ENOUGH: Final = 1_000
"""Days after which the next 29 February is found eleven years ahead at the latest, where binding stops to look."""
_CENTURIES: Final = 400 * 365 * DAY
_LOWER_T: Final = "{date}t{time}{fraction}{offset}"


def stamps(
    *, earliest: timedelta = _AN_HOUR, latest: timedelta = _ALMOST_A_YEAR
) -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider must accept and keep to the millisecond: from ``earliest`` to ``latest`` ahead of the target's
    now, both to one second; any whole minute of offset from ``-12:00`` to ``+14:00``; up to six digits of fraction.

    Shrinks towards ``earliest`` (an hour) ahead, written with ``Z`` and three digits.
    """
    low, high = _milliseconds(earliest, latest)
    return st.builds(
        SymbolicInstant,
        plus_ms=_spans(low, high),
        offset=samples.zones(),
        fraction=st.none() | samples.fractions(),
    )


def calendar_stamps() -> SearchStrategy[SymbolicInstant]:
    """The next 1 July, the next end of a month or of the year, at telling times of the day: from an hour to a year, a day and
    an hour ahead, since the day may just have passed. Otherwise as :func:`stamps`.

    Shrinks towards noon of the next 1 July, written with ``Z`` and no fraction.
    """
    return st.builds(
        SymbolicInstant,
        base=sample("days"),
        time=sample("times"),
        offset=samples.zones(),
        fraction=samples.fractions(),
    )


def far_stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider may refuse but not change: more than a year ahead, to the end of the year 9999 in UTC; or as
    :func:`stamps`, with seven to nine digits of fraction or an offset that no country has. Never two of these at once.

    2038-01-19, the one fixed day before 2100, is of this kind for as long as it is more than a year ahead.
    Shrinks towards 2038-01-19T03:14:07Z, the last second that 32 bits hold.
    """
    zones, fractions = samples.zones(), st.none() | samples.fractions()
    ahead = _spans(_BEYOND_A_YEAR * DAY, _CENTURIES)
    near = _spans(*_milliseconds(_AN_HOUR, _ALMOST_A_YEAR))
    # No later than 30 December, so that no offset carries the instant out of the year 9999.
    days = st.dates(date(2100, 1, 1), date(9999, 12, 30)).map(date.isoformat)
    times = sample("times")
    return st.one_of(
        st.sampled_from(
            [SymbolicInstant(base=day, time=time) for day, time in samples.LANDMARKS[: samples.AHEAD]]
        ),
        st.builds(SymbolicInstant, plus_ms=ahead, offset=zones, fraction=fractions),
        st.builds(SymbolicInstant, plus_ms=near, fraction=samples.fine_fractions()),
        st.builds(SymbolicInstant, plus_ms=near, offset=samples.wide_zones()),
        st.builds(
            SymbolicInstant,
            base=st.just(samples.LEAP_DAY),
            time=times,
            offset=zones,
            after_days=st.integers(_BEYOND_A_YEAR, _NEAR_ENOUGH),
        ),
        st.builds(SymbolicInstant, base=days, time=times, offset=zones, fraction=samples.fractions()),
    )


def edge_stamps() -> SearchStrategy[SymbolicInstant]:
    """Spellings that RFC 3339 allows and many readers do not know, from an hour to a year, a day and an hour ahead: a lower-case ``t`` or ``z``,
    the offset ``-00:00``, a second of 60. One of them at a time.

    Shrinks towards an hour ahead with a lower-case ``z`` and three digits.
    """
    spans = _spans(*_milliseconds(_AN_HOUR, _ALMOST_A_YEAR))
    minutes = st.builds("{:02d}:{:02d}:60".format, st.integers(0, 23), st.integers(0, 59))
    return st.one_of(
        st.builds(
            SymbolicInstant,
            plus_ms=spans,
            offset=st.sampled_from(["z", "-00:00"]),
            fraction=st.none() | samples.fractions(),
        ),
        st.builds(SymbolicInstant, plus_ms=spans, offset=samples.zones(), form=st.just(_LOWER_T)),
        st.builds(
            SymbolicInstant,
            base=st.sampled_from(("06-30", "12-31", *samples.SAMPLES["days"])),
            time=st.sampled_from(["23:59:60", "12:00:60"]) | minutes,
            offset=samples.zones(),
        ),
    )


def past_stamps(
    *, earliest: timedelta = timedelta(days=-36_524), latest: timedelta = -_AN_HOUR
) -> SearchStrategy[SymbolicInstant]:
    """Instants that have passed: from ``earliest`` to ``latest`` (both below zero) of the target's now, to one second.

    Shrinks towards ``latest`` (an hour ago), written with ``Z`` and three digits.
    """
    low, high = _milliseconds(-latest, -earliest)
    return st.builds(
        SymbolicInstant,
        plus_ms=_spans(low, high).map(int.__neg__),
        offset=samples.zones(),
        fraction=st.none() | samples.fractions(),
    )


def loose_stamps(
    *, earliest: timedelta = timedelta(days=2), latest: timedelta = _ALMOST_A_YEAR
) -> SearchStrategy[SymbolicInstant]:
    """Texts that are no RFC 3339 and still name one instant, from ``earliest`` to ``latest`` ahead: a bare date, no zone, a
    space for the T, no seconds, an offset without its colon, white space around it. One of them at a time.

    A bare date names the start of its day in UTC, up to a day before ``earliest``. A line end is written as JSON's escape, since the
    form goes into a JSON text as it stands. Shrinks towards a date and time without a zone, two days ahead.
    """
    low, high = _milliseconds(earliest, latest)
    spans, zones = _spans(low, high), samples.zones()
    tight = zones.filter(lambda zone: zone != "Z").map(lambda zone: zone.replace(":", ""))
    spaced = st.sampled_from(
        [" {whole}", "{whole} ", "{whole}\\n", " {whole} ", "   {whole}", "{whole}  \\n", "\\n{whole}"]
    ).map(lambda form: form.replace("{whole}", SymbolicInstant().form))
    return st.one_of(
        st.builds(SymbolicInstant, plus_ms=spans, offset=st.just("")),
        st.builds(
            SymbolicInstant, plus_ms=spans, offset=zones, form=st.just("{date} {time}{fraction}{offset}")
        ),
        st.builds(SymbolicInstant, plus_ms=spans, offset=tight),
        st.builds(SymbolicInstant, plus_ms=spans, offset=zones, form=st.just("{date}T{time:.5}{offset}")),
        st.builds(SymbolicInstant, plus_ms=spans, offset=zones, form=spaced),
        st.builds(SymbolicInstant, plus_ms=spans, form=st.just("{date}")),
    )


def _milliseconds(earliest: timedelta, latest: timedelta) -> tuple[int, int]:
    low, high = earliest // timedelta(milliseconds=1), latest // timedelta(milliseconds=1)
    if not 0 < low <= high:
        message = (
            f"earliest={earliest} and latest={latest} must be in this order and on the asked side of now"
        )
        raise ValueError(message)
    return low, high


def _spans(low: int, high: int) -> SearchStrategy[int]:
    """Milliseconds from ``low`` to ``high``, telling ones often. Shrinks towards ``low``."""
    spans = [span * SECOND for span in samples.SAMPLES["spans_s"] if low <= span * SECOND <= high]
    whole = st.integers(-(-low // MINUTE), high // MINUTE).map(MINUTE.__mul__)
    any_ = st.integers(low, high)
    if -(-low // MINUTE) > high // MINUTE:
        return any_
    return st.one_of(any_, whole, st.sampled_from(spans)) if spans else any_ | whole
