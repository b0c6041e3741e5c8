"""JUnit: one test case a clause; failure, skipped and error each where a CI's own page expects them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from report import handmade
from whop_contracts.report import junit


def parsed(result):
    return ET.fromstring(junit.render(result).encode("utf-8", "backslashreplace"))


def outcomes(result):
    cases = parsed(result).iter("testcase")
    return {case.get("name"): [child.tag for child in case] for case in cases}


@pytest.mark.parametrize("kind", handmade.kinds())
def test_it_is_well_formed_and_its_counts_are_those_of_its_cases(kind):
    root = parsed(handmade.kinds()[kind])
    for node in (root, *root.iter("testsuite")):
        cases = list(node.iter("testcase"))
        told = {name: int(node.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        found = {
            name: sum(case.find(name) is not None for case in cases)
            for name in ("failure", "error", "skipped")
        }
        assert told == {
            "tests": len(cases), "failures": found["failure"], "errors": found["error"], "skipped": found["skipped"]
        }  # fmt: skip


@pytest.mark.parametrize("kind", handmade.kinds())
def test_every_clause_is_one_case(kind):
    result = handmade.kinds()[kind]
    assert list(outcomes(result)) == [*(row["id"] for row in result["clauses"]), "conclusive", "put-back"]


def test_each_verdict_is_told_by_its_own_element():
    assert outcomes(handmade.everything()) == {
        "response.status-is-documented": ["failure"],
        "response.id-is-the-one-asked-for": ["failure"],
        "response.status-is-200": ["system-out"],
        "pausing.status-is-paused": [],
        "pausing.second-pause": ["skipped"],
        "authorization.readonly": ["skipped"],
        "authorization.foreign": ["skipped"],
        "conclusive": [],
        "put-back": ["error"],
    }


def test_an_inconclusive_run_is_an_error_and_no_failure():
    assert outcomes(handmade.kinds()["inconclusive"])["conclusive"] == ["error"]
    assert parsed(handmade.kinds()["inconclusive"]).get("failures") == "0"


def test_a_warning_that_fails_a_strict_run_is_a_failure():
    assert outcomes(handmade.kinds()["strict"])["response.status-is-200"] == ["failure"]


def test_the_failure_tells_the_story():
    text = parsed(handmade.kinds()["violates"]).find(".//failure").text
    for part in (
        "expected: paused",
        "actual: active",
        "at: /status",
        "curl: curl -i",
        "again: whop-contracts run",
    ):
        assert part in text


def test_a_target_can_neither_end_an_element_nor_begin_one():
    root = parsed(handmade.everything(handmade.HOSTILE))
    assert {node.tag for node in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "skipped", "error", "system-out", "properties", "property"
    }  # fmt: skip
    assert "<script>" in root.find(".//failure").text


def test_a_megabyte_is_cut():
    assert len(junit.render(handmade.everything("<" * 1_000_000))) < 100_000
