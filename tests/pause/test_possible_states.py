"""The oracle's finer laws: whose request counts, how long a read may lag, when a date is over, what is told and what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pause.histories import ID, History, at, text, topic
from whop_contracts.exchange import Finding, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import FIRST, MILLI
from whop_contracts.pause.evidence import ACTIVE, Breach, Evidence, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.campaign import LAG

OTHER = "adcamp_2"
LAST_LEAP = "9999-12-31T23:59:60Z"


def begun(status: str = "active", until: float | None = None, **options: float) -> History:
    history = History(**options)
    assert topic(history.read(0, status, until)) is None
    return history


def possible(history: History, ns: int) -> frozenset[str]:
    states = history.expectation.possible(ID, Window(ns, ns))
    assert states is not None
    return frozenset(state.status for state in states)


# -- before anything is known --------------------------------------------------------------------------------------


def test_a_minute_is_the_tolerance_unless_another_is_given() -> None:
    assert Oracle().tolerance == 60.0
    assert Oracle(tolerance=5).tolerance == 5


def test_nothing_is_known_of_a_campaign_that_nobody_asked_for() -> None:
    assert History().expectation.possible(ID, None) is None


@pytest.mark.parametrize("scope", ["invented", "malformed", "foreign"])
def test_a_campaign_of_nobody_s_is_not_followed(scope: Any) -> None:
    history = begun()
    for second in (1, 2):
        evidence = history.pause(second, 600, campaign=OTHER, scope=scope)
        assert (evidence.before, topic(evidence)) == (None, None)
        assert (dict(evidence.references), evidence.previous) == ({}, None)
    assert history.expectation.possible(OTHER, None) is None


@pytest.mark.parametrize(("second", "late"), [(662, None), (663, "resumes")])
def test_the_first_read_is_taken_for_true(second: float, late: str | None) -> None:
    history = begun("paused", 600)
    assert topic(history.read(second, "paused", 600)) in {late, "prompt"} - (
        {None} if late is None else {"prompt"}
    )


def test_and_an_indefinite_pause_that_it_shows_stays() -> None:
    assert topic(begun("paused").read(10, "active")) == "indefinite-stays"


# -- whose request, and which --------------------------------------------------------------------------------------


def test_an_id_in_another_case_is_the_same_campaign() -> None:
    history = begun()
    evidence = history.pause(1, 600, campaign=ID.upper(), scope="recased")
    assert (topic(evidence), evidence.request_class) == (None, "recased-id")
    assert possible(history, at(2)) == {"active", "paused"}, "which id counts, the page does not say"
    assert topic(history.read(5, "paused", 700)) == "stored"


def test_an_id_in_another_case_of_none_that_is_known_is_nobody_s() -> None:
    assert begun().pause(1, 600, campaign=OTHER.upper(), scope="recased").before is None


def test_every_method_on_the_pause_route_is_read_as_a_request_to_pause() -> None:
    history = begun()
    assert history.read(1, "active").request_class is None
    wrong = history.exchange(None, 2, method="PUT", body={}, status=405)
    assert (wrong.request_class, wrong.intent and wrong.intent.request_class) == ("method", "omitted")


def test_a_date_beyond_the_campaigns_own_end_is_far() -> None:
    history = History()
    history.read(0, "active", document={"config": {"end_time": text(1_000)}})
    assert history.pause(1, 999).request_class == "instant"
    assert history.pause(2, 1_000).request_class == "far"
    history.read(3, "paused", 1_000, document={"config": {"end_time": text(5_000)}})
    assert history.pause(4, 2_000).request_class == "far", "the end that was read first holds"


@pytest.mark.parametrize(
    "how",
    [
        {"role": "none", "body": {}},
        {"role": "readonly", "body": {}},
        {"role": "scheme", "body": {"paused_until": "tomorrow"}},
        {"body": {"paused_until": 5}},
        {"body": b"["},
        {"body": {"paused_until": LAST_LEAP}},
    ],
)
def test_a_request_that_should_not_be_accepted_leads_anywhere_if_it_is(how: dict[str, Any]) -> None:
    """That it was accepted is told by other promises; what it did is not said by the contract."""
    history = begun()
    assert topic(history.exchange("pause", 1, shows=("active", None), **how)) is None
    assert topic(history.read(5, "paused", 900)) is None


def test_a_body_under_another_media_type_may_be_read_or_ignored_but_pauses() -> None:
    for shows, broken in ((("paused", 600), None), (("paused", None), None), (("active", None), "status")):
        assert topic(begun().pause(1, 600, shows=shows, content_type="text/plain")) == broken


def test_the_first_instant_of_all_is_a_past_one() -> None:
    body = {"paused_until": "0001-01-01T00:00:00Z"}
    assert at(0) > FIRST
    assert topic(begun().pause(1, body=body, shows=("paused", None))) == "past"
    assert topic(begun().pause(1, body=body, shows=("active", None))) is None


def test_a_past_date_may_stand_for_as_long_as_any_other_after_it_was_accepted() -> None:
    history = begun()
    history.pause(100, -50)
    assert topic(history.read(140, "paused", -50)) is None
    assert topic(history.read(170, "paused", -50)) == "resumes"


def test_an_unpause_leaves_what_is_not_paused_as_it_was() -> None:
    history = begun("inactive")
    assert topic(history.exchange("unpause", 1, shows=("inactive", None))) is None
    assert topic(history.read(5, "inactive")) is None


def test_a_refused_unpause_is_no_cause() -> None:
    history = begun("paused")
    history.exchange("unpause", 1, status=409)
    assert topic(history.read(10, "active")) == "indefinite-stays"


# -- without the provider's clock ----------------------------------------------------------------------------------


def test_without_a_clock_a_pause_is_still_followed() -> None:
    history = begun()
    assert topic(history.pause(1, clock=False)) is None
    assert history.read(1.5, "active", clock=False).lagging
    assert topic(history.read(5, "stale", clock=False)) == "stored"
    assert topic(history.read(6, "stale", clock=False)) is None


def test_a_clock_that_is_known_only_now_and_then_is_used_then() -> None:
    history = begun()
    history.pause(1, 600, clock=False)
    assert topic(history.read(5, "paused", 600)) is None
    assert topic(history.read(6, "stale")) == "early"


def test_without_a_clock_a_date_may_be_over_or_not() -> None:
    for shows in (("active", None), ("paused", 600)):
        history = begun()
        history.pause(1, 600, clock=False)
        assert topic(history.read(5, *shows, clock=False)) is None


# -- two requests at once ------------------------------------------------------------------------------------------


def test_while_two_are_under_way_the_first_may_not_have_arrived() -> None:
    history = begun()
    history.pause(0.5)
    history.unpause(0.6)
    first = history.exchange(
        "pause", 1, body={"paused_until": text(600)}, shows=("paused", 1_200), overlaps=5
    )
    second = history.pause(1, 1_200, overlaps=4)
    assert (topic(first), topic(second)) == (None, None), "which of them an answer shows is open"
    assert second.before is not None
    assert {(state.status, state.until) for state in second.before} == {("active", None), ("paused", at(600))}
    assert topic(history.read(6, "active")) == "stored", "once both are answered, one of them holds"


def test_an_earlier_pause_is_none_of_two_at_once() -> None:
    history = begun()
    history.pause(0.5, 300)
    history.pause(1, 600, overlaps=4)
    history.pause(1, 1_200, overlaps=3)
    assert topic(history.read(6, "paused", 300)) == "stored"


# -- how time goes on ----------------------------------------------------------------------------------------------


def test_a_resume_is_possible_ten_milliseconds_before_its_instant() -> None:
    """Clocks of one provider may differ by that much."""
    history = begun()
    history.pause(1, 600)
    assert possible(history, at(600) - 10 * MILLI - 1) == {"paused"}
    assert possible(history, at(600) - 10 * MILLI) == {"paused", "active"}


def test_a_pause_is_possible_until_the_tolerance_and_the_lag_are_over() -> None:
    history = begun(tolerance=30)
    history.pause(1, 600)
    over = at(630) + int(LAG * NANO)
    assert possible(history, over) == {"paused", "active"}
    assert possible(history, over + 1) == {"active"}


@pytest.mark.parametrize(
    "left", [("active", None), ("paused", None), ("paused", 600), ("paused", 1_200), ("paused", 1_800)]
)
def test_of_all_that_may_have_happened_nothing_is_forgotten(left: tuple[str, float | None]) -> None:
    history = begun()
    for second, until in ((1, None), (2, 600), (3, 1_200), (4, 1_800)):
        history.pause(second, until, status=503)
    assert topic(history.read(10, *left)) is None


# -- reads that lag ------------------------------------------------------------------------------------------------


def test_a_read_may_lag_by_the_senders_clock() -> None:
    """Also where the provider's has been moved on meanwhile."""
    for more, lags in ((LAG, True), (LAG + 0.001, False)):
        history = begun()
        paused = history.pause(1, 6_000)
        assert history.read(600, "active", wall=paused.exchange.received + more).lagging is lags


