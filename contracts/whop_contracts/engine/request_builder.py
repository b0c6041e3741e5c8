"""Binding: from a case's symbols to the request that is sent, when it is sent."""

from __future__ import annotations

import random
import string
from calendar import monthcalendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from whop_contracts.actors import Actors
from whop_contracts.exchange import Request, Role, Scope, Window
from whop_contracts.instants import NANO, read_instant, utc
from whop_contracts.pause.classify import loose_instants
from whop_contracts.pause.clause import Contract
from whop_contracts.steps import Case, SymbolicInstant

_LEAD: Final = 3_600 * NANO
_ALNUM: Final = string.ascii_letters + string.digits
_TELLING: Final = 4
"""Characters that the half of an id has at least, for nobody else to have it as a whole."""


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    """A request ready to be sent, with what a judge has to know of it; ``until`` is the instant that its stamp was bound to."""

    request: Request
    role: Role
    scope: Scope
    until: int | None = None


def bind_stamp(
    stamp: SymbolicInstant, now: Window, marks: Mapping[str, int] | None = None
) -> tuple[str, int]:
    """Write a stamp as text, and say which instant (nanoseconds) it names.

    ``now`` is what is known of the target's clock: instants ahead are counted from its latest reading, those behind from its
    earliest. ``marks`` are the instants that a stamp may name by ``@``.
    """
    if stamp.base == "now" or stamp.base.startswith("@"):
        start = now.end if stamp.plus_ms >= 0 else now.start
        ns = (start if stamp.base == "now" else (marks or {})[stamp.base[1:]]) + stamp.plus_ms * 1_000_000
        local = utc(ns - ns % NANO) + timedelta(minutes=_minutes(stamp.offset))
        day, clock = f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"
        digits = f"{ns % NANO // 1_000_000:03d}" if stamp.fraction is None else stamp.fraction
    else:
        digits, clock = stamp.fraction or "", stamp.time
        day = stamp.base if len(stamp.base) > len("MM-DD") else _next(stamp, now)
    text = stamp.form.format(
        date=day, time=clock, fraction=f".{digits}" if digits else "", offset=stamp.offset
    )
    read = read_instant(text)
    meant = (read.ns,) if read else loose_instants(text.replace("\\n", ""))
    return text, meant[0] if meant else 0


def _next(stamp: SymbolicInstant, now: Window) -> str:
    """The first date of a month and day, or of a month's Sunday, that lies ahead, a leap year where it takes one."""
    earliest = now.end + _LEAD + stamp.after_days * 86_400 * NANO
    clock = f"{stamp.time[:5]}:00"
    zone = stamp.offset if stamp.offset[1:].count(":") else "Z"
    for year in range(utc(now.end).year - 1, utc(now.end).year + 12):
        day = f"{year:04d}-{_day(stamp.base, year)}"
        instant = read_instant(f"{day}T{clock}{zone}")
        if instant and instant.ns > earliest:
            return day
    message = f"{stamp.base} is no day of any year"
    raise ValueError(message)


def _day(base: str, year: int) -> str:
    """A base as month and day of a year: ``MM-DD`` as it stands, ``MM/n`` as the date of the month's n-th Sunday."""
    month, slash, place = base.partition("/")
    if not slash:
        return base
    sundays = [week[6] for week in monthcalendar(year, int(month)) if week[6]]
    return f"{month}-{sundays[int(place) - (int(place) > 0)]:02d}"


def _minutes(offset: str) -> int:
    if not offset or offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


