"""Who takes part in a run: the campaigns that it may use and the credentials that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


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
