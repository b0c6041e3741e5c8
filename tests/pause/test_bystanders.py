"""Another company's campaigns: what a refused request of ours did to them is told, what others do is not."""

from __future__ import annotations

from typing import Any

import pytest

from pause.histories import History, topic
from whop_contracts.pause import catalogue
from whop_contracts.pause.evidence import Evidence

THEIRS, ANOTHER = "adcamp_theirs", "adcamp_another"
CHANGED = catalogue.chosen(["authorization.nothing-changes"])[0]


def read(history: History, second: float, status: str, until: float | None = None, **more: Any) -> Evidence:
    return history.read(second, status, until, **{"campaign": THEIRS, "scope": "foreign", **more})


def pause(history: History, second: float, status: int = 403, **more: Any) -> Evidence:
    asked = {"campaign": THEIRS, "scope": "foreign", "shows": None, **more}
    return history.pause(second, status=status, **asked)


@pytest.mark.parametrize(
    ("status", "after", "broken"),
    [
        (403, ("paused", None), "unchanged-credential"),
        (404, ("paused", 600.0), "unchanged-credential"),
        (403, ("active", None), None),
        (200, ("paused", None), None),
        (500, ("paused", None), None),
        (None, ("paused", None), None),
    ],
)
def test_another_companys_campaign_is_as_it_was_after_a_refusal(
    status: int | None, after: tuple[str, float | None], broken: str | None
) -> None:
    history = History()
    history.read(0, "active", scope="foreign")
    history.pause(1, status=status, shows=None, scope="foreign")
    seen = history.read(2, *after, scope="foreign")
    assert topic(seen) == broken
    assert (CHANGED.applies(seen) and any(CHANGED.check(seen))) == (broken is not None)
    assert seen.stakes == ({"unchanged-credential"} if status in {403, 404} else set())


def test_others_may_change_their_campaign_where_we_have_asked_for_nothing() -> None:
    history = History()
    history.read(0, "active", scope="foreign")
    assert topic(history.read(5, "paused", scope="foreign")) is None
    history.pause(6, status=403, shows=None, scope="foreign")
    assert topic(history.read(7, "paused", scope="foreign")) is None
    assert topic(history.read(8, "active", scope="foreign")) is None


def test_its_own_date_may_pass() -> None:
    history = History()
    history.read(0, "paused", 600, scope="foreign")
    history.pause(1, status=403, shows=None, scope="foreign")
    assert topic(history.read(700, "active", scope="foreign")) is None


def test_after_an_accepted_one_the_next_read_settles_what_was_there() -> None:
    history = History()
    read(history, 0, "active")
    pause(history, 1, status=200)
    pause(history, 2)
    assert topic(read(history, 3, "paused")) is None
    pause(history, 4)
    assert topic(read(history, 5, "active")) == "unchanged-credential"


def test_each_campaign_is_known_by_itself() -> None:
    history = History()
    read(history, 0, "active")
    read(history, 1, "paused", campaign=ANOTHER)
    pause(history, 2)
    assert topic(read(history, 3, "active")) is None


@pytest.mark.parametrize("answer", [b"", b"[]"])
def test_an_answer_that_shows_no_campaign_settles_nothing(answer: bytes) -> None:
    history = History()
    read(history, 0, "active")
    pause(history, 1)
    assert topic(read(history, 2, "active", answer=answer)) is None
    assert topic(read(history, 3, "paused")) == "unchanged-credential"


def test_a_read_that_is_refused_settles_nothing() -> None:
    history = History()
    read(history, 0, "active")
    pause(history, 1)
    history.exchange("retrieve", 2, status=404, campaign=THEIRS, scope="foreign")
    assert topic(read(history, 3, "paused")) == "unchanged-credential"


def test_a_pause_of_theirs_ends_at_its_instant_and_not_before() -> None:
    for second, status, broken in (
        (3, "active", "unchanged-credential"),
        (601, "active", None),
        (650, "paused", None),
        (700, "paused", "unchanged-credential"),
    ):
        history = History()
        read(history, 0, "paused", 600)
        pause(history, 1)
        assert topic(read(history, second, status, 600 if status == "paused" else None)) == broken
