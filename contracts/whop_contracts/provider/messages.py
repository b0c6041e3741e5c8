"""What passes through the provider: a request, an answer, and a refusal on its way to become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operation = Literal["pause", "retrieve", "unpause"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it reached us. ``path`` is still percent-encoded and carries no query."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for: a documented operation, and the id as its path spells it, decoded."""

    operation: Operation
    id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, ready for the wire."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Refusal(Exception):  # noqa: N818 - it is an answer, not a mishap
    """The request is answered with an error: a status, a code, a sentence, and headers of its own."""

    def __init__(
        self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def crash() -> Refusal:
    """The refusal that stands for an unhandled error of the provider's own."""
    return Refusal(500, "internal_server_error", "Something went wrong on our side.")
