"""The honest provider keeps every promise of the page, and refuses as the errors page says."""

from __future__ import annotations

import json

import pytest
from talking import ACTIVE, BASE, START, Talk, body

from whop_contracts.provider import SEED, ManualClock, build, dates

NOW = "2026-09-21T14:13:20.000Z"
SOON = "2026-09-21T15:00:00.401Z"
ALL = (*SEED.campaigns, SEED.inactive, SEED.stale, SEED.paused, SEED.paused_indefinitely)
MEMBERS = [
    *["id", "title", "status", "target_country_codes", "daily_budget", "platform", "available_budget"],
    *["created_at", "updated_at", "paused_until", "clicks_count", "impressions_count", "purchases_count"],
    *["remaining_balance", "revenue", "return_on_ad_spend", "todays_spend", "total_credits", "total_spend"],
    *["product", "created_by_user", "payment_method", "billing_ledger_account", "config"],
]


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (SOON, SOON),
        ("2026-09-21T17:00:00.401+02:00", SOON),
        ("2026-09-21T15:00:00.4014999Z", SOON),
        ("2026-09-21t15:00:00.401z", SOON),
        ("2026-09-21T15:00:00.401-00:00", SOON),
        ("2026-09-21T15:00:60Z", "2026-09-21T15:01:00.000Z"),
        ("2026-09-21T14:13:20.001Z", "2026-09-21T14:13:20.001Z"),
        ("2027-09-21T00:00:00Z", "2027-09-21T00:00:00.000Z"),
        ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_pause_shows_the_instant_that_was_asked_for(talk, sent, shown) -> None:
    answer = talk.pause(until=sent)
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert (body(answer)["status"], body(answer)["paused_until"]) == ("paused", shown)
    assert body(answer)["updated_at"] == NOW
    assert body(answer) == talk.read()


@pytest.mark.parametrize("content", [b"", b"null", b"{}", b'{"paused_until": null}', b'{"note": [1, {}]}'])
def test_without_a_date_a_pause_is_indefinite(talk, content) -> None:
    answer = talk.send("POST", f"/{ACTIVE}/pause", content)
    assert answer.status == 200
    assert talk.state() == ("paused", None)
    talk.clock.advance(400 * 86_400)
    assert talk.state() == ("paused", None)


@pytest.mark.parametrize(
    "value",
    [
        *[
            "",
            " ",
            "soon",
            "2027-01-01",
            "2027-01-01T00:00:00",
            "2027-01-01 00:00:00Z",
            "2027-02-30T00:00:00Z",
        ],
        *[NOW, "2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "x" * 10_000, "\ud800", "\0", "🎧"],
        *[0, 1_893_456_000, -1.5, True, False, [], [SOON], {}, {"at": SOON}],
    ],
)
@pytest.mark.parametrize("before", [("active", None), ("paused", SOON)])
def test_a_bad_date_is_a_422_and_changes_nothing(talk, value, before) -> None:
    if before[1]:
        talk.pause(until=before[1])
    document = talk.read()
    answer = talk.pause(until=value)
    assert answer.status == 422
    assert body(answer)["error"].keys() == {"type", "message"}
    assert talk.read() == document


@pytest.mark.parametrize(
    ("content", "status"),
    [
        *[
            (b"{", 400),
            (b"nul", 400),
            (b"{'a': 1}", 400),
            (b'{"a": 1,}', 400),
            (b"{} {}", 400),
            (b"\xff", 400),
        ],
        *[(b'{"paused_until": NaN}', 400), (b'{"a": "\xc3"}', 400), (b"\xef\xbb\xbf{}", 400)],
        *[(b"[" * 100_000, 400), (b'{"a": ' + b"9" * 10_000 + b"}", 400), (b"   ", 400)],
        *[(b"[]", 422), (b'"text"', 422), (b"42", 422), (b"1.5", 422), (b"true", 422), (b"false", 422)],
        (b'{"a": "' + b"x" * 5_000_000 + b'"}', 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_body_is_refused_and_changes_nothing(talk, content, status) -> None:
    answer = talk.send("POST", f"/{ACTIVE}/pause", content, Content_Type="application/json")
    assert answer.status == status
    assert talk.state() == ("active", None)


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/merge-patch+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
    ],
)
def test_the_body_is_json_by_its_media_type(talk, media_type, status) -> None:
    answer = talk.send("POST", f"/{ACTIVE}/pause", b"{}", content_type=media_type)
    assert answer.status == status
    assert talk.state()[0] == ("paused" if status == 200 else "active")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {SEED.token}", 200),
        (f"bearer {SEED.token}", 200),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer nobody", 401),
        (SEED.token, 401),
        (f"Basic {SEED.token}", 401),
        (f"Bearer {SEED.token}x", 401),
        (f"Bearer {SEED.token[:-4]}", 401),
        (f"Bearer {SEED.token.upper()}", 401),
        (f"Bearer {SEED.readonly_token}", 403),
        (f"Bearer {SEED.foreign_token}", 404),
    ],
)
@pytest.mark.parametrize("content", [b"{}", b"{", b"[]"])
def test_who_may_not_pause_is_told_so_before_the_body_is_looked_at(
    talk, authorization, status, content
) -> None:
    answer = talk.send("POST", f"/{ACTIVE}/pause", content, Authorization=authorization)
    if status == 200 and content != b"{}":
        status = 400 if content == b"{" else 422
    assert answer.status == status
    assert (answer.header("www-authenticate") is not None) == (status == 401)
    assert talk.state()[0] == ("paused" if status == 200 else "active")


