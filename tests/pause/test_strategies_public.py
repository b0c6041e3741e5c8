"""``whop_contracts.pause.strategies`` as those see it who only have its names: complete, typed, documented,
and true to the schemas.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from types import ModuleType
from typing import Any, get_origin, get_type_hints

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts import schemas
from whop_contracts.pause import strategies

ONCE = settings(deadline=None, max_examples=60, database=None, suppress_health_check=list(HealthCheck))
NAMES = sorted(strategies.__all__)
MAKERS = [name for name in NAMES if name != "draw"]
ARGUMENTS = {"altered_tokens": ("a-token-of-somebody",)}
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def valid(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a reader who has our schemas alone, and asserts formats, takes a value."""
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time")(schemas.is_date_time)
    checker.checks("iso-3166-1-alpha-2")(schemas.is_country)
    return bool(jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(value))


BODY, ANSWER = dict(schemas.load("pause-request")), dict(schemas.load("ad-campaign"))
ID, UNTIL = ANSWER["properties"]["id"], BODY["properties"]["paused_until"]


def test_every_public_name_is_listed_and_every_listed_name_is_there():
    public = {
        name
        for name, value in vars(strategies).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }
    assert strategies.__all__ == NAMES
    assert public == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_is_documented_and_typed(name):
    function = getattr(strategies, name)
    assert function.__doc__
    hints = get_type_hints(function)
    assert set(inspect.signature(function).parameters) | {"return"} == set(hints)


@pytest.mark.parametrize("name", MAKERS)
def test_a_strategy_says_what_it_makes_and_shrinks_towards_and_options_go_by_name(name):
    function = getattr(strategies, name)
    assert get_origin(get_type_hints(function)["return"]) is SearchStrategy
    assert "Shrinks towards" in function.__doc__.replace("\n    ", " ")
    options = [one for one in inspect.signature(function).parameters.values() if one.default is not one.empty]
    assert {one.kind for one in options} <= {inspect.Parameter.KEYWORD_ONLY}
    made = function(*ARGUMENTS.get(name, ()))
    assert isinstance(made, SearchStrategy)
    assert len(strategies.draw(made, seed=1, count=3)) == 3


def test_the_package_says_that_it_is_typed():
    assert files("whop_contracts").joinpath("py.typed").is_file()


@ONCE
@given(strategies.pause_bodies())
def test_good_bodies_are_valid(body):
    assert valid(BODY, json.loads(json.dumps(body)))


@ONCE
@given(strategies.pause_bodies(earliest=NOON, latest=NOON + timedelta(days=1)))
def test_good_bodies_keep_to_their_bounds(body):
    text = body.get("paused_until")
    if text is not None and ":60" not in text:
        assert datetime.fromisoformat(text.upper()[:19] + _zone(text)) + timedelta(seconds=1) >= NOON


def _zone(text: str) -> str:
    return "+00:00" if text[-1] in "Zz" else text[-6:]


@ONCE
@given(strategies.bad_pause_bodies())
def test_bad_bodies_are_not_valid_and_say_what_is_wrong(named):
    what, content = named
    assert what
    try:
        value = json.loads(content, parse_constant=_no_constant)
    except ValueError:
        return
    assert not valid(BODY, value)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


@ONCE
@given(strategies.ad_campaigns())
def test_answers_are_valid_down_to_what_is_only_recommended(answer):
    assert valid(ANSWER, json.loads(json.dumps(answer)))
    for member in schemas.members("ad-campaign"):
        if member.pointer.count("/") == 1:
            assert not schemas.should_violations(
                "ad-campaign", member.schema_pointer, answer[member.pointer[1:]]
            )


@ONCE
@given(strategies.rfc3339_instants())
def test_instants_are_date_times(text):
    assert valid(UNTIL, text)


@ONCE
@given(st.one_of(strategies.not_instants(), strategies.wrong_types()))
def test_what_names_no_instant_is_no_date_time(value):
    assert not valid(UNTIL, value)


@ONCE
@given(strategies.campaign_ids())
def test_ids_are_valid(id_):
    assert valid(ID, id_)
    operation = schemas.load("openapi")["paths"]["/ad_campaigns/{id}/pause"]["post"]
    assert valid(operation["parameters"][0]["schema"], id_)


@ONCE
@given(strategies.altered_tokens("a-token-of-somebody"))
def test_an_altered_token_is_another_one(altered):
    what, token = altered
    assert what
    assert token not in {"", "a-token-of-somebody"}
