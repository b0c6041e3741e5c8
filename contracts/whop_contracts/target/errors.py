"""What kept an answer from coming, as one short phrase. No phrase repeats what a target or a credential said in full."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

import httpcore

_LONGEST: Final = 160
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
TIMED_OUT: Final = "timed out"
TRANSIENT: Final = frozenset({*_ERRNO.values(), TIMED_OUT, "connection closed before an answer"}) | {
    "connection closed in the middle of the answer"
}
"""The phrases of what may be over when the same is sent again."""


class TooManyHeadersError(Exception):
    """An answer has more header lines than we read."""


def phrase(error: BaseException) -> str:
    """The phrase for an exception of httpcore, or of what lies beneath it."""
    if isinstance(error, httpcore.TimeoutException):
        return TIMED_OUT
    for cause in _causes(error):
        beneath = _beneath(cause)
        if beneath:
            return beneath
    match error:
        case TooManyHeadersError():
            return "too many headers"
        case httpcore.RemoteProtocolError():
            return _broken(str(error))
        case httpcore.LocalProtocolError() | UnicodeError():
            return "the request cannot be written as HTTP/1.1"
        case httpcore.ProxyError():
            return _short(f"proxy: {error}")
        case httpcore.UnsupportedProtocol() | ValueError():
            return _short(str(error))
        case httpcore.NetworkError() | OSError():
            return "connection reset"
        case _:
            return _short(f"{type(error).__name__}: {error}")


def _beneath(cause: BaseException) -> str | None:
    """The phrase for what a socket, TLS or a look-up of a name says; None for anything else."""
    match cause:
        case ssl.SSLCertVerificationError():
            return _short(f"TLS: the certificate is not trusted ({cause.verify_message})")
        case ssl.SSLEOFError():
            return "TLS: connection closed in the middle of it"
        case ssl.SSLError():
            return _short(f"TLS: {(cause.reason or str(cause)).replace('_', ' ').lower()}")
        case socket.gaierror():
            return "the host's name is not known"
        case OSError():
            return _ERRNO.get(cause.errno or 0)
    return None


def _broken(message: str) -> str:
    if "without sending a response" in message:
        return "connection closed before an answer"
    if "closed connection" in message or "ConnectionClosed" in message:
        return "connection closed in the middle of the answer"
    if "too long" in message or "Receive buffer" in message:
        return "headers longer than 100 kB"
    return _short(f"not HTTP/1.1: {message}")


def _causes(error: BaseException | None) -> list[BaseException]:
    causes: list[BaseException] = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
