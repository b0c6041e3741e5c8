"""What has to be refused is answered as a success, or crashes instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.messages import Refusal, crash

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Request
    from whop_contracts.provider.state import Campaign

_Answer = Callable[[Provider, Any], int | None]
"""What is stored for a value that ought to be refused."""


def _for_ever(_provider: Provider, _value: Any) -> None:
    return None


def _tomorrow(provider: Provider, _value: Any) -> int:
    return provider.now() + DAY


def _crash(_provider: Provider, _value: Any) -> int:
    raise crash()


def _epoch(provider: Provider, value: Any) -> int:
    instant = int(abs(value) % 10**10) * SECOND if abs(value) < 10**300 else 0
    return instant if instant > provider.now() else provider.now() + DAY


def _typed(wanted: Callable[[Any], bool], answer: _Answer) -> type[Provider]:
    """Any ``paused_until`` of a type that is not a string's, as far as it is wanted."""

    class Typed(Provider):
        def wrong_type(self, value: Any) -> int | None:
            return answer(self, value) if wanted(value) else super().wrong_type(value)

    return Typed


def _worded(wanted: Callable[[str], bool], answer: _Answer) -> type[Provider]:
    """Any string that names no instant, as far as it is wanted."""

    class Worded(Provider):
        def no_instant(self, text: str, reason: str) -> int | None:
            return answer(self, text) if wanted(text) else super().no_instant(text, reason)

    return Worded


def _shaped(wanted: Callable[[Any], bool], answer: _Answer) -> type[Provider]:
    """Any JSON that is no object, as far as it is wanted."""

    class Shaped(Provider):
        def no_object(self, body: Any) -> int | None:
            return answer(self, body) if wanted(body) else super().no_object(body)

    return Shaped


def _passed(answer: Callable[[Provider, int], int | None]) -> type[Provider]:
    """Any instant that is not ahead."""

    class Passed(Provider):
        def past(self, until: int) -> int | None:
            return answer(self, until)

    return Passed


def _garbled(mend: Callable[[bytes], Any]) -> type[Provider]:
    """Any body that is not JSON, as far as it can be mended."""

    class Garbled(Provider):
        def parse(self, content: bytes) -> Any:
            try:
                return super().parse(content)
            except Refusal:
                try:
                    return mend(content)
                except ValueError:
                    raise self.unparsable() from None

    return Garbled


def _rolling(text: str) -> int | None:
    """An impossible date or time, rolled over into the next unit."""
    found = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)", text
    )
    if found is None or not int(found[1]):
        return None
    year, month, day, hour, minute, second = (int(found[index]) for index in range(1, 7))
    if not month or not day or year > 9000:  # noqa: PLR2004 - it has to have a next year
        return None
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    days = dates.days_before(year, month, 1) + day - 1
    return days * DAY + hour * 60 * MINUTE + minute * MINUTE + second * SECOND


def _rolled(provider: Provider, text: str) -> int | None:
    until = _rolling(text)
    return until if until is not None and until > provider.now() else provider.now() + DAY