class RequestBuilder:
    """Turns cases into requests: addresses, credentials and dates. Random parts are drawn from ``rng``, which is handed in."""

    def __init__(
        self, base_url: str, actors: Actors, contract: Contract, *, agent: str, rng: random.Random
    ) -> None:
        self._base_url = base_url
        self._actors = actors
        self._contract = contract
        self._prefix = contract.id_prefix
        self._agent = agent
        self._rng = rng

    def bind(self, case: Case, now: Window, marks: Mapping[str, int] | None = None) -> BuiltRequest:
        """The request of a case, its dates counted from ``now`` or from one of ``marks``."""
        segment, scope = self._address(case.campaign)
        credential, role = self.credential(case.credential)
        content, until = case.body, None
        if case.until is not None and isinstance(content, str):
            text, until = bind_stamp(case.until, now, marks)
            content = content.replace("{until}", text)
        body = content.encode() if isinstance(content, str) else content or b""
        headers = [("accept", "application/json"), ("user-agent", self._agent), *self._actors.headers]
        if credential is not None:
            headers.append(("authorization", credential))
        if case.media_type is not None:
            headers.append(("content-type", case.media_type))
        request = Request(
            method=case.method,
            url=self._base_url + self._contract.path(segment, case.operation),
            operation=case.operation,
            campaign=segment,
            headers=tuple(headers),
            content=body,
        )
        return BuiltRequest(request, role, scope, until)

    def _address(self, symbol: str) -> tuple[str, Scope]:
        kind, _, rest = symbol.partition(":")
        first = self._actors.campaigns[0]
        if kind == "own":
            return self._actors.campaigns[int(rest)], "named"
        if kind == "foreign":
            return self._actors.foreign or "", "foreign"
        if kind in self._actors.resting:
            return self._actors.resting[kind], "named"
        if kind == "invented":
            return self._prefix + "".join(
                self._rng.choices(_ALNUM, k=max(len(first) - len(self._prefix), 12))
            ), "invented"
        if kind == "upper":
            other = self._prefix + first.removeprefix(self._prefix).swapcase()
            return (other, "recased") if other != first else (first.upper(), "recased")
        if kind == "longer":
            return first + "".join(self._rng.choices(_ALNUM, k=12)), "invented"
        if kind == "short":
            return self._half(first), "invented"
        if kind == "prefix":
            return rest + first.removeprefix(self._prefix), "malformed"
        return (first + rest if kind == "suffix" else rest), "malformed"

    def _half(self, campaign: str) -> str:
        """The first half of an id, or random text as long where the whole may be a number: a shorter number may be a campaign too."""
        rest = campaign.removeprefix(self._prefix)
        half = rest[: len(rest) // 2]
        telling = len(half) >= _TELLING and not rest.isdigit() and not rest.isalpha()
        return self._prefix + (half if telling else "".join(self._rng.choices(_ALNUM, k=max(len(half), 12))))

    def credential(self, symbol: str) -> tuple[str | None, Role]:
        """The value of the Authorization header for a credential's symbol, and its role; None sends none."""
        kind, _, rest = symbol.partition(":")
        token = self._actors.token
        match kind:
            case "none":
                return None, "none"
            case "empty":
                return "Bearer", "empty"
            case "unknown" if rest:
                return f"Bearer {_UNSIGNED}", "unknown"
            case "unknown":
                return "Bearer " + "".join(self._rng.choices(_ALNUM, k=max(len(token), 24))), "unknown"
            case "altered":
                return f"Bearer {altered(token, rest)}", "altered"
            case "scheme":
                return f"{rest} {token}".strip(), "scheme"
            case "readonly":
                return f"Bearer {self._actors.readonly_token}", "readonly"
            case _:
                return f"Bearer {token}", "full"


_UNSIGNED: Final = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJub2JvZHkifQ."
"""A JWT whose header says that no signature is needed (RFC 7519, section 6), about nobody."""
_MANY: Final = 64
"""How often four characters are added: so that some reader that only looks at the first of many shows itself."""
ALTERATIONS: Final = ("middle", "case", "cut", "added", "before")


def altered(token: str, how: str) -> str:
    """A token that nobody was given: a middle character changed, or written in its other case, or four characters cut off or added."""
    if how == "cut" and len(token) > 8:  # noqa: PLR2004
        return token[:-4]
    if how == "before":
        return "AbC4" + token
    if how == "case" and (
        places := [at for at in range(1, len(token) - 1) if token[at].swapcase() != token[at]]
    ):
        middle = places[len(places) // 2]
        return token[:middle] + token[middle].swapcase() + token[middle + 1 :]
    if how in ("middle", "case") and token:
        middle = len(token) // 2
        other = "x" if token[middle] not in "xX" else "y"
        return token[:middle] + other + token[middle + 1 :]
    return token + "AbC4" * _MANY
