"""A HAR file of any size: where its entries are, and each of them when it is needed.

In memory are the piece of the file that is being read, and a ``Row`` per entry that may be about the
endpoint. The streaming JSON reader that we know (ijson) rejects or changes what recorders write and Python's
own reader accepts: NaN, a byte order mark, lone surrogates. So pieces are read here, and values by ``json``.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedIOBase
from typing import Any, Final, NamedTuple

from whop_contracts.exchange import Exchange, Operation
from whop_contracts.integrations.har.entries import (
    HarError,
    check_own,
    credentials,
    member,
    read_entry,
    route,
)
from whop_contracts.target.clocks import date_of

_FILES: Final = {
    b"PK\x03\x04": "it is a ZIP archive; expected the .har file inside it",
    b"\x1f\x8b": "it is compressed with gzip; expected the .har file inside it",
    b"\x0a\x0d\x0d\x0a": "it is a packet capture (pcapng)",
    b"\xd4\xc3\xb2\xa1": "it is a packet capture (pcap)",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd; expected the .har file inside it",
}
"""What a file is, by its first bytes."""
LACKING: Final[dict[str, Callable[[Exchange], object]]] = {
    "without a response in the recording": lambda one: one.request.operation and one.response is None,
    "without the body of the response in the recording": (
        lambda one: one.request.operation and one.response and one.response.truncated
    ),
    "without the body of the request in the recording": (
        lambda one: one.request.operation == "pause" and not one.request.content_known
    ),
}
"""What an entry may lack, and whether it does."""
_MOST_SECRETS: Final = 64
_PIECE: Final = 2**18
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODE: Final = json.JSONDecoder().raw_decode
_UNDECIDED: Final = 2
"""Characters after a number that may belong to it if more follows, as those of ``1e+``."""


class Row(NamedTuple):
    """An entry, by its number in the file from 1: where it is (bytes), when it was sent and received (seconds
    since 1970), whether its response came from a cache, whether that has the provider's ``Date``, what it is
    about (``base`` is None if it is not about the endpoint), and what of ``LACKING`` applies to it.
    """

    number: int
    start: int
    size: int
    sent: float
    received: float
    cached: bool
    dated: bool
    base: str | None
    campaign: str
    operation: Operation | None
    lacks: tuple[str, ...]


@dataclass(slots=True)
class Log:
    """The ``rows`` of a file, how many entries it has, how many could not be read, why the first could not,
    and their credentials. ``run`` is what our own writer says of its run; None in other files.
    """

    opened: Callable[[], BufferedIOBase]
    rows: list[Row] = field(default_factory=list)
    count: int = 0
    skipped: int = 0
    reason: str = ""
    secrets: dict[str, None] = field(default_factory=dict)
    run: Mapping[str, Any] | None = None
    sha256: str = ""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """A note about the entries that could not be read."""
        note = f"entries that cannot be read, skipped: {self.skipped} ({self.reason})"
        return (note,) if self.skipped else ()

    def entries(self, rows: Iterable[Row]) -> Iterator[Exchange]:
        """The entries of rows, read from the file once more. ``HarError`` if it has changed."""
        try:
            with self.opened() as file:
                for row in rows:
                    file.seek(row.start)
                    document = json.loads(file.read(row.size))
                    yield read_entry(document, row.number, ours=self.run is not None)
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            raise HarError("FILE: the recording changed while it was read") from None

    def add(self, document: Any, start: int, end: int) -> None:
        """Take in the next entry. One with another URL than the endpoint's is only counted."""
        self.count += 1
        at = f"log.entries[{self.count - 1}]"
        try:
            request = member(document, "request", dict, at)
            if "/ad_campaigns/" not in member(request, "url", str, f"{at}.request"):
                return
            exchange = read_entry(document, self.count)
        except HarError as error:
            self.skipped += 1
            self.reason = self.reason or str(error)
            return
        request, response = exchange.request, exchange.response
        about = route(request.method, request.url)
        row = Row(
            number=self.count,
            start=start,
            size=end - start,
            sent=exchange.sent,
            received=exchange.received,
            cached=bool(document.get("_fromCache") or document.get("_fromServiceWorker"))
            or (response is not None and response.status == HTTPStatus.NOT_MODIFIED),
            dated=response is not None and date_of(response) is not None,
            base=about and about.base,
            campaign=request.campaign,
            operation=request.operation,
            lacks=tuple(what for what, lacks in LACKING.items() if lacks(exchange)),
        )
        self.rows.append(row)
        self.secrets |= dict.fromkeys(credentials(request)[: _MOST_SECRETS - len(self.secrets)])