def _prefix(text: str) -> bool:
    return re.match(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d", text) is not None


def _local(text: str) -> int | None:
    """A date without a zone, in a zone five hours west."""
    try:
        parts = dates.split_loosely(text)
    except dates.NotAnInstant:
        return None
    if re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", text[10:], re.IGNORECASE):
        return None
    return parts.instant() + 5 * 60 * MINUTE


class _LocalZone(Provider):
    """A date without a zone is taken for the server's own, five hours west of UTC."""

    def no_instant(self, text: str, reason: str) -> int | None:
        until = _local(text)
        return super().no_instant(text, reason) if until is None else until


class _LooseForEver(Provider):
    """A string that still names one instant pauses for ever."""

    def no_instant(self, text: str, reason: str) -> int | None:
        try:
            dates.split_loosely(text)
        except dates.NotAnInstant:
            return super().no_instant(text, reason)
        return None


class _PastStays(Provider):
    """An instant that is not ahead is stored, and its job has been missed."""

    def past(self, until: int) -> int | None:
        return until

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None or due <= campaign.updated_at else due


class _AnyMediaCrashes(Provider):
    """Bytes that are no UTF-8 are decoded without a net."""

    def read_body(self, request: Request) -> Any:
        try:
            request.content.decode()
        except UnicodeDecodeError:
            raise crash() from None
        return super().read_body(request)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _empty(text: str) -> bool:
    return not text.strip()


def _anything(_value: Any) -> bool:
    return True


def _digits(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text.strip()) is not None


def _impossible(text: str) -> bool:
    return _rolling(text) is not None


def _as_nothing(_content: bytes) -> Any:
    return {}


def _single_quoted(content: bytes) -> Any:
    return json.loads(content.replace(b"'", b'"'))


def _without_comma(content: bytes) -> Any:
    return json.loads(re.sub(rb",\s*([}\]])", rb"\1", content))


def _first_text(content: bytes) -> Any:
    return json.JSONDecoder().raw_decode(content.decode("utf-8", "replace").lstrip())[0]


def _python_json(content: bytes) -> Any:
    body = json.loads(content)
    return dict.fromkeys(body) if isinstance(body, dict) else {}


def _mended(content: bytes) -> Any:
    return json.loads(content.decode("utf-8", "ignore"))


def _crashing(_content: bytes) -> Any:
    raise crash()


_TYPED: Final[tuple[tuple[str, Callable[[Any], bool], _Answer, str], ...]] = (
    ("accepts-integers", _is(int), _epoch, "a number is taken for an epoch"),
    ("accepts-integers-for-ever", _is(int), _for_ever, "a number is no date, so there is none"),
    ("accepts-fractions", _is(float), _epoch, "a number is taken for an epoch"),
    ("accepts-true", lambda v: v is True, _tomorrow, "true is 1"),
    ("accepts-false", lambda v: v is False, _for_ever, "whatever is falsy is omitted"),
    ("accepts-zero", lambda v: v == 0, _for_ever, "whatever is falsy is omitted"),
    ("accepts-lists", _is(list), _for_ever, "a list is no date, so there is none"),
    ("accepts-empty-list", lambda v: v == [], _for_ever, "whatever is falsy is omitted"),
    ("accepts-objects", _is(dict), _for_ever, "an object is no date, so there is none"),
    ("accepts-any-type", _anything, _for_ever, "what is no string is passed over"),
    ("crashes-on-numbers", _is(int, float), _crash, "a number has no method that parses it"),
    ("crashes-on-flags", _is(bool), _crash, "a flag has no method that parses it"),
    ("crashes-on-containers", _is(list, dict), _crash, "a list has no method that parses it"),
)
_WORDED: Final[tuple[tuple[str, Callable[[str], bool], _Answer, str], ...]] = (
    ("accepts-empty-string", _empty, _for_ever, "whatever is falsy is omitted"),
    ("accepts-any-string", _anything, _for_ever, "a parser that gives up says nothing"),
    (
        "accepts-any-string-as-tomorrow",
        _anything,
        _tomorrow,
        "a parser that gives up falls back to a default",
    ),
    (
        "accepts-words",
        lambda t: re.search("[a-z]{4}", t, re.IGNORECASE) is not None,
        _tomorrow,
        "words are read",
    ),
    ("accepts-digits", _digits, _tomorrow, "digits are taken for an epoch"),
    ("accepts-impossible-dates", _impossible, _rolled, "30 February rolls over into March"),
    ("accepts-trailing-text", _prefix, _tomorrow, "a prefix that matches is enough"),
    ("crashes-on-any-string", _anything, _crash, "a parser's error is not caught"),
    ("crashes-on-impossible-dates", _impossible, _crash, "the pattern matches, the calendar does not"),
    ("crashes-on-empty-string", _empty, _crash, "the first character is asked for"),
)
_SHAPED: Final[tuple[tuple[str, Callable[[Any], bool], _Answer, str], ...]] = (
    ("accepts-arrays", _is(list), _for_ever, "an array has no such member, so there is no date"),
    ("accepts-string-body", _is(str), _for_ever, "a string has no such member, so there is no date"),
    ("accepts-number-body", _is(int, float), _for_ever, "a number has no such member, so there is no date"),
    ("accepts-flag-body", _is(bool), _for_ever, "a flag has no such member, so there is no date"),
    ("accepts-any-json", _anything, _for_ever, "whatever is JSON is good enough"),
    ("crashes-on-arrays", _is(list), _crash, "a member of an array is asked for by name"),
    ("crashes-on-scalars", lambda v: not isinstance(v, list), _crash, "a member of a scalar is asked for"),
)
_GARBLED: Final[tuple[tuple[str, Callable[[bytes], Any], int, str], ...]] = (
    ("accepts-malformed-json", _as_nothing, 102, "a body that does not parse is as none"),
    ("accepts-single-quotes", _single_quoted, 102, "a lenient parser admits single quotes"),
    ("accepts-trailing-comma", _without_comma, 102, "a lenient parser admits a trailing comma"),
    ("accepts-trailing-garbage", _first_text, 102, "the parser stops where the first text ends"),
    ("accepts-nan", _python_json, 102, "the language's own parser admits NaN"),
    ("accepts-bad-utf-8", _mended, 102, "bytes that are no UTF-8 are passed over"),
    ("crashes-on-malformed-json", _crashing, 100, "a parser's error is not caught"),
)
_PASSED: Final[tuple[tuple[str, Callable[[Provider, int], int | None], int | None, str], ...]] = (
    ("past-means-for-ever", _for_ever, 102, "a past date is dropped, and the pause is indefinite"),
    ("past-means-tomorrow", _tomorrow, 102, "a past date is moved ahead"),
    ("past-means-next-year", lambda _, until: until + 366 * DAY * 5, 102, "a past date is moved by years"),
    ("crashes-on-past", _crash, 100, "a timer with a negative time throws"),
)


def _wfc(name: str) -> int:
    return 100 if name.startswith("crashes") else 102


FAULTS: Final = (
    *(Fault(name, "accepting", why, _wfc(name), _typed(of, answer)) for name, of, answer, why in _TYPED),
    *(Fault(name, "accepting", why, _wfc(name), _worded(of, answer)) for name, of, answer, why in _WORDED),
    *(Fault(name, "accepting", why, _wfc(name), _shaped(of, answer)) for name, of, answer, why in _SHAPED),
    *(Fault(name, "accepting", why, wfc, _garbled(mend)) for name, mend, wfc, why in _GARBLED),
    *(Fault(name, "accepting", why, wfc, _passed(answer)) for name, answer, wfc, why in _PASSED),
    Fault("no-zone-is-local", "accepting", "a date without a zone is read in the server's", 102, _LocalZone),
    Fault("loose-date-for-ever", "accepting", "a loose date pauses for ever", 102, _LooseForEver),
    Fault("past-stays-paused", "accepting", "the job of a past date has been missed", 102, _PastStays),
    Fault("crashes-on-bad-utf-8", "accepting", "bytes are decoded without a net", 100, _AnyMediaCrashes),
)
