"""The oracle, told as histories: what conforms yields no breach, and what does not yields the one that names it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pause.histories import ID, History, at, text, topic
from whop_contracts.exchange import Window
from whop_contracts.pause.evidence import ACTIVE

OTHER = "adcamp_2"


def begun(**options: float) -> History:
    history = History(**options)
    assert topic(history.read(0, "active")) is None
    return history


def test_a_dated_pause_is_kept_and_resumes() -> None:
    history = begun()
    seen = [
        history.pause(1, 600),
        history.read(2, "paused", 600),
        history.read(596, "paused", 600),
        history.read(601, "active"),
        history.read(9_000, "active"),
    ]
    assert [topic(one) for one in seen] == [None] * 5
    resumed = seen[3].resumed
    assert resumed is not None
    assert (resumed.due, resumed.before - resumed.due < 2_000_000_000) == (at(600), True)
    assert {"resumes", "resumed-status", "date-dropped"} <= seen[3].stakes
    assert "early" in seen[2].stakes


@pytest.mark.parametrize(
    ("second", "shows", "broken"),
    [
        (590, ("active", None), "early"),
        (300, ("paused", None), "early"),
        (599.999, ("paused", 600), None),
        (600, ("active", None), None),
        (600, ("paused", 600), None),
        (606, ("paused", 600), None),
        (612, ("paused", 600), "prompt"),
        (660, ("paused", 600), "prompt"),
        (664, ("paused", 600), "resumes"),
        (664, ("active", None), None),
        (664, ("inactive", None), "resumed-status"),
        (664, ("active", 600), "date-dropped"),
        (602, ("active", 600), "date-dropped"),
        (602, ("inactive", None), "resumed-status"),
    ],
)
def test_around_the_instant(second: float, shows: tuple[str, float | None], broken: str | None) -> None:
    history = begun()
    history.pause(1, 600)
    history.read(2, "paused", 600)
    assert topic(history.read(second, *shows)) == broken


@pytest.mark.parametrize(
    ("second", "status"), [(598, "active"), (598, "paused"), (602, "active"), (663, "paused")]
)
def test_what_an_uncertain_clock_leaves_open_is_no_breach(second: float, status: str) -> None:
    history = begun(uncertain=3)
    history.pause(1, 600)
    history.read(2, "paused", 600)
    evidence = history.read(second, status, 600 if status == "paused" else None)
    assert topic(evidence) in {None, "prompt"}


@pytest.mark.parametrize(
    ("until", "shows", "broken"),
    [
        (600, ("active", None), "status"),
        (600, ("active", 77_777), "status"),
        (600, ("paused", 601), "until"),
        (600, ("paused", None), "until"),
        (600, ("paused", 600.001), None),
        (600.4, ("paused", 600), "fraction"),
        (None, ("paused", 600), "indefinite"),
        (86_400 * 400, ("paused", 86_400 * 30), "far"),
    ],
)
def test_what_the_answer_to_a_pause_shows(
    until: float | None, shows: tuple[str, float | None], broken: str | None
) -> None:
    assert topic(begun().pause(1, until, shows=shows)) == broken


def test_status_and_date_that_are_each_wrong_are_each_told() -> None:
    evidence = begun().pause(1, 600, shows=("active", 77_777))
    assert (evidence.breach and evidence.breach.topic, evidence.further and evidence.further.topic) == (
        "status",
        "until",
    )


@pytest.mark.parametrize("shift", [-19_800, 19_800, 39_600, -1_800, 18_000])
def test_a_mistaken_zone_is_told_as_one(shift: int) -> None:
    body = {"paused_until": text(90_000).replace("Z", "+05:30")}
    asked = 90_000 - 19_800
    assert topic(begun().pause(1, body=body, shows=("paused", asked))) is None
    assert topic(begun().pause(1, body=body, shows=("paused", asked + shift))) == "offset"


def test_the_last_request_holds() -> None:
    history = begun()
    history.pause(1, 600)
    assert topic(history.pause(2, 1_200, shows=("paused", 600))) == "replaced"


def test_a_read_after_a_pause_agrees_or_is_told_after_two_seconds() -> None:
    history = begun()
    history.pause(1, 600)
    late = history.read(1.5, "active")
    assert (topic(late), late.lagging) == (None, True)
    assert topic(history.read(4, "active")) == "stored"


def test_what_a_read_shows_late_is_a_breach_once_it_cannot_be_late() -> None:
    history = begun()
    history.pause(1, 600)
    history.read(1.2, "paused", 600)
    assert history.read(1.4, "active").lagging
    assert topic(history.read(4, "active")) == "early"


def test_a_date_that_was_never_asked_for_is_no_lag() -> None:
    history = begun()
    history.pause(1, 600)
    assert topic(history.read(1.1, "paused", 700)) == "stored"


@pytest.mark.parametrize(
    ("request_", "broken"),
    [
        ({"body": {"paused_until": "tomorrow"}, "status": 422}, "unchanged"),
        ({"body": b"{", "status": 400}, "unchanged"),
        ({"body": {}, "status": 401, "role": "none"}, "unchanged-credential"),
        ({"body": {}, "status": 403, "role": "readonly"}, "unchanged-credential"),
        ({"body": {}, "status": 404, "scope": "invented", "campaign": "adcamp_nobody"}, "unchanged"),
        ({"body": {"paused_until": "2001-01-01T00:00:00Z"}, "status": 422}, "unchanged"),
    ],
)
def test_a_refused_request_that_acts(request_: dict[str, object], broken: str) -> None:
    history = begun()
    assert topic(history.exchange("pause", 1, **request_)) is None  # type: ignore[arg-type]
    assert topic(history.read(1.1, "active")) is None
    history.exchange("pause", 2, **request_)  # type: ignore[arg-type]
    assert topic(history.read(2.1, "paused")) == broken


@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("after", [("active", None), ("paused", 600)])
def test_what_may_or_may_not_have_happened_is_either(
    status: int | None, after: tuple[str, float | None]
) -> None:
    history = begun()
    history.exchange("pause", 1, body={"paused_until": text(600)}, status=status)
    assert topic(history.read(5, *after)) is None


@pytest.mark.parametrize("status", [None, 503])
def test_but_nothing_else_has(status: int | None) -> None:
    history = begun()
    history.exchange("pause", 1, body={"paused_until": text(600)}, status=status)
    assert topic(history.read(5, "paused", 900)) == "stored"


@pytest.mark.parametrize(("left", "broken"), [(600, None), (1_200, None), (900, "stored")])
def test_of_two_pauses_at_once_either_holds(left: float, broken: str | None) -> None:
    history = begun()
    history.pause(1, 600, overlaps=3)
    assert topic(history.pause(1, 1_200, overlaps=2)) is None
    assert topic(history.read(2, "paused", left)) == broken


def test_a_cancelled_date_does_not_fire_on_a_later_pause() -> None:
    history = begun()
    history.pause(1, 600)
    history.unpause(2)
    history.pause(3)
    assert topic(history.read(4, "paused")) is None
    evidence = history.read(700, "active")
    assert topic(evidence) == "cancelled"
    assert evidence.further is not None
    assert evidence.further.topic == "indefinite-stays"


def test_an_indefinite_pause_that_ends() -> None:
    history = begun()
    history.pause(1)
    history.read(2, "paused")
    assert topic(history.read(7_000, "active")) == "indefinite-stays"


def test_an_extended_pause_outlives_its_first_date() -> None:
    history = begun()
    history.pause(1, 600)
    history.pause(2, 1_200)
    history.read(3, "paused", 1_200)
    assert topic(history.read(800, "paused", 1_200)) is None
    assert topic(history.read(1_300, "active")) is None


def test_what_changes_by_itself() -> None:
    history = begun()
    assert topic(history.read(100, "paused")) == "by-itself"


def test_pausing_one_leaves_the_others() -> None:
    history = begun()
    history.read(0, "active", campaign=OTHER)
    history.pause(1, 600)
    assert topic(history.read(2, "paused", 600, campaign=OTHER)) == "siblings"


def test_an_unpause_clears_the_date() -> None:
    history = begun()
    history.pause(1, 600)
    history.unpause(2)
    assert topic(history.read(5, "active", 600)) == "date-dropped"


@pytest.mark.parametrize(
    ("shows", "broken"),
    [
        (("active", None), None),
        (("paused", -50), None),
        (("paused", None), "past"),
        (("paused", 900), "past"),
    ],
)
def test_a_past_date_that_is_accepted(shows: tuple[str, float | None], broken: str | None) -> None:
    history = begun()
    assert topic(history.pause(1, -50, shows=shows)) == broken
    if broken is None:
        assert topic(history.read(80, "active")) is None


def test_a_past_date_that_stays_paused() -> None:
    history = begun()
    history.pause(1, -50)
    assert topic(history.read(80, "paused", -50)) in {"past", "resumes"}


def test_one_bug_is_one_failure() -> None:
    """What was found is taken for true from there on."""
    history = begun()
    history.pause(1, 600)
    assert topic(history.read(5, "paused", 900)) == "stored"
    assert topic(history.read(6, "paused", 900)) is None
    assert topic(history.read(901, "active")) is None


def test_an_overdue_pause_may_end_at_any_time_once_that_is_said() -> None:
    history = begun()
    history.pause(1, 600)
    history.read(2, "paused", 600)
    assert topic(history.read(700, "paused", 600)) == "resumes"
    assert topic(history.read(701, "paused", 600)) is None
    assert topic(history.read(900, "active")) is None


def test_a_status_that_cannot_be_read_is_left_to_the_response() -> None:
    assert topic(begun().pause(1, 600, shows=("Paused", 600))) is None
    assert topic(begun().pause(1, 600, document={"paused_until": "soon"})) is None


def test_an_unknown_first_state_becomes_known_by_a_pause() -> None:
    history = History()
    history.read(0, "?")
    assert history.expectation.possible(ID, Window(at(0), at(0))) is None
    history.pause(1)
    assert topic(history.read(5, "active")) == "stored"


def test_the_possible_states_age() -> None:
    history = begun()
    history.pause(1, 600)
    assert history.expectation.possible(ID, Window(at(700), at(700))) == frozenset({ACTIVE})


moves = st.lists(
    st.one_of(
        st.tuples(st.just("pause"), st.one_of(st.none(), st.integers(2, 4_000))),
        st.tuples(st.just("unpause"), st.none()),
        st.tuples(st.just("refuse"), st.none()),
        st.tuples(st.just("read"), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 3_000)),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=150)
@given(moves=moves, ahead=st.floats(-2.0, 2.0))
def test_no_honest_history_is_a_breach(moves: list[tuple[str, int | None]], ahead: float) -> None:
    """A provider of ten lines, whose clock differs from the middle of what is known of it, is never accused."""
    history = History(uncertain=2.05)
    now, until, paused = 0.0, None, False
    history.read(0, "active")
    for what, number in moves:
        now += 0.5
        if what == "wait":
            now += number or 0
            continue
        if paused and until is not None and now + ahead >= until:
            paused, until = False, None
        if what == "pause":
            paused, until = True, None if number is None else now + number + 10
            evidence = history.pause(now, until)
        elif what == "unpause":
            paused, until = False, None
            evidence = history.unpause(now)
        elif what == "refuse":
            evidence = history.exchange("pause", now, body={"paused_until": 5}, status=422)
        else:
            evidence = history.read(now, "paused" if paused else "active", until if paused else None)
        assert evidence.breach is None, (what, evidence.breach)
        assert not evidence.lagging


def test_a_state_that_came_back_does_not_hide_what_came_between() -> None:
    """A lagging read may show the state before a pause and an unpause, and the pause only after that."""
    history = begun()
    history.pause(1)
    history.unpause(1.1)
    assert topic(history.read(1.2, "active")) is None
    between = history.read(2.05, "paused")
    assert (topic(between), between.lagging) == (None, True)
    assert topic(history.read(2.3, "active")) is None
    assert topic(history.read(5, "paused")) == "by-itself"


def test_of_two_versions_alike_a_lagging_read_may_show_the_older() -> None:
    history = begun()
    history.pause(1)
    history.unpause(1.1)
    history.pause(1.2, 600)
    assert history.read(1.3, "active").lagging
    between = history.read(2.05, "paused")
    assert (topic(between), between.lagging) == (None, True)