def test_a_read_may_lag_by_the_providers_clock() -> None:
    for second, lags in ((3, True), (3.001, False)):
        history = begun()
        history.pause(0.99, 600)
        late = history.read(second, "active", wall=at(1_000) / NANO)
        assert late.lagging is lags
        assert late.stakes == ({"lagging"} if lags else {"stored"})


def test_what_a_lagging_read_shows_was_possible_then() -> None:
    history = begun()
    history.pause(1, 600)
    history.pause(100, 1_200)
    assert history.read(101, "paused", 600).lagging
    assert topic(history.read(101.5, "active")) == "stored", "nobody ended the first pause"


def test_a_lagging_read_may_show_what_is_over_by_now() -> None:
    history = begun()
    history.pause(1, 600)
    history.pause(661.5, 6_000)
    assert history.read(663, "paused", 600).lagging


def test_a_lagging_read_may_show_a_resume_that_was_due_since() -> None:
    history = begun()
    history.pause(1, 600)
    history.pause(599, 6_000)
    assert history.read(600.5, "active").lagging


def test_where_nothing_was_known_before_anything_may_lag() -> None:
    history = History()
    history.pause(1, 600)
    assert history.read(2, "stale").lagging
    assert topic(history.read(5, "stale")) == "stored"


# -- answers that cannot be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"{", b'"active"', b"\xff"])
def test_an_answer_without_a_document_shows_nothing(answer: bytes) -> None:
    history = begun()
    evidence = history.pause(1, 600, answer=answer)
    assert (evidence.document, evidence.shown, topic(evidence)) == (None, None, None)
    assert topic(history.read(5, "active")) == "stored", "it was accepted all the same"


