"""Every honest variation builds, pauses, resumes and refuses; each changes something, and none a promise."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from probing import transcript
from talking import ACTIVE, Talk, body

from whop_contracts.provider import SEED, Options, dates, variations

HONEST = tuple(transcript())
IN_A_MINUTE = "2026-09-21T14:16:20.401Z"
"""A minute ahead of the slowest clock, and of the fastest."""
ELSEWHERE = {"slow", "no-date-header", "clock-ahead", "clock-behind"}
"""What the script cannot see: it leaves the Date header out, has no socket, and these are tested below."""


def test_names_are_unique_slugs_and_reasons_one_line() -> None:
    names = [variation.name for variation in variations()]
    assert len(names) >= 32
    assert [name for name, count in Counter(names).items() if count > 1] == []
    for variation in variations():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", variation.name)
        assert variation.why
        assert "\n" not in variation.why
        assert variation.options != Options()


@pytest.mark.parametrize("variation", variations(), ids=lambda variation: variation.name)
def test_every_variation_works(variation) -> None:
    talk = Talk(variation=variation.name)
    before = talk.read()
    answer = talk.pause(until=IN_A_MINUTE)
    assert 200 <= answer.status < 300
    instant = dates.split(IN_A_MINUTE).instant()
    assert body(answer)["status"] == "paused"
    assert dates.split(body(answer)["paused_until"]).instant() == instant
    talk.clock.advance(1.5)
    status, until = talk.state()
    assert status == "paused"
    assert dates.split(until).instant() == instant
    assert 400 <= talk.pause(until="tomorrow").status < 500
    assert 400 <= talk.send("POST", f"/{ACTIVE}/pause", b"{").status < 500
    assert talk.send("POST", f"/{ACTIVE}/pause", b"{}", Authorization="Bearer nobody").status == 401
    assert talk.state() == (status, until)
    talk.clock.set(instant / dates.SECOND + 92)
    assert talk.state() == ("active", None)
    assert talk.pause().status < 300
    assert talk.unpause().status == 200
    talk.clock.advance(2)
    after = talk.read()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}


@pytest.mark.parametrize(
    "variation",
    [one for one in variations() if one.name not in ELSEWHERE],
    ids=lambda variation: variation.name,
)
def test_every_variation_shows(variation) -> None:
    assert tuple(transcript(variation=variation.name)) != HONEST


@pytest.mark.parametrize("name", sorted(ELSEWHERE - {"clock-ahead", "clock-behind"}))
def test_what_the_script_cannot_see_is_otherwise_alike(name) -> None:
    assert tuple(transcript(variation=name)) == HONEST


def test_without_a_date_header_there_is_none() -> None:
    assert Talk(variation="no-date-header").pause().header("date") is None


@pytest.mark.parametrize(("name", "skew"), [("clock-ahead", 90), ("clock-behind", -90)])
def test_a_skewed_clock_agrees_with_itself(name, skew) -> None:
    talk = Talk(variation=name)
    answer = talk.pause()
    now = round((talk.clock.now() + skew) * dates.SECOND)
    assert talk.provider.clock.now() == talk.clock.now() + skew
    assert body(answer)["updated_at"] == dates.write(now)
    assert answer.header("date") == dates.http_date(now)


def test_reads_lag_by_the_time_that_is_handed_in() -> None:
    seconds = [100.0]
    talk = Talk(variation="reads-lag", lag_time=lambda: seconds[0])
    talk.pause()
    assert talk.state() == ("active", None)
    talk.clock.advance(3600)
    assert talk.state() == ("active", None)
    seconds[0] += 1.001
    assert talk.state() == ("paused", None)


def test_a_lagging_read_shows_what_was_there_a_second_ago() -> None:
    talk = Talk(variation="reads-lag")
    talk.pause()
    talk.clock.advance(0.6)
    talk.unpause()
    talk.clock.advance(0.6)
    assert talk.state() == ("paused", None)
    talk.clock.advance(0.6)
    assert talk.state() == ("active", None)


def test_a_lazy_resume_is_stamped_when_somebody_looks() -> None:
    talk = Talk(variation="resume-lazily")
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(3600)
    assert talk.read()["updated_at"] == "2026-09-21T15:13:20.000Z"


def test_an_accepted_past_is_over_at_once() -> None:
    talk = Talk(variation="past-accepted")
    answer = talk.pause(until="2020-01-01T00:00:00Z")
    assert (answer.status, body(answer)["status"], body(answer)["paused_until"]) == (200, "active", None)
    assert body(answer)["updated_at"] == "2026-09-21T14:13:20.000Z"


def test_a_conflicting_second_pause_leaves_the_first() -> None:
    talk = Talk(variation="second-pause-409")
    talk.pause(until=IN_A_MINUTE)
    assert talk.pause().status == 409
    assert talk.state() == ("paused", IN_A_MINUTE)


def test_no_pause_beyond_the_campaign_s_end() -> None:
    talk = Talk(variation="ends-with-campaign")
    end = talk.read()["config"]["end_time"]
    assert talk.pause(until=end).status == 200
    assert talk.pause(until="2060-01-01T00:00:00Z").status == 422
    assert talk.pause(SEED.campaigns[1], until="2060-01-01T00:00:00Z").status == 200


def test_a_loose_date_without_a_zone_is_utc() -> None:
    talk = Talk(variation="loose-dates")
    talk.pause(until=" 2027-01-01 ")
    assert talk.state() == ("paused", "2027-01-01T00:00:00.000Z")
