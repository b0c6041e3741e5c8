"""The named cases: what a pause request is tried with, as tables, the simplest and most telling first.

``TELLING`` is the order in which the most telling go first; ``standard`` sends all of them. Dates that a provider must keep stand
within the coming year; calendar edges are symbols, bound to the target's own now when they are sent.
"""

from __future__ import annotations

from typing import Final

from whop_contracts.steps import Case, SymbolicInstant

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
JSON: Final = "application/json"
DATED: Final = '{"paused_until": "{until}"}'


def dated(
    name: str, stamp: SymbolicInstant, content: str = DATED, media_type: str = JSON, *, campaign: str = "own:0", mark: str | None = None
) -> Case:  # fmt: skip
    """A pause until ``stamp``."""
    return Case(
        f"until {name}", campaign=campaign, body=content, until=stamp, media_type=media_type, mark=mark
    )


def text(name: str, value: str) -> Case:
    """A pause whose date is a JSON string that stands in the body as written here, escapes and all."""
    return Case(name, body=f'{{"paused_until": "{value}"}}')


def body(name: str, content: str | bytes | None, media_type: str | None = JSON) -> Case:
    """A pause with any body."""
    return Case(name, body=content, media_type=media_type)


COMPACT: Final = '{"paused_until":"{until}"}'
LINES: Final = '{\r\n\t"paused_until" :\n\t"{until}"\n}\n'
ESCAPED: Final = ' {"paused\\u005funtil": "{until}"} '
"""The same request as other writers of JSON spell it (RFC 8259, sections 2 and 7)."""
KEPT: Final = tuple(
    dated(name, *how)
    for name, *how in (
        ("a summer evening at -03:30", SymbolicInstant("07-31", time="21:05:09", fraction="050", offset="-03:30")),
        ("tomorrow, at +05:30", SymbolicInstant(plus_ms=DAY + 401, offset="+05:30")),
        ("noon of the next 1 July", SymbolicInstant("07-01")),
        ("in 40 days, to the microsecond", SymbolicInstant(plus_ms=40 * DAY, fraction="123456")),
        ("the 4th of March", SymbolicInstant("03-04", time="01:02:03", fraction="040")),
        ("the last second of the year, the name escaped", SymbolicInstant("12-31", time="23:59:59", fraction="999"), ESCAPED),
        ("midnight of the next 1 March, in compact JSON", SymbolicInstant("03-01", time="00:00:00"), COMPACT),
        ("in 364 days", SymbolicInstant(plus_ms=364 * DAY, fraction="001")),
        ("in 95 days at -09:30", SymbolicInstant(plus_ms=95 * DAY + 10, offset="-09:30")),
        ("the 28th of February", SymbolicInstant("02-28", time="23:59:59", fraction="4")),
        ("the 7th of November", SymbolicInstant("11-07", time="19:00:01", offset="-05:00")),
        ("new year at +01:00", SymbolicInstant("01-01", time="00:30:00", offset="+01:00")),
        ("the first hour of a month at +14:00, with a charset", SymbolicInstant("05-01", time="00:15:00", offset="+14:00"), DATED, "application/json; charset=utf-8"),
        ("the last hour of a month at -12:00", SymbolicInstant("10-31", time="23:45:00", fraction="5", offset="-12:00")),
        ("in one hour, its digits hours ago", SymbolicInstant(plus_ms=HOUR, offset="-09:30")),
        ("the 29th of December", SymbolicInstant("12-29", time="13:00:00", fraction="100")),
        ("the last of January", SymbolicInstant("01-31", time="12:30:45", fraction="005")),
        ("a quarter past noon at +05:45", SymbolicInstant("09-30", time="12:15:00", offset="+05:45")),
        ("in 200 days", SymbolicInstant(plus_ms=200 * DAY, fraction="9995")),
        ("new year at +00:00", SymbolicInstant("01-01", time="00:00:00", fraction="000", offset="+00:00")),
        ("new year's eve at -05:00", SymbolicInstant("12-31", time="21:30:00", offset="-05:00")),
        ("a spring night that clocks in London skip", SymbolicInstant("03/-1", time="01:30:00")),
        ("a spring night that clocks in Berlin skip", SymbolicInstant("03/-1", time="02:30:00", fraction="25")),
        ("a spring night that clocks in New York skip", SymbolicInstant("03/2", time="02:30:00")),
        ("an autumn night that clocks in Europe repeat", SymbolicInstant("10/-1", time="00:30:00", fraction="999999")),
        ("the same night an hour later", SymbolicInstant("10/-1", time="01:30:00")),
        ("an autumn night that clocks in New York repeat", SymbolicInstant("11/1", time="06:30:00")),
        ("in 15 minutes, in JSON on lines", SymbolicInstant(plus_ms=15 * MINUTE, offset="+12:45"), LINES),
        ("in half a minute", SymbolicInstant(plus_ms=30_000, fraction="07")),
        ("in 2 days at -00:30", SymbolicInstant(plus_ms=2 * DAY, offset="-00:30")),
        ("in 31 days at +09:00", SymbolicInstant(plus_ms=31 * DAY, fraction="12345", offset="+09:00")),
    )
)  # fmt: skip
FAR: Final = tuple(
    dated(name, stamp)
    for name, stamp in (
        ("the second after 32 bits run out", SymbolicInstant("2038-01-19", time="03:14:08")),
        ("the next 29 February", SymbolicInstant("02-29", time="12:00:00", fraction="290")),
        ("the last days of the year 9999", SymbolicInstant("9999-12-30", time="21:58:59", fraction="999")),
        ("a nanosecond", SymbolicInstant(plus_ms=3 * DAY, fraction="123456789", offset="-03:30")),
        ("almost a day east of UTC", SymbolicInstant(plus_ms=6 * DAY, offset="+23:59")),
        ("in ten years", SymbolicInstant(plus_ms=3_652 * DAY, offset="+05:30")),
        ("in 400 days", SymbolicInstant(plus_ms=400 * DAY, fraction="1234567")),
        ("the end of a February without a leap day", SymbolicInstant("2100-03-01", time="00:00:00")),
        ("after nanoseconds overflow", SymbolicInstant("2262-04-12", time="00:00:00")),
        ("a picosecond", SymbolicInstant(plus_ms=4 * DAY, fraction="000000100001")),
    )
)  # fmt: skip
EDGE: Final = (
    dated("with a lower-case z", SymbolicInstant(plus_ms=5 * DAY, offset="z")),
    dated("a leap second", SymbolicInstant("06-30", time="23:59:60")),
    dated("an unknown zone", SymbolicInstant("05-06", offset="-00:00")),
    dated("with a lower-case t", SymbolicInstant("05-05", form="{date}t{time}{fraction}{offset}")),
    dated("a second of 60 at noon", SymbolicInstant("05-07", time="12:00:60")),
)
NOTHING: Final = (
    body("a null date", '{"paused_until": null}'),
    body("a null body", "null"),
    body("no body", None),
    body("no body and no media type", None, None),
)
EXTRAS: Final = (
    body("many undocumented members", '{"a": 1, "b": [2], "c": {"d": null}, "note": "\'\\"\\u0000;--\\ud83d\\ude00", "e": "'
         + "x" * 1_500 + '", "": 0, "$where": 1, "__proto__": {"f": 1}, "constructor": null, "g.h[0]": 2, "na\u00efve \u2713": 3, '
         + ", ".join(f'"m{n}": {n}' for n in range(100)) + "}"),
    Case("a date and an undocumented member", body='{"note": {"by": ["us", "' + "x" * 1_000 + '"]}, "paused_until": "{until}"}', until=SymbolicInstant(plus_ms=DAY), media_type="application/json; charset=utf-8"),
    body("the state as an undocumented member", '{"status": "active"}'),
    body("an undocumented member", '{"reason": "maintenance"}'),
    body("a deep undocumented member", '{"note": ' + "[" * 200 + "]" * 200 + "}"),
    body("a date under other names", "{" + ", ".join(f'"{name}": "2031-01-01T00:00:00Z"' for name in (
        "pausedUntil", "Paused_Until", "paused-until", "pause_until", "until", "resume_at", "end_time", "date")) + "}"),
)  # fmt: skip
OVERWRITING: Final = Case(
    "until tomorrow, and members of the answer",
    body='{"title": "Changed by a pause", "daily_budget": 7.5, "platform": "tiktok", "target_country_codes": ["FR"], "paused_until": "{until}"}',
    until=SymbolicInstant(plus_ms=DAY),
)
"""A provider that assigns whatever it is sent changes what cannot be put back: sent on the mock and on loopback only."""
MEDIA: Final = (
    body("JSON as text/plain", "{}", "text/plain"),
    body("JSON without a media type", "{}", None),
    body("JSON as a form", "{}", "application/x-www-form-urlencoded"),
    body("JSON as bytes", "{}", "application/octet-stream"),
    body("JSON as XML", "{}", "application/xml"),
)
LOOSE: Final = tuple(
    Case(name, body=DATED, until=stamp)
    for name, stamp in (
        ("a date without a zone", SymbolicInstant("05-08", offset="")),
        ("a bare date", SymbolicInstant("05-09", form="{date}")),
        ("a space for the T", SymbolicInstant("05-10", form="{date} {time}Z")),
        ("a zone without a colon", SymbolicInstant("05-11", offset="+0100")),
        ("no seconds", SymbolicInstant("05-12", time="12:34", form="{date}T{time}Z")),
        ("white space around the date", SymbolicInstant("05-13", form=" {date}T{time}Z ")),
        ("a line end after the date", SymbolicInstant("05-14", form="{date}T{time}Z\\n")),
    )
)
TEXTS: Final = (
    text("a word", "tomorrow"),
    text("a day that does not exist", "2100-02-29T12:00:00Z"),
    text("empty text", ""),
    text("quotes, white space, NUL, accents and emoji", "' \\\"; DROP \\u0000 \u00e9\u00e8 \\ud83d\\ude00 100% \\\\ <b>&amp;</b> {{7*7}} ${x} $(y)"),
    text("an epoch as text", "1924905600"),
    text("milliseconds as text", "1924905600000"),
    text("a year and a month", "2030-01"),
    text("a time of day", "23:59:59Z"),
    text("days to add", "+3 days"),
    text("full-width digits", "\uff12\uff10\uff13\uff10-01-01T00:00:00Z"),
    text("very long text", "9" * 70_000),
    text("a date on the second line", "pause\\n2030-01-01T00:00:00Z"),
    text("a date on the first line", "2030-01-01T00:00:00Z\\nresume"),
    text("month 13", "2030-13-01T00:00:00Z"),
    text("month 0", "2030-00-10T00:00:00Z"),
    text("day 0", "2030-01-00T00:00:00Z"),
    text("hour 25", "2030-01-01T25:00:00Z"),
    text("text with NUL", "2030-01-01T00:00:00Z\\u0000"),
    text("white space", "   "),
    text("day 32", "2030-01-32T00:00:00Z"),
    text("hour 24", "2030-01-01T24:00:00Z"),
    text("minute 60", "2030-01-01T00:60:00Z"),
    text("second 61", "2030-01-01T00:00:61Z"),
    text("a zone 25 hours away", "2030-01-01T00:00:00+25:00"),
    text("a duration", "P1D"),
    text("a date of mail", "Tue, 01 Jan 2030 00:00:00 GMT"),
    text("a date with slashes", "01/02/2030"),
    text("two zones", "2030-01-01T00:00:00Z+01:00"),
    text("a fraction without digits", "2030-01-01T00:00:00.Z"),
    text("the word null", "null"),
    text("a date and more", "2030-01-01T00:00:00Z and more"),
)  # fmt: skip
TYPES: Final = tuple(
    body(f"{name} for a date", f'{{"paused_until": {value}}}')
    for name, value in (
        ("a number", "1924905600"), ("true", "true"), ("an array", '["2030-01-01T00:00:00Z"]'), ("zero", "0"), ("an object", "{}"),
        ("false", "false"), ("a fraction", "1.5"), ("an empty array", "[]"),
        ("a negative number", "-1"), ("a number beyond 64 bits", "18446744073709551616"), ("one", "1"),
        ("an object with a date", '{"date": "2030-01-01T00:00:00Z"}'), ("a huge number", "1e400"),
    )
)  # fmt: skip
MALFORMED: Final = (
    body("a truncated body", '{"paused_until": "2030-01-01T00:00:00Z"'),
    body("no JSON", "pause it"),
    body("a trailing comma", '{"paused_until": "2030-01-01T00:00:00Z",}'),
    body("bytes that are not UTF-8", b'{"paused_until": "2035-01-01T00:00:00Z", "note": "\xff"}'),
    body("single quotes", "{'paused_until': '2030-01-01T00:00:00Z'}"),
    body("JSON and a word", "{} pause"),
    body("a control character in text", '{"note": "\x01"}'),
    body("a NaN", '{"paused_until": NaN}'),
    body("a member without a value", '{"paused_until": }'),
    body("a form", "paused_until=2030-01-01T00%3A00%3A00Z"),
    body("an unquoted key", "{paused_until: null}"),
)
NO_OBJECT: Final = tuple(
    body(f"{name} as the body", value)
    for name, value in (("an array", "[]"), ("text", '"{\\"paused_until\\": \\"2030-01-01T00:00:00Z\\"}"'), ("a number", "42"), ("true", "true"), ("false", "false"),
                        ("empty text", '""'), ("an array of an object", '[{"paused_until": null}]'))
)  # fmt: skip
PAST: Final = (
    dated("yesterday", SymbolicInstant(plus_ms=-DAY)),
    dated("the first instant of all", SymbolicInstant("0001-01-01", time="00:00:00")),
    dated("the first second of 1970", SymbolicInstant("1970-01-01", time="00:00:00")),
    dated("an hour ago, in another zone", SymbolicInstant(plus_ms=-HOUR, offset="+14:00")),
    dated("ten years ago", SymbolicInstant(plus_ms=-3_652 * DAY)),
)
UNKNOWN_IDS: Final = (
    Case("an unknown campaign", campaign="invented", body="{}"),
    Case("half an id", campaign="short", body="{}"),
    Case("text after an id", campaign="longer", body="{}"),
    Case(
        "an unknown campaign, until tomorrow",
        campaign="invented",
        body=DATED,
        until=SymbolicInstant(plus_ms=DAY),
    ),
)
MALFORMED_IDS: Final = tuple(
    Case(name, campaign=campaign, body="{}")
    for name, campaign in (
        ("an id with another prefix", "prefix:prod_"), ("an id with a line end", "suffix:%0A"), ("the prefix alone", "raw:adcamp_"),
        ("quotes, NUL and an emoji in an id", "suffix:%27%22%00%F0%9F%98%80"),
        ("a slash in an id", "suffix:%2Fx"), ("a backslash, braces and dots in an id", "suffix:%5C%7B0%7D..%252F,x.json"), ("a parameter in an id", "suffix:;v=1"), ("an id and a format", "suffix:.json"), ("an id that is not UTF-8", "suffix:%FF"), ("an id without its prefix", "prefix:"), ("a very long id", "raw:adcamp_" + "x" * 2_000),
        ("an id with a hyphen for its underscore", "prefix:adcamp-"), ("a word for an id", "raw:undefined"), ("a query in an id", "suffix:%3Fx=1"),
        ("a UUID for an id", "raw:123e4567-e89b-42d3-a456-426614174000"), ("a wildcard for an id", "raw:adcamp_%25"), ("an id with a NUL", "suffix:%00"),
        ("the prefix twice", "prefix:adcamp_adcamp_"), ("a number for an id", "raw:42"), ("white space before an id", "prefix:%20adcamp_"),
    )
)  # fmt: skip
SEVERAL: Final = (
    Case("an unknown campaign without a credential", campaign="invented", credential="none", body="{}"),
)
RECASED: Final = (Case("an id in another case", campaign="upper", body="{}"),)
METHODS: Final = tuple(
    Case(f"{method} on the pause route", method=method, body=None if method == "GET" else "{}")
    for method in ("GET", "DELETE", "PUT", "PATCH")
)
CREDENTIALS: Final = tuple(
    Case(f"a pause with {name}", credential=symbol, body=DATED if until else "{}", until=until)
    for name, symbol, until in (
        ("no credential", "none", None), ("an unknown token", "unknown", SymbolicInstant(plus_ms=DAY)), ("a token with characters added", "altered:added", None),
        ("an empty token", "empty", None), ("a token with a character changed", "altered:middle", None),
        ("a token cut short", "altered:cut", SymbolicInstant(plus_ms=DAY)), ("a JWT that nobody signed", "unknown:unsigned", None), ("a token with a letter in its other case", "altered:case", None),
        ("characters before a token", "altered:before", None), ("the token as Basic", "scheme:Basic", None),
        ("the token without Bearer", "scheme:", None),
    )
)  # fmt: skip
READONLY: Final = (
    Case("a pause without the permission", credential="readonly", body="{}"),
    Case(
        "a dated pause without the permission",
        credential="readonly",
        body=DATED,
        until=SymbolicInstant(plus_ms=DAY),
    ),
    Case("a pause without the permission and without a body", credential="readonly"),
)
FOREIGN: Final = (
    Case("another company's campaign", campaign="foreign", body="{}"),
    Case(
        "another company's campaign, until tomorrow",
        campaign="foreign",
        body=DATED,
        until=SymbolicInstant(plus_ms=DAY),
    ),
)
TELLING: Final[tuple[tuple[str, ...], ...]] = (
    ("until the last hour of a month at -12:00",),
    ("until after nanoseconds overflow", "until in 15 minutes, in JSON on lines", "many undocumented members"),
    ("the other campaign",),
    ("no body", "until midnight of the next 1 March, in compact JSON", "a null date"),
    ("a day that does not exist", "quotes, NUL and an emoji in an id", "bytes that are not UTF-8", "zero for a date",
     "PUT on the pause route"),
    ("a pause with a token with a character changed", "a pause with no credential", "a pause with an empty token"),
    ("a dated pause without the permission", "another company's campaign"),
    ("an instant written east of UTC",),
    ("until a picosecond", "until the first hour of a month at +14:00, with a charset"),
    ("another campaign, own:1",),
    ("quotes, white space, NUL, accents and emoji", "white space before an id", "an empty array for a date",
     "a number as the body", "GET on the pause route", "a bare date"),
    ("until yesterday",),
    ("white space", "half an id", "false for a date", "an array of an object as the body", "DELETE on the pause route",
     "very long text", "JSON as a form"),
    ("until the last second of the year, the name escaped", "until a second of 60 at noon"),
    ("until with a lower-case z", "until the next 29 February"),
    ("until the last days of the year 9999", "until an unknown zone"),
    ("an indefinite pause stays for a day",),
    ("a campaign that is stale",),
    ("a date that has passed",),
    ("a null date", "until in one hour, its digits hours ago", "a null body"),
    ("a dated pause ends by itself",),
    ("a pause with the token without Bearer", "a pause with a token with characters added", "a pause with a token cut short",
     "a pause with a token with a letter in its other case", "a pause with characters before a token",
     "an unknown campaign without a credential"),
    ("a trailing comma", "an object with a date for a date", "the prefix alone", "PATCH on the pause route", "an id in another case",
     "a space for the T"),
    ("two campaigns side by side",),
    ("until a summer evening at -03:30", "until an autumn night that clocks in Europe repeat", "until the same night an hour later"),
    ("a NaN", "full-width digits", "a fraction for a date", "true as the body", "a slash in an id", "a zone without a colon"),
    ("single quotes", "true for a date", "text as the body", "a very long id", "an unknown campaign", "a date without a zone"),
    ("refusals while paused",),
    ("a null body", "until a nanosecond", "no body"),
    ("until almost a day east of UTC", "until a spring night that clocks in London skip"),
    ("a word",),
    ("another campaign, own:3",),
    ("a reader's request while paused",),
    ("an unpause cancels the date",),
)  # fmt: skip
"""What goes first: the sequences and cases that tell most for their requests, in the order of a greedy cover of the faults
that `prove` knows. A row is one sequence by its name, or cases that share one read. What may conform if it is accepted stands last
in its row. ``quick`` is the first of them, ``standard`` all, and then the rest of the tables in rounds."""