def test_a_refusal_shows_nothing_whatever_is_in_it() -> None:
    evidence = begun().exchange("pause", 1, body={}, status=422, shows=("active", 9))
    assert (evidence.document, evidence.shown, evidence.text is not None) == (None, None, True)


@pytest.mark.parametrize(
    ("shows", "broken"), [(("paused", 600), None), (("active", None), "status"), (("paused", 777), "until")]
)
def test_an_answer_about_another_campaign_is_compared_with_what_was_asked_and_tells_nothing(
    shows: tuple[str, float | None], broken: str | None
) -> None:
    history = begun()
    evidence = history.pause(1, 600, shows=shows, document={"id": OTHER})
    assert evidence.document is not None
    assert (evidence.document["id"], evidence.shown, topic(evidence)) == (OTHER, None, broken)
    assert history.expectation.possible(ID, Window(at(5), at(5))) == {
        State("paused", at(600), MILLI, (at(600), at(600)))
    }
    assert topic(history.read(5, "active")) == "stored"


def test_nor_is_another_answer_about_another_campaign_compared() -> None:
    history = begun()
    foreign = {"id": OTHER}
    assert topic(history.read(1, "paused", document=foreign)) is None
    assert topic(history.exchange("unpause", 2, shows=("paused", None), document=foreign)) is None
    assert topic(history.pause(3, 600, shows=("active", None), overlaps=5, document=foreign)) is None


# -- what is kept --------------------------------------------------------------------------------------------------


def test_the_first_document_of_every_operation_and_the_last_of_all_are_kept() -> None:
    history = History()
    first = history.read(0, "active")
    assert (dict(first.references), first.previous) == ({}, None)
    assert first.shown is not None
    assert (first.document or {})["status"] == first.shown.status == "active"
    paused = history.pause(1, 600)
    assert (dict(paused.references), paused.previous) == ({"retrieve": first.document}, first.document)
    history.read(2, "paused", 600)
    other = history.exchange(None, 3, method="PUT", body={}, shows=("paused", 600))
    last = history.read(4, "paused", 600)
    assert dict(last.references) == {
        "retrieve": first.document,
        "pause": paused.document,
        "other": other.document,
    }
    assert last.previous == other.document


def test_what_is_kept_does_not_change_later() -> None:
    history = begun()
    evidence = history.read(1, "active")
    kept = json.dumps(dict(evidence.references))
    history.pause(2, 600)
    assert json.dumps(dict(evidence.references)) == kept


# -- what is told --------------------------------------------------------------------------------------------------


def test_an_answer_puts_its_promises_to_the_test() -> None:
    history = begun()
    assert history.pause(1, 600).stakes == {"status", "until"}
    assert history.pause(2).stakes == {"status", "indefinite", "replaced"}
    assert history.unpause(3).stakes == {"unpaused", "date-dropped"}


