"""Every conforming variation builds, pauses, resumes and rejects; each changes something."""

from email.utils import formatdate

from talking import REQUESTS, Talk, body, transcript

from whop_contracts.provider import SEED, dates, variations

EVERY = variations()
IN_A_MINUTE = "2026-09-21T14:16:20.401Z"
"""A minute ahead of the slowest clock, and of the fastest."""
UNSEEN = {"slow", "no-date-header", "resume-lazily-on-time"}
"""Variations that differ in what a run does not ask for, in time, or in the Date header: tested below."""
SKEWED = {"clock-ahead": 90, "clock-behind": -90}


def test_every_variation_works():
    instant = dates.split(IN_A_MINUTE).instant()
    for variation in EVERY:
        talk = Talk(variation=variation.name)
        before = talk.read()
        response = talk.pause(until=IN_A_MINUTE)
        assert 200 <= response.status < 300, variation.name
        assert body(response)["status"] == "paused"
        assert dates.split(body(response)["paused_until"]).instant() == instant
        talk.clock.advance(1.5)
        status, until = talk.state()
        assert (status, dates.split(until).instant()) == ("paused", instant), variation.name
        assert 400 <= talk.pause(until="tomorrow").status < 500
        assert 400 <= talk.post(b"{").status < 500
        assert talk.post(b"{}", Authorization="Bearer nobody").status == 401
        assert talk.state() == (status, until)
        talk.clock.set(instant / dates.SECOND + 92)
        assert talk.state() == ("active", None), variation.name
        assert talk.pause().status < 300
        assert talk.unpause().status == 200
        talk.clock.advance(2)
        assert talk.read() | {"updated_at": ""} == before | {"updated_at": ""}, variation.name


def test_every_variation_shows():
    conforming = list(transcript())
    for one in EVERY:
        pairs = zip(transcript(variation=one.name), conforming, strict=True)
        assert any(shown != expected for shown, expected in pairs) == (one.name not in UNSEEN), one.name


def test_without_a_date_header_there_is_none():
    assert Talk(variation="no-date-header").pause().header("date") is None


def test_a_skewed_clock_agrees_with_itself():
    for name, skew in SKEWED.items():
        talk = Talk(variation=name)
        response = talk.pause()
        now = round((talk.clock.now() + skew) * dates.SECOND)
        assert talk.provider.clock.now() == talk.clock.now() + skew
        assert body(response)["updated_at"] == dates.write(now)
        assert response.header("date") == formatdate(now // dates.SECOND, usegmt=True)


def test_reads_lag_by_the_time_that_is_passed_in_and_show_what_was_there_then():
    seconds = [100.0]
    talk = Talk(variation="reads-lag", lag_time=lambda: seconds[0])
    talk.pause()
    talk.clock.advance(3600)
    assert talk.state() == ("active", None)
    seconds[0] += 0.6
    talk.unpause()
    for state in ("paused", "active"):
        seconds[0] += 0.6
        assert talk.state() == (state, None)


def test_a_lazy_resume_is_stamped_when_it_is_seen_or_when_it_was_due():
    for name, stamp in (
        ("resume-lazily", "2026-09-21T15:13:20.000Z"),
        ("resume-lazily-on-time", IN_A_MINUTE),
    ):
        talk = Talk(variation=name)
        talk.pause(until=IN_A_MINUTE)
        talk.clock.advance(3600)
        assert talk.read()["updated_at"] == stamp


def test_an_accepted_past_is_over_at_once():
    response = Talk(variation="past-accepted").pause(until="2020-01-01T00:00:00Z")
    shown = body(response)
    assert (response.status, shown["status"], shown["paused_until"]) == (200, "active", None)
    assert shown["updated_at"] == "2026-09-21T14:13:20.000Z"


def test_a_conflicting_second_pause_leaves_the_first():
    talk = Talk(variation="second-pause-409")
    talk.pause(until=IN_A_MINUTE)
    assert talk.pause().status == 409
    assert talk.state() == ("paused", IN_A_MINUTE)


def test_no_pause_beyond_the_campaign_s_end():
    talk = Talk(variation="ends-with-campaign")
    end = talk.read()["config"]["end_time"]
    assert talk.pause(until=end).status == 200
    assert talk.pause(until="2060-01-01T00:00:00Z").status == 422
    assert talk.pause(SEED.campaigns[1], until="2060-01-01T00:00:00Z").status == 200


def test_a_lenient_reader_reads_what_is_meant_and_still_rejects_what_is_no_date():
    for name, text, *state in REQUESTS["bodies for lenient variations, in Latin-1"]:
        talk = Talk(variation=name)
        assert talk.post(text.encode("latin-1")).status == (422 if state[0] == "active" else 200), text
        assert talk.state() == tuple(state), text


def test_a_gateway_has_a_page_for_overlong_ids_only():
    for status in (414, 400):
        talk = Talk(variation=f"gateway-{status}")
        response = talk.pause("x" * 2_000)
        assert (response.status, response.header("content-type")) == (status, "text/html")
        assert talk.pause("x" * 200).status == 404


def test_every_nullable_member_of_every_campaign_may_be_null():
    talk = Talk(variation="every-nullable-null")
    for campaign in SEED.campaigns:
        document = body(talk.pause(campaign))
        nulls = {name for name, value in document.items() if value is None}
        assert nulls == {
            *("daily_budget", "platform", "paused_until", "product"),
            *("payment_method", "billing_ledger_account", "config"),
        }
        assert document["created_by_user"]["name"] is None
