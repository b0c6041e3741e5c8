"""The kinds of setting: how the text of a flag, a variable or a key becomes a value, and what is said where it cannot.

A parser takes text and returns the value or raises ``ValueError``. Durations are seconds; paths are relative to the folder that the
text was written for (the current one, or that of the settings file).
"""

from __future__ import annotations

import importlib
import os
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|)")
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LARGEST: Final = 2**63 - 1
_PORTS: Final = 65_535
_WORDS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a setting is read. ``expected`` completes "expected …"; ``secret`` values are shown nowhere; ``separator`` splits a variable
    into the values of a repeatable setting; ``schema`` is the JSON Schema of one value in a file.
    """

    parse: Callable[[str], Any]
    expected: str
    secret: bool = False
    path: bool = False
    separator: str = r"[,\s]+"
    schema: tuple[tuple[str, Any], ...] = (("type", "string"),)

    def shown(self, text: str) -> str:
        """The text as an error may show it: cut, and without what it keeps secret."""
        if self.secret:
            return "(not shown)"
        return repr(re.sub(r"//[^/@]*@", "//(not shown)@", text[:200]))


def _switch(text: str) -> bool:
    return _WORDS[text.strip().lower()] if text.strip().lower() in _WORDS else _refuse()


def _refuse() -> Any:
    raise ValueError


def _text(text: str) -> str:
    return text if text and text.isprintable() else _refuse()


def _token(text: str) -> str:
    return text if text and text.isascii() and text.isprintable() and " " not in text else _refuse()


def _address(text: str, *, query: bool) -> str:
    if not text.isprintable() or not text.isascii() or " " in text or "\\" in text:
        _refuse()
    parts = urllib.parse.urlsplit(text)
    usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not usable or "@" in parts.netloc or "#" in text or (not query and "?" in text):
        _refuse()
    return text


def _base_url(text: str) -> str:
    url = _address(text, query=False).rstrip("/")
    return _refuse() if url.endswith("/ad_campaigns") else url


def _clock_url(text: str) -> str:
    return _address(text, query=True)


def _campaign(text: str) -> str:
    usable = re.fullmatch(r"adcamp_[A-Za-z0-9_~.-]+", text)
    return text if usable else _refuse()


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    usable = colon and _FIELD_NAME.fullmatch(name) and value.isascii() and value.isprintable()
    return (name, value) if usable and name.lower() not in _OURS else _refuse()


_OURS: Final = frozenset(
    {"authorization", "host", "content-length", "content-type", "transfer-encoding", "connection"}
)
"""Header fields that the cases themselves decide."""


def _duration(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _UNITS[match[2]] if match else _refuse()


def _positive_duration(text: str) -> float:
    return _duration(text) or _refuse()


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= _LARGEST else _refuse()


def _positive(text: str) -> int:
    return _whole(text) or _refuse()


def _readable(text: str) -> Path:
    path = Path(text).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"a file that can be read ({_why(error)})") from None
    return path


def _certificates(text: str) -> Path:
    path, ssl = _readable(text), importlib.import_module("ssl")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        raise ValueError("a file of certificates in PEM") from None
    return path


def _writable(text: str) -> Path:
    """A path that can be written, decided without writing: it, or else its folder, is there and open to us."""
    path = Path(text).expanduser()
    if path.is_dir() or text.endswith("/") or not text:
        raise ValueError("a file that can be written (it is a folder)")
    if path.exists():
        if not os.access(path, os.W_OK):
            raise ValueError("a file that can be written (permission denied)")
    elif not path.parent.is_dir():
        raise ValueError("a file that can be written (there is no such folder)")
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        raise ValueError("a file that can be written (the folder is not ours to write to)")
    return path


def _host(text: str) -> str:
    name = text.strip().lower().rstrip(".")
    return name if re.fullmatch(r"[a-z0-9_.:-]+", name) and "//" not in name else _refuse()


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def choice(*names: str) -> Kind:
    """One of a few names."""
    return Kind(
        lambda text: text if text in names else _refuse(),
        "one of " + ", ".join(names),
        schema=(("enum", list(names)),),
    )


_SPAN: Final = "a duration such as 30s, 5m, 2h, 250ms or a bare number of seconds"
_SPAN_SCHEMA: Final = (
    ("type", ["string", "number"]),
    ("pattern", r"^[0-9]{1,12}(\.[0-9]{1,6})?( ?(ms|s|m|h))?(?!\s)$"),
    ("minimum", 0),
)
SWITCH: Final = Kind(_switch, "true or false", schema=(("type", "boolean"),))
TEXT: Final = Kind(_text, "one line of text")
TOKEN: Final = Kind(_token, "a token: ASCII letters, digits and signs, no white space", secret=True)
BASE_URL: Final = Kind(
    _base_url,
    "a URL with http:// or https:// and a host, as it stands before /ad_campaigns: https://host/api/v1",
)
CLOCK_URL: Final = Kind(_clock_url, "a URL with http:// or https:// and a host")
CAMPAIGN: Final = Kind(
    _campaign,
    "a campaign's id: adcamp_ and at least one character",
    schema=(("type", "string"), ("pattern", r"^adcamp_[A-Za-z0-9_~.-]+(?!\s)$")),
)
HEADER: Final = Kind(
    _header,
    "'Name: value', of a header that the cases do not set themselves",
    secret=True,
    separator=r"[\r\n]+",
)
DURATION: Final = Kind(_positive_duration, f"{_SPAN}, above zero", schema=_SPAN_SCHEMA)
COUNT: Final = Kind(_positive, "a whole number above zero", schema=(("type", "integer"), ("minimum", 1)))
NUMBER: Final = Kind(_whole, "a whole number, zero or more", schema=(("type", "integer"), ("minimum", 0)))
INPUT: Final = Kind(_readable, "a file that can be read", path=True)
CERTIFICATES: Final = Kind(_certificates, "a file of certificates in PEM", path=True)
OUTPUT: Final = Kind(_writable, "a file that can be written", path=True)
GLOB: Final = Kind(_text, "a clause's id, or a pattern such as 'pausing.*'")
HOST: Final = Kind(_host, "a host's name, such as api.example.com")
