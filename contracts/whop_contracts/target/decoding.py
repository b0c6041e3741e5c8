"""Bodies, decoded piece by piece up to a limit, so that a bomb of a few kilobytes never becomes gigabytes.

Source: RFC 9110, section 8.4 (content codings); ``deflate`` is read with and without its zlib header, as browsers do.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

ACCEPTED: Final = "gzip, deflate"
"""The codings that we ask for; any other is left as it came."""
_MOST_CODINGS: Final = 3
_GZIP: Final = 16 + zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS


class _Decoder(Protocol):
    """One coding undone: never more than ``most`` bytes at once; more may be had by feeding nothing."""

    @property
    def finished(self) -> bool: ...
    def feed(self, data: bytes, most: int) -> bytes: ...


class _Zlib:
    """gzip or deflate; raises ``zlib.error`` where the bytes are neither."""

    def __init__(self, bits: int) -> None:
        self._decoder = zlib.decompressobj(bits)
        self._bits = bits
        self._began = False

    @property
    def finished(self) -> bool:
        """Whether the end of the coded bytes was seen."""
        return self._decoder.eof

    def feed(self, data: bytes, most: int) -> bytes:
        """Decode what was kept from before and then ``data``, ``most`` bytes at most."""
        data = self._decoder.unconsumed_tail + data
        if not data:
            return b""
        try:
            out = self._decoder.decompress(data, most)
        except zlib.error:
            if self._began or self._bits != zlib.MAX_WBITS:
                raise
            self._decoder = zlib.decompressobj(_RAW)
            out = self._decoder.decompress(data, most)
        self._began = True
        return out


_CODINGS: Final[dict[str, Callable[[], _Decoder]]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
}


def codings(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The content codings that headers name, in the order in which they were applied, ``identity`` left out."""
    named = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    return tuple(one for part in named.split(",") if (one := part.strip().lower()) not in {"", "identity"})


MISCODED: Final = "bytes that are not what its Content-Encoding says"


class Body(NamedTuple):
    """A body as it was read: decoded, or as it came where it is not what its ``Content-Encoding`` says; ``came`` is how many bytes did."""

    content: bytes
    truncated: bool
    came: int
    undecoded: str | None = None


def read_body(pieces: Iterable[bytes], headers: Iterable[tuple[str, str]], limit: int) -> Body:
    """Take a body from its pieces, cut at ``limit``.

    Reading stops as soon as either the bytes that came or the decoded ones pass the limit. A body that is not what its
    ``Content-Encoding`` says, breaks off, or is in a coding that we did not ask for, is given as it came.
    """
    wanted = codings(headers)
    if not wanted:
        return _plain(pieces, limit)
    if len(wanted) > _MOST_CODINGS or not all(one in _CODINGS for one in wanted):
        return _plain(pieces, limit)
    decoders = [_CODINGS[one]() for one in reversed(wanted)]
    came, decoded = bytearray(), bytearray()
    broken = False
    for piece in pieces:
        came += piece
        if not broken:
            try:
                _decode(decoders, piece, decoded, limit + 1)
            except zlib.error:
                broken = True
        if len(came) > limit or len(decoded) > limit:
            kept = came if broken or not decoded else decoded
            return Body(bytes(kept[:limit]), truncated=True, came=len(came))
    if broken or (came and not decoders[-1].finished):
        return Body(bytes(came), truncated=False, came=len(came), undecoded=MISCODED)
    return Body(bytes(decoded), truncated=False, came=len(came))


def _plain(pieces: Iterable[bytes], limit: int) -> Body:
    came = bytearray()
    for piece in pieces:
        came += piece
        if len(came) > limit:
            return Body(bytes(came[:limit]), truncated=True, came=len(came))
    return Body(bytes(came), truncated=False, came=len(came))


_STEP: Final = 65_536


def _decode(decoders: list[_Decoder], data: bytes, into: bytearray, limit: int) -> None:
    """Push ``data`` through the decoders, a step at a time, until nothing more comes or ``into`` holds ``limit`` bytes."""
    first, rest = decoders[0], decoders[1:]
    while len(into) < limit:
        out = first.feed(data, _STEP)
        data = b""
        if not out:
            return
        if rest:
            _decode(rest, out, into, limit)
        else:
            into += out
