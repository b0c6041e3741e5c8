"""The conforming provider does what the page documents, and rejects as the errors page documents.

At the end: RFC 3339 as it reads and writes it.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from talking import ACTIVE, BASE, REQUESTS, START, Talk, body

from whop_contracts.provider import SEED, ManualClock, build, dates

NOW = "2026-09-21T14:13:20.000Z"
SOON = "2026-09-21T15:00:00.401Z"
IN_A_MINUTE = "2026-09-21T14:14:20.000Z"
IN_AN_HOUR = "2026-09-21T15:13:20.000Z"
RESUMED = ("active", None)
ALL = (*SEED.campaigns, SEED.inactive, SEED.stale, SEED.paused, SEED.paused_indefinitely)
DOCUMENTED = Path(__file__).parents[2] / "schemas" / "documented" / "ad-campaign.json"
MEMBERS = list(json.loads(DOCUMENTED.read_text("utf-8")))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BAD = (*REQUESTS["rejected dates"], *REQUESTS["dates that lenient parsers read"], "x" * 5000)
IDS = (*REQUESTS["unknown ids"], "a" * 300, "a" * 3000, SEED.foreign_campaign)


@pytest.fixture
def talk():
    return Talk()


def test_a_pause_shows_the_instant_that_was_asked_for():
    for sent, shown in REQUESTS["dates as they are shown"].items():
        talk = Talk()
        response = talk.pause(until=sent)
        assert (response.status, response.header("content-type")) == (200, "application/json"), sent
        assert (body(response)["status"], body(response)["paused_until"]) == ("paused", shown)
        assert body(response)["updated_at"] == NOW
        assert body(response) == talk.read()


def test_without_a_date_a_pause_is_indefinite():
    for content in (b"", b"null", b"{}", b'{"paused_until": null}', b'{"note": [1, {}]}'):
        talk = Talk()
        assert talk.post(content).status == 200, content
        assert talk.state() == ("paused", None)
        talk.clock.advance(400 * 86_400)
        assert talk.state() == ("paused", None)


def test_a_bad_date_is_a_422_and_changes_nothing():
    for before in ({}, {"until": SOON}):
        talk = Talk()
        talk.pause(**before)
        document = talk.read()
        for value in (*BAD, "\ud800", NOW, "1970-01-01T00:00:00Z", 10**40, [SOON]):
            response = talk.pause(until=value)
            assert response.status == 422, value
            assert body(response)["error"].keys() == {"type", "message"}
            assert talk.read() == document


def test_a_bad_body_is_rejected_and_changes_nothing(talk):
    malformed = (
        *(b"{", b"nul", b"{'a': 1}", b'{"a": 1,}', b"{} {}", b"\xff", b'{"paused_until": NaN}', b"   "),
        *(b'{"a": NaN}', b'{"a": "\xc3"}', b"\xef\xbb\xbf{}", b"[" * 100_000, b"[" + b"9" * 10_000 + b"]"),
    )
    no_object = (b"[]", b'"text"', b"42", b"1.5", b"true", b"false")
    expected = {400: malformed, 422: no_object, 413: (b'{"a": "' + b"x" * 5_000_000 + b'"}',)}
    for status, contents in expected.items():
        for content in contents:
            assert talk.post(content, Content_Type="application/json").status == status, content[:30]
            assert talk.state() == ("active", None)


def test_the_media_type_decides_whether_the_body_is_json():
    read = ("application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json")
    for media_type in (*read, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        talk = Talk()
        status, state = (200, "paused") if media_type in read else (415, "active")
        assert talk.post(b"{}", content_type=media_type).status == status, media_type
        assert talk.state()[0] == state


def test_the_credential_is_checked_before_the_body_and_an_id_of_ours_after_it():
    for content, accepted in {b"{}": 200, b"{": 400, b"[]": 422}.items():
        expected = dict.fromkeys(REQUESTS["rejected credentials"], 401) | {
            **dict.fromkeys((f"Bearer {SEED.token}", f"bearer {SEED.token}"), accepted),
            f"Bearer {SEED.readonly_token}": 403,
            f"Bearer {SEED.foreign_token}": 404,
        }
        for authorization, status in expected.items():
            talk = Talk()
            response = talk.post(content, Authorization=authorization)
            assert response.status == status, authorization
            assert (response.header("www-authenticate") is not None) == (status == 401)
            assert talk.state()[0] == ("paused" if status == 200 else "active")
    assert talk.provider.handle("POST", f"{BASE}/{ACTIVE}/pause", (), b"{}").status == 401


def test_an_id_that_is_not_ours_and_an_unknown_route_are_a_404(talk):
    for wanted in IDS:
        for method, path in (("POST", f"{wanted}/pause"), ("GET", wanted), ("POST", f"{wanted}/unpause")):
            assert talk.send(method, f"/{path}").status == 404, wanted
    for path in ("", "/", "/{}/", "/{}/pause/", "/{}/stop", "/{}/pause/now", "//pause"):
        assert talk.send("POST", path.format(ACTIVE)).status == 404, path
    for path in ("/", "/api/v1", "/api/v2/ad_campaigns/x", "/ad_campaigns/x/pause", ""):
        assert talk.provider.handle("GET", path, {"authorization": f"Bearer {SEED.token}"}).status == 404
    assert talk.state() == ("active", None)


def test_a_route_knows_its_methods(talk):
    for methods, suffix, status, allow in (
        ("GET PUT PATCH DELETE TRACE HEAD BREW", "/pause", 405, "POST"),
        ("GET DELETE", "/unpause", 405, "POST"),
        ("POST PUT DELETE", "", 405, "GET"),
        ("OPTIONS", "/pause", 204, "POST, OPTIONS"),
        ("HEAD get", "", 200, None),
    ):
        for method in methods.split():
            response = talk.send(method, f"/{ACTIVE}{suffix}", b"{}")
            assert (response.status, response.header("allow")) == (status, allow), (method, suffix)
            assert bool(response.content) == (method not in {"HEAD", "OPTIONS"})
    assert talk.state() == ("active", None)


def test_a_path_may_be_percent_encoded_and_have_a_query(talk):
    encoded = ACTIVE.replace("a", "%61", 1)
    assert talk.send("POST", f"/{encoded}/pause?x=1", b"").status == 200
    assert talk.state()[0] == "paused"


@pytest.mark.parametrize("campaign", [SEED.inactive, SEED.stale])
def test_an_inactive_or_stale_campaign_is_a_409(talk, campaign):
    before = talk.read(campaign)
    assert talk.pause(campaign).status == talk.unpause(campaign).status == 409
    assert talk.read(campaign) == before


def test_unpausing_ends_a_pause_and_leaves_an_active_campaign_alone(talk):
    before = talk.read()
    assert body(talk.unpause()) == before
    talk.pause(until=SOON)
    talk.clock.advance(1)
    assert body(talk.unpause()) == before | {"updated_at": "2026-09-21T14:13:21.000Z"}


@pytest.mark.parametrize("start", [START, 0.0, 4_102_444_800.5])
def test_the_seed_is_consistent_whenever_it_starts(start):
    provider = build(clock=ManualClock(start))
    credentials = {"authorization": f"Bearer {SEED.token}"}
    shapes = [json.loads(provider.handle("GET", f"{BASE}/{one}", credentials).content) for one in ALL]
    for one, document in zip(ALL, shapes, strict=True):
        assert list(document) == MEMBERS
        assert document["id"] == one
        created, updated = (dates.split(document[name]).instant() for name in ("created_at", "updated_at"))
        assert created < updated < start * dates.SECOND
        config = document["config"] or {}
        if config.get("end_time"):
            assert dates.split(config["start_time"]).instant() < start * dates.SECOND
            assert dates.split(config["end_time"]).instant() > (start + 3 * 365 * 86_400) * dates.SECOND
    for name in ("daily_budget", "platform", "product", "payment_method", "billing_ledger_account", "config"):
        assert {one[name] is None for one in shapes} == {True, False}
    assert {one["created_by_user"]["name"] is None for one in shapes} == {True, False}
    assert [one["status"] for one in shapes] == [*["active"] * 4, "inactive", "stale", "paused", "paused"]
    assert [bool(one["paused_until"]) for one in shapes] == [False] * 6 + [True, False]


def test_the_last_pause_decides_when_a_campaign_resumes_to_the_millisecond():
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
        talk.clock.advance(60)
        assert talk.read()["updated_at"] == pauses[-1], "the instant at which it was due"


def test_a_date_time_names_one_instant_a_loose_text_only_to_a_loose_reader_and_another_text_none():
    for text, instant in REQUESTS["instants in nanoseconds"].items():
        assert dates.split(text).instant() == dates.split(text, loosely=True).instant() == instant, text
    for text, seconds in REQUESTS["loose instants in seconds"].items():
        assert dates.split(text, loosely=True).instant() == seconds * dates.SECOND, text
    for text in (*REQUESTS["no instants"], *REQUESTS["loose instants in seconds"]):
        with pytest.raises(dates.NotAnInstant):
            dates.split(text)


def test_reading_undoes_writing_and_agrees_with_the_language_s_own_dates():
    chance = random.Random(0)
    for _ in range(3000):
        second = chance.randrange(-62_135_510_400, 253_402_214_400)
        instant = second * dates.SECOND + chance.randrange(dates.SECOND)
        offset = chance.choice([None, 0, 330, -210, 14 * 60, -12 * 60])
        assert dates.split(dates.write(instant, digits=9, offset=offset)).instant() == instant
        moment = EPOCH + timedelta(seconds=second)
        assert dates.split(moment.isoformat()).instant() == second * dates.SECOND
        assert dates.write(instant, digits=0) == moment.isoformat().replace("+00:00", "Z")


def test_surplus_digits_are_cut_off():
    assert dates.write(999_999_999) == "1970-01-01T00:00:00.999Z"
    assert dates.write(-1, digits=6, offset=-90) == "1969-12-31T22:29:59.999999-01:30"
