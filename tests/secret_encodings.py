"""How software prints a secret: encoders, and readers that share nothing with the redaction."""

import base64
import binascii
import html
import json
import quopri
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator

_NAMED = str.maketrans({"+": "&plus;", "/": "&sol;", "=": "&equals;", "_": "&lowbar;"})


def each(form: str, separator: str = "") -> Callable[[str], str]:
    """An encoder of every byte by itself."""
    return lambda secret: separator.join(form.format(byte, char=chr(byte)) for byte in secret.encode())


def chars(form: str) -> Callable[[str], str]:
    """An encoder of every character (for JSON: of every UTF-16 unit) by itself."""
    return lambda secret: "".join(form.format(ord(char)) for char in secret)


def percent(secret: str) -> str:
    return urllib.parse.quote(secret, safe="")


def base(secret: str) -> str:
    return base64.standard_b64encode(secret.encode()).decode()


def units(secret: str) -> str:
    pairs = secret.encode("utf-16-be").hex(" ", 2).split()
    return "".join(f"\\u{pair.upper()}" for pair in pairs)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "percent": percent,
    "percent, but slashes": urllib.parse.quote,
    "percent twice": lambda secret: percent(percent(secret)),
    "percent of every byte": each("%{:02x}"),
    "percent in upper case": each("%{:02X}"),
    "percent of forms": urllib.parse.quote_plus,
    "percent of UTF-16 units": lambda secret: units(secret).replace("\\", "%"),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON with escaped slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "JSON, all escaped": units,
    "JSON, escaped twice": lambda secret: json.dumps(units(secret).lower())[1:-1],
    "\\u{…}": chars("\\u{{{:x}}}"),
    "\\U": chars("\\U{:08x}"),
    "\\x": each("\\x{:02x}"),
    "octal": each("\\{:03o}"),
    "repr": lambda secret: repr(secret)[1:-1],
    "repr of bytes": lambda secret: repr(secret.encode())[2:-1],
    "ascii": lambda secret: ascii(secret)[1:-1],
    "HTML": html.escape,
    "HTML, decimal": chars("&#{};"),
    "HTML, hexadecimal": chars("&#x{:X};"),
    "HTML, named": lambda secret: html.escape(secret).translate(_NAMED),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal in upper case": each("{:02X}"),
    "hexadecimal with spaces": each("{:02x}", " "),
    "hexadecimal with colons": each("{:02X}", ":"),
    "hexadecimal with dashes": each("{:02X}", "-"),
    "an array of hexadecimals": each("0x{:02x}", ", "),
    "a byte array": each("{}", ", "),
    "a byte array, compact": each("{}", ","),
    "a byte array of Go": each("{}", " "),
    "a byte array, a line each": each("{}", ",\n      "),
    "base64": base,
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 of more": lambda secret: base(f"Bearer {secret}, user"),
    "base64 in lines": lambda secret: base64.encodebytes(b"u:" + secret.encode() * 2).decode(),
    "base64 in lines in JSON": lambda secret: json.dumps(ENCODINGS["base64 in lines"](secret))[1:-1],
    "base64, percent": lambda secret: percent(base(secret)),
    "base64 of base64": lambda secret: base(base(f"x{secret}x")),
    "quoted-printable": lambda secret: quopri.encodestring(f"{'x' * 60} {secret}".encode()).decode()[61:],
    "quoted-printable, all": each("={:02X}"),
    "UTF-16": lambda secret: secret.encode("utf-16-le").decode("latin-1"),
    "UTF-8 as Latin-1": lambda secret: secret.encode().decode("latin-1"),
}
assert len(ENCODINGS) >= 40
INEXACT = frozenset(name for name in ENCODINGS if name.startswith(("base64", "UTF-16")))
"""Encodings in which characters at the edges depend on what is around the secret."""

_CHARACTER = re.compile(
    r"\\+(?-i:U)([0-9a-f]{8})|\\+u\{([0-9a-f]+)\}|[\\%]+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|=([0-9a-f]{2})",
    re.IGNORECASE,
)
_OCTAL = re.compile(r"\\+([0-7]{3})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_HEXADECIMAL = re.compile(r"(?:(?:0x)?[0-9a-fA-F]{2}[\s,:-]*){8,}")
_DECIMAL = re.compile(r"(?:\d{1,3}[\s,]+){7,}\d{1,3}")


def readings(text: str) -> Iterator[str]:
    """A text and what readers of the encodings make of it, as far as they can."""
    texts = {text, re.sub("=\r?\n", "", text), *(text.replace(gone, "") for gone in ("\0", "\\n"))}
    for _ in range(3):
        texts |= {reader(one) for one in texts for reader in (urllib.parse.unquote, html.unescape, _unescape)}
    yield from texts
    for one in texts:
        yield from binary(one)


def _unescape(text: str) -> str:
    text = _CHARACTER.sub(lambda match: chr(int(match[match.lastindex or 0], 16)), text)
    return re.sub(r"\\+([\"'/\\])", r"\1", _OCTAL.sub(lambda match: chr(int(match[1], 8)), text))


def binary(text: str, depth: int = 2) -> Iterator[str]:
    """What is in a text as base64 (of base64), hexadecimal or a byte array."""
    for run in _BASE64.findall(re.sub(r"[\r\n]+", "", text)):
        for start in range(4) if depth else ():
            part = run[start:].replace("-", "+").replace("_", "/")
            decoded = base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1")
            yield decoded
            yield from binary(decoded, depth - 1)
    for run in _HEXADECIMAL.findall(text):
        digits = re.sub(r"0x|[^0-9a-fA-F]", "", run)
        for start in range(2):
            part = digits[start:]
            yield binascii.unhexlify(part[: len(part) // 2 * 2]).decode("latin-1")
    for run in _DECIMAL.findall(text):
        yield "".join(chr(int(number)) for number in re.findall(r"\d+", run))


def left_of(
    secrets: Iterable[str], text: str, read: Callable[[str], Iterable[str]] = readings, size: int = 5
) -> set[str]:
    """Which parts of ``size`` characters of any secret can be read in a text, in any case."""
    grams = {s[at : at + size].lower() for s in secrets for at in range(len(s) - size + 1)}
    lowered = {one.lower() for one in read(text)}
    return {gram for one in lowered for gram in grams if gram in one}
