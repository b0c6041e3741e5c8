"""Parameter types for click: how the text of a flag, a variable or a key becomes a value.

A parser takes text and returns the value; None if it is none of its kind. The text of a ``ValueError``
completes "expected …" with more than the kind says. Durations are seconds.
"""

from __future__ import annotations

import difflib
import importlib
import os
import re
import urllib.parse
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

STDOUT: Final = Path("-")
"""The path of a report that means standard output."""
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|)")
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SWITCHES: Final = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)
_RESERVED: Final = frozenset(
    {"authorization", "host", "content-length", "content-type", "transfer-encoding", "connection"}
)
"""Header fields that the requests of a plan set themselves."""


@dataclass(frozen=True, eq=False)
class Kind(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click only
    """A kind of value.

    ``expected`` completes "expected …"; ``secret`` values are shown nowhere; ``path`` values in a file are
    relative to its folder; ``separator`` splits a variable into the values of a repeatable setting;
    ``schema`` is the JSON Schema of one value in a file.
    """

    parse: Callable[[str], Any]
    metavar: str
    expected: str
    secret: bool = False
    path: bool = False
    separator: str = r"[,\s]+"
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of a text; a default stays. ``click.BadParameter`` says what was expected."""
        if not isinstance(value, str):
            return value
        parsed, expected = None, self.expected
        try:
            parsed = self.parse(value)
        except ValueError as error:
            expected = str(error)
        if parsed is None:
            self.fail(f"{self.shown(value)}: expected {expected}", param, ctx)
        return parsed

    def shown(self, text: str) -> str:
        """The text as an error may show it: cut, and without what it keeps secret."""
        if self.secret:
            return "(not shown)"
        return repr(re.sub(r"//[^/@]*@", "//(not shown)@", without_query(text)[:200]))

    def split_envvar_value(self, rv: str) -> list[str]:
        """The values that a variable lists."""
        return [part for part in re.split(self.separator, rv.strip()) if part]

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files for a path, else the values of an enum."""
        if self.path:
            return click.Path().shell_complete(ctx, param, incomplete)
        return click.Choice(self.schema.get("enum", ())).shell_complete(ctx, param, incomplete)


class _Switch(Kind, click.types.BoolParamType):
    """On or off; click asks for its own type to offer ``--no-…``."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that was probably meant, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def without_query(url: str) -> str:
    """A URL for a reader: what its query and its fragment assign may be a token."""
    for mark in "?#":
        before, _, after = url.partition(mark)
        url = f"{before}{mark}(not shown)" if "=" in after else url
    return url


def describe_os_error(error: OSError) -> str:
    """Why a file cannot be used, in a few words without its path."""
    return (error.strerror or "unknown error").lower()


def _switch(text: str) -> bool | None:
    return _SWITCHES.get(text.strip().lower())


def _token(text: str) -> str | None:
    if text.lower().startswith("bearer "):
        raise ValueError("the token alone: leave out 'Bearer', which is sent before it")
    return text if re.fullmatch(r"[!-~]+", text) else None


def _address(text: str) -> str | None:
    try:
        parts = urllib.parse.urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # what urlsplit says is not for users
        return None
    written = text.isprintable() and text.isascii() and not set(text) & set(" \\#")
    return text if written and usable and "@" not in parts.netloc else None


def _base_url(text: str) -> str | None:
    url = (_address(text) or "").rstrip("/")
    return None if not url or "?" in url or url.endswith("/ad_campaigns") else url


def _header(text: str) -> tuple[str, str] | None:
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    usable = colon and _FIELD_NAME.fullmatch(name) and value.isascii() and value.isprintable()
    return (name, value) if usable and name.lower() not in _RESERVED else None


def _duration(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    return (match and float(match[1]) * _UNITS[match[2]]) or None


def _readable(text: str) -> Path:
    path = Path(text).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"a file that can be read ({describe_os_error(error)})") from None
    return path


def _certificates(text: str) -> Path | None:
    path, ssl = _readable(text), importlib.import_module("ssl")
    with suppress(OSError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        return path
    return None


def _writable(text: str) -> Path:
    """A path that can be written, as far as can be seen without writing."""
    path, wrong = Path(text).expanduser(), ""
    if path == STDOUT:
        return path
    if path.is_dir() or text.endswith("/") or not text:
        wrong = "it is a folder"
    elif path.exists():
        wrong = "" if os.access(path, os.W_OK) else "permission denied"
    elif not path.parent.is_dir():
        wrong = "there is no such folder"
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        wrong = "its folder cannot be written"
    if wrong:
        raise ValueError(f"a file that can be written ({wrong})")
    return path


def _host(text: str) -> str | None:
    name = text.strip().lower().rstrip(".")
    return name if re.fullmatch(r"[a-z0-9_.:-]+", name) else None


def choice(*names: str, metavar: str = "NAME") -> Kind:
    """One of a few names."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)}{nearest(text, names)}")
        return text

    return Kind(parse, metavar, f"one of {', '.join(names)}", schema={"enum": list(names)})


def number(least: int, most: int = 2**63 - 1, *, expected: str = "") -> Kind:
    """A whole number of ASCII digits."""

    def parse(text: str) -> int | None:
        value = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else -1
        return value if least <= value <= most else None

    expected = expected or f"a whole number from {least} to {most}"
    return Kind(parse, "N", expected, schema={"type": "integer", "minimum": least})


SWITCH: Final = _Switch(_switch, "", "true or false", schema={"type": "boolean"})
TOKEN: Final = Kind(_token, "TOKEN", "a token: ASCII letters, digits and signs, no white space", secret=True)
BASE_URL: Final = Kind(
    _base_url, "URL", "a URL with http:// or https:// and a host, without /ad_campaigns: https://host/api/v1"
)
CLOCK_URL: Final = Kind(_address, "URL", "a URL with http:// or https:// and a host")
CAMPAIGN: Final = Kind(
    lambda text: text if re.fullmatch(r"adcamp_[A-Za-z0-9_~.-]+", text) else None,
    "ID",
    "a campaign's id: adcamp_ and at least one character",
    schema={"type": "string", "pattern": r"^adcamp_[A-Za-z0-9_~.-]+(?!\s)$"},
)
HEADER: Final = Kind(
    _header,
    "HEADER",
    "'Name: value', of a header that the requests do not set themselves",
    secret=True,
    separator=r"[\r\n]+",
)
DURATION: Final = Kind(
    _duration,
    "DURATION",
    "a duration such as 30s, 5m, 2h, 250ms or a bare number of seconds, above zero",
    schema={
        "type": ["string", "number"],
        "pattern": r"^[0-9]{1,12}(\.[0-9]{1,6})?( ?(ms|s|m|h))?(?!\s)$",
        "minimum": 0,
    },
)
PROFILE: Final = choice("quick", "standard", "thorough")
COLOR: Final = choice("auto", "always", "never", metavar="WHEN")
COUNT: Final = number(1, expected="a whole number above zero")
NUMBER: Final = number(0, expected="a whole number, zero or more")
INPUT: Final = Kind(_readable, "FILE", "a file that can be read", path=True)
CERTIFICATES: Final = Kind(_certificates, "FILE", "a file of certificates in PEM", path=True)
OUTPUT: Final = Kind(_writable, "FILE", "a file that can be written", path=True)
GLOB: Final = Kind(
    lambda text: text if text and text.isprintable() else None,
    "GLOB",
    "a clause's id, or a pattern such as 'pausing.*'",
)
HOST: Final = Kind(_host, "HOST", "a host's name, such as api.example.com")
