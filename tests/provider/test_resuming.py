"""A pause with a date ends at its instant, by the provider's clock, and no other does."""

from __future__ import annotations

import pytest
from talking import ACTIVE, Talk

from whop_contracts.provider import SEED

IN_A_MINUTE = "2026-09-21T14:14:20.000Z"
IN_AN_HOUR = "2026-09-21T15:13:20.000Z"
RESUMED = ("active", None)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_the_last_pause_decides_when_a_campaign_resumes_to_the_millisecond(talk) -> None:
    for pauses, seconds in (
        ((IN_A_MINUTE,), 60),
        ((IN_A_MINUTE, IN_AN_HOUR), 3600),
        ((IN_AN_HOUR, IN_A_MINUTE), 60),
        ((None, IN_A_MINUTE), 60),
    ):
        talk = Talk()
        for until in pauses:
            talk.pause(until=until)
        talk.clock.advance(seconds - 0.001)
        assert talk.state() == ("paused", pauses[-1])
        talk.clock.advance(0.001)
        assert talk.state() == RESUMED


def test_a_resume_is_stamped_with_the_instant_at_which_it_was_due(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(86_400)
    assert talk.read()["updated_at"] == IN_A_MINUTE


@pytest.mark.parametrize("unpaused", [True, False])
def test_unpausing_or_an_indefinite_pause_cancels_the_date_for_good(talk, unpaused) -> None:
    talk.pause(until=IN_A_MINUTE)
    if unpaused:
        talk.unpause()
    talk.pause(until=None)
    talk.clock.advance(10 * 86_400)
    assert talk.state() == ("paused", None)


def test_a_campaign_can_be_paused_again_after_it_resumed(talk) -> None:
    talk.pause(until=IN_A_MINUTE)
    talk.clock.advance(60)
    talk.pause(until=IN_AN_HOUR)
    talk.clock.advance(60)
    assert talk.state() == ("paused", IN_AN_HOUR)
    talk.clock.advance(3600)
    assert talk.state() == RESUMED


def test_each_campaign_resumes_at_its_own_date(talk) -> None:
    other = SEED.campaigns[1]
    talk.pause(until=IN_A_MINUTE)
    talk.pause(other, until=IN_AN_HOUR)
    talk.clock.advance(60)
    assert (talk.state(ACTIVE), talk.state(other)) == (RESUMED, ("paused", IN_AN_HOUR))
    assert talk.state(SEED.paused)[0] == talk.state(SEED.paused_indefinitely)[0] == "paused"
