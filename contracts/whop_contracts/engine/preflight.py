"""What is known before a run begins: what its target offers, what is to be sent, what must never be shown, and whether it can begin."""

from __future__ import annotations

import dataclasses
import hashlib
import urllib.parse
from pathlib import Path
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.actors import Actors
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.coverage import only
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import ALTERATIONS, altered
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings, UsageError
from whop_contracts.steps import Capabilities
from whop_contracts.target import Target, mock_parties
from whop_contracts.target.wire import is_loopback

_HALF_THE_LIMIT: Final = 300
_SECRET_LENGTH: Final = 8
"""Values of gateway headers from this length on are redacted; shorter ones would black out ordinary words."""


def means(settings: Settings) -> Capabilities:
    """What the target of a run offers, as far as the settings tell."""
    if settings.base_url is None:
        return Capabilities(
            len(mock_parties().campaigns),
            readonly=True,
            foreign=True,
            resting=True,
            loopback=True,
            clock="virtual",
            tolerance_s=settings.resume_tolerance,
        )
    return Capabilities(
        campaigns=len(settings.campaign_ids),
        readonly=settings.readonly_token is not None,
        foreign=settings.foreign_campaign_id is not None,
        loopback=is_loopback(urllib.parse.urlsplit(settings.base_url).hostname or ""),
        clock="test" if settings.test_clock else "wall",
        tolerance_s=settings.resume_tolerance,
    )


def planned(settings: Settings) -> Plan:
    """The plan of a run: only what serves the clauses that were asked for, cut to fit ``max_requests``.

    A ``thorough`` one that is given time goes on while there is some.
    """
    plan = draw(settings.profile, seed=settings.seed, means=means(settings))
    if settings.clauses:
        plan = only(plan, chosen(settings))
    if settings.max_requests is not None:
        plan = plan.cut(settings.max_requests)
    endless = settings.profile == "thorough" and settings.max_time is not None and not settings.clauses
    return dataclasses.replace(plan, goes_on=endless and not plan.cut_short)


def pace(settings: Settings, target: Target) -> int | None:
    """Requests a minute for each operation: as the settings say, else half of what the provider allows, and any number on loopback."""
    if settings.rate is not None:
        return settings.rate
    return None if target.loopback else _HALF_THE_LIMIT


def production_host(settings: Settings) -> str | None:
    """The host of the target, where it is one of production."""
    host = (urllib.parse.urlsplit(settings.base_url or "").hostname or "").rstrip(".")
    return host if host in settings.production_hosts else None


def chosen(settings: Settings) -> tuple[Clause, ...]:
    """The clauses that a run is asked for."""
    try:
        return catalogue.chosen(settings.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None


def outline(settings: Settings) -> dict[str, Any]:
    """What a run would send, and how many requests; sends nothing."""
    return planned(settings).outline()


def unready(firsts: dict[str, Evidence], *, live: bool) -> str | None:
    """Why a run cannot begin after its first reads; None where it can.

    ``live`` targets (loopback aside) are asked for campaigns that are active and can be understood.
    """
    for campaign, evidence in firsts.items():
        response = evidence.exchange.response
        if response is None:
            return f"{campaign} could not be read: {evidence.exchange.trouble}"
        said = {
            401: "the credential is not accepted (401)",
            403: "the credential may not read it (403); ad_campaign:basic:read is needed",
            404: "there is no such campaign for this credential (404)",
        }.get(response.status, f"the first read was answered {response.status}")
        if not evidence.accepted:
            return f"{campaign} could not be read: {said}"
        if evidence.shown is None and response.content.lstrip()[:1] not in _JSON_STARTS:
            return f"{campaign} could not be read: the answer does not begin as JSON"
        if live and (evidence.shown is None or evidence.shown.status != "active"):
            return f"{campaign} is not active but {evidence.shown or 'not readable'}: only active campaigns are paused on a live target"
    return None


_JSON_STARTS: Final = tuple(bytes([byte]) for byte in b'{["tfn-0123456789')


def redactor_of(parties: Actors) -> Redactor:
    """What knows every secret of a run: its credentials, those that our cases alter, and the values of its gateways' headers."""
    names = {"$WHOP_API_TOKEN": parties.token}
    if parties.readonly_token:
        names["$WHOP_READONLY_TOKEN"] = parties.readonly_token
    redactor = Redactor(names)
    for how in ALTERATIONS:
        redactor.add(altered(parties.token, how))
    for name, value in parties.headers:
        if len(value) >= _SECRET_LENGTH:
            redactor.add(value, name=f"$HEADER_{name.upper().replace('-', '_')}")
    return redactor


def contract_sha256() -> str:
    """The fingerprint of the schemas that a run judged by."""
    digest = hashlib.sha256()
    for name in ("pause-request", "ad-campaign", "error"):
        digest.update(Path(schemas.document_path(f"{name}.schema.json")).read_bytes())
    return digest.hexdigest()
