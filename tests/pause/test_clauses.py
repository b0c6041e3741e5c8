"""Clauses about documents and errors, each with responses that it fails and responses that it lets pass."""

from time import process_time

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


LEAKING = {
    "a stack trace": (
        "Traceback (most recent call last):", "x\n    at Object.pause (src/a", 'File "/srv/a.py", line 3',
        "/x/app.rb:12:in `pause'", "goroutine 17 [running]", "at com.whop.Ads.pause(Ads.java:42)",
        "TypeError: no\n  x", "Caused by: java.io.IOException: x", "thread 'main' panicked at src",
        "app.php on, line 7", "(app.ts:10:5)", "Exception in thread main",
    ),
    "a source path": (
        "in src/ads/pause.py", "file:///srv/app/pause.rb", "C:\\\\app\\\\pause.cs", "/usr/lib/ruby/x",
        "/a//b/c.go",
    ),
    "a database query": (
        "SELECT * FROM ads", "select id from ads where", "INSERT  INTO ads", "UPDATE ads SET x",
        "SQLSTATE 42",
        "update ads set x = 1", "DELETE FROM x", "PG::UndefinedColumn", "ORA-00942", "WHERE ads.id = 5",
        "db.ads.findOne(", "query Pause($id: ID)", '{\\"bool\\": {\\"must', "error in your SQL syntax",
    ),
}  # fmt: skip


def refusal(answer):
    return History().pause(0, body={"paused_until": 5}, status=422, shows=None, answer=answer)


def test_an_error_that_shows_the_inside_fails():
    for what, texts in LEAKING.items():
        clause = CLAUSES["refusals.nothing-leaks"]
        for text_ in texts:
            found = list(clause.check(refusal(f"error: {text_}".encode())))
            assert found, text_
            assert found[0].actual.startswith(what), text_


def test_an_error_in_plain_words_does_not():
    for said in (
        "paused_until is not a date", "see /docs/errors", "select a date from the list, where needed",
        "https://whop.com/a/b", "a.py", "update the campaign", "version 3.14:15", "pause\nat noon (UTC)",
        "/api/v1/ad_campaigns/adcamp_1/pause",
    ):  # fmt: skip
        assert not fails(refusal(said.encode()), "refusals.nothing-leaks")


def test_a_ten_times_larger_error_takes_no_more_than_thirty_times_as_long():
    for unit in ("/a", "SELECT ", "AxError: ", "\n"):
        times = []
        for count in (45_000, 450_000):
            evidence = refusal((unit * count).encode())
            began = process_time()
            fails(evidence, "refusals.nothing-leaks")
            times.append(process_time() - began)
        assert times[1] < 30 * times[0] + 0.1, times


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
