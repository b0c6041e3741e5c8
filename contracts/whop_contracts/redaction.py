"""Redaction: everything that leaves a run passes through here.

Secrets are found by value, in every form that software prints: any case, percent-encoded, escaped for JSON,
Python, C or HTML, quoted-printable, hexadecimal, byte arrays, base64 and base64 of base64, nested up to six
levels, and what a cut has left of one. Headers whose names indicate a secret are hidden by name.

A text is first searched for a short piece of each form, so that a long secret costs no more than a short one.
"""

from __future__ import annotations

import base64
import html
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

TOKEN: Final = "$WHOP_API_TOKEN"  # noqa: S105 - the name that replaces a token
HIDDEN: Final = "(not shown)"
_SHORT: Final = 8
"""A shorter secret may be an ordinary word: it is only redacted as the whole value of a header."""
_DEEPEST: Final = 200
_SMALL: Final = 1_500
"""Results of texts of at most so many characters are kept, because most texts of a run occur again."""
_SECRET_NAME: Final = re.compile(r"key|token|secret|cookie|auth|password|session", re.IGNORECASE)
_SCHEMES: Final = frozenset({"", "basic", "bearer", "digest", "token"})


def is_secret_header(name: str) -> bool:
    """Whether the value of a header with this name, in any case, is taken for a secret."""
    challenges = {"www-authenticate", "proxy-authenticate"}
    return _SECRET_NAME.search(name) is not None and name.lower() not in challenges


