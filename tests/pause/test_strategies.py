"""Strategies draw what their names say: valid is what every reader accepts, invalid what none does."""

import inspect
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from types import ModuleType
from typing import get_origin, get_type_hints
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts import schemas, strategies
from whop_contracts.engine.request_builder import bind_stamp
from whop_contracts.exchange import Window
from whop_contracts.instants import NANO, loose_instants, read_instant, utc
from whop_contracts.json_text import read_json
from whop_contracts.pause.classify import read_intent
from whop_contracts.steps import SymbolicInstant, altered

EXAMPLES = 300 if "EXPLORED_HISTORIES" in os.environ else 60
"""How often each rule is tried: more with ``tox -e explore``."""
ONCE = settings(deadline=None, max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
OFTEN = settings(ONCE, max_examples=3 * EXAMPLES)
FIRST = settings(ONCE, phases=(Phase.generate,))
"""Hypothesis begins with the simplest value: what a strategy shrinks towards."""
HOUR, DAY = 3_600 * NANO, 86_400 * NANO
MAKERS = [name for name in strategies.__all__ if name != "draw"]
TOKEN = "a-token-of-somebody"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text):
    read = read_instant(text)
    assert read is not None, text
    return read


NOWS = st.sampled_from(
    [
        "2026-11-24T03:00:00.123Z", "2026-12-31T23:59:59.999Z", "2027-02-28T12:00:00Z",
        "2027-03-01T00:00:00Z", "2028-02-28T23:59:00.5Z", "2028-02-29T11:30:00Z",
        "2028-03-01T00:00:00.001Z", "2030-06-30T23:59:59Z",
    ]
).map(lambda text: instant(text).ns)  # fmt: skip


def sent(stamp, now):
    """The text of a stamp as a server that decodes the JSON sees it, and the instant that we say it names."""
    text, until = bind_stamp(stamp, Window(now, now))
    return json.loads(f'"{text}"'), until


def class_of(text, now):
    content = json.dumps({"paused_until": text}).encode()
    return read_intent(content, "application/json", Window(now, now), None).request_class


def valid(name, value, pointer=()):
    """Whether a reader who has our schemas alone, and asserts formats, accepts a value."""
    checker = jsonschema.FormatChecker(formats=())
    for format_, check in schemas.FORMATS.items():
        checker.checks(format_)(check)
    schema = schemas.load(name)
    for step in pointer:
        schema = schema[step]
    return jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(value)


def test_every_public_name_is_listed_documented_and_typed():
    public = {
        name
        for name, value in vars(strategies).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }
    assert strategies.__all__ == sorted(public)
    assert files("whop_contracts").joinpath("py.typed").is_file()
    for name in strategies.__all__:
        function = getattr(strategies, name)
        assert set(inspect.signature(function).parameters) | {"return"} == set(get_type_hints(function)), name


def test_a_strategy_documents_what_it_shrinks_towards_and_options_are_keywords():
    for name in MAKERS:
        function = getattr(strategies, name)
        assert get_origin(get_type_hints(function)["return"]) is SearchStrategy
        assert "Shrinks towards" in function.__doc__.replace("\n    ", " ")
        options = [
            one for one in inspect.signature(function).parameters.values() if one.default is not one.empty
        ]
        assert {one.kind for one in options} <= {inspect.Parameter.KEYWORD_ONLY}
        made = function(*([TOKEN] if name == "altered_tokens" else []))
        assert len(strategies.draw(made, seed=1, count=3)) == 3


@ONCE
@given(st.data(), NOWS)
def test_stamps_are_of_their_class_and_far_enough_ahead_to_outlast_a_run(data, now):
    for make, least, most, expected in (
        (strategies.stamps, HOUR, 364 * DAY, "instant"),
        (strategies.past_stamps, -36_524 * DAY, -HOUR, "past"),
    ):
        text, until = sent(data.draw(make()), now)
        assert instant(text).ns == until
        assert least - NANO <= until - now <= most + NANO
        assert instant(text).digits <= 6
        assert -720 <= (instant(text).offset_minutes or 0) <= 840
        assert class_of(text, now) == expected

    stamp = data.draw(strategies.calendar_stamps())
    text, until = sent(stamp, now)
    assert text[5:10] == stamp.base
    assert now + HOUR < until <= now + 367 * DAY
    assert class_of(text, now) == ("instant" if until <= now + 365 * DAY else "far")

    text, until = sent(data.draw(strategies.far_stamps()), now)
    assert class_of(text, now) == "far"
    assert utc(until).year <= 9999

    text, until = sent(data.draw(strategies.edge_stamps()), now)
    assert class_of(text, now) == "edge"
    assert (":60" in text) + ("t" in text or "z" in text) + text.endswith("-00:00") == 1
    assert now + HOUR - NANO <= until <= now + 367 * DAY

    text, until = sent(data.draw(strategies.loose_stamps()), now)
    assert read_instant(text) is None, "no RFC 3339"
    (meant,) = loose_instants(text)
    assert abs(meant - until) < NANO
    assert class_of(text, now) == "loose"
    assert now + DAY - NANO <= until <= now + 364 * DAY + NANO


