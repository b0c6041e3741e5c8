"""Single values that go wrong somewhere deep: a character, a length, a depth."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.messages import crash

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Request
    from whop_contracts.provider.state import Campaign, Credential

_EMOJI = re.compile("[\U0001f000-\U0001ffff]")


def _dated(wanted: Callable[[str], bool]) -> type[Provider]:
    """A string for the date crashes where it is wanted."""

    class Dated(Provider):
        def read_until(self, text: str) -> int | None:
            if wanted(text):
                raise crash()
            return super().read_until(text)

    return Dated


def _bodied(wanted: Callable[[Any], bool]) -> type[Provider]:
    """A body crashes where it is wanted."""

    class Bodied(Provider):
        def decide_until(self, body: Any, campaign: Campaign) -> int | None:
            if wanted(body):
                raise crash()
            return super().decide_until(body, campaign)

    return Bodied


def _sent(wanted: Callable[[bytes], bool]) -> type[Provider]:
    """The bytes of a body crash where they are wanted."""

    class Sent(Provider):
        def read_body(self, request: Request) -> Any:
            if wanted(request.content):
                raise crash()
            return super().read_body(request)

    return Sent


def _named(wanted: Callable[[str], bool]) -> type[Provider]:
    """An id crashes where it is wanted."""

    class Named(Provider):
        def find_campaign(self, wanted_id: str, credential: Credential) -> Campaign:
            if wanted(wanted_id):
                raise crash()
            return super().find_campaign(wanted_id, credential)

    return Named


def _extra(body: Any) -> list[Any]:
    """Undocumented members of a body: their names and their strings."""
    if not isinstance(body, dict):
        return []
    return [
        text for pair in body.items() if pair[0] != "paused_until" for text in pair if isinstance(text, str)
    ]


class _ForeignDigits(Provider):
    """Digits of any script count as digits."""

    def read_until(self, text: str) -> int | None:
        folded = "".join(str(int(one)) if one.isdecimal() else one for one in text)
        if folded != text and re.match(r"\d{4}-\d\d-\d\dT", folded):
            return None
        return super().read_until(text)


_DATES: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    ("crashes-on-quote", lambda t: "'" in t or '"' in t, "a query is put together by hand"),
    ("crashes-on-nul", lambda t: "\0" in t, "the database takes no NUL in a text"),
    ("crashes-on-long-string", lambda t: len(t) > 255, "the log's column has 255 characters"),  # noqa: PLR2004
    (
        "crashes-on-emoji",
        lambda t: _EMOJI.search(t) is not None,
        "the log's column has three bytes a character",
    ),
    ("crashes-on-non-ascii", lambda t: not t.isascii(), "the text is encoded to ASCII"),
    ("crashes-on-white-space", lambda t: t != t.strip(), "the text is split at white space"),
    ("crashes-on-leap-day", lambda t: "-02-29" in t, "next year's same day is reckoned"),
    ("crashes-on-new-year", lambda t: "-01-01T" in t, "yesterday's month is zero"),
    ("crashes-on-no-fraction", lambda t: "." not in t, "the fraction is asked for"),
    (
        "crashes-on-bare-date",
        lambda t: re.fullmatch(r"\d{4}-\d\d-\d\d", t) is not None,
        "the time is asked for",
    ),
    (
        "crashes-on-no-zone",
        lambda t: re.fullmatch(r".*T\d\d:\d\d:\d\d(\.\d+)?", t) is not None,
        "the zone is asked for",
    ),
    (
        "crashes-on-space-for-t",
        lambda t: re.match(r"\d{4}-\d\d-\d\d ", t) is not None,
        "the text is split at its T",
    ),
    (
        "crashes-on-compact-offset",
        lambda t: re.search(r"[+-]\d{4}$", t) is not None,
        "the offset is split at its colon",
    ),
    (
        "crashes-on-letters",
        lambda t: re.search("[a-su-y]{3}", t, re.IGNORECASE) is not None,
        "words are looked up",
    ),
)
_BODIES: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("crashes-on-emoji-member", lambda b: any(map(_EMOJI.search, _extra(b))), "three bytes a character"),
    ("crashes-on-many-members", lambda b: isinstance(b, dict) and len(b) > 2, "more than two members"),  # noqa: PLR2004
    (
        "crashes-on-nested-member",
        lambda b: isinstance(b, dict) and any(isinstance(value, dict | list) for value in b.values()),
        "the log is flat",
    ),
)

FAULTS: Final = (
    *(Fault(name, "values", why, 100, _dated(wanted)) for name, wanted, why in _DATES),
    *(Fault(name, "values", why, 100, _bodied(wanted)) for name, wanted, why in _BODIES),
    Fault(
        "crashes-on-long-body", "values", "the log's line is too long", 100, _sent(lambda c: len(c) > 10**3)
    ),
    Fault("crashes-on-long-id", "values", "the column has 64 characters", 100, _named(lambda i: len(i) > 64)),  # noqa: PLR2004
    Fault(
        "crashes-on-quoted-id", "values", "a query is put together by hand", 100, _named(lambda i: "'" in i)
    ),
    Fault(
        "crashes-on-slash-in-id", "values", "the path is taken apart again", 100, _named(lambda i: "/" in i)
    ),
    Fault(
        "crashes-on-non-ascii-id",
        "values",
        "the id is encoded to ASCII",
        100,
        _named(lambda i: not i.isascii()),
    ),
    Fault("crashes-on-nul-in-id", "values", "the database takes no NUL", 100, _named(lambda i: "\0" in i)),
    Fault(
        "accepts-foreign-digits",
        "values",
        "digits of any script match, and none is read",
        102,
        _ForeignDigits,
    ),
)