class Redactor:
    """Replaces secrets by names, the longest of overlapping ones; ``secrets`` alone are named ``TOKEN``."""

    def __init__(self, secrets: Mapping[str, str] | Iterable[str] = ()) -> None:
        self._plain, self._encoded = _Forms(least=5, words=True), _Forms(least=6, words=False)
        self._short: dict[str, str] = {}
        self._names: set[str] = set()
        self._remembered = lru_cache(2_000)(self._redacted)
        named = secrets.items() if isinstance(secrets, Mapping) else ((TOKEN, one) for one in secrets)
        for name, value in named:
            self.add(value, name)

    def add(self, secret: str, name: str = TOKEN) -> None:
        """Redact one more value from now on; a known one keeps its name."""
        secret = secret.strip()
        self._names.add(name)
        self._remembered.cache_clear()
        if len(secret) >= _SHORT:
            self._plain.add(_plain_forms(secret), name)
            self._encoded.add(_encoded_forms(secret), name)
        elif secret:
            self._short.setdefault(secret, name)

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._remembered(text) if len(text) <= _SMALL else self._redacted(text)

    def redact_then_cut(self, text: str, limit: int) -> str:
        """The text without secrets, then cut to ``limit`` characters; cut first, a secret may be missed."""
        text = self.text(text)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def bytes(self, content: bytes) -> bytes:
        """The bytes without secrets, whatever their encoding."""
        return self.text(content.decode("latin-1")).encode("latin-1")

    def headers(self, lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header lines without secrets. If a name indicates a secret, an unknown value is hidden."""
        return tuple((self.text(name), self._header(name, value)) for name, value in lines)

    def _header(self, name: str, value: str) -> str:
        shown = unknown = self._short.get(value.strip()) or self.text(value)
        for known in sorted(self._names, key=len, reverse=True):
            unknown = unknown.replace(known, "")
        return HIDDEN if is_secret_header(name) and unknown.strip().lower() not in _SCHEMES else shown

    def data(self, data: Any, depth: int = 0) -> Any:
        """JSON-like data without secrets, in keys too; what is more than 200 levels deep is left out."""
        match data:
            case str():
                return self.text(data)
            case None | bool() | int() | float():
                return data
            case _ if depth >= _DEEPEST:
                return "(nested too deeply to be shown)"
            case Mapping():
                return {self.data(key, depth + 1): self.data(value, depth + 1) for key, value in data.items()}
            case list() | tuple():
                return [self.data(value, depth + 1) for value in data]
        return self.text(str(data))

    def _redacted(self, text: str) -> str:
        """The text with its secrets replaced; where they overlap, by the name of the longest."""
        parts, end, longest = [""], 0, 0
        for start, stop, name in sorted(set(self._found(text))):
            if start >= end:
                parts += [text[end:start], name]
                longest = 0
            if stop - start > longest:
                longest, parts[-1] = stop - start, name
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where secrets are in a text: from, to, and their names."""
        for decoded in _levels(text):
            folded = _View(decoded.text.casefold(), decoded, _NOT_ASCII, lambda match: match[0].casefold())
            packed = _View(folded.text.translate(_SEPARATORS), folded, _SEPARATOR, lambda _: "")
            for forms, view in (self._plain, folded), (self._encoded, packed):
                for start, stop, name in forms.find(view.text, ends=len(text) >= _CUT_TEXT):
                    starts, ends = view.places
                    yield starts[start], ends[stop - 1], name


# -- the forms in which software prints a secret -------------------------------------------------------------

_PIECE: Final = 12
_MARKS: Final = ("...", "…", "â\x80¦")
_MARK: Final = re.compile(r"\.{3,}|…|â\x80¦")
"""What replaces text that was cut out, the last one in UTF-8 that was read as Latin-1."""
_CUT_TEXT: Final = 60
"""Characters from which on a text may have been cut without a mark."""
_CLOSING: Final = "\"')]} "
_PARTIAL: Final = re.compile(r"(?:[%\\]{1,4}(?:[ux]\{?)?[0-9a-f]{0,7}|&#?x?[0-9a-z]{0,6}|=[0-9a-f]?)$")
_SEPARATORS: Final = dict.fromkeys(map(ord, " \t\r\n\v\f,:-"))
_SEPARATOR: Final = re.compile(r"[ \t\r\n\v\f,:\-]+")


@dataclass(slots=True)
class _Forms:
    """Forms of secrets with the names that replace them.

    ``pieces`` are what a text is searched for first. Of a form that was cut, ``least`` characters are enough;
    ``grams`` says which forms have a part of that size, and where. ``words``: their beginnings may be words.
    """

    least: int
    words: bool
    names: dict[str, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    grams: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, forms: Iterable[str], name: str) -> None:
        """Add the forms of one secret."""
        for form in forms:
            if form not in self.names:
                self.names[form] = name
                if not any(piece in form for piece in self.pieces):
                    self.pieces.append(form[:_PIECE])
                for at in range(len(form) - self.least + 1):
                    self.grams[form[at : at + self.least]].append((form, at))

    def find(self, text: str, *, ends: bool) -> Iterator[tuple[int, int, str]]:
        """Where forms, or what a cut has left of them, are in a text; ``ends``: its end may be a cut."""
        if any(piece in text for piece in self.pieces):
            for form, name in self.names.items():
                at = text.find(form)
                while at >= 0:
                    yield at, at + len(form), name
                    at = text.find(form, at + 1)
        for mark in _MARK.finditer(text) if any(mark in text for mark in _MARKS) else ():
            yield from self._beginning(text, mark.start(), marked=True)
            yield from self._ending(text, mark.end())
        if ends:
            yield from self._beginning(text, len(text.rstrip(_CLOSING)), marked=False)

    def _beginning(self, text: str, end: int, *, marked: bool) -> Iterator[tuple[int, int, str]]:
        """A form's beginning that ends there, or before half an escape; without a mark, not a whole word."""
        partial = _PARTIAL.search(text, max(end - 12, 0), end)
        for stop in (end, partial.start()) if partial else (end,):
            for form, at in self.grams.get(text[max(stop - self.least, 0) : stop], ()):
                left, right = form[: at + self.least], form[at + self.least :]
                word = self.words and left.isalpha() and not right[:1].isalpha()
                if right and (marked or not word) and text.endswith(left, 0, stop):
                    yield stop - len(left), end, self.names[form]

    def _ending(self, text: str, start: int) -> Iterator[tuple[int, int, str]]:
        """A form's end that begins there, or after half an escape."""
        for begin in range(start, start + 12):
            for form, at in self.grams.get(text[begin : begin + self.least], ()):
                if text.startswith(form[at:], begin):
                    yield start, begin + len(form) - at, self.names[form]


def _plain_forms(secret: str) -> Iterator[str]:
    """The secret itself, as UTF-8 that was read as Latin-1, as UTF-16, and with plus signs for spaces."""
    raw, utf16 = secret.encode("utf-8", "surrogatepass"), secret.encode("utf-16-be", "surrogatepass")
    units = "".join(chr(high << 8 | low) for high, low in zip(utf16[::2], utf16[1::2], strict=True))
    for form in (secret, raw.decode("latin-1"), units):
        yield from (form.casefold(), form.casefold().replace(" ", "+"))


def _encoded_forms(secret: str) -> Iterator[str]:
    """The secret in base64, base64 of base64, hexadecimal and byte arrays, folded and without separators."""
    raw = secret.encode("utf-8", "surrogatepass")
    once = dict.fromkeys(_base64(raw))
    twice = (core for one in once for core in _base64(one.encode()))
    arrays = (raw.hex(), "".join(f"0x{byte:02x}" for byte in raw), "".join(map(str, raw)))
    for form in (*once, *twice, *arrays):
        yield form.casefold().translate(_SEPARATORS)


def _base64(raw: bytes) -> Iterator[str]:
    """What bytes are in base64 of both alphabets, wherever they begin and whatever is around them."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        for shift, start in enumerate((0, 2, 3)):
            body, padding, _ = encode(bytes(shift) + raw).decode().partition("=")
            yield body[start : len(body) - len(padding)]


# -- the views of a text -----------------------------------------------------------------------------------

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def _decoded(match: re.Match[str]) -> str:
    """The character for an escape: an octal or hexadecimal code, a name of HTML, or the character itself."""
    if match.lastgroup == "octal":
        return chr(int(match["octal"], 8))
    if match.lastgroup == "itself":
        return match["itself"]
    if match[0][0] == "&":
        return html.unescape(match[0])
    return chr(int(match[match.lastindex], 16)) if match.lastindex else ""


@dataclass(frozen=True)
class _View:
    """A text as some reader decodes it: ``replace`` was applied to what ``pattern`` matches in ``origin``."""

    text: str
    origin: _View | None = None
    pattern: re.Pattern[str] = _NOT_ASCII
    replace: Callable[[re.Match[str]], str] = _decoded

    @cached_property
    def places(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where each character begins and ends in the original text."""
        if self.origin is None:
            return range(len(self.text)), range(1, len(self.text) + 1)
        first, last = self.origin.places
        starts, ends, done = array("L"), array("L"), 0
        for match in self.pattern.finditer(self.origin.text):
            start, stop = match.span()
            size = len(self.replace(match))
            starts.extend([*first[done:start], *[first[start]] * size])
            ends.extend([*last[done:start], *[last[stop - 1]] * size])
            done = stop
        starts.extend(first[done:])
        ends.extend(last[done:])
        return starts, ends


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


def _levels(text: str) -> Iterator[_View]:
    """A text and what it decodes to, one family of escapes after the other, in any order."""
    queue = [_View(text)]
    for level in queue:
        yield level
        for mark, pattern in _ESCAPES.items() if len(queue) < _MOST else ():
            if mark in level.text:
                decoded = pattern.sub(_decoded, level.text)
                if all(decoded != known.text for known in queue):
                    queue.append(_View(decoded, level, pattern, _decoded))