def test_the_next_leap_day_is_found_even_where_eight_years_have_none():
    drawn = strategies.draw(strategies.far_stamps(), seed=0, count=100)
    latest = max((one for one in drawn if one.base == "02-29"), key=lambda stamp: stamp.after_days)
    for now in ("2091-03-01T00:00:00Z", "2095-12-31T23:59:59Z", "2096-02-29T12:00:00Z"):
        assert "-02-29T" in sent(latest, instant(now).ns)[0]


def test_impossible_arguments_are_refused_at_once():
    with pytest.raises(ValueError, match="aware"):
        strategies.rfc3339_instants(earliest=datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="empty"):
        strategies.altered_tokens("")


MOMENTS = st.datetimes(timezones=st.just(UTC))


@ONCE
@given(st.data(), st.lists(MOMENTS, min_size=2, max_size=2).map(sorted) | MOMENTS.map(lambda one: [one, one]))
def test_rfc3339_instants_are_read_and_are_between_the_bounds(data, bounds):
    text = data.draw(strategies.rfc3339_instants(earliest=bounds[0], latest=bounds[1]))
    low, high = ((bound - EPOCH) // timedelta(microseconds=1) * 1_000 for bound in bounds)
    assert low <= instant(text).ns <= high


EDGES = (
    r"\d{4}-02-29T", r"-(04|06|09|11)-30T23:59:59", r"-12-31T23:59:59", r"-01-01T00:00:00",
    r"^2038-01-19T03:14:0[78]", r"^9999-12-31", r"^0001-01-01", r"t", r"z$", r":60", r"-00:00$",
    r"[+-]\d\d:(?!00|15|30|45)\d\d$", r"[+-](1[5-9]|2)", r":\d\d[Zz+-]",
    *(rf":\d\d\.\d{{{digits}}}[Zz+-]" for digits in range(1, 10)),
)  # fmt: skip


def test_rfc3339_instants_come_to_every_edge():
    drawn = strategies.draw(strategies.rfc3339_instants(), seed=0, count=1_000)
    assert [edge for edge in EDGES if not any(re.search(edge, text) for text in drawn)] == []


@OFTEN
@given(strategies.not_instants())
def test_not_instants_are_no_instant_for_anyone(text):
    assert read_instant(text) is None
    assert loose_instants(text) == ()
    assert class_of(text, 0) == "string"
    assert json.loads(json.dumps(text).encode()) == text
    assert not valid("pause-request", text, ("properties", "paused_until"))


@ONCE
@given(strategies.wrong_types(), strategies.pause_bodies(earliest=datetime(2030, 1, 1, tzinfo=UTC)))
def test_wrong_types_are_json_and_neither_text_nor_null_and_pause_bodies_are_valid(value, body):
    assert value is not None
    assert not isinstance(value, str)
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert valid("pause-request", json.loads(json.dumps(body)))
    assert set(body) <= {"paused_until"}
    assert not body or utc(instant(body["paused_until"]).ns).year >= 2030


ROWS = {"another type for the date": "type", "text that names no instant": "string", "no object": "no-object"}


@OFTEN
@given(strategies.bad_pause_bodies())
def test_bad_pause_bodies_are_bad_in_the_way_that_their_name_says(bad):
    name, content = bad
    raw = content if isinstance(content, bytes) else content.encode()
    assert read_intent(raw, "application/json", None, None).request_class == ROWS.get(name, "malformed")
    assert isinstance(content, bytes) == (name == "bytes that are not UTF-8")
    assert raw.strip() not in {b"", b"null"}
    assert not raw.startswith((b"\xef\xbb\xbf", b"\xff", b"\xfe"))
    assert not read_json(raw).duplicates
    if name in ROWS:
        assert not valid("pause-request", json.loads(raw))
    else:
        with pytest.raises(ValueError, match=r"."):
            json.loads(raw.decode(), parse_constant=int)


def test_bad_pause_bodies_take_turns():
    names = {name for name, _ in strategies.draw(strategies.bad_pause_bodies(), seed=0, count=800)}
    broken = {"bytes that are not UTF-8", "a truncated body", "a trailing comma", "two documents"}
    assert {*ROWS, *broken} <= names


def at(document, pointer):
    for step in pointer.split("/")[1:]:
        document = None if document is None else document[step]
    return document


def test_ad_campaigns_are_valid_and_have_every_member_both_null_and_not():
    drawn = strategies.draw(strategies.ad_campaigns(), seed=0, count=100)
    for document in drawn:
        assert valid("ad-campaign", json.loads(json.dumps(document)))
        assert instant(document["created_at"]).ns <= instant(document["updated_at"]).ns
        assert document["status"] == "paused" or document["paused_until"] is None
    for member in schemas.members("ad-campaign"):
        values = [at(document, member.pointer) for document in drawn]
        nulls = {value is None for value in values}
        assert False in nulls, member.pointer
        assert True in nulls or not member.nullable, member.pointer
        for value in values:
            assert not schemas.should_violations("ad-campaign", member.schema_pointer, value)


@OFTEN
@given(strategies.campaign_ids(), strategies.malformed_ids())
def test_campaign_ids_look_like_one_and_malformed_ones_are_one_segment_and_no_campaigns_id(id_, segment):
    assert not schemas.violations("ad-campaign", "/properties/id", id_)
    assert not schemas.should_violations("ad-campaign", "/properties/id", id_)
    parameters = ("paths", "/ad_campaigns/{id}/pause", "post", "parameters")
    assert valid("openapi", id_, (*parameters, 0, "schema"))
    assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})+", segment)
    decoded = unquote_to_bytes(segment)
    assert not set(re.split(rb"[/\\]", decoded)) & {b".", b".."}
    assert len(segment) > 200 or not re.fullmatch(rb"adcamp_(?!adcamp_)[A-Za-z0-9]+", decoded)


