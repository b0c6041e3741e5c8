"""Strategies keep their promises: what is good is good for every reader, what is bad is bad for the most
lenient one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts import schemas
from whop_contracts.engine.request_builder import bind_stamp
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO, Instant, read_instant, utc
from whop_contracts.json_text import read_json
from whop_contracts.pause import strategies
from whop_contracts.pause.classify import read_intent
from whop_contracts.steps import SymbolicInstant

ONCE = settings(
    deadline=None,
    max_examples=150,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
HOUR, DAY = 3_600 * NANO, 86_400 * NANO
NOWS = st.sampled_from(
    [
        "2026-11-24T03:00:00.123Z", "2026-12-31T23:59:59.999Z", "2027-02-28T12:00:00Z",
        "2027-03-01T00:00:00Z",
        "2028-02-28T23:59:00.5Z", "2028-02-29T11:30:00Z", "2028-03-01T00:00:00.001Z", "2030-06-30T23:59:59Z",
    ]
).map(lambda text: instant(text).ns)  # fmt: skip


def instant(text: str) -> Instant:
    read = read_instant(text)
    assert read is not None, text
    return read


def sent(stamp: SymbolicInstant, now: int) -> tuple[str, int]:
    """The text of a stamp as a server that decodes the JSON sees it, and the instant that we say it names."""
    text, until = bind_stamp(stamp, Window(now, now))
    decoded: str = json.loads(f'"{text}"')
    return decoded, until


def row(text: str, now: int) -> str:
    content = json.dumps({"paused_until": text}).encode()
    return read_intent(content, "application/json", Window(now, now), None).request_class


LENIENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d*)?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?)?",
    re.ASCII,
)


def leniently(text: str) -> datetime | None:
    """The instant that a reader finds who accepts what the conformance table calls loose."""
    match = LENIENT.fullmatch(text.strip())
    if match is None:
        return None
    *parts, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    try:
        start = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone(offset))
    except ValueError:
        return None
    if second > 60 or int(minutes or 0) > 59:
        return None
    return start + timedelta(seconds=second - min(second, 59))


# -- symbolic instants ---------------------------------------------------------------------------------------


@ONCE
@given(st.data(), NOWS, st.lists(st.integers(1, 364 * 86_400), min_size=2, max_size=2).map(sorted))
def test_stamps_lie_between_the_bounds_and_must_be_accepted(
    data: st.DataObject, now: int, bounds: list[int]
) -> None:
    earliest, latest = (timedelta(seconds=bound) for bound in bounds)
    text, until = sent(data.draw(strategies.stamps(earliest=earliest, latest=latest)), now)
    assert instant(text).ns == until
    assert bounds[0] - 1 <= (until - now) / NANO <= bounds[1] + 1
    assert instant(text).digits <= 6
    assert -720 <= (instant(text).offset_minutes or 0) <= 840
    assert until <= now or row(text, now) == "instant"


@ONCE
@given(strategies.stamps(), NOWS)
def test_stamps_are_far_enough_ahead_to_outlast_a_run(stamp: SymbolicInstant, now: int) -> None:
    text, until = sent(stamp, now)
    assert row(text, now) == "instant"
    assert now + HOUR - NANO <= until <= now + 364 * DAY + NANO


@ONCE
@given(strategies.calendar_stamps(), NOWS)
def test_calendar_stamps_are_the_next_of_their_day(stamp: SymbolicInstant, now: int) -> None:
    text, until = sent(stamp, now)
    assert text[5:10] == stamp.base
    assert now + HOUR < until <= now + 367 * DAY
    assert row(text, now) == ("instant" if until <= now + 365 * DAY else "far")


@ONCE
@given(strategies.far_stamps(), NOWS)
def test_far_stamps_go_beyond_what_must_be_accepted_within_the_year_9999(
    stamp: SymbolicInstant, now: int
) -> None:
    text, until = sent(stamp, now)
    assert row(text, now) == "far"
    assert utc(until).year <= 9999


@pytest.mark.parametrize("now", ["2091-03-01T00:00:00Z", "2095-12-31T23:59:59Z", "2096-02-29T12:00:00Z"])
def test_the_next_leap_day_is_found_even_where_eight_years_have_none(now: str) -> None:
    leap_days = [
        stamp
        for stamp in strategies.draw(strategies.far_stamps(), seed=0, count=400)
        if stamp.base == "02-29"
    ]
    latest = max(leap_days, key=lambda stamp: stamp.after_days)
    assert "-02-29T" in sent(latest, instant(now).ns)[0]


@ONCE
@given(strategies.edge_stamps(), NOWS)
def test_edge_stamps_are_spelt_as_few_do(stamp: SymbolicInstant, now: int) -> None:
    text, until = sent(stamp, now)
    read = instant(text)
    assert row(text, now) == "edge"
    assert read.leap + read.lower + (read.offset_minutes is None) == 1
    assert now + HOUR - NANO <= until <= now + 367 * DAY


@ONCE
@given(st.data(), NOWS, st.lists(st.integers(-40_000_000, -60), min_size=2, max_size=2).map(sorted))
def test_past_stamps_have_passed_by_as_much_as_was_asked(
    data: st.DataObject, now: int, bounds: list[int]
) -> None:
    earliest, latest = (timedelta(seconds=bound) for bound in bounds)
    text, until = sent(data.draw(strategies.past_stamps(earliest=earliest, latest=latest)), now)
    assert row(text, now) == "past"
    assert bounds[0] - 1 <= (until - now) / NANO <= bounds[1] + 1


@ONCE
@given(strategies.loose_stamps(), NOWS)
def test_loose_stamps_are_no_rfc_3339_and_name_one_instant(stamp: SymbolicInstant, now: int) -> None:
    text, until = sent(stamp, now)
    meant = leniently(text)
    assert read_instant(text) is None
    assert meant is not None
    assert abs(meant - utc(until)) < timedelta(seconds=1)
    assert row(text, now) == "loose"
    assert now + DAY - NANO <= until <= now + 364 * DAY + NANO


@pytest.mark.parametrize("make", [strategies.stamps, strategies.past_stamps, strategies.loose_stamps])
def test_bounds_in_the_wrong_order_are_refused_at_once(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="earliest"):
        make(earliest=timedelta(days=3), latest=timedelta(days=-3))


# -- instants as texts ---------------------------------------------------------------------------------------


@ONCE
@given(
    st.data(),
    st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2, max_size=2).map(sorted)
    | st.datetimes(timezones=st.just(UTC)).map(lambda moment: [moment, moment]),
)
def test_rfc3339_instants_are_read_and_lie_between_the_bounds(
    data: st.DataObject, bounds: list[datetime]
) -> None:
    text = data.draw(strategies.rfc3339_instants(earliest=bounds[0], latest=bounds[1]))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    low, high = ((bound - epoch) // timedelta(microseconds=1) * 1_000 for bound in bounds)
    assert low <= instant(text).ns <= high


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{4}-02-29T", r"-(04|06|09|11)-30T23:59:59", r"-12-31T23:59:59", r"-01-01T00:00:00",
        r"^2038-01-19T03:14:0[78]",
        r"^9999-12-31", r"^0001-01-01", r"t", r"z$", r":60", r"-00:00$", r"[+-]\d\d:(?!00|15|30|45)\d\d$",
        r"[+-](1[5-9]|2)",
        *(rf":\d\d\.\d{{{digits}}}[Zz+-]" for digits in range(1, 10)), r":\d\d[Zz+-]",
    ],
)  # fmt: skip
def test_rfc3339_instants_come_to_every_edge(pattern: str) -> None:
    assert any(re.search(pattern, text) for text in many_instants())


@cache
def many_instants() -> list[str]:
    return strategies.draw(strategies.rfc3339_instants(), seed=0, count=2_000)


def test_instants_without_a_zone_are_no_bounds() -> None:
    with pytest.raises(ValueError, match="aware"):
        strategies.rfc3339_instants(earliest=datetime(2030, 1, 1))  # noqa: DTZ001


@settings(ONCE, max_examples=600)
@given(strategies.not_instants())
def test_not_instants_name_none_to_anyone(text: str) -> None:
    assert read_instant(text) is None
    assert leniently(text) is None
    assert row(text, 0) == "string"
    assert json.loads(json.dumps(text).encode()) == text


@pytest.mark.parametrize(
    "text",
    [
        " 2030-01-01T00:00:00Z", "2030-01-01 00:00:00Z", "2030-01-01T00:00Z", "2030-01-01T00:00:00+0100",
        "2030-01-01",
        "2030-01-01T00:00:00", "2030-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_the_lenient_reader_is_lenient(text: str) -> None:
    assert leniently(text) is not None


@ONCE
@given(strategies.wrong_types())
def test_wrong_types_are_json_and_neither_text_nor_null(value: Any) -> None:
    assert value is not None
    assert not isinstance(value, str)
    assert json.loads(json.dumps(value, allow_nan=False)) == value


# -- bodies and documents ------------------------------------------------------------------------------------


def validator(name: str) -> jsonschema.Draft202012Validator:
    checker = jsonschema.FormatChecker(formats=())
    for format_, check in schemas.FORMATS.items():
        checker.checks(format_)(check)
    return jsonschema.Draft202012Validator(dict(schemas.load(name)), format_checker=checker)


@ONCE
@given(strategies.pause_bodies(earliest=datetime(2030, 1, 1, tzinfo=UTC)))
def test_pause_bodies_are_valid(body: dict[str, Any]) -> None:
    validator("pause-request").validate(body)
    assert set(body) <= {"paused_until"}
    assert not body or utc(instant(body["paused_until"]).ns).year >= 2030


ROWS = {"another type for the date": "type", "text that names no instant": "string", "no object": "no-object"}


@settings(ONCE, max_examples=600)
@given(strategies.bad_pause_bodies())
def test_bad_pause_bodies_are_bad_in_the_way_that_their_name_says(bad: tuple[str, str | bytes]) -> None:
    name, content = bad
    raw = content if isinstance(content, bytes) else content.encode()
    assert read_intent(raw, "application/json", None, None).request_class == ROWS.get(name, "malformed")
    assert isinstance(content, bytes) == (name == "bytes that are not UTF-8")
    assert raw.strip() not in {b"", b"null"}
    assert not raw.startswith((b"\xef\xbb\xbf", b"\xff", b"\xfe"))
    assert not read_json(raw).duplicates
    if name not in ROWS:
        with pytest.raises(ValueError, match=r"."):
            json.loads(raw.decode(), parse_constant=int)


def test_bad_pause_bodies_take_turns() -> None:
    names = {name for name, _ in strategies.draw(strategies.bad_pause_bodies(), seed=0, count=800)}
    assert {
        *ROWS,
        "bytes that are not UTF-8",
        "a truncated body",
        "a trailing comma",
        "two documents",
    } <= names


@settings(ONCE, max_examples=40)
@given(strategies.ad_campaigns())
def test_ad_campaigns_are_valid_and_could_be_true(document: dict[str, Any]) -> None:
    validator("ad-campaign").validate(document)
    assert instant(document["created_at"]).ns <= instant(document["updated_at"]).ns
    assert document["status"] == "paused" or document["paused_until"] is None
    for member in schemas.members("ad-campaign"):
        value = at(document, member.pointer)
        assert not schemas.should_violations("ad-campaign", member.schema_pointer, value)


def test_ad_campaigns_have_every_member_both_null_and_not_where_it_may_be() -> None:
    drawn = strategies.draw(strategies.ad_campaigns(), seed=0, count=150)
    for member in schemas.members("ad-campaign"):
        nulls = {at(document, member.pointer) is None for document in drawn}
        assert False in nulls, member.pointer
        assert True in nulls or not member.nullable, member.pointer


def test_ad_campaigns_shrink_to_zeros_nulls_and_the_earliest_timestamp() -> None:
    least = find(strategies.ad_campaigns(), lambda _: True, settings=ONCE)
    assert least["created_at"] == least["updated_at"] == "2020-09-13T12:26:40.000Z"
    assert {name for name, value in least.items() if not value} == set(least) - {
        "id", "status", "created_at", "updated_at", "created_by_user",
    }  # fmt: skip


def at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        if document is None:
            return None
        document = document[step]
    return document


# -- ids and credentials -------------------------------------------------------------------------------------


@ONCE
@given(strategies.campaign_ids())
def test_campaign_ids_look_like_one(id_: str) -> None:
    assert not schemas.violations("ad-campaign", "/properties/id", id_)
    assert not schemas.should_violations("ad-campaign", "/properties/id", id_)


@settings(ONCE, max_examples=400)
@given(strategies.malformed_ids())
def test_malformed_ids_are_one_segment_and_no_campaign_s_id(segment: str) -> None:
    assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})+", segment)
    decoded = unquote_to_bytes(segment)
    assert not set(re.split(rb"[/\\]", decoded)) & {b".", b".."}
    assert len(segment) > 200 or not re.fullmatch(rb"adcamp_(?!adcamp_)[A-Za-z0-9]+", decoded)


@ONCE
@given(st.data(), st.text("ab.Z-09", min_size=1, max_size=40))
def test_altered_tokens_differ_by_more_than_case_and_by_enough(data: st.DataObject, token: str) -> None:
    name, other = data.draw(strategies.altered_tokens(token))
    assert other.lower() != token.lower()
    assert re.fullmatch(r"[\w.-]+", other, re.ASCII)
    if name == "a character changed":
        changed = [index for index, pair in enumerate(zip(token, other, strict=True)) if len(set(pair)) > 1]
        assert len(changed) == 1
        assert len(token) // 3 - 1 <= changed[0] <= 2 * len(token) // 3 + 1
    else:
        assert abs(len(other) - len(token)) >= 4
        assert token in other or other in token


def test_an_empty_token_has_nothing_to_alter() -> None:
    with pytest.raises(ValueError, match="empty"):
        strategies.altered_tokens("")


# -- shrinking and drawing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "least"),
    [
        (strategies.stamps(), SymbolicInstant(plus_ms=3_600_000)),
        (strategies.calendar_stamps(), SymbolicInstant("07-01", fraction="")),
        (strategies.far_stamps(), SymbolicInstant("2038-01-19", time="03:14:07")),
        (strategies.edge_stamps(), SymbolicInstant(plus_ms=3_600_000, offset="z")),
        (strategies.past_stamps(), SymbolicInstant(plus_ms=-3_600_000)),
        (strategies.loose_stamps(), SymbolicInstant(plus_ms=2 * 86_400_000, offset="")),
        (strategies.rfc3339_instants(), "2000-01-01T00:00:00Z"),
        (strategies.rfc3339_instants(earliest=datetime(2030, 5, 6, 7, tzinfo=UTC)), "2030-05-06T07:00:00Z"),
        (strategies.not_instants(), "tomorrow"),
        (strategies.wrong_types(), 0),
        (strategies.pause_bodies(), {}),
        (strategies.bad_pause_bodies(), ("another type for the date", '{"paused_until": 0}')),
        (strategies.campaign_ids(), "adcamp_aaaaaaaaaaa"),
        (strategies.malformed_ids(), "adcamp_"),
        (strategies.altered_tokens("wh_Ab3dEf6hIj9l"), ("cut short", "wh_Ab3dEf6h")),
        (strategies.altered_tokens("abcd"), ("a character changed", "abad")),
    ],
    ids=lambda value: "" if not isinstance(value, SearchStrategy) else None,
)
def test_each_strategy_shrinks_to_what_it_promises(strategy: SearchStrategy[Any], least: Any) -> None:
    assert find(strategy, lambda _: True, settings=ONCE) == least


def test_a_failure_at_one_factor_shrinks_to_that_factor() -> None:
    late = find(strategies.stamps(), lambda stamp: stamp.plus_ms > 7_200_000, settings=ONCE)
    assert late == SymbolicInstant(plus_ms=7_200_001)
    precise = find(strategies.stamps(), lambda stamp: stamp.fraction is not None, settings=ONCE)
    assert precise == SymbolicInstant(plus_ms=3_600_000, fraction="")


DRAWING = """
import sys
sys.path.insert(0, ".")
try:
    import constants
