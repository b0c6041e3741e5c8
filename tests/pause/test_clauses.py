"""Clauses about documents and errors, each with responses that it fails and responses that it lets pass."""

import json
from pathlib import Path

from pause.histories import CLAUSES, History, begun, fails, text
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause.contract import PAUSE

UNTOUCHED = "pausing.touches-nothing-else"


def test_a_refused_date_may_be_after_an_end_that_no_response_has_shown():
    for shown, by, fails_it in (
        (None, "retrieve", False),
        ({"config": None}, "retrieve", False),
        ({"config": {"objective": "awareness"}}, "retrieve", False),
        ({"config": {"end_time": None}}, "retrieve", True),
        ({"config": None}, "pause", True),
        ({"config": {"end_time": text(9_999)}}, "pause", True),
        ({"config": {"end_time": text(300)}}, "pause", False),
    ):
        history = History()
        status = "active" if by == "retrieve" else "paused"
        history.exchange(by, 0, body={}, shows=(status, None), document=shown)
        refused = history.pause(1, 600, status=422, shows=None)
        assert fails(refused, "request.date-is-accepted") == fails_it


def test_a_response_is_evidence_only_if_it_could_have_failed():
    for request_, status, before, tested in (
        ("date-is-accepted", 200, "active", True),
        ("date-is-accepted", 200, "paused", True),
        ("date-is-accepted", 409, "active", True),
        ("date-is-accepted", 500, "paused", True),
        # A second pause may be a 409, an inactive campaign a 409 or 422: that says nothing about a date.
        ("date-is-accepted", 409, "paused", False),
        ("date-is-accepted", 409, "inactive", False),
        ("date-is-accepted", 422, "inactive", False),
        ("date-is-accepted", 422, "active", False),
        ("date-is-optional", 409, "paused", False),
        ("date-is-optional", 409, "active", True),
        ("far-date-does-no-harm", 409, "paused", False),
        ("far-date-does-no-harm", 422, "paused", True),
        ("other-media-type-does-no-harm", 409, "paused", True),
        ("extra-member-does-no-harm", 409, "paused", False),
        ("extra-member-does-no-harm", 422, "paused", True),
        ("extra-member-does-no-harm", 409, "active", True),
    ):
        history = begun(before)
        how = {
            "date-is-accepted": {"until": 600},
            "date-is-optional": {},
            "far-date-does-no-harm": {"until": 86_400 * 400},
            "other-media-type-does-no-harm": {"content_type": "text/plain"},
            "extra-member-does-no-harm": {"body": {"note": 1}},
        }[request_]
        evidence = history.pause(1, **{"status": status, **({} if status == 200 else {"shows": None}), **how})
        assert CLAUSES[f"request.{request_}"].applies(evidence) is tested


def test_a_rejected_far_date_warns_in_a_clause_of_its_own():
    far, usual = CLAUSES["request.far-date-is-accepted"], CLAUSES["request.usual-answer"]
    assert (far.level, usual.level) == ("should", "should")
    for status, before, days, own, other in (
        (422, "active", 400, True, False),
        (400, "paused", 400, True, False),
        (200, "active", 400, False, False),
        (404, "active", 400, False, True),
        (409, "paused", 400, False, True),
        (422, "inactive", 400, False, False),
        (409, "paused", 300, False, True),
    ):
        history = begun(before)
        shows = {} if status == 200 else {"shows": None}
        evidence = history.pause(1, 86_400 * days, status=status, **shows)
        assert (fails(evidence, far.id), fails(evidence, usual.id)) == (own, other), (status, before, days)
        assert far.applies(evidence) == (own or (status == 200 and days == 400))


def test_a_sibling_that_fails_is_reported():
    for status in (500, 501, 503, 520, 527, 528, 404, 200):
        history = History()
        history.read(0, "active")
        evidence = history.exchange("retrieve", 1, status=status)
        clause = CLAUSES["response.siblings-answer-alike"]
        found = [finding.actual for finding in clause.check(evidence)] if clause.applies(evidence) else []
        assert (str(status) in found) == (status in {500, 501, 528})


RICH = {"title": "Spring", "platform": "meta", "target_country_codes": ["US", "DE"], "daily_budget": 5.5}


