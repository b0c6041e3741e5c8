"""Samples: values at which implementations break, from ``samples.json``, and strategies that draw around them.

``days`` are the ends of months and years, and days that show a swapped month and day. ``landmarks`` are seconds in UTC
at which counters run out and calendars differ; the first twelve are far ahead of any run. ``wide_zones`` are offsets
that RFC 3339 allows and no country has. ``shapes`` are instants with one thing too many or too few. ``malformed`` are
texts that are not JSON because of one thing; ``DATE`` is where an instant goes. ``encoded`` is percent-encoded: white
space, NUL, quotes, a slash, signs, letters beyond ASCII, an emoji, a byte that is not UTF-8.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import zone_name

SAMPLES: Final[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
LEAP_DAY: Final = "02-29"
LANDMARKS: Final = tuple(tuple(moment.split("T")) for moment in SAMPLES["landmarks"])
AHEAD: Final = 12
"""How many of the landmarks are far ahead of any run: the first."""


def sample(name: str) -> SearchStrategy[Any]:
    """The samples of one kind."""
    return st.sampled_from(SAMPLES[name])


def zones() -> SearchStrategy[str]:
    """Offsets from ``-12:00`` to ``+14:00`` to the minute, ``Z`` and ``+00:00``. Shrinks towards ``Z``."""
    return sample("zones") | st.integers(-12 * 60, 14 * 60).map(zone_name)


def wide_zones() -> SearchStrategy[str]:
    """Offsets that are further from UTC than any in use. Shrinks towards ``+14:01``."""
    return (
        sample("wide_zones")
        | st.integers(14 * 60 + 1, 24 * 60 - 1).map(zone_name)
        | st.integers(12 * 60 + 1, 24 * 60 - 1).map(lambda minutes: zone_name(-minutes))
    )


def digits(least: int, most: int) -> SearchStrategy[str]:
    """From ``least`` to ``most`` decimal digits. Shrinks towards the fewest, and those towards zeros."""
    return st.lists(st.sampled_from("0123456789"), min_size=least, max_size=most).map("".join)


def fractions() -> SearchStrategy[str]:
    """The digits of a fraction of a second, none to six. Shrinks towards none."""
    return sample("fractions") | digits(0, 6)


def fine_fractions() -> SearchStrategy[str]:
    """Seven to nine digits of a fraction of a second. Shrinks towards ``0000001``."""
    return sample("fine_fractions") | digits(7, 9)


def years() -> SearchStrategy[int]:
    """Years far enough ahead of any run. Shrinks towards 2030."""
    return st.integers(2030, 2099)


def days() -> SearchStrategy[str]:
    """Sample days of those years. Shrinks towards 1 July 2030."""
    return st.builds("{:04d}-{}".format, years(), sample("days"))


def plain_instants() -> SearchStrategy[str]:
    """Instants in whole seconds and UTC, which nobody rejects for their form. Shrinks towards noon of 1 July 2030."""
    return st.builds("{}T{}Z".format, days(), sample("times"))
