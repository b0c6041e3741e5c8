"""How a response is read: its body up to a limit, before and after decoding, and errors as phrases."""

from __future__ import annotations

import contextlib
import errno
import http.client
import re
import socket
import ssl
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import httpcore

from whop_contracts.exchange import Response
from whop_contracts.settings import UsageError


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, or why there is none (one short phrase), and the target's ``time()`` before and after."""

    response: Response | None
    trouble: str | None
    sent: float
    received: float


LIMIT: Final = 1_000_000
"""Bytes of a body that are read, encoded and decoded."""
MISCODED: Final = "bytes that are not what its Content-Encoding says"
_WINDOW_BITS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""How zlib reads the codings that are asked for; ``deflate`` with and without a header, as browsers do."""


def header_lines(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Header lines, each byte as a character."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


def codings(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The content codings that headers name, in the order of their application, without ``identity``."""
    values = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    return tuple(one for part in values.split(",") if (one := part.strip().lower()) not in {"", "identity"})


def decoded_response(
    status: int, headers: tuple[tuple[str, str], ...], pieces: Iterable[bytes], limit: int = LIMIT
) -> tuple[Response, int]:
    """A response with the body that is in ``pieces``, and how many bytes of it came, before decoding.

    At most ``limit`` bytes are read and decoded. A body that breaks off, or is not in one coding that was
    both asked for and stated, stays as it came. Source: RFC 9110, section 8.4.
    """
    came = bytearray()
    for piece in pieces:
        came += piece
        if len(came) > limit:
            break
    truncated = len(came) > limit
    content, undecoded, names = bytes(came), None, codings(headers)
    if came and len(names) == 1 and names[0] in _WINDOW_BITS:
        decoded, whole = _decoded(content, names[0], limit + 1)
        if truncated or len(decoded) > limit:
            content, truncated = decoded or content, True
        elif whole:
            content = decoded
        else:
            undecoded = MISCODED
    return Response(status, headers, content[:limit], truncated, undecoded), len(came)


def _decoded(data: bytes, coding: str, most: int) -> tuple[bytes, bool]:
    """The first ``most`` decoded bytes, and whether they are all; nothing if the data is miscoded."""
    for bits in _WINDOW_BITS[coding]:
        decoder = zlib.decompressobj(bits)
        with contextlib.suppress(zlib.error):
            return decoder.decompress(data, most), decoder.eof
    return b"", False


_ERRNO: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EADDRNOTAVAIL: "address not available",
    errno.ETIMEDOUT: "timed out",
}
_TIMED_OUT: Final = "timed out"
_CLOSED_BEFORE: Final = "connection closed before a response"
_CLOSED_WITHIN: Final = "connection closed in the middle of the response"
TRANSIENT: Final = frozenset({*_ERRNO.values(), _TIMED_OUT, _CLOSED_BEFORE, _CLOSED_WITHIN})
"""The phrases of errors that may be over when the request is sent again."""
_LONG_HEAD: Final = "headers longer than 100 kB"
_PROTOCOL_ERRORS: Final = {
    "without sending a response": _CLOSED_BEFORE,
    "closed connection": _CLOSED_WITHIN,
    "ConnectionClosed": _CLOSED_WITHIN,
    "too long": _LONG_HEAD,
    "Receive buffer": _LONG_HEAD,
    "too many headers": "too many headers",
}
"""Words in a message of h11, httpcore or the wire, and the phrase for it."""
_QUOTE: Final = re.compile(r"""["'(]""")


def phrase(error: BaseException) -> str:
    """An exception of httpcore, or of what is below it, as one short phrase.

    A phrase quotes nothing that a target, a proxy or a URL contains: any of them may contain a credential.
    """
    cause: BaseException | None = error
    while cause is not None:
        if low := _low_level(cause):
            return low
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpcore.RemoteProtocolError():
            message = str(error)
            # What h11 and httpcore quote of the response is left out.
            own = _QUOTE.split(message, maxsplit=1)[0].removesuffix("bytearray").removesuffix("b")
            known = (text for words, text in _PROTOCOL_ERRORS.items() if words in message)
            return next(known, f"not HTTP/1.1: {own.rstrip(': ')}")
        case httpcore.LocalProtocolError() | UnicodeError():
            return "the request cannot be written as HTTP/1.1"
        case httpcore.ProxyError() if (status := str(error)[:3]).isdigit():
            return f"proxy: {status} {http.client.responses.get(int(status), '')}".rstrip()
        case httpcore.ProxyError():
            return "proxy: error"
        case UsageError():
            return str(error)
        case httpcore.NetworkError() | OSError():
            return "connection reset"
    return type(error).__name__


def _low_level(cause: BaseException) -> str | None:
    """The phrase for a time-out or an error of a socket, TLS or a name look-up; None for anything else."""
    match cause:
        case httpcore.TimeoutException():
            return _TIMED_OUT
        case ssl.SSLCertVerificationError():
            return f"TLS: the certificate is not trusted ({cause.verify_message})"
        case ssl.SSLEOFError():
            return "TLS: connection closed in the middle of it"
        case ssl.SSLError():
            return f"TLS: {(cause.reason or 'error').replace('_', ' ').lower()}"
        case socket.gaierror():
            return "the host's name is not known"
        case OSError():
            return _ERRNO.get(cause.errno or 0)
    return None