def test_no_credential_at_all_is_a_401(talk) -> None:
    answer = talk.provider.handle("POST", f"{BASE}/{ACTIVE}/pause", (), b"{}")
    assert answer.status == 401


def test_who_may_read_may_read(talk) -> None:
    talk.token = SEED.readonly_token
    assert talk.read()["id"] == ACTIVE
    assert talk.unpause().status == 403


@pytest.mark.parametrize(
    "wanted",
    [
        *["adcamp_Zz9Yy8Xx7Ww6V", "adcamp_", "adcamp", "x", "%20", "%00", "%FF", "a%2Fb", "x" * 3000, "é"],
        *[
            ACTIVE.lower(),
            ACTIVE + "0",
            ACTIVE[:-1],
            "%20" + ACTIVE,
            "prod_" + ACTIVE[7:],
            SEED.foreign_campaign,
        ],
    ],
)
def test_an_id_that_is_not_ours_is_a_404(talk, wanted) -> None:
    for method, path in (("POST", f"/{wanted}/pause"), ("GET", f"/{wanted}"), ("POST", f"/{wanted}/unpause")):
        assert talk.send(method, path).status == 404
    assert talk.state() == ("active", None)


@pytest.mark.parametrize(
    "path",
    ["", "/", f"/{ACTIVE}/", f"/{ACTIVE}/pause/", f"/{ACTIVE}/stop", f"/{ACTIVE}/pause/now", "//pause"],
)
def test_an_unknown_route_is_a_404(talk, path) -> None:
    assert talk.send("POST", path).status == 404


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v2/ad_campaigns/x", "/ad_campaigns/x/pause", ""])
def test_only_the_base_path_is_served(talk, path) -> None:
    assert talk.provider.handle("GET", path, {"authorization": f"Bearer {SEED.token}"}).status == 404


@pytest.mark.parametrize(
    ("method", "suffix", "status", "allow"),
    [
        *[
            (method, "/pause", 405, "POST")
            for method in ("GET", "PUT", "PATCH", "DELETE", "TRACE", "HEAD", "BREW")
        ],
        *[(method, "/unpause", 405, "POST") for method in ("GET", "DELETE")],
        *[(method, "", 405, "GET") for method in ("POST", "PUT", "DELETE")],
        ("OPTIONS", "/pause", 204, "POST, OPTIONS"),
        ("HEAD", "", 200, None),
        ("get", "", 200, None),
    ],
)
def test_a_route_knows_its_methods(talk, method, suffix, status, allow) -> None:
    answer = talk.send(method, f"/{ACTIVE}{suffix}", b"{}")
    assert (answer.status, answer.header("allow")) == (status, allow)
    assert bool(answer.content) == (method not in {"HEAD", "OPTIONS"})
    assert talk.state() == ("active", None)