@ONCE
@given(st.data(), st.text("ab.Z-09", min_size=1, max_size=40))
def test_altered_tokens_differ_by_more_than_case(data, token):
    how, other = data.draw(strategies.altered_tokens(token))
    assert other.lower() != token.lower()
    assert (how, other) == (how, altered(token, how))
    assert other.isascii()
    assert other.isprintable()


def test_the_simplest_value_of_each_strategy():
    for strategy, least in (
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
        (strategies.altered_tokens("wh_Ab3dEf6hIj9l"), ("middle", altered("wh_Ab3dEf6hIj9l", "middle"))),
    ):
        assert find(strategy, lambda _: True, settings=FIRST) == least
    least = find(strategies.ad_campaigns(), lambda _: True, settings=FIRST)
    assert least["created_at"] == least["updated_at"] == "2020-09-13T12:26:40.000Z"
    filled = {"id", "status", "created_at", "updated_at", "created_by_user"}
    assert {name for name, value in least.items() if value} == filled


def test_a_failure_at_one_factor_shrinks_to_that_factor():
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
from whop_contracts import strategies as s
for make in (s.stamps, s.far_stamps, s.not_instants, s.wrong_types, s.bad_pause_bodies, s.malformed_ids):
    print(ascii(s.draw(make(), seed=7, count=40)))
"""


def test_the_same_seed_draws_the_same_wherever_it_runs_and_writes_nothing(tmp_path):
    outputs = []
    for hash_seed in "12":
        folder = tmp_path / hash_seed
        folder.mkdir()
        if outputs:
            # Hypothesis likes to try the constants of the modules that it finds loaded.
            constants = f"A = {[*range(7_000_000, 7_000_400)]}\nB = ['xyzzy', 12.25]\n"
            (folder / "constants.py").write_text(constants)
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-W", "error", "-c", DRAWING]
        ran = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.stderr == ""
        outputs.append(ran.stdout)
        assert {path.name for path in folder.iterdir()} <= {"constants.py"}
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 6


def test_a_smaller_draw_is_the_start_of_a_larger_one_and_none_repeats():
    many = strategies.draw(strategies.stamps(), seed=3, count=60)
    assert strategies.draw(strategies.stamps(), seed=3, count=10) == many[:10]
    assert len(set(many)) == 60
    assert strategies.draw(strategies.stamps(), seed=4, count=60) != many
    assert strategies.draw(strategies.stamps(), seed=3, count=0) == []
    assert sorted(strategies.draw(st.booleans(), seed=0, count=9)) == [False, True], "there are no more"
    filtered = st.integers(0, 999).filter(lambda value: value % 7 == 0)
    assert len(strategies.draw(filtered, seed=0, count=50)) == 50
