"""A target behind a socket, at any base URL."""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Final, Literal

from whop_contracts.exchange import Request
from whop_contracts.target.protocol import Clock, OffTargetError, Reply
from whop_contracts.target.wire import Wire, is_loopback, split_url

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_DOTS: Final = frozenset({".", ".."})


class SteadyTime:
    """The sender's clock: seconds since 1970 as of the start, and from then on by the monotonic clock.

    If the machine's clock is set during a run, the provider's does not seem to jump.
    """

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return time.monotonic() + self._ahead


def checked_base(base_url: str) -> str:
    """A base URL without slashes at its end. Raises ``ValueError`` for anything but an http(s) address."""
    parts = urllib.parse.urlsplit(base_url)
    if parts.username or parts.password:
        raise ValueError("the base URL holds a credential; expected it in WHOP_API_TOKEN")
    if parts.scheme not in {"http", "https"} or not parts.hostname or _VISIBLE.fullmatch(base_url) is None:
        raise ValueError(f"{base_url!r}: expected an absolute http:// or https:// URL")
    if "?" in base_url or "#" in base_url:
        raise ValueError(f"{base_url!r}: expected no query and no fragment")
    return base_url.rstrip("/")


def check_address(url: str, base_url: str) -> None:
    """Raise ``OffTargetError`` if a URL is not below ``base_url``, as given or as a gateway may read it."""
    below = url.removeprefix(f"{base_url}/")
    if below == url:
        raise OffTargetError(f"{url!r} is not below {base_url}")
    path = urllib.parse.unquote(below.partition("?")[0])
    if _VISIBLE.fullmatch(below) is None or "#" in below or _DOTS & set(re.split(r"[/\\]", path)):
        raise OffTargetError(f"{url!r} does not certainly stay below {base_url}")


class LiveTarget:
    """The target at ``base_url``, reached over ``wire``. Redirects are not followed: a 3xx is the response.

    ``time`` and ``sleep`` are the sender's; ``clock`` is the provider's. Raises ``ValueError`` for a base
    URL, a certificate file or a proxy that cannot be used.
    """

    kind: Literal["live"] = "live"

    def __init__(
        self,
        base_url: str,
        *,
        wire: Wire,
        clock: Clock,
        time: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = checked_base(base_url)
        self.clock = clock
        self._wire = wire
        self._time = time
        self._sleep = sleep
        origin, _ = split_url(self.base_url)
        self.loopback = is_loopback(origin.host)
        wire.prepare(origin)

    def time(self) -> float:
        """The sender's clock, in seconds since 1970."""
        return self._time()

    def sleep(self, seconds: float) -> None:
        """Wait by the sender's clock."""
        self._sleep(max(seconds, 0.0))

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        """Send one request and read its response within ``timeout`` seconds (else the wire's limit)."""
        check_address(request.url, self.base_url)
        return self._wire.exchange(request.method, request.url, request.headers, request.content, timeout)

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()
