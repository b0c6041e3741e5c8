"""One cause is shown once, the more specific clause first, and everything that failed is still counted."""

import itertools
import re
from dataclasses import replace

import pytest

from report import handmade
from report.making import break_mock
from report.test_renderings import printed, rendered
from whop_contracts.cli import check as engine
from whop_contracts.exchange import Response
from whop_contracts.provider import Provider
from whop_contracts.report import summary
from whop_contracts.settings import Settings

POOL = Response(500, (("content-type", "application/json"),), b'{"error": {"type": "x", "message": "pool"}}')


@pytest.fixture
def failed(monkeypatch):
    """The must clauses that fail on a provider whose responses are spoilt, and what explains which."""

    def failed(spoil=lambda _, __, answer: answer, fault=None):
        handle, numbers = Provider.handle, itertools.count(1)

        def spoilt(self, method, path, *more):
            return spoil(next(numbers), path, handle(self, method, path, *more))

        monkeypatch.setattr(Provider, "handle", spoilt)
        break_mock(monkeypatch, fault)
        rows = summary.having(engine.check(Settings(profile="quick")), "failed")
        causes = {row["id"]: row["explained_by"] for row in rows if row["explained_by"]}
        return {row["id"] for row in rows}, causes

    return failed


def test_rejections_that_are_sent_as_200_are_one_wrong_kind_of_body(failed):
    found, causes = failed(
        lambda _, __, answer: replace(answer, status=200) if answer.status >= 400 else answer
    )
    under = {id_ for id_, lead in causes.items() if lead == "response.is-the-campaign"}
    assert {"refusals.not-a-date", "refusals.wrong-type", "authorization.no-credential"} <= under <= found


def test_an_exhausted_pool_is_one_cause(failed):
    found, causes = failed(lambda n, path, answer: POOL if n > 50 and path.endswith("pause") else answer)
    assert len(found) > 5
    assert len(set(causes.values())) == 1
    assert found - causes.keys() == set(causes.values())


@pytest.mark.parametrize("fault", ["crashes-on-nested-member", "time-to-end-of-day", "accepts-any-string"])
def test_what_fails_in_other_requests_is_not_explained(failed, fault):
    found, causes = failed(fault=fault)
    assert len(found) > 1
    assert causes == {}


def test_a_wrong_media_type_of_every_response_does_not_hide_a_wrong_date(failed):
    def spoil(_, __, answer):
        other = tuple(line for line in answer.headers if line[0].lower() != "content-type")
        return replace(answer, headers=other)

    found, causes = failed(spoil, fault="time-to-end-of-day")
    assert {"response.media-type", "pausing.until-is-kept"} <= found - causes.keys()


def rows():
    few, all_ = handmade.failure(count=1), handmade.failure(count=22)
    under = {"exchanges": 1, "explained_by": "request.date-is-accepted"}
    return handmade.result(
        handmade.clause("request.date-is-accepted", "failed", failure=few, exchanges=66),
        handmade.clause("pausing.offset-is-honoured", "failed", failure=all_, exchanges=22),
        handmade.clause("refusals.not-a-date", "failed", failure=few, **under),
    )


def test_the_more_specific_clause_is_first_and_what_it_explains_is_under_it():
    result = rows()
    order = [row["id"] for row in summary.failures(result)]
    assert order == ["pausing.offset-is-honoured", "request.date-is-accepted", "refusals.not-a-date"]
    assert [row["id"] for row in summary.leading(result)] == order[:2]
    quiet, full = printed(result, quiet=True), printed(result)
    shown = [re.findall(r"^FAILED ([^ :\n]+)", text, re.MULTILINE) for text in (quiet, full)]
    assert shown == [order, order[:2]]
    assert "  also      refusals.not-a-date, 1 of 1 exchanges, first in request 7" in full
    assert "violates: 3 clauses failed" in full
    for name, text in rendered(result).items():
        assert "refusals.not-a-date" in text, name
    assert result["clauses"][0]["id"] == "request.date-is-accepted"


def test_a_failure_whose_cause_is_waived_is_shown_on_its_own():
    result = rows()
    result["clauses"][0] |= {"verdict": "waived", "reason": "known"}
    leading = [row["id"] for row in summary.leading(result)]
    assert leading == ["pausing.offset-is-honoured", "refusals.not-a-date"]
