"""The forms in which software prints a secret, and the views in which they are found.

A view is a text as some reader decodes it, with the position of each character in the original text.
"""

from __future__ import annotations

import base64
import html
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_PIECE: Final = 12
_MARKS: Final = ("...", "…", "â\x80¦")
_MARK: Final = re.compile(r"\.{3,}|…|â\x80¦")
"""What replaces text that was cut out, the last one in UTF-8 that was read as Latin-1."""
CUT_TEXT: Final = 60
"""Characters from which on a text may have been cut without a mark."""
_CLOSING: Final = "\"')]} "
_PARTIAL: Final = re.compile(r"(?:[%\\]{1,4}(?:[ux]\{?)?[0-9a-f]{0,7}|&#?x?[0-9a-z]{0,6}|=[0-9a-f]?)$")
SEPARATORS: Final = dict.fromkeys(map(ord, " \t\r\n\v\f,:-"))
SEPARATOR: Final = re.compile(r"[ \t\r\n\v\f,:\-]+")


@dataclass(slots=True)
class Forms:
    """Forms of secrets with the names that replace them.

    ``pieces`` are what a text is searched for first. Of a form that was cut, ``least`` characters are enough;
    ``grams`` are all its parts of that size. ``words``: its beginning may be an ordinary word.
    """

    least: int
    words: bool
    names: dict[str, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    grams: set[str] = field(default_factory=set)

    def add(self, forms: Iterable[str], name: str) -> None:
        """Add the forms of one secret."""
        for form in forms:
            self.names.setdefault(form, name)
            if not any(piece in form for piece in self.pieces):
                self.pieces.append(form[:_PIECE])
            self.grams.update(form[at : at + self.least] for at in range(len(form) - self.least + 1))

    def near(self, text: str, *, ends: bool) -> bool:
        """Whether a text contains a piece of a form, or what a cut has left of one."""
        return any(piece in text for piece in self.pieces) or any(True for _ in self._cut(text, ends=ends))

    def find(self, text: str, *, ends: bool) -> Iterator[tuple[int, int, str]]:
        """Where forms, or what a cut has left of them, are in a text; ``ends``: its end may be a cut."""
        for form, name in self.names.items():
            yield from ((at, at + len(form), name) for at in _places(text, form))
        yield from self._cut(text, ends=ends)

    def _cut(self, text: str, *, ends: bool) -> Iterator[tuple[int, int, str]]:
        """Where the beginning of a form ends at a cut, or the end of one begins after it."""
        for mark in _MARK.finditer(text) if any(mark in text for mark in _MARKS) else ():
            yield from self._beginning(text, mark.start(), marked=True)
            yield from self._ending(text, mark.end())
        if ends:
            yield from self._beginning(text, len(text.rstrip(_CLOSING)), marked=False)

    def _beginning(self, text: str, end: int, *, marked: bool) -> Iterator[tuple[int, int, str]]:
        """A form's beginning that ends there, or before half an escape; without a mark, not a whole word."""
        partial = _PARTIAL.search(text, max(end - 12, 0), end)
        for stop in (end, partial.start()) if partial else (end,):
            gram = text[max(stop - self.least, 0) : stop]
            for form, name in self.names.items() if gram in self.grams else ():
                sizes = [at + self.least for at in _places(form[:-1], gram)]
                size = max((size for size in sizes if text.endswith(form[:size], 0, stop)), default=0)
                word = self.words and form[:size].isalpha() and not form[size].isalpha()
                if size and (marked or not word):
                    yield stop - size, end, name

    def _ending(self, text: str, start: int) -> Iterator[tuple[int, int, str]]:
        """A form's end that begins there, or after half an escape."""
        for at in range(start, start + 12):
            gram = text[at : at + self.least]
            for form, name in self.names.items() if gram in self.grams else ():
                ends = (form[cut:] for cut in _places(form, gram) if text.startswith(form[cut:], at))
                yield from ((start, at + len(rest), name) for rest in ends)


def _places(text: str, part: str) -> Iterator[int]:
    """Where a part begins in a text, overlapping ones included."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def plain_forms(secret: str) -> Iterator[str]:
    """The secret itself, as UTF-8 that was read as Latin-1, as UTF-16, and with plus signs for spaces."""
    raw, utf16 = secret.encode("utf-8", "surrogatepass"), secret.encode("utf-16-be", "surrogatepass")
    units = "".join(chr(high << 8 | low) for high, low in zip(utf16[::2], utf16[1::2], strict=True))
    for form in (secret, raw.decode("latin-1"), units):
        yield from (form.casefold(), form.casefold().replace(" ", "+"))


def encoded_forms(secret: str) -> Iterator[str]:
    """The secret in base64, base64 of base64, hexadecimal and byte arrays, folded and without separators."""
    raw = secret.encode("utf-8", "surrogatepass")
    once = dict.fromkeys(_base64(raw))
    twice = (core for one in once for core in _base64(one.encode()))
    arrays = (raw.hex(), "".join(f"0x{byte:02x}" for byte in raw), "".join(map(str, raw)))
    for form in (*once, *twice, *arrays):
        yield form.casefold().translate(SEPARATORS)


def _base64(raw: bytes) -> Iterator[str]:
    """What bytes are in base64 of both alphabets, wherever they begin and whatever is around them."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        for shift, start in enumerate((0, 2, 3)):
            encoded = encode(bytes(shift) + raw).decode()
            body = encoded.rstrip("=")
            yield body[start : len(body) - (len(encoded) != len(body))]


# -- the views of a text -----------------------------------------------------------------------------------

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def _decode(match: re.Match[str]) -> str:
    """The character that an escape stands for: octal, itself, one of HTML, or its hexadecimal code point."""
    match match.lastgroup:
        case "octal":
            return chr(int(match["octal"], 8))
        case "itself":
            return match["itself"]
    if match[0][0] == "&":
        return html.unescape(match[0])
    return chr(int(match[match.lastindex], 16)) if match.lastindex else ""


@dataclass(frozen=True, slots=True)
class View:
    """A text as some reader decodes it: if known, character ``i`` was ``starts[i]`` to ``ends[i]`` before."""

    text: str
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    @classmethod
    def of(cls, text: str) -> View:
        """The text itself, with positions."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def folded(self) -> View:
        """The view without differences of case."""
        text = self.text.casefold()
        if len(text) != len(self.text):
            return self.rewritten(_NOT_ASCII, lambda match: match[0].casefold()).folded()
        return View(text, self.starts, self.ends)

    def rewritten(self, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str] = _decode) -> View:
        """The view with every match of the pattern replaced."""
        if not self.starts:
            return View(pattern.sub(replace, self.text))
        parts, starts, ends, done = [], array("L"), array("L"), 0
        for match in pattern.finditer(self.text):
            start, stop = match.span()
            new = replace(match)
            parts += [self.text[done:start], new]
            starts.extend([*self.starts[done:start], *[self.starts[start]] * len(new)])
            ends.extend([*self.ends[done:start], *[self.ends[stop - 1]] * len(new)])
            done = stop
        starts.extend(self.starts[done:])
        ends.extend(self.ends[done:])
        return View("".join([*parts, self.text[done:]]), starts, ends)


_MOST: Final = 16
"""Views of one text that are searched: no real text is encoded so many times."""
_ESCAPES: Final = {
    "%": re.compile(r"%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))"),
    "&": re.compile(r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-zA-Z]{2,31});"),
    "=": re.compile(r"=(?:([0-9a-fA-F]{2})|(?:\r|\\r)?(?:\n|\\n))"),
    "\0": re.compile(r"\x00"),
    "\\": re.compile(
        r"""\\(?:(?P<octal>[0-7]{3})|(?P<itself>["'/\\])|[nrt]|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})"""
        r"|u\{0*((?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4})\}|U00((?:10|0[0-9a-fA-F])[0-9a-fA-F]{4}))"
    ),
}
"""The families of escapes, each by the character that every escape of it begins with."""


def levels(view: View) -> Iterator[View]:
    """A view and what it decodes to, one family of escapes after the other, in any order."""
    found = {view.text}
    queue = [view]
    for level in queue:
        yield level
        for mark, pattern in _ESCAPES.items() if len(queue) < _MOST else ():
            if mark in level.text:
                decoded = level.rewritten(pattern)
                if decoded.text not in found:
                    found.add(decoded.text)
                    queue.append(decoded)
