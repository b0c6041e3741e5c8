"""Small values: samples at which implementations break, the parts of dates, ids, tokens, and :func:`draw`.

Of ``samples.json``: ``days`` are the ends of months and years, and days that show a swapped month and day.
``nights`` are Sundays, times and offsets. The landmarks are seconds in UTC at which counters run out and
calendars differ. ``shapes`` are instants with one thing too many or too few. ``malformed`` are texts that are
not JSON because of one thing; ``DATE`` is where an instant goes.
"""

from __future__ import annotations

import json
import os
import random
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from hypothesis import Verbosity, configuration, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import zone_name
from whop_contracts.pause.classify import ID_PREFIX
from whop_contracts.steps import ALTERATIONS, altered

T = TypeVar("T")
SAMPLES: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("samples.json").read_text("utf-8"))
_LETTERS: Final = string.ascii_letters + string.digits
_BYTES: Final = 4_096
"""What one value may be made from; one that wants more is left out."""


def draw(strategy: SearchStrategy[T], *, seed: object, count: int) -> list[T]:
    """``count`` values of ``strategy``, no two with the same ``repr``; fewer if 20 tries per value find less.

    They depend on the strategy, the seed (as text) and the version of Hypothesis alone. A smaller count gives
    the start of the same list. Nothing is written to disk.
    """
    drawn: dict[str, T] = {}

    # Not a run of the test under @seed: Hypothesis then mixes in the constants that it finds in whatever
    # modules of the user's are loaded, so that a plan would differ between the command line and pytest.
    @settings(database=None, verbosity=Verbosity.quiet)
    @given(strategy)
    def collect(value: T) -> None:
        drawn.setdefault(repr(value), value)

    take = cast("Any", collect).hypothesis.fuzz_one_input
    source = random.Random(f"whop-contracts {seed}")  # noqa: S311 - repeatable on purpose
    # Keep Hypothesis from writing its table of all characters to ``.hypothesis`` in the current folder.
    configuration.set_hypothesis_home_dir(os.devnull)
    try:
        for _ in range(count * 20):
            if len(drawn) == count:
                break
            take(source.randbytes(_BYTES))
    finally:
        configuration.set_hypothesis_home_dir(None)
    return list(drawn.values())


def draw_in_turn(kinds: Sequence[SearchStrategy[T]], *, seed: object, count: int) -> list[T]:
    """``count`` values, one of each of ``kinds`` in turn; fewer if a kind has too few. As :func:`draw`."""
    shares = [len(range(index, count, len(kinds))) for index in range(len(kinds))]
    drawn = [draw(kinds[index], seed=f"{seed} {index}", count=one) for index, one in enumerate(shares) if one]
    return [values[turn] for turn in range(shares[0]) for values in drawn if turn < len(values)]


# -- parts of dates ------------------------------------------------------------------------------------------


def sample(name: str) -> SearchStrategy[Any]:
    """The samples of one kind."""
    return st.sampled_from(SAMPLES[name])


def digits(least: int, most: int) -> SearchStrategy[str]:
    """From ``least`` to ``most`` decimal digits."""
    return st.lists(st.sampled_from("0123456789"), min_size=least, max_size=most).map("".join)


ZONES: Final = sample("zones") | st.integers(-12 * 60, 14 * 60).map(zone_name)
"""Offsets from ``-12:00`` to ``+14:00`` to the minute, ``Z`` and ``+00:00``."""
WIDE_ZONES: Final = (
    sample("wide_zones")
    | st.integers(14 * 60 + 1, 24 * 60 - 1).map(zone_name)
    | st.integers(12 * 60 + 1, 24 * 60 - 1).map(lambda minutes: zone_name(-minutes))
)
"""Offsets that are further from UTC than any in use."""
FRACTIONS: Final = sample("fractions") | digits(0, 6)
"""The digits of a fraction of a second."""
FINE_FRACTIONS: Final = sample("fine_fractions") | digits(7, 9)
YEARS: Final = st.integers(2030, 2099)
"""Years far enough ahead of any run."""
DAYS: Final = st.builds("{:04d}-{}".format, YEARS, sample("days"))
"""Sample days of those years."""
PLAIN_INSTANTS: Final = st.builds("{}T{}Z".format, DAYS, sample("times"))
"""Instants in whole seconds and UTC, which nobody rejects for their form."""


# -- ids and tokens ------------------------------------------------------------------------------------------


def _letters(least: int = 11, most: int = 14) -> SearchStrategy[str]:
    return st.lists(st.sampled_from(_LETTERS), min_size=least, max_size=most).map("".join)


def campaign_ids() -> SearchStrategy[str]:
    """Ids that look like a campaign's and are made up: ``adcamp_`` and 11 to 14 ASCII letters or digits.
    Shrinks towards ``adcamp_aaaaaaaaaaa``.
    """
    return _letters().map(ID_PREFIX.__add__)


MALFORMED_IDS: Final = (
    st.sampled_from([ID_PREFIX, ID_PREFIX.upper(), *SAMPLES["id_phrases"]]),
    st.builds("{}{}".format, sample("id_prefixes"), _letters()),
    st.builds("{}{}".format, st.sampled_from([ID_PREFIX * 2, ID_PREFIX * 3]), _letters()),
    st.builds("{}{}{}".format, campaign_ids(), sample("encoded"), _letters(0, 3)),
    st.builds("{}{}".format, sample("encoded"), campaign_ids()),
    sample("encoded").map(ID_PREFIX.__add__),
    st.builds(
        lambda size, letter: ID_PREFIX + letter * size,
        st.sampled_from([300, 1_000, 4_000]),
        st.sampled_from(_LETTERS),
    ),
)
"""The kinds of ids that nothing has: see :func:`malformed_ids`."""


def malformed_ids() -> SearchStrategy[str]:
    """Path segments, percent-encoded as they are sent, that are no campaign's id: another prefix or none, the
    prefix twice or alone, white space, NUL, quotes, slashes or letters beyond ASCII in it, phrases, hundreds
    of characters. None is empty or leads to another route. Shrinks towards the prefix alone.
    """
    return st.one_of(*MALFORMED_IDS)


def altered_tokens(token: str) -> SearchStrategy[tuple[str, str]]:
    """How ``token`` was altered, one of ``steps.ALTERATIONS`` but its case, and the token that this makes, as
    the requests of a run have it. Shrinks towards a character changed. ValueError for an empty token.
    """
    if not token:
        raise ValueError("an empty token cannot be altered")
    return st.sampled_from(ALTERATIONS).filter("case".__ne__).map(lambda how: (how, altered(token, how)))