def test_a_sibling_that_shows_less_is_no_change():
    for poor in (
        {"title": None},
        {"platform": "facebook"},
        {"target_country_codes": ["us", "de"]},
        {"daily_budget": None},
    ):
        history = History()
        history.read(0, "active", document=RICH | poor)
        assert not fails(history.pause(1, document=RICH), UNTOUCHED)
        assert not fails(history.read(2, "paused", document=RICH | poor), UNTOUCHED)


def test_a_change_between_like_responses_is_one():
    for changed in ({"title": "Autumn"}, {"daily_budget": 6.5}, {"platform": None}):
        history = History()
        history.read(0, "active", document=RICH)
        assert fails(history.pause(1, document=RICH | changed), UNTOUCHED)
        assert fails(history.read(2, "paused", document=RICH | changed), UNTOUCHED)


def test_a_creation_is_the_same_in_another_zone_and_changed_at_another_instant():
    for created, changed in (("2024-05-01T12:00:00+02:00", False), ("2024-05-01T10:00:01Z", True)):
        history = History()
        history.read(0, "active", document=RICH | {"created_at": "2024-05-01T10:00:00Z"})
        seen = history.pause(1, document=RICH | {"created_at": created})
        assert fails(seen, UNTOUCHED) is changed


def test_a_member_that_a_sibling_does_not_show_is_compared_with_its_like():
    history = History()
    history.read(0, "active", document=RICH | {"daily_budget": None})
    assert fails(history.read(1, "active", document=RICH), UNTOUCHED)


ERRORS = json.loads(Path(__file__).with_name("errors.json").read_text("utf-8"))
"""Texts of errors, by what they show of the inside."""


def refusal(answer):
    return History().pause(0, body={"paused_until": 5}, status=422, shows=None, answer=answer)


def test_an_error_that_shows_the_inside_fails():
    for what in ERRORS.keys() - {"nothing"}:
        for text_ in ERRORS[what]:
            for said in (f"error: {text_}", json.dumps({"error": [{text_: 1}]}), f"<pre id='a'>{text_}"):
                found = list(CLAUSES["refusals.nothing-leaks"].check(refusal(said.encode())))
                assert [one.actual.startswith(what) for one in found] == [True], said


def test_an_error_in_plain_words_does_not():
    for text_ in ERRORS["nothing"]:
        for said in (text_, json.dumps({"error": {"message": text_, "must": ["be", text_]}}, indent=2)):
            assert not fails(refusal(said.encode()), "refusals.nothing-leaks"), said


def test_the_format_of_a_body_that_we_truncated_is_not_checked():
    history = History()
    history.read(0, "active")
    for clause, evidence in (
        ("response.json-text", history.pause(1, answer=b'{"id": "adcamp_1", "sta', truncated=True)),
        ("response.siblings-answer-alike", history.read(2, "active", answer=b'{"id"', truncated=True)),
        (
            "refusals.error-envelope",
            history.pause(3, status=422, shows=None, answer=b'{"err', truncated=True),
        ),
    ):
        assert not fails(evidence, clause)
        assert CLAUSES[clause].applies(evidence) is (clause == "response.siblings-answer-alike")
    assert fails(history.pause(4, answer=b'{"id": "adcamp_1", "sta'), "response.json-text")


def test_another_form_of_a_timestamp_is_drift():
    for created, form, warns in (
        ("2023-12-01T05:00:00.401Z", None, False),
        ("2023-12-01T05:00:00.401000Z", "YYYY-MM-DDThh:mm:ss.ffffffZ", False),
        ("2023-12-01T05:00:00Z", "YYYY-MM-DDThh:mm:ssZ", False),
        ("2023-12-01T10:30:00.401+05:30", "YYYY-MM-DDThh:mm:ss.fff+05:30", False),
        ("2023-12-01t05:00:00.401Z", "YYYY-MM-DDthh:mm:ss.fffZ", True),
        ("yesterday", None, False),
    ):
        runner = ClauseRunner(tuple(CLAUSES.values()), PAUSE)
        failed = runner.add(History().pause(0, document={"created_at": created}))
        drift = [one for one in runner.drift.values() if one.kind == "timestamp_form"]
        assert [(one.pointer, one.value) for one in drift] == ([("/created_at", form)] if form else [])
        assert ("timestamps.usual-form" in failed) is warns
