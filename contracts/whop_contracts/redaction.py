"""Redaction: everything that leaves a run passes through here.

Secrets are found by value, in every form that software prints: any case, percent-encoded, escaped for JSON,
Python, C or HTML, quoted-printable, hexadecimal, byte arrays, base64 and base64 of base64, nested up to six
levels, and what a cut has left of one. Headers whose names indicate a secret are hidden by name.

A text is first searched for a short piece of each form, so that a long secret costs no more than a short one.
Only a text that contains a piece is decoded together with the positions of its characters.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from whop_contracts.secret_forms import (
    CUT_TEXT,
    SEPARATOR,
    SEPARATORS,
    Forms,
    View,
    encoded_forms,
    levels,
    plain_forms,
)

TOKEN: Final = "$WHOP_API_TOKEN"  # noqa: S105 - the name that replaces a token
HIDDEN: Final = "(not shown)"
_SHORT: Final = 8
"""A shorter secret may be an ordinary word: it is only redacted as the whole value of a header."""
_DEEPEST: Final = 200
_REMEMBERED: Final = 2_000
"""How many results are kept, of texts of at most ``_SMALL`` characters: most texts of a run occur again."""
_SMALL: Final = 1_500
_SECRET_NAME: Final = re.compile(r"key|token|secret|cookie|auth|password|session", re.IGNORECASE)
_NO_SECRETS: Final = frozenset({"www-authenticate", "proxy-authenticate"})
_SCHEMES: Final = frozenset({"", "basic", "bearer", "digest", "token"})
_NEGOTIATION: Final = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
"""Headers whose values are no secrets, and occur in every response."""


def is_secret_header(name: str) -> bool:
    """Whether the value of a header with this name, in any case, is taken for a secret."""
    return _SECRET_NAME.search(name) is not None and name.lower() not in _NO_SECRETS


class Redactor:
    """Replaces secrets by names.

    ``secrets`` maps names to values, or is values alone, which are all named ``$WHOP_API_TOKEN``. Empty
    values are ignored. The longest of overlapping secrets wins.
    """

    def __init__(self, secrets: Mapping[str, str] | Iterable[str] = ()) -> None:
        self._plain = Forms(least=5, words=True)
        self._encoded = Forms(least=6, words=False)
        self._short: dict[str, str] = {}
        self._remembered = lru_cache(_REMEMBERED)(self._redacted)
        named = secrets.items() if isinstance(secrets, Mapping) else ((TOKEN, one) for one in secrets)
        for name, value in named:
            self.add(value, name)

    def add(self, secret: str, name: str = TOKEN) -> None:
        """Redact one more value from now on; a known one keeps its name."""
        secret = secret.strip()
        self._remembered.cache_clear()
        if len(secret) >= _SHORT:
            self._plain.add(plain_forms(secret), name)
            self._encoded.add(encoded_forms(secret), name)
        elif secret:
            self._short.setdefault(secret, name)

    def add_header(self, header: str, value: str) -> None:
        """Redact a header that the user set: the whole value, what follows a scheme, and each cookie."""
        if header.lower() not in _NEGOTIATION:
            cookies = value.split(";") if header.lower() == "cookie" else []
            for secret in (value, value.partition(" ")[2], *(pair.partition("=")[2] for pair in cookies)):
                self.add(secret, f"$HEADER_{header.upper().replace('-', '_')}")

    def add_proxies(self, proxies: Mapping[str, str]) -> None:
        """Redact the credentials of proxy URLs, as ``urllib.request.getproxies`` returns them."""
        for proxy in proxies.values():
            credential, at, host = (proxy.partition("://")[2] or proxy).rpartition("@")
            user, _, password = unquote(credential).partition(":")
            basic = base64.b64encode(f"{user}:{password}".encode()).decode()
            known = (credential + at + host, f"{user}:{password}", password, f"Basic {basic}")
            for secret in known if at else ():
                self.add(secret, "$PROXY_CREDENTIAL")

    def text(self, text: str) -> str:
        """The text without secrets."""
        if not self._plain.names:
            return text
        return self._remembered(text) if len(text) <= _SMALL else self._redacted(text)

    def redact_then_cut(self, text: str, limit: int) -> str:
        """The text without secrets, then cut to ``limit`` characters; cut first, a secret may be missed."""
        text = self.text(text)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def bytes(self, content: bytes) -> bytes:
        """The bytes without secrets, whatever their encoding."""
        return self.text(content.decode("latin-1")).encode("latin-1") if self._plain.names else content

    def headers(self, lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header lines without secrets. If a name indicates a secret, an unknown value is hidden."""
        return tuple((self.text(name), self._header(name, value)) for name, value in lines)

    def _header(self, name: str, value: str) -> str:
        shown = unknown = self._short.get(value.strip()) or self.text(value)
        for known in sorted({*self._plain.names.values(), *self._short.values()}, key=len, reverse=True):
            unknown = unknown.replace(known, "")
        return HIDDEN if is_secret_header(name) and unknown.strip().lower() not in _SCHEMES else shown

    def data(self, data: Any, depth: int = 0) -> Any:
        """JSON-like data without secrets, in keys too, as a new value; tuples become lists.

        ``depth`` is how deep the data is nested already; what is more than 200 levels deep is left out.
        """
        match data:
            case str():
                return self.text(data)
            case bytes():
                return self.bytes(data)
            case None | bool() | int() | float():
                return data
            case _ if depth >= _DEEPEST:
                return "(nested too deeply to be shown)"
            case Mapping():
                return {self.data(key, depth + 1): self.data(value, depth + 1) for key, value in data.items()}
            case list() | tuple():
                return [self.data(value, depth + 1) for value in data]
        return self.text(str(data))

    def _suspect(self, text: str) -> bool:
        """Whether a text may contain a secret, as given or decoded."""
        ends = len(text) >= CUT_TEXT
        return any(
            self._plain.near(folded, ends=ends) or self._encoded.near(folded.translate(SEPARATORS), ends=ends)
            for folded in (view.text.casefold() for view in levels(View(text)))
        )

    def _redacted(self, text: str) -> str:
        """The text with its secrets replaced; where they overlap, by the name of the longest."""
        if not self._suspect(text):
            return text
        ends = len(text) >= CUT_TEXT
        spans = {span for view in levels(View.of(text)) for span in self._spans(view, ends=ends)}
        parts, end, longest = [""], 0, 0
        for start, stop, found in sorted(spans):
            if start >= end:
                parts += [text[end:start], found]
                longest = 0
            if stop - start > longest:
                longest, parts[-1] = stop - start, found
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _spans(self, view: View, *, ends: bool) -> Iterator[tuple[int, int, str]]:
        """Where secrets are in a view: from and to, in the original text, and their names."""
        folded = view.folded()
        for forms, one in (self._plain, folded), (self._encoded, folded.rewritten(SEPARATOR)):
            for start, stop, name in forms.find(one.text, ends=ends):
                yield one.starts[start], one.ends[stop - 1], name
