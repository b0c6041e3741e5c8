"""What is known before a run: what its requests must never show, and how fast they may be sent."""

from __future__ import annotations

from typing import Final

from whop_contracts.actors import Actors, altered_forms
from whop_contracts.redaction import Redactor

_SECRET_LENGTH: Final = 8
"""Values of ``--header`` from this length on are redacted everywhere; shorter ones would black out plain words."""


def redactor_of(actors: Actors) -> Redactor:
    """A redactor that knows every secret of a run: credentials, altered ones, and the values of extra headers."""
    names = {"$WHOP_API_TOKEN": actors.token}
    if actors.readonly_token:
        names["$WHOP_READONLY_TOKEN"] = actors.readonly_token
    redactor = Redactor(names)
    for form in altered_forms(actors.token):
        redactor.add(form)
    for name, value in actors.headers:
        if len(value) >= _SECRET_LENGTH:
            redactor.add(value, name=f"$HEADER_{name.upper().replace('-', '_')}")
    return redactor
