"""A pause with a date ends at its instant, by the provider's clock, and no other does."""

from __future__ import annotations

import pytest
from talking import ACTIVE, Talk

from whop_contracts.provider import SEED

IN_A_MINUTE = "2026-09-21T14:14:20.000Z"
IN_AN_HOUR = "2026-09-21T15:13:20.000Z"


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_campaign_resumes_exactly_at_its_instant(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(59.999)
    assert talk.state() == ("paused", IN_A_MINUTE)
    talk.clock.advance(0.001)
    assert talk.state() == ("active", None)


def test_a_resume_is_stamped_with_the_instant_at_which_it_fell_due(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(86_400)
    assert talk.read()["updated_at"] == IN_A_MINUTE


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        (IN_A_MINUTE, IN_AN_HOUR, 3600),
        (IN_AN_HOUR, IN_A_MINUTE, 60),
        (None, IN_A_MINUTE, 60),
        (IN_A_MINUTE, None, None),
    ],
)
def test_the_last_pause_decides(talk, first, second, end) -> None:
    talk.pause(until=first)
    talk.pause(until=second)
    if end is None:
        talk.clock.advance(10 * 86_400)
        assert talk.state() == ("paused", None)
    else:
        talk.clock.advance(end - 0.001)
        assert talk.state() == ("paused", second)
        talk.clock.advance(0.001)
        assert talk.state() == ("active", None)


def test_unpausing_cancels_the_date_for_good(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.unpause()
    talk.pause()
    talk.clock.advance(3600)
    assert talk.state() == ("paused", None)


def test_a_campaign_can_be_paused_again_after_it_resumed(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(60)
    talk.pause(until=IN_AN_HOUR)
    talk.clock.advance(60)
    assert talk.state() == ("paused", IN_AN_HOUR)
    talk.clock.advance(3600)
    assert talk.state() == ("active", None)


def test_campaigns_resume_each_by_its_own_date(talk) -> None:
    other = SEED.campaigns[1]
    talk.pause(until=IN_A_MINUTE)
    talk.pause(other, until=IN_AN_HOUR)
    talk.clock.advance(60)
    assert (talk.state(ACTIVE), talk.state(other)) == (("active", None), ("paused", IN_AN_HOUR))
    assert talk.state(SEED.paused)[0] == talk.state(SEED.paused_indefinitely)[0] == "paused"
