"""The test clock over HTTP: one resource that holds the provider's now and that a test moves forward.

``GET`` returns ``{"now": "<RFC 3339>"}``. ``PUT`` of the same body moves the clock and returns 200 once
everything due has been done; an earlier instant is a 409, anything unreadable a 400. It needs no credential.
A clock that cannot be moved has no such resource.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from whop_contracts.exchange import Response
from whop_contracts.provider import dates

if TYPE_CHECKING:
    from whop_contracts.provider.core import Provider

PATH = "/test_clock"


def respond(provider: Provider, method: str, content: bytes) -> Response:
    """The response to one request of the test clock."""
    mover = getattr(provider.clock, "set", None)
    if mover is None:
        return _error(404, "not_found", "This provider's clock cannot be moved.")
    if method == "GET":
        return _now(provider)
    if method != "PUT":
        allow = ("allow", "GET, PUT")
        return _error(405, "method_not_allowed", "GET reads the clock, PUT moves it.", allow)
    try:
        wanted = dates.split(json.loads(content)["now"]).instant()
    except (ValueError, KeyError, TypeError, RecursionError):
        return _error(400, "bad_request", 'Send {"now": "<RFC 3339>"}.')
    with provider.lock:
        try:
            mover(max(wanted / dates.SECOND, provider.clock.now() if wanted == provider.now() else 0.0))
        except ValueError:
            return _error(409, "conflict", "The clock already shows a later instant.")
        provider.tick()
        return _now(provider)


def _now(provider: Provider) -> Response:
    return _json(200, {"now": dates.write(provider.now(), digits=6)})


def _error(status: int, code: str, message: str, *headers: tuple[str, str]) -> Response:
    return _json(status, {"error": {"type": code, "message": message}}, *headers)


def _json(status: int, value: object, *headers: tuple[str, str]) -> Response:
    return Response(status, (("content-type", "application/json"), *headers), json.dumps(value).encode())
