"""Whether more came on a connection than the answer that was read from it.

A target that announces fewer bytes than it sends, or answers one request twice, would otherwise have the rest read as
the answer to the next request, and every answer after that would be judged for the wrong question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_INTERIM: Final = re.compile(rb"HTTP/1\.\d 1\d\d")
_LAST_CHUNK: Final = b"\r\n\r\n"


class Framing:
    """Counts what comes on one connection since the last request was written. Holds no more than an answer's head."""

    __slots__ = ("_body", "_head", "_tail")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A request is being written: what comes next is its answer."""
        self._head: bytes | None = b""
        self._body = 0
        self._tail = b""

    def came(self, data: bytes) -> None:
        """Take bytes as they were read."""
        self._tail = data[-4:] if len(data) >= 4 else (self._tail + data)[-4:]  # noqa: PLR2004 - the length of _LAST_CHUNK
        if self._head is None:
            self._body += len(data)
            return
        head = self._head + data
        while (end := _HEAD_END.search(head)) and _INTERIM.match(head):
            head = head[end.end() :]
        if end is None:
            self._head = head
        else:
            self._head = None
            self._body = len(head) - end.end()

    def more_than(self, headers: Iterable[tuple[str, str]], body: int) -> bool:
        """Whether more came than an answer with these headers and a body of so many bytes."""
        chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
        return self._tail != _LAST_CHUNK if chunked else self._body > body
