"""What a fault is: a provider that breaks one promise, with a name, a kind, and the bug of the real world that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from whop_contracts.provider.core import Provider

Kind = Literal[
    "response",
    "wire",
    "pausing",
    "dates",
    "auto-resume",
    "accepting",
    "refusing",
    "errors",
    "authorization",
    "identifiers",
    "values",
    "liars",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty provider.

    ``wfc`` is the code of the Web Fuzzing Commons' category that it falls into, if one fits:
    100 a 500, 101 an answer that its schema does not admit, 102 success on wrong data, 104 a refusal that acts,
    205 a known credential told that it is unknown, 206 a missing check of permissions.
    """

    name: str
    kind: Kind
    why: str
    wfc: int | None
    provider: type[Provider]
