"""The request builder: turns the symbols of a case into the request that is sent, when it is sent."""

from __future__ import annotations

import base64
import json
import random
import string
import urllib.parse
import urllib.request
from calendar import monthcalendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, cast

from whop_contracts.exchange import Exchange, Request, Role, Scope, Window
from whop_contracts.instants import NANO, loose_instants, read_instant, utc
from whop_contracts.pause.contract import Contract
from whop_contracts.redaction import Redactor
from whop_contracts.steps import Actors, Case, SymbolicInstant, altered, altered_forms

_LEAD: Final = 3_600 * NANO
_ALNUM: Final = string.ascii_letters + string.digits
_UNSIGNED: Final = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJub2JvZHkifQ."
"""A JWT whose header says that no signature is needed (RFC 7519, section 6), about nobody."""
_TELLING: Final = 4
"""Characters that the half of an id has at least, so that nobody else has it as a whole."""


def bind_stamp(
    stamp: SymbolicInstant, now: Window, marks: Mapping[str, int] | None = None
) -> tuple[str, int]:
    """Write a symbolic instant as text, and return which instant (nanoseconds) the text names.

    ``now`` is what is known of the target's clock: instants ahead count from its latest reading, those before
    from its earliest. ``marks`` are the instants that ``@`` refers to.
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
    fraction = f".{digits}" if digits else ""
    text = stamp.form.format(date=day, time=clock, fraction=fraction, offset=stamp.offset)
    decoded: str = json.loads(f'"{text}"')
    read = read_instant(decoded)
    meant = (read.ns,) if read else loose_instants(decoded)
    return text, meant[0] if meant else 0


def _next(stamp: SymbolicInstant, now: Window) -> str:
    """The first date of a base that is ahead; in a leap year if it needs one."""
    earliest = now.end + _LEAD + stamp.after_days * 86_400 * NANO
    clock = f"{stamp.time[:5]}:00"
    zone = stamp.offset if stamp.offset[1:].count(":") else "Z"
    for year in range(utc(now.end).year - 1, utc(now.end).year + 12):
        day = f"{year:04d}-{_day(stamp.base, year)}"
        instant = read_instant(f"{day}T{clock}{zone}")
        if instant and instant.ns > earliest:
            return day
    raise ValueError(f"{stamp.base} is no day of any year")


def _day(base: str, year: int) -> str:
    """Month and day of a base in a year: ``MM-DD`` as it is, ``MM/n`` is the n-th Sunday."""
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


@dataclass(frozen=True, slots=True)
class RequestBuilder:
    """Turns cases into requests: ids, credentials and dates. Random parts come from ``rng``."""

    base_url: str
    actors: Actors
    contract: Contract
    agent: str = field(kw_only=True)
    rng: random.Random = field(kw_only=True)

    def bind(
        self, case: Case, now: Window, marks: Mapping[str, int] | None = None, sequence: str = ""
    ) -> Exchange:
        """What is sent for a case of a sequence, its date counted from ``now`` or from one of ``marks``."""
        segment, scope = self._id(case.campaign)
        credential, role = self.credential(case.credential)
        content, until = case.body, None
        if case.until is not None and isinstance(content, str):
            text, until = bind_stamp(case.until, now, marks)
            content = content.replace("{until}", text)
        headers = [("accept", "application/json"), ("user-agent", self.agent), *self.actors.headers]
        if credential is not None:
            headers.append(("authorization", credential))
        if case.media_type is not None:
            headers.append(("content-type", case.media_type))
        request = Request(
            method=case.method,
            url=self.base_url + self.contract.path(segment, case.operation),
            operation=case.operation,
            campaign=segment,
            headers=tuple(headers),
            content=content.encode() if isinstance(content, str) else content or b"",
        )
        return Exchange(
            number=0,
            request=request,
            response=None,
            sent=0.0,
            received=0.0,
            role=role,
            scope=scope,
            case=case.name,
            sequence=sequence,
            credential=case.credential,
            until=until,
        )

    def _id(self, symbol: str) -> tuple[str, Scope]:
        """The path segment of a campaign's symbol, and whose id it is."""
        whose, _, rest = symbol.partition(":")
        if whose == "own":
            number, _, how = rest.partition(":")
            return self._altered(self.actors.campaigns[int(number)], how)
        if whose == "foreign":
            return self.actors.foreign or "", "foreign"
        if whose in self.actors.resting:
            return self.actors.resting[whose], "named"
        if whose == "invented":
            size = max(len(self.actors.campaigns[0]) - len(self.contract.id_prefix), 12)
            return self.contract.id_prefix + self._random(size), "invented"
        return rest, "malformed"

    def _altered(self, campaign: str, how: str) -> tuple[str, Scope]:
        """An id of ours, altered as its symbol says."""
        kind, _, text = how.partition(":")
        prefix = self.contract.id_prefix
        rest = campaign.removeprefix(prefix)
        match kind:
            case "":
                return campaign, "named"
            case "half":
                half = rest[: len(rest) // 2]
                # If the whole may be a number, a shorter number may be a campaign, too.
                if len(half) < _TELLING or rest.isdigit() or rest.isalpha():
                    half = self._random(max(len(half), 12))
                return prefix + half, "invented"
            case "longer":
                return campaign + self._random(12), "invented"
            case "recased":
                other = prefix + rest.swapcase()
                return (other if other != campaign else campaign.upper()), "recased"
            case "prefix":
                return text + rest, "malformed"
            case _:
                return campaign + text, "malformed"

    def _random(self, size: int) -> str:
        return "".join(self.rng.choices(_ALNUM, k=size))

    def credential(self, symbol: str) -> tuple[str | None, Role]:
        """The value of the Authorization header for a credential's symbol, and its role; None sends none."""
        kind, _, rest = symbol.partition(":")
        token = self.actors.token
        if kind == "unknown":
            token = _UNSIGNED if rest else self._random(max(len(token), 24))
        elif kind == "altered":
            token = altered(token, rest)
        elif kind == "readonly":
            token = self.actors.readonly_token or ""
        others = {"none": None, "empty": "Bearer", "scheme": f"{rest} {token}".strip()}
        return others.get(kind, f"Bearer {token}"), cast("Role", kind)


_NEGOTIATION: Final = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
"""Headers whose values are no secrets, and occur in every response."""


def redactor_of(actors: Actors) -> Redactor:
    """A redactor that knows every secret of a run: credentials, altered ones, extra headers, proxies.

    Of a header the whole value, what follows a scheme, and each cookie are secret.
    """
    redactor = Redactor(
        {"$WHOP_API_TOKEN": actors.token, "$WHOP_READONLY_TOKEN": actors.readonly_token or ""}
    )
    for form in altered_forms(actors.token):
        redactor.add(form)
    for header, value in actors.headers:
        if header.lower() not in _NEGOTIATION:
            cookies = value.split(";") if header.lower() == "cookie" else []
            for secret in (value, value.partition(" ")[2], *(pair.partition("=")[2] for pair in cookies)):
                redactor.add(secret, f"$HEADER_{header.upper().replace('-', '_')}")
    for proxy in urllib.request.getproxies().values():
        credential, at, host = (proxy.partition("://")[2] or proxy).rpartition("@")
        user, _, password = urllib.parse.unquote(credential).partition(":")
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        known = (credential + at + host, f"{user}:{password}", password, f"Basic {basic}")
        for secret in known if at else ():
            redactor.add(secret, "$PROXY_CREDENTIAL")
    return redactor
