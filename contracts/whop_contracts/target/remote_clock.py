"""The provider's test clock: one clock for the whole provider, read and moved forward over HTTP.

``GET`` returns ``{"now": "<RFC 3339>"}``. ``PUT`` of the same body moves the clock: 200 when everything due
is done, 202 while work is pending, 409 for an earlier instant. The clock stands still between two calls, or
runs, but never faster than time.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.exchange import INFRASTRUCTURE, Request, Response, Window
from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.settings import UsageError
from whop_contracts.target.clocks import Clock, to_ns
from whop_contracts.target.responses import Reply

FURTHEST_NS: Final = 48 * 3_600 * NANO
"""How far a run moves the clock in total."""
_MS: Final = 1_000_000
_SLACK_NS: Final = 100 * _MS
"""By how much a running clock may seem to run fast: readings are rounded, and machines differ."""
_DRIFT: Final = 0.01
_WORKING_S: Final = 30.0
_ERRORS: Final = 4
_FIRST_NS: Final = -62_135_596_800 * NANO
_LAST_NS: Final = 253_402_300_000 * NANO - 2 * FURTHEST_NS
_OK, _WORKING, _EARLIER = 200, 202, 409
_SHAPE: Final = '{"now": "<RFC 3339>"}'
_CREDENTIAL: Final = "the clock needs a credential, which is sent to it only on the origin of the base URL"
_CAUSES: Final = {
    401: _CREDENTIAL,
    403: _CREDENTIAL,
    404: "the path is wrong, or this environment has no test clock",
}


class _Trouble(Exception):  # noqa: N818 - it becomes a phrase
    """Why the clock cannot be used. ``cause`` is the likely one if the user has to change the setting."""

    def __init__(self, what: str, cause: str | None = None) -> None:
        super().__init__(what)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class _Sight:
    """From ``at`` (sender's clock) on, the clock shows at least ``low``, at most the sender's + ``ahead``."""

    at: float
    low: int
    ahead: int


@dataclass(kw_only=True, eq=False)
class ProviderTestClock(Clock):
    """The test clock at ``url``; ``headers``, perhaps with a credential, are sent with every request to it.

    ``start`` must be called first. In trouble, nothing is known and nothing is moved.
    """

    kind = "test"

    url: str = field(kw_only=False)
    exchange: Callable[[Request], Reply]
    headers: Iterable[tuple[str, str]]
    _sights: list[_Sight] = field(default_factory=list, init=False)

    @property
    def moved(self) -> tuple[int, int] | None:
        """Its first reading, and the least that it shows by now."""
        return (self._sights[0].low, self._sights[-1].low) if self._sights else None

    def start(self) -> None:
        """Read the clock for the first time.

        Raises ``UsageError`` if the URL or the credential is wrong: for a 4xx other than 429, a redirect or
        another body. If infrastructure prevents the reading, ``trouble`` says why.
        """
        try:
            self._see(*self._ask("GET"))
        except _Trouble as trouble:
            self.trouble = f"the test clock {trouble}"
            if trouble.cause:
                parts = urllib.parse.urlsplit(self.url)
                shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
                expected = f"expected 200 with {_SHAPE}; likely cause: {trouble.cause}"
                raise UsageError(f"--test-clock {shown}: it {trouble}; {expected}") from None

    def window(self, sent: float, received: float) -> Window | None:  # noqa: ARG002 - after the last move
        """What it showed at least at ``sent`` and at most at ``received``, both after its last move."""
        if self.trouble or not self._sights:
            return None
        last = self._sights[-1]
        return Window(last.low, max(to_ns(received) + last.ahead, last.low))

    def reach(self, ns: int) -> bool:
        """Move it to ``ns``, rounded up to the millisecond, if it is not past it; False beyond 48 h."""
        if self.trouble or not self._sights:
            return False
        # Some clocks keep or show whole seconds: the second try is the next whole second.
        for unit in (_MS, NANO):
            if self._sights[-1].low >= ns:
                return True
            wanted = -(-ns // unit) * unit
            first = self._sights[0]
            if wanted - first.low > FURTHEST_NS + to_ns(self.time() - first.at):
                return False
            try:
                self._move(wanted)
            except _Trouble as trouble:
                self.trouble = f"the test clock {trouble}"
                return False
        if self._sights[-1].low < ns:
            self.trouble = "the test clock did not go where it was moved to, though it said so"
        return self.trouble is None

    def lag(self, seconds: float) -> None:
        """Sleep, and move the clock by as much if it stands still."""
        now = self.time()
        known = self.window(now, now)
        self._rest(seconds)
        if known is not None:
            self.reach(known.end + int(seconds * NANO))

    def _move(self, ns: int) -> None:
        """PUT an instant, and take the reading of the response; if it contains none, GET it."""
        body = json.dumps({"now": write_instant(ns)}).encode()
        sent, response = self._ask("PUT", body)
        moved, expected, last = response.status, _Sight(sent, ns, ns - to_ns(sent)), self._sights[-1]
        if moved not in {_OK, _EARLIER}:
            raise _Trouble(f"responded to a PUT with {moved}")
        if moved == _EARLIER:
            # It ran past the instant by itself, or the response to an earlier try was lost.
            expected = _Sight(sent, last.low, max(expected.ahead, last.ahead))
        if _reading(response) is None:
            sent, response = self._ask("GET")
        self._see(sent, response, expected)
        if moved == _EARLIER and self._sights[-1].low <= ns - NANO:
            raise _Trouble(f"would not be moved forwards to {write_instant(ns)} (409)")

    def _see(self, sent: float, response: Response, expected: _Sight | None = None) -> None:
        """Compare a reading with the expected one (else with the last sight), and make it the last sight."""
        received = self.time()
        reading = _reading(response)
        if reading is None:
            raise _misfit(response)
        shown, coarse = reading
        ahead = shown + coarse - to_ns(sent)
        if self._sights:
            last = self._sights[-1]
            expected = expected or last
            if shown + coarse <= last.low:
                raise _Trouble("went backwards")
            slack = _SLACK_NS + int((received - expected.at) * _DRIFT * NANO)
            if shown - (to_ns(received) + expected.ahead) > slack:
                raise _Trouble("runs faster than time does, or somebody else moves it")
            if shown < expected.low:
                # It keeps or shows whole seconds: in both cases it is not later than where it was put.
                ahead = max(ahead, expected.ahead)
            else:
                ahead = min(ahead, max(expected.ahead, shown - to_ns(received)))
            shown = max(shown, last.low)
        self._sights.append(_Sight(received, shown, ahead))

    def _ask(self, method: str, body: bytes = b"") -> tuple[float, Response]:
        """When a request was first sent, and its response when all work is done, after a few retries."""
        headers = (*self.headers, *([("content-type", "application/json")] if body else ()))
        request = Request(method, self.url, None, "", headers, body)
        sent, errors, pause = self.time(), 0, 0.05
        while True:
            reply = self.exchange(request)
            status = reply.response.status if reply.response else 0
            if reply.response and status not in {_WORKING, *INFRASTRUCTURE}:
                return sent, reply.response
            errors += status != _WORKING
            if errors == _ERRORS:
                what = f"responded with {status}" if status else f"cannot be reached: {reply.trouble}"
                raise _Trouble(what)
            if status == _WORKING and self.time() > sent + _WORKING_S:
                raise _Trouble(f"did not finish within {_WORKING_S:.0f} s what fell due")
            self._rest(pause)
            pause = min(2 * pause, 0.5)


def _reading(response: Response) -> tuple[int, int] | None:
    """The instant that a 200 shows, and how coarse it is, both in nanoseconds; None if it shows none."""
    try:
        document: Any = json.loads(response.content) if response.status == _OK else None
    except (ValueError, RecursionError):
        return None
    text = document.get("now") if isinstance(document, dict) else None
    read = read_instant(text) if isinstance(text, str) else None
    if read is None or not _FIRST_NS <= read.ns <= _LAST_NS:
        return None
    return read.ns, 10 ** (9 - min(read.digits, 9))


def _misfit(response: Response) -> _Trouble:
    """What is wrong with the response to a GET."""
    status = response.status
    what = f"responded to a GET with {status}"
    if status >= 500:  # noqa: PLR2004 - the provider's own error: the setting may be right
        return _Trouble(what)
    if 300 <= status < 400:  # noqa: PLR2004
        return _Trouble(what, "the clock has moved; redirects are not followed")
    if status == _OK:
        what = f"did not respond with {_SHAPE}"
    return _Trouble(what, _CAUSES.get(status, "the URL is not that of a test clock"))