except ImportError:
    pass
from whop_contracts.pause import strategies as s
for make in (s.stamps, s.far_stamps, s.not_instants, s.wrong_types, s.bad_pause_bodies, s.malformed_ids):
    print(ascii(s.draw(make(), seed=7, count=100)))
"""


def test_the_same_seed_draws_the_same_wherever_it_runs_and_writes_nothing(tmp_path: Any) -> None:
    outputs = []
    for index, hash_seed in enumerate("12"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        if index:
            # Hypothesis likes to try the constants of the modules that it finds loaded.
            (folder / "constants.py").write_text(
                f"A = {[*range(7_000_000, 7_000_400)]}\nB = ['xyzzy', 12.25]\n"
            )
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", DRAWING],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.stderr == ""
        outputs.append(ran.stdout)
        assert {path.name for path in folder.iterdir()} <= {"constants.py"}
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 6


def test_a_smaller_draw_is_the_start_of_a_larger_one_and_none_repeats() -> None:
    many = strategies.draw(strategies.stamps(), seed=3, count=100)
    assert strategies.draw(strategies.stamps(), seed=3, count=10) == many[:10]
    assert len(set(many)) == 100
    assert strategies.draw(strategies.stamps(), seed=4, count=100) != many
    assert strategies.draw(strategies.stamps(), seed=3, count=0) == []


def test_a_draw_of_more_than_there_is_gives_what_there_is() -> None:
    assert sorted(strategies.draw(st.booleans(), seed=0, count=9)) == [False, True]


def test_a_draw_leaves_out_what_a_filter_refuses() -> None:
    drawn = strategies.draw(st.integers(0, 999).filter(lambda value: value % 7 == 0), seed=0, count=50)
    assert len(drawn) == 50


def test_what_is_exported_is_what_is_public() -> None:
    public = {
        name for name, value in vars(strategies).items() if callable(value) and not name.startswith("_")
    }
    assert public == set(strategies.__all__)
    assert list(strategies.__all__) == sorted(strategies.__all__)
