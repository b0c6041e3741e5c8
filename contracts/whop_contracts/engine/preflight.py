"""What is known before a run: what its requests must never show, and how fast they may be sent."""

from __future__ import annotations

import urllib.request

from whop_contracts.actors import Actors
from whop_contracts.engine.request_builder import ALTERATIONS, altered
from whop_contracts.redaction import Redactor


def redactor_of(actors: Actors) -> Redactor:
    """A redactor that knows every secret of a run: credentials, altered ones, extra headers, proxies."""
    names = {"$WHOP_API_TOKEN": actors.token}
    if actors.readonly_token:
        names["$WHOP_READONLY_TOKEN"] = actors.readonly_token
    redactor = Redactor(names)
    for how in ALTERATIONS:
        redactor.add(altered(actors.token, how))
    for name, value in actors.headers:
        redactor.add_header(name, value)
    redactor.add_proxies(urllib.request.getproxies())
    return redactor
