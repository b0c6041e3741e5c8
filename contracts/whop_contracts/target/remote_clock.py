"""The provider's test clock: one clock for the whole provider, read and moved forwards over HTTP.

``GET`` answers ``{"now": "<RFC 3339>"}``; ``PUT`` of the same body moves it, and is answered 200 when what fell due has been done, 202
while it works, 409 for an earlier instant. It may stand between two calls, or run; never faster than time does.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from whop_contracts.exchange import Response, Window
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.target.protocol import NANO, Reply

FURTHEST_NS: Final = 48 * 3_600 * NANO
_MS: Final = 1_000_000
_SLACK_NS: Final = 100 * _MS
"""By how much a running clock may seem to run fast: readings are rounded, and machines differ."""
_DRIFT: Final = 0.01
_FRESH_S: Final = 1.0
"""A sight of the clock older than this is renewed before it is moved, so that running fast or backwards shows."""
_WORKING_S: Final = 30.0
_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.5)
_RETRIES: Final = 4
_FIRST_NS: Final = -62_135_596_800 * NANO
_LAST_NS: Final = 253_402_300_000 * NANO - 2 * FURTHEST_NS
_OK: Final = 200
_WORKING: Final = 202
_EARLIER: Final = 409
_PASSING: Final = frozenset({429, 502, 503, 504})

Exchange = Callable[[str, str, Sequence[tuple[str, str]], bytes], Reply]
"""Sends method, URL, headers and content; as ``Wire.exchange`` does."""


class _Trouble(Exception):  # noqa: N818 - it becomes a phrase
    """Why the clock cannot be trusted any more."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """From ``at`` (the sender's clock) the provider's clock stands at or past ``low``, and it is at most ``ahead`` + the sender's."""

    at: float
    low: int
    ahead: int


class ProviderTestClock:
    """The test clock at ``url``. ``headers`` go with every request to it: whoever opens it decides whether the credential is among them.

    ``start`` reads it first; until then, and in trouble, nothing is known and nothing is moved.
    """

    kind: Literal["test"] = "test"

    def __init__(
        self,
        url: str,
        *,
        exchange: Exchange,
        headers: Sequence[tuple[str, str]],
        time: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._url = url
        self._exchange = exchange
        self._headers = tuple(headers)
        self._time = time
        self._sleep = sleep
        self._sights: list[_Sight] = []
        self._began: tuple[int, float] = (0, 0.0)
        self.trouble: str | None = None
        self.waited_s = 0.0

    @property
    def moved(self) -> tuple[int, int] | None:
        """From its first reading to what it shows at least by now."""
        return (self._began[0], self._sights[-1].low) if self._sights else None

    def start(self) -> None:
        """Read the clock for the first time; where that fails, ``trouble`` says why."""
        self._guarded(self._look)
        if self._sights:
            self._began = self._sights[0].low, self._time()

    def learn(self, reply: Reply) -> None:
        """What an answer says of time is not the test clock's."""

    def doubt(self, reason: str) -> None:
        """It is not the provider's clock after all: from now on nothing is known, and nothing is moved."""
        self.trouble = self.trouble or reason

    def window(self, sent: float, received: float) -> Window | None:
        """What it showed at least at ``sent``, and at most at ``received``, as far as it has been seen by then."""
        if self.trouble or not self._sights:
            return None
        low = self._before(sent).low
        return Window(low, max(_ns(received) + self._before(received).ahead, low))

    def reach(self, ns: int) -> bool:
        """Move it to ``ns``, to the millisecond and not before it; not at all where it is past it. False beyond 48 h, and in trouble."""
        return self._guarded(lambda: self._reach(ns))

    def lag(self, seconds: float) -> None:
        """Sleep, and see that the clock has gone on by as much as well."""
        now = self._time()
        known = self.window(now, now)
        self._rest(seconds)
        if known is not None:
            self.reach(known.end + int(seconds * NANO))

    # -- what is behind it -----------------------------------------------------------------------------------------

    def _guarded(self, act: Callable[[], object]) -> bool:
        """Do something with the clock unless there was trouble, or is now."""
        if self.trouble:
            return False
        try:
            return act() is not False
        except _Trouble as trouble:
            self.trouble = f"the test clock {trouble}"
            return False

    def _reach(self, ns: int) -> bool:
        if not self._sights:
            return False
        if self._sights[-1].low < ns and self._time() - self._sights[-1].at > _FRESH_S:
            self._look()
        if self._sights[-1].low >= ns:
            return True
        wanted = _up(ns, _MS)
        if not self._within(wanted):
            return False
        self._move(wanted)
        if self._sights[-1].low < wanted:
            # Some clocks keep or show whole seconds: the next one is no harm, and the last try.
            wanted = _up(ns, NANO)
            if not self._within(wanted):
                return False
            self._move(wanted)
        if self._sights[-1].low < ns:
            raise _Trouble("did not go where it was moved to, though it said so")
        return True

    def _within(self, ns: int) -> bool:
        first, at = self._began
        return ns - first <= FURTHEST_NS + _ns(self._time() - at)

    def _move(self, ns: int) -> None:
        """PUT, and then see where it is. Moving is complete when it answers 200."""
        body = json.dumps({"now": write_instant(ns)}).encode()
        until = self._time() + _WORKING_S
        sent, again = self._time(), 0
        while (answer := self._ask("PUT", body)).status == _WORKING:
            if self._time() > until:
                raise _Trouble(f"did not finish within {_WORKING_S:.0f} s what fell due")
            self._rest(_PAUSES_S[min(again, len(_PAUSES_S) - 1)])
            again += 1
        bound = ns - _ns(sent)
        if answer.status == _OK:
            self._look(_Sight(sent, ns, bound))
        elif answer.status == _EARLIER:
            # It ran past the instant by itself, or an answer to an earlier try was lost.
            self._look(_Sight(sent, self._sights[-1].low, max(bound, self._sights[-1].ahead)))
            if self._sights[-1].low <= ns - NANO:
                raise _Trouble(f"would not be moved forwards to {write_instant(ns)} (409)")
        else:
            raise _Trouble(f"answered a PUT with {answer.status}")

    def _look(self, expected: _Sight | None = None) -> None:
        """GET, and hold the reading against what it is expected to be (else against the sight before)."""
        sent = self._time()
        until = sent + _WORKING_S
        while (answer := self._ask("GET")).status == _WORKING and self._time() < until:
            self._rest(_PAUSES_S[-1])
            sent = self._time()
        received = self._time()
        shown, coarse = _reading(answer)
        ahead = shown + coarse - _ns(sent)
        if self._sights:
            last = self._sights[-1]
            expected = expected or last
            if shown + coarse <= last.low:
                raise _Trouble("went backwards")
            if shown - (_ns(received) + expected.ahead) > self._slack(received - expected.at):
                raise _Trouble("runs faster than time does, or somebody else moves it")
            if shown < expected.low:
                # It keeps whole seconds, or shows no more of them: no later than where it was put, either way.
                ahead = max(ahead, expected.ahead)
            else:
                ahead = min(ahead, max(expected.ahead, shown - _ns(received)))
            shown = max(shown, last.low)
        self._sights.append(_Sight(received, shown, ahead))

    @staticmethod
    def _slack(seconds: float) -> int:
        return _SLACK_NS + int(seconds * _DRIFT * NANO)

    def _ask(self, method: str, body: bytes = b"") -> Response:
        """One answer of the clock; what the network does to it is tried again a few times."""
        headers = (*self._headers, ("content-type", "application/json")) if body else self._headers
        why = ""
        for again in range(_RETRIES):
            if again:
                self._rest(_PAUSES_S[again - 1])
            reply = self._exchange(method, self._url, headers, body)
            if reply.response is not None and reply.response.status not in _PASSING:
                return reply.response
            why = (
                f"answered {reply.response.status}"
                if reply.response
                else f"cannot be reached: {reply.trouble}"
            )
        raise _Trouble(why)

    def _before(self, at: float) -> _Sight:
        """The last sight that was had by ``at``; the first one for what was before it."""
        return self._sights[max(bisect.bisect_right(self._sights, at, key=lambda sight: sight.at) - 1, 0)]

    def _rest(self, seconds: float) -> None:
        before = self._time()
        self._sleep(max(seconds, 0.0))
        self.waited_s += max(self._time() - before, 0.0)


def _reading(answer: Response) -> tuple[int, int]:
    """What an answer shows, and how coarse that is, in nanoseconds."""
    if answer.status != _OK:
        raise _Trouble(f"answered a GET with {answer.status}")
    try:
        document: Any = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise _Trouble("did not answer with JSON") from None
    text = document.get("now") if isinstance(document, dict) else None
    read = read_instant(text) if isinstance(text, str) and len(text) < 64 else None  # noqa: PLR2004 - no timestamp is longer
    if read is None or not _FIRST_NS <= read.ns <= _LAST_NS:
        raise _Trouble('did not answer {"now": "<RFC 3339>"}')
    return read.ns, 10 ** (9 - min(read.digits, 9))


def _up(ns: int, unit: int) -> int:
    return -(-ns // unit) * unit


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1_000