def test_a_wrong_answer_is_told_once_for_the_status_and_once_for_the_date() -> None:
    expected, actual = f"paused until {text(600)}", f"active with paused_until {text(77_777)}"
    evidence = begun().pause(1, 600, shows=("active", 77_777))
    assert evidence.breach == Breach("status", Finding(expected, actual, "/status"))
    assert evidence.further == Breach("until", Finding(expected, actual, "/paused_until"))
    evidence = begun().pause(1, 600, shows=("active", None))
    assert evidence.breach == Breach("status", Finding(expected, "active", "/status"))
    assert evidence.further is None


def both(evidence: Evidence) -> tuple[Breach | None, Breach | None]:
    return evidence.breach, evidence.further


def test_a_wrong_read_is_told_with_what_was_possible() -> None:
    history = begun()
    history.pause(1, 600)
    told = Finding(f"paused until {text(600)}", "active", "/status")
    assert both(history.read(5, "active")) == (Breach("stored", told), None)


def test_a_late_read_is_told_once() -> None:
    history = begun()
    history.pause(1, 600)
    history.read(5, "paused", 600)
    late = Finding(f"active since {text(600)}", f"still paused until {text(600)}", "/status")
    assert both(history.read(610, "paused", 600)) == (Breach("prompt", late), None)
    never = Finding("active", f"paused until {text(600)}", "/status")
    assert both(history.read(670, "paused", 600)) == (Breach("resumes", never), None)


def test_a_cancelled_date_is_told_with_the_pause_that_did_not_hold() -> None:
    history = begun()
    history.pause(1, 600)
    history.pause(2)
    history.read(3, "paused")
    told = Finding("paused indefinitely", "active", "/status")
    assert both(history.read(700, "active")) == (Breach("cancelled", told), Breach("indefinite-stays", told))


# -- after a breach ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "broken"), [(600, None), (700, None), (650, "stored")])
def test_after_a_wrong_answer_what_was_asked_or_what_was_shown_may_hold(
    left: float, broken: str | None
) -> None:
    history = begun()
    assert topic(history.pause(1, 600, shows=("paused", 700))) == "until"
    assert topic(history.read(5, "paused", left)) == broken


def test_a_wrong_date_that_was_shown_is_due_like_any_other() -> None:
    history = begun()
    history.pause(1, 600, shows=("paused", 700))
    history.read(5, "paused", 700)
    assert topic(history.read(763, "paused", 700)) == "resumes"
    history = begun()
    history.pause(1, 600, shows=("paused", 700))
    assert topic(history.read(763, "paused", 700)) == "resumes"


def test_so_is_one_that_a_read_showed() -> None:
    history = begun()
    history.pause(1, 600)
    assert topic(history.read(5, "paused", 900)) == "stored"
    assert topic(history.read(963, "paused", 900)) == "resumes"


def test_an_indefinite_pause_that_a_wrong_read_showed_stays() -> None:
    history = begun()
    history.pause(1, 600)
    assert topic(history.read(5, "paused")) == "stored"
    assert topic(history.read(10, "active")) == "indefinite-stays"


# -- the others ----------------------------------------------------------------------------------------------------


def beside(**options: float) -> History:
    history = begun(**options)
    history.read(0, "active", campaign=OTHER)
    return history


@pytest.mark.parametrize(
    ("how", "broken"),
    [
        ({}, "siblings"),
        ({"status": 422, "body": {"paused_until": "soon"}}, "unchanged"),
        ({"status": 401, "role": "none"}, "unchanged-credential"),
        ({"status": 403, "role": "readonly"}, "unchanged-credential"),
        ({"status": None}, "by-itself"),
        ({"status": 503}, "by-itself"),
    ],
)
def test_what_a_request_may_do_to_the_others(how: dict[str, Any], broken: str) -> None:
    history = beside()
    history.pause(1, **how)
    assert topic(history.read(5, "paused", campaign=OTHER)) == broken


def test_a_read_does_nothing_to_the_others() -> None:
    history = beside()
    history.read(1, "active")
    assert topic(history.read(5, "paused", campaign=OTHER)) == "by-itself"


def test_what_was_done_to_a_campaign_itself_comes_first() -> None:
    history = beside()
    history.pause(1, 600, campaign=OTHER)
    history.pause(2, 600)
    assert topic(history.read(5, "active", campaign=OTHER)) == "stored"
    assert topic(history.read(5, "paused", 600)) is None
    assert history.expectation.possible(OTHER, Window(at(6), at(6))) == {ACTIVE}
