"""The provider as an ASGI application: every request of every method goes to the one entry, raw path and all."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Router

from whop_contracts.provider import clock_route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from whop_contracts.provider.core import Provider
    from whop_contracts.provider.messages import Answer


def create_app(provider: Provider) -> Router:
    """An ASGI application around a provider, its test clock included.

    No route is matched here: a pattern would miss the paths that matter most, as one with a line feed in its id.
    """
    answered = itertools.count()

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            content = await _read(request, provider.options.longest_body)
        except ClientDisconnect:
            return
        answer = _answer(provider, request, content)
        low, high = provider.options.latency
        if high:
            await asyncio.sleep(low + (high - low) * (next(answered) * 7 % 10) / 10)
        await _response(answer)(scope, receive, send)

    return Router(default=endpoint, redirect_slashes=False)


async def _read(request: Request, limit: int) -> bytes:
    """The body, cut where it is longer than anything that is read; the rest is taken from the wire and dropped."""
    kept = bytearray()
    async for chunk in request.stream():
        if len(kept) <= limit:
            kept += chunk
    return bytes(kept)


def _answer(provider: Provider, request: Request, content: bytes) -> Answer:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.decode("latin-1")
    if path.partition("?")[0] == clock_route.PATH:
        return clock_route.answer(provider, request.method, content)
    return provider.handle(request.method, path, request.headers.items(), content)


def _response(answer: Answer) -> Response:
    response = Response(answer.content, answer.status)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status != 204:  # noqa: PLR2004 - an answer without content
        headers.append((b"content-length", str(len(answer.content)).encode()))
    response.raw_headers = headers
    return response
