"""Text that came from a target, made safe to show: nothing in it moves a cursor, turns the line round or hides."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

ELLIPSIS: Final = "…"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories that are shown by their number: controls, bidirectional and other format signs, surrogates, what Unicode has not assigned, line and
paragraph separators."""
_ASCII: Final = 127
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(value: Any, limit: int = 300) -> str:
    """One line of at most ``limit`` characters; every character that a reader could not see is written as its escape."""
    text = value if isinstance(value, str) else str(value)
    cut = text[:limit]
    shown = cut if cut.isascii() and cut.isprintable() else "".join(map(_shown, cut))
    if len(text) > limit or len(shown) > limit:
        return shown[: limit - 1] + ELLIPSIS
    return shown


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    if ord(character) > _ASCII:
        return character.encode("ascii", "backslashreplace").decode()
    return _SHORT.get(character) or f"\\x{ord(character):02x}"