def test_a_path_may_be_percent_encoded_and_carry_a_query(talk) -> None:
    encoded = ACTIVE.replace("a", "%61", 1)
    assert talk.send("POST", f"/{encoded}/pause?x=1", b"").status == 200
    assert talk.state()[0] == "paused"


def test_a_second_pause_holds(talk) -> None:
    later = "2026-12-01T00:00:00.000Z"
    for until in (SOON, later, SOON, None, later, later):
        assert talk.pause(until=until).status == 200
        assert talk.state() == ("paused", until)


@pytest.mark.parametrize("campaign", [SEED.inactive, SEED.stale])
def test_a_resting_campaign_is_a_409(talk, campaign) -> None:
    before = talk.read(campaign)
    assert talk.pause(campaign).status == 409
    assert talk.unpause(campaign).status == 409
    assert talk.read(campaign) == before


def test_unpausing_ends_a_pause_and_leaves_an_active_campaign_alone(talk) -> None:
    before = talk.read()
    assert body(talk.unpause()) == before
    talk.pause(until=SOON)
    talk.clock.advance(1)
    document = body(talk.unpause())
    assert document == before | {"updated_at": "2026-09-21T14:13:21.000Z"}


def test_a_pause_touches_nothing_else(talk) -> None:
    before = {one: talk.read(one) for one in ALL}
    talk.pause(until=SOON)
    after = {one: talk.read(one) for one in ALL}
    assert after.pop(ACTIVE) == before.pop(ACTIVE) | {
        "status": "paused",
        "paused_until": SOON,
        "updated_at": NOW,
    }
    assert after == before


def test_the_date_header_follows_the_provider_s_clock(talk) -> None:
    talk.clock.advance(60)
    for answer in (talk.pause(), talk.send("GET", "/nobody"), talk.send("PUT", "/x/pause")):
        assert answer.header("date") == "Mon, 21 Sep 2026 14:14:20 GMT"


@pytest.mark.parametrize("start", [START, 0.0, 4_102_444_800.5])
def test_the_seed_hangs_together_whenever_it_starts(start) -> None:
    provider = build(clock=ManualClock(start))
    credentials = {"authorization": f"Bearer {SEED.token}"}
    shapes = []
    for one in ALL:
        document = json.loads(provider.handle("GET", f"{BASE}/{one}", credentials).content)
        shapes.append(document)
        assert list(document) == MEMBERS
        assert document["id"] == one
        created, updated = (dates.split(document[name]).instant() for name in ("created_at", "updated_at"))
        assert created < updated < start * dates.SECOND
        assert document["remaining_balance"] == pytest.approx(
            document["total_credits"] - document["total_spend"]
        )
        budget = document["daily_budget"]
        if budget is not None:
            assert document["available_budget"] == pytest.approx(budget - document["todays_spend"])
        if document["total_spend"]:
            ratio = document["revenue"] / document["total_spend"] * 100
            assert document["return_on_ad_spend"] == pytest.approx(ratio)
        config = document["config"] or {}
        if config.get("end_time"):
            assert dates.split(config["start_time"]).instant() < start * dates.SECOND
            assert dates.split(config["end_time"]).instant() > (start + 3 * 365 * 86_400) * dates.SECOND
    for name in ("daily_budget", "platform", "product", "payment_method", "billing_ledger_account", "config"):
        assert {one[name] is None for one in shapes} == {True, False}
    assert {one["created_by_user"]["name"] is None for one in shapes} == {True, False}
    assert [one["status"] for one in shapes] == [*["active"] * 4, "inactive", "stale", "paused", "paused"]
    assert [bool(one["paused_until"]) for one in shapes] == [False] * 6 + [True, False]
