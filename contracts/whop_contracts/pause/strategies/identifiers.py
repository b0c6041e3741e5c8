"""Ids and credentials that nobody was given: well-formed ones, malformed ones, and tokens that differ from a good one."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.pause.classify import ID_PREFIX
from whop_contracts.pause.strategies.samples import SAMPLES, sample

_LETTERS: Final = string.ascii_letters + string.digits
_LONG: Final = (300, 1_000, 4_000)
_LEAST_ALTERATION: Final = 4
"""How many characters are cut or added at least: fewer may fall into what a base64 reader ignores."""


def _tails(least: int = 11, most: int = 14) -> SearchStrategy[str]:
    return st.lists(st.sampled_from(_LETTERS), min_size=least, max_size=most).map("".join)


def campaign_ids() -> SearchStrategy[str]:
    """Ids that look like a campaign's and are made up: ``adcamp_`` and 11 to 14 ASCII letters or digits.

    Shrinks towards ``adcamp_aaaaaaaaaaa``.
    """
    return _tails().map(ID_PREFIX.__add__)


def malformed_ids() -> SearchStrategy[str]:
    """Path segments, percent-encoded as they are sent, that are no campaign's id: another prefix or none, the prefix twice or
    alone, white space, NUL, quotes, slashes or letters beyond ASCII in it, phrases, hundreds of characters.

    Never empty, ``.`` or ``..``, and never with a raw ``/``, ``?`` or ``#``: no segment leads to another route.
    Shrinks towards the prefix alone.
    """
    tails = _tails()
    return st.one_of(
        st.sampled_from([ID_PREFIX, ID_PREFIX.upper(), *SAMPLES["id_phrases"]]),
        st.builds("{}{}".format, sample("id_prefixes"), tails),
        st.builds("{}{}".format, st.sampled_from([ID_PREFIX * 2, ID_PREFIX * 3]), tails),
        st.builds("{}{}{}".format, campaign_ids(), sample("encoded"), _tails(0, 3)),
        st.builds("{}{}".format, sample("encoded"), campaign_ids()),
        sample("encoded").map(ID_PREFIX.__add__),
        st.builds(
            lambda size, letter: ID_PREFIX + letter * size, st.sampled_from(_LONG), st.sampled_from(_LETTERS)
        ),
    )


def altered_tokens(token: str) -> SearchStrategy[tuple[str, str]]:
    """What was done to ``token``, and the token that this makes: a character of its middle third changed (to no other case of
    itself), or at least four characters cut from its start or end, or added there. It is never ``token``, never empty.

    A token of four characters or fewer is never cut. Shrinks towards the last four cut off, or its middle changed to an ``a`` or a ``b``.
    Raises ValueError on an empty token: it has nothing to alter.
    """
    if not token:
        message = "an empty token cannot be altered"
        raise ValueError(message)
    middle, third = len(token) // 2, len(token) // 6
    added = _tails(_LEAST_ALTERATION, 8)
    cuts = st.integers(_LEAST_ALTERATION, max(len(token) - 1, _LEAST_ALTERATION))
    cut = [
        cuts.map(lambda size: ("cut short", token[:-size])),
        cuts.map(lambda size: ("its start cut off", token[size:])),
    ]
    return st.one_of(
        *(cut if len(token) > _LEAST_ALTERATION else ()),
        st.builds(
            lambda step, fresh: ("a character changed", _changed(token, middle + step, fresh)),
            st.integers(-third, third),
            st.sampled_from(["ab", *pairwise(_LETTERS)]),
        ),
        added.map(lambda tail: ("characters added", token + tail)),
        added.map(lambda head: ("characters added before it", head + token)),
    )


def _changed(token: str, place: int, fresh: Sequence[str]) -> str:
    """A token with the first of ``fresh`` at a place, or the second where the first is what stands there already."""
    first, second = fresh
    letter = second if token[place].lower() == first.lower() else first
    return token[:place] + letter + token[place + 1 :]
