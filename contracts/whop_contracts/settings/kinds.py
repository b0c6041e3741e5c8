"""Parameter types for click: how the text of a flag, a variable or a key becomes a value.

``kinds.json`` describes them. A parser takes text and returns the value; None if it is none of its kind. The
text of a ``ValueError`` completes "expected …" with more than the kind says. Durations are seconds.
"""

from __future__ import annotations

import difflib
import importlib
import json
import os
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from whop_contracts.instants import read_instant
from whop_contracts.settings import without_query

STDOUT: Final = Path("-")
"""The path of a report that means standard output."""
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|)")
_LONGEST: Final = 500 * 3600.0
"""Seconds that every operating system can wait for a socket: fewer than 2**31 ms."""
_OFF: Final = dict.fromkeys(("false", "0", "no", "off"), False)
_SWITCHES: Final = dict.fromkeys(("true", "1", "yes", "on"), True) | _OFF
_RESERVED: Final = frozenset(
    {"authorization", "host", "content-length", "content-type", "transfer-encoding", "connection"}
)
"""Header fields that the requests of a plan set themselves."""


@dataclass(frozen=True, eq=False)
class Kind(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click only
    """A kind of value. Without a parser, ``schema`` says which texts are its values.

    ``expected`` completes "expected …"; ``secret`` values are shown nowhere; ``path`` values in a file are
    relative to its folder; ``separator`` splits a variable into the values of a repeatable setting;
    ``schema`` is the JSON Schema of one value in a file.
    """

    expected: str
    metavar: str = ""
    secret: bool = False
    path: bool = False
    separator: str = r"[,\s]+"
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    parser: Callable[[str], Any] | None = None
    name = "value"

    def parse(self, text: str) -> Any:
        """The value of a text, by the parser or the schema."""
        if self.parser:
            return self.parser(text)
        if names := self.schema.get("enum"):
            if text not in names:
                raise ValueError(f"{self.expected}{nearest(text, names)}")
            return text
        if self.schema["type"] == "integer":
            value = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else -1
            return value if self.schema["minimum"] <= value <= self.schema.get("maximum", 2**63 - 1) else None
        return text if re.fullmatch(self.schema["pattern"], text) else None

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


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """A hint at the known name that was probably meant, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def describe_os_error(error: OSError) -> str:
    """Why a file cannot be used, in a few words without its path."""
    return (error.strerror or "unknown error").lower()


def _token(text: str) -> str | None:
    if text.lower().startswith("bearer "):
        raise ValueError("the token alone: leave out 'Bearer', which is sent before it")
    return text if re.fullmatch(r"[!-~]+", text) else None


def _address(text: str) -> str | None:
    try:
        parts = urllib.parse.urlsplit(text)
        host = parts.hostname or ""
        decoded = importlib.import_module("idna").decode(host) if host.startswith("xn--") else host
        usable = parts.scheme in {"http", "https"} and decoded and parts.port != 0
    except ValueError:  # what they say is not for users
        return None
    written = text.isprintable() and text.isascii() and not set(text) & set(" \\#")
    return text if written and usable and "@" not in parts.netloc else None


def _base_url(text: str) -> str | None:
    url = (_address(text) or "").rstrip("/")
    return None if not url or "?" in url or url.endswith("/ad_campaigns") else url


def _header(text: str) -> tuple[str, str] | None:
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    if colon and name.lower() in _RESERVED:
        raise ValueError(f"another header: {name} is set by the run")
    named = colon and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)
    return (name, value) if named and value.isascii() and value.isprintable() else None


def _duration(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    return seconds if 0 < seconds <= _LONGEST else None


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
    if text == str(STDOUT):
        wrong = "only reports can go to standard output"
    elif path.is_dir() or text.endswith("/") or not text:
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


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "SWITCH": lambda text: _SWITCHES.get(text.strip().lower()),
    "TOKEN": _token,
    "BASE_URL": _base_url,
    "CLOCK_URL": _address,
    "HEADER": _header,
    "DURATION": _duration,
    "INPUT": _readable,
    "CERTIFICATES": _certificates,
    "OUTPUT": _writable,
    "REPORT": lambda text: STDOUT if text == str(STDOUT) else _writable(text),
    "PATH": Path,
    "GLOB": lambda text: text if text and text.isprintable() else None,
    "HOST": _host,
    "INSTANT": lambda text: read_instant(text) if "1970" <= text < "9000" else None,
}
KINDS: Final[Mapping[str, Kind]] = {
    name: (_Switch if name == "SWITCH" else Kind)(parser=_PARSERS.get(name), **row)
    for name, row in json.loads(Path(__file__).with_name("kinds.json").read_text("utf-8")).items()
}
SWITCH, TOKEN, CAMPAIGN, BASE_URL = (KINDS[name] for name in ("SWITCH", "TOKEN", "CAMPAIGN", "BASE_URL"))
