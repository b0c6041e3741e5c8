"""Text from a target, made safe to show: nothing in it moves a cursor, reverses the line or is invisible."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

ELLIPSIS: Final = "…"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that are shown by their number: controls, bidirectional and other format
characters, surrogates, unassigned characters, line and paragraph separators.
"""
_ASCII: Final = 127
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(value: Any, limit: int = 300) -> str:
    """One line of at most ``limit`` characters; characters that cannot be seen are escaped."""
    text = value if isinstance(value, str) else str(value)
    cut = text[:limit]
    shown = cut if cut.isascii() and cut.isprintable() else "".join(map(_shown, cut))
    if len(text) > limit or len(shown) > limit:
        return shown[: limit - 1] + ELLIPSIS
    return shown


def describe_os_error(error: OSError) -> str:
    """Why a file cannot be used, in a few words without its path."""
    return (error.strerror or "unknown error").lower()


def is_hidden(character: str) -> bool:
    """Whether a character is a control, reverses a line or cannot be seen."""
    return unicodedata.category(character) in _HIDDEN


def _shown(character: str) -> str:
    if not is_hidden(character):
        return character
    if ord(character) > _ASCII:
        return character.encode("ascii", "backslashreplace").decode()
    return _SHORT.get(character) or f"\\x{ord(character):02x}"