def read_log(opened: Callable[[], BufferedIOBase]) -> Log:
    """Find the entries of a HAR. ``opened`` opens the file, each time it is read."""
    log = Log(opened)
    with opened() as file:
        log.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        reader = _Reader(file)
        try:
            document = _index(reader, log)
            reader.skip("")
            reader.expect(not reader.next)
        except UnicodeDecodeError:
            raise HarError("it is not UTF-8") from None
        except json.JSONDecodeError as error:
            raise HarError(f"it is no JSON text ({reader.place(error)})") from None
        except (ValueError, RecursionError):
            raise HarError("it is no JSON text") from None
    members = member(document, "log", dict, "")
    member(members, "entries", list, "log")
    creator, run = members.get("creator"), members.get("_run")
    if isinstance(creator, dict) and creator.get("name") == "whop-contracts" and isinstance(run, dict):
        check_own("run", run, "log._run")
        log.run = run
    return log


def _index(reader: _Reader, log: Log, *path: str) -> Any:
    """The value at a path of the file, without the entries, which go to ``log``."""
    if path in {(), ("log",)} and reader.skip("{"):
        return {name: _index(reader, log, *path, name) for name in reader.parts("}")}
    if path == ("log", "entries") and reader.skip("["):
        for _ in reader.parts("]"):
            start = reader.offset
            log.add(reader.value(), start, reader.offset)
        return []
    return reader.value()


def overlapping(rows: Iterable[Row]) -> set[int]:
    """The numbers of the exchanges during which something else wrote to the same campaign."""
    found: set[int] = set()
    under_way: list[Row] = []
    for row in sorted(rows, key=lambda row: row.sent):
        under_way = [one for one in under_way if row.sent < one.received]
        for one in under_way:
            if one.campaign == row.campaign and one.sent < row.received:
                if one.operation != "retrieve":
                    found.add(row.number)
                if row.operation != "retrieve":
                    found.add(one.number)
        under_way.append(row)
    return found


class _Reader:
    """Reads JSON from a file part by part. ``offset`` is where the next part begins, in bytes."""

    def __init__(self, file: BufferedIOBase) -> None:
        head = file.read(4)
        for magic, what in _FILES.items():
            if head.startswith(magic):
                raise HarError(what)
        self.offset = file.seek(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
        self._file, self._decode = file, codecs.getincrementaldecoder("utf-8")().decode
        self._text, self._at, self._ended = "", 0, False
        self._lines = self._column = 0

    def value(self) -> Any:
        """The next value."""
        self.skip("")
        while True:
            try:
                value, end = _DECODE(self._text, self._at)
            except json.JSONDecodeError:
                if self._ended:
                    raise
            else:
                if self._ended or end + _UNDECIDED < len(self._text):
                    self._advance(end)
                    return value
            self._more()

    def parts(self, close: str) -> Iterator[str]:
        """After its bracket: each member's name, or "" for each element; the caller reads the values."""
        name, begun = "", False
        while not self.skip(close):
            self.expect(not begun or self.skip(","))
            self.skip("")
            if close == "}":
                self.expect(self.next == '"')
                name = self.value()
                self.expect(self.skip(":"))
            begun = True
            yield name

    def skip(self, wanted: str) -> bool:
        """Skip white space and then ``wanted``, if it is next; whether it was."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._advance(space.end() if space else self._at)
            if self._ended or self._at < len(self._text):
                break
            self._more()
        found = self._text.startswith(wanted, self._at)
        self._advance(self._at + len(wanted) * found)
        return found

    def expect(self, found: bool) -> None:  # noqa: FBT001 - as an assertion
        """``JSONDecodeError`` unless what has to come next was found."""
        if not found:
            raise json.JSONDecodeError("", self._text, self._at)

    @property
    def next(self) -> str:
        """The next character; empty at the end of the file."""
        return self._text[self._at : self._at + 1]

    def place(self, error: json.JSONDecodeError) -> str:
        """Where in the file an error is."""
        column = error.colno + (self._column if error.lineno == 1 else 0)
        return f"line {self._lines + error.lineno}, column {column}"

    def _advance(self, end: int) -> None:
        self.offset += len(self._text[self._at : end].encode())
        self._at = end

    def _more(self) -> None:
        """Forget what was read, and read on; as much as is left, so that a long value takes linear time."""
        used, left = self._text[: self._at], self._text[self._at :]
        self._lines += used.count("\n")
        self._column = len(used) - used.rfind("\n") - 1 if "\n" in used else self._column + len(used)
        content = self._file.read(max(_PIECE, len(left)))
        self._text, self._at, self._ended = left + self._decode(content, not content), 0, not content
