"""Redaction: the one choke point through which everything passes that leaves a run.

Secrets are found by value, in every form in which software writes them down: raw, percent-encoded (any of its characters, in
either case, a space as ``+``), escaped for JSON, Python or HTML, in hexadecimal, and in base64 of both alphabets wherever in the encoded bytes
they begin (so ``Bearer <secret>`` is covered). A secret of fewer than 8 characters is no token but may be a gateway's header value:
it is found raw and escaped, not in base64 or hexadecimal; one of fewer than 4 only where it stands as a word of its own.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

TOKEN: Final = "$WHOP_API_TOKEN"  # noqa: S105 - the name that stands in a token's place
_WORD: Final = 4
_ENCODED: Final = 8
_DEEPEST: Final = 200
_ESCAPES: Final = re.compile(r"[%\\&+]")
_SECRET_NAME: Final = re.compile("key|token|secret|cookie|auth|password|session", re.IGNORECASE)
_CHALLENGES: Final = frozenset({"www-authenticate", "proxy-authenticate"})
"""Headers that name a scheme, and no credential."""
_TOO_DEEP: Final = "(nested too deeply to be shown)"


def is_secret_header(name: str) -> bool:
    """Whether the value of a header with this name, in any case, is taken for a secret."""
    return _SECRET_NAME.search(name) is not None and name.lower() not in _CHALLENGES


class Redactor:
    """Replaces secrets by their names.

    ``secrets`` maps names to values, or is values alone, which are all named ``$WHOP_API_TOKEN``. Empty ones are ignored. With overlapping
    secrets the longest wins.
    """

    def __init__(self, secrets: Mapping[str, str] | Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._plain: list[str] = []
        self._any: re.Pattern[str] | None = None
        pairs = secrets.items() if isinstance(secrets, Mapping) else ((TOKEN, value) for value in secrets)
        for name, value in pairs:
            self._take(value, name)

    def add(self, secret: str, name: str = TOKEN) -> None:
        """Redact one more value from here on; one that is known keeps its name."""
        self._take(secret, name)

    def text(self, text: str) -> str:
        """The text without secrets."""
        if not self._names or not self._suspect(text):
            return text
        return self._pattern().sub(self._name, text)

    def bytes(self, content: bytes) -> bytes:
        """The bytes without secrets, whatever they are."""
        if not self._names:
            return content
        return self.text(content.decode("latin-1")).encode("latin-1")

    def data(self, data: Any) -> Any:
        """JSON-like data without secrets, in keys too; a new value, of tuples as lists. What is nested beyond 200 levels is left out."""
        return self._data(data, 0)

    def _data(self, data: Any, depth: int) -> Any:
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, bytes):
            return self.bytes(data)
        if data is None or isinstance(data, bool | int | float):
            return data
        if depth >= _DEEPEST:
            return _TOO_DEEP
        if isinstance(data, Mapping):
            return {self._data(key, depth + 1): self._data(value, depth + 1) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self._data(value, depth + 1) for value in data]
        return self.text(str(data))

    def _suspect(self, text: str) -> bool:
        """Whether a secret can be in a text at all: it has a form that is a plain string, or some character is escaped."""
        return _ESCAPES.search(text) is not None or any(plain in text for plain in self._plain)

    def _take(self, secret: str, name: str) -> None:
        secret = secret.strip()
        if secret:
            self._names.setdefault(secret, name)
            self._plain += [secret, _mojibake(secret), *_encoded(secret)]
            self._any = None

    def _pattern(self) -> re.Pattern[str]:
        """All forms of all secrets as one pattern, made when a text first needs it: it is large."""
        if self._any is None:
            self._any = self._compile()
        return self._any

    def _compile(self) -> re.Pattern[str]:
        longest_first = sorted(self._names, key=len, reverse=True)
        forms = [
            ([*map(re.escape, _encoded(one)), *_escaped(one)], self._names[one]) for one in longest_first
        ]
        self._patterns = [(re.compile("|".join(patterns)), name) for patterns, name in forms]
        return re.compile("|".join(pattern for patterns, _ in forms for pattern in patterns))

    def _name(self, match: re.Match[str]) -> str:
        """Which secret was found: the first whose pattern, at the same place, is as long."""
        for pattern, name in self._patterns:
            found = pattern.match(match.string, match.start())
            if found and found.end() == match.end():
                return name
        return TOKEN


def _encoded(secret: str) -> list[str]:
    """The secret in base64 and in hexadecimal; nothing for one that is too short for either to be told from other text."""
    if len(secret) < _ENCODED:
        return []
    raw = secret.encode("utf-8", "surrogatepass")
    encoders = (base64.standard_b64encode, base64.urlsafe_b64encode)
    cores = [_core(encode(bytes(shift) + raw).decode(), shift) for encode in encoders for shift in range(3)]
    return [*dict.fromkeys(cores), raw.hex(), raw.hex().upper()]


def _mojibake(secret: str) -> str:
    """The secret's UTF-8 read as Latin-1, as it is in headers and in bytes."""
    return secret.encode("utf-8", "surrogatepass").decode("latin-1")


def _escaped(secret: str) -> Iterable[str]:
    """Patterns of the secret with any of its characters escaped, or none. Each begins with a literal, which ``re`` looks for first."""
    rest = "".join(f"(?:{'|'.join(_spelled(char))})" for char in secret[1:])
    before, after = (r"(?<!\w)", r"(?!\w)") if len(secret) < _WORD else ("", "")
    for head in _spelled(secret[0]):
        yield f"{before}{head}{rest}{after}"


def _core(encoded: str, shift: int) -> str:
    """The part of a base64 text that the bytes after the first ``shift`` decide alone, whatever stands before and after them."""
    start = (0, 2, 3)[shift]
    body = encoded.rstrip("=")
    return body[start : len(body) - (len(encoded) != len(body))]


def _spelled(char: str) -> list[str]:
    """Patterns of the ways in which one character is written."""
    raw = char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    code = ord(char)
    spelled = [re.escape(char), "".join(f"%(?:25)*{_hex(byte)}" for byte in raw)]
    spelled += [
        "".join(rf"\\+u{_hex(units[at])}{_hex(units[at + 1])}" for at in range(0, len(units), 2)),
        "".join(rf"\\+x{_hex(byte)}" for byte in raw),
        rf"\\+U{''.join(_nibble(digit) for digit in f'{code:08x}')}",
        rf"&#(?:0*{code}|[xX]0*{''.join(_nibble(digit) for digit in f'{code:x}')});",
    ]
    if len(raw) > 1:
        spelled.append(re.escape(raw.decode("latin-1")))
        if code < 256:  # noqa: PLR2004 - what one byte of Latin-1 holds
            spelled.append(rf"\\+x{_hex(code)}")
    if (named := html.escape(char)) != char:
        spelled.append(re.escape(named))
    if char == " ":
        spelled.append(r"\+")
    if char in "\"'/\\":
        spelled.append(rf"\\+{re.escape(char)}")
    if char in "%&\\":
        # What its own escapes begin with goes last, or half of them would stay behind.
        spelled.append(spelled.pop(0))
    return spelled


def _hex(byte: int) -> str:
    return "".join(_nibble(digit) for digit in f"{byte:02x}")


def _nibble(digit: str) -> str:
    return digit if digit.isdigit() else f"[{digit}{digit.upper()}]"
