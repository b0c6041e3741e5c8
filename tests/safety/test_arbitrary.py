"""Whatever a target sends, a run ends with one of the exit codes, and never with an exception."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from safety.nursery import SOAK
from safety.pretending import WallTarget, judged
from whop_contracts import schemas
from whop_contracts.cli.planning import mock_actors, planned
from whop_contracts.exchange import Response
from whop_contracts.provider import ManualClock, Provider
from whop_contracts.settings import Settings

EXAMPLE = json.loads(schemas.document_path("documented/ad-campaign.json").read_bytes())
SOME = json.loads(Path(__file__).with_name("arbitrary.json").read_text("utf-8"))
_STATUSES = st.sampled_from(SOME["statuses"]) | st.integers(100, 999)
_NAMES = st.sampled_from(SOME["header names"]) | st.text(
    st.characters(codec="ascii", categories=("Ll", "Lu")), min_size=1, max_size=9
)
_VALUES = st.sampled_from((*SOME["header values"], "9" * 400)) | st.text(max_size=40)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=6).map(tuple)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def altered_documents(draw):
    """The documented campaign with members gone, renamed, or of any value."""
    document = dict(EXAMPLE)
    for name in draw(st.lists(st.sampled_from(sorted(document)), max_size=4)):
        if draw(st.booleans()):
            document.pop(name, None)
        else:
            document[name] = draw(_JSON)
    document["paused_until"] = draw(st.none() | st.sampled_from((*SOME["dates"], "x" * 5000, 10**400)))
    return json.dumps(document).encode()


_BODIES = st.one_of(
    altered_documents(),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
    st.sampled_from(
        (
            *(one.encode("latin-1") for one in SOME["bodies"]),
            *(b"[" * 100_000, b'{"a":' * 50_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 5_000),
            *(b'{"status": ' + b"1" * 10_000 + b"}", b'"' + b"\\ud800" * 100 + b'"', b" " * 1_000_000),
        )
    ),
)
_MOST = (12, 25, 25, 25, 50, 1_000)
_ANSWERS = st.builds(Response, _STATUSES, _HEADERS, _BODIES, st.booleans()) | st.sampled_from(
    ("timed out", "connection reset", "not HTTP/1.1: \x1b[31m", "TLS: no")
)


@pytest.fixture(scope="module", name="plans")
def _plans():
    """The plans, drawn before: Hypothesis may not draw them while it draws responses."""
    plans = {most: planned(Settings(profile="quick", max_requests=most)) for most in _MOST}
    assert all(plan.requests <= most for most, plan in plans.items())
    return plans


def ended(plans, spoil, most=1_000, *, live=True):
    """The exit code of a run; ``spoil`` gets the number of each response and the conforming response."""
    clock = ManualClock(1_790_000_000.0)
    target = WallTarget(Provider(clock), clock, spoil, known=True, kind="live" if live else "mock")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(profile="quick", journal=Path(folder) / "j.jsonl", max_requests=most)
        result = judged(target, settings, mock_actors(), plan=plans[most])
    assert "an internal error" not in str(result["reason"])
    assert result["requests"] == len(target.requests)
    json.dumps(result)
    return result["exit_code"]


@hypothesis_settings(
    max_examples=10_000 if SOAK else 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    answers=st.lists(_ANSWERS, min_size=1, max_size=6),
    conforming=st.integers(0, 40),
    every=st.integers(1, 12),
    most=st.sampled_from(_MOST),
    live=st.sampled_from((False, False, False, True)),
)
@example(answers=[Response(200, (), b"[" * 100_000)], conforming=0, every=1, most=1_000, live=True)
def test_any_responses_end_in_an_exit_code(plans, *, answers, conforming, every, most, live):
    """So many responses of a conforming provider first, then every so many-th is one of those drawn."""

    def spoil(number, response):
        return response if number <= conforming or number % every else answers[number % len(answers)]

    assert ended(plans, spoil, most, live=live) in {0, 1, 3, 4}


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59.999-14:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("status", ["active", "paused"])
@pytest.mark.parametrize("first", [1, 8])
def test_a_date_beyond_all_years_in_utc_is_only_a_date(plans, date, status, first):
    def spoil(number, response):
        if number < first or response.status != 200:
            return response
        document = json.loads(response.content) | {"status": status, "paused_until": date}
        return replace(response, content=json.dumps(document).encode())

    assert ended(plans, spoil) in {1, 4}
