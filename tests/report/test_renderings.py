"""The renderings have wording, order and safety in common; each is tested with all kinds of results."""

import io
import json
import re
import xml.etree.ElementTree as ET
from html import unescape

import jsonschema
from markdown_it import MarkdownIt

from report import handmade
from report.making import runner_commands
from whop_contracts import cli, schemas
from whop_contracts import report as reports
from whop_contracts.report import documents, terminal
from whop_contracts.settings import Settings

PARTS = ("clause", "source", "expected", "actual", "at", "failed in", "sent", "before", "request", "response")


def printed(result, **how):
    stream = io.StringIO()
    terminal.print_result(result, stream, **how)
    return stream.getvalue()


def rendered(result):
    """Every rendering of a result, by its name."""
    return {name: reports.render(name, result) for name in reports.WRITERS} | {"terminal": printed(result)}


def test_the_handmade_results_are_results_and_the_json_file_is_the_result(tmp_path):
    schema = json.loads(schemas.document_path("result.schema.json").read_bytes())
    for result in handmade.kinds().values():
        jsonschema.Draft202012Validator(schema).validate(result)
        (tmp_path / "r.json").write_text(reports.render("json", result), "utf-8", errors="backslashreplace")
        assert json.loads((tmp_path / "r.json").read_text()) == result


def test_all_renderings_show_the_same_things_of_a_failure_in_the_same_words():
    event = handmade.event("adcamp_Kb7Qw2Zr9Xt4M", asked="pause until tomorrow")
    failure = handmade.failure()
    failure["request"] |= {"before": [event], "at": "2026-09-22T13:00:01.000Z"}
    kinds = [handmade.kind(), handmade.kind(case="no body", actual="stale", **{"class": "nothing"})]
    for verdict in ("failed", "warned"):
        row = handmade.clause("pausing.x", verdict, failure=failure, kinds=kinds)
        texts = rendered(handmade.result(row))
        assert texts.pop("json")
        for name, text in texts.items():
            said = " ".join(unescape(text).split())
            assert "a date tomorrow (instant), 3 times, first in request 7" in said, (name, verdict)
            assert "no body (nothing), 3 times, first in request 7: expected paused; actual stale" in said
            if verdict == "failed" or name == "html":
                assert "6 2026-09-22T13:00:00.000Z pause until tomorrow: 200, paused until" in said, name
                assert "7 2026-09-22T13:00:01.000Z this one" in said, name
                assert "whop-contracts run --profile standard --seed 0 --clause pausing.x" in said, name
                assert "3 of 12 exchanges" in said, name
        if verdict == "failed":
            for text in (texts["terminal"], texts["junit"]):
                places = [re.search(rf"^ *(?:<failure[^>]*>)?{part}\b", text, re.MULTILINE) for part in PARTS]
                assert all(places), PARTS
                assert sorted(places, key=lambda place: place.start()) == places


OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}
SUITE = {"name", "tests", "failures", "errors", "skipped", "time"}
ALLOWED = {
    # What Jenkins's junit-10.xsd and Surefire's surefire-test-report.xsd both allow; the root is Jenkins's.
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (SUITE, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}


def parsed(result):
    return ET.fromstring(documents.junit(result).encode("utf-8", "backslashreplace"))


def outcomes(result):
    return {case.get("name"): [child.tag for child in case] for case in parsed(result).iter("testcase")}


def test_junit_is_valid_and_its_counts_are_those_of_its_cases():
    for kind, result in handmade.kinds().items():
        root = parsed(result)
        for node in root.iter():
            attributes, children = ALLOWED[node.tag]
            assert set(node.keys()) == attributes, (kind, node.tag)
            assert {child.tag for child in node} <= children
            assert re.fullmatch(r"\d+\.\d{3}", node.get("time", "0.000"))
        for node in (root, *root.iter("testsuite")):
            cases = list(node.iter("testcase"))
            counts = {
                name: sum(case.find(tag) is not None for case in cases) for name, tag in OUTCOMES.items()
            }
            counts["tests"] = len(cases)
            given = {name: int(node.get(name)) for name in counts.keys() & ALLOWED[node.tag][0]}
            assert given.items() <= counts.items()
        assert list(outcomes(result)) == [*(row["id"] for row in result["clauses"]), "conclusive", "put-back"]


def test_junit_has_an_element_for_each_verdict():
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
    assert outcomes(handmade.kinds()["inconclusive"])["conclusive"] == ["error"]
    assert parsed(handmade.kinds()["inconclusive"]).get("failures") == "0"
    assert outcomes(handmade.kinds()["strict"])["response.status-is-200"] == ["failure"]


def test_in_junit_a_target_can_neither_end_an_element_nor_begin_one():
    root = parsed(handmade.everything(handmade.HOSTILE))
    assert {node.tag for node in root.iter()} == set(ALLOWED)
    assert "<script>" in root.find(".//failure").text
    assert len(documents.junit(handmade.everything("<" * 1_000_000))) < 100_000


def tokens(result):
    return list(walked(MarkdownIt("commonmark").enable("table").parse(documents.markdown(result))))


def walked(nodes):
    for node in nodes:
        yield node
        yield from walked(node.children or ())


def test_in_markdown_what_a_target_sends_is_code_and_nothing_else():
    """Read by a Markdown reader: no HTML but our folds, no link, no emphasis, hostile words in code."""
    found = tokens(handmade.everything(handmade.HOSTILE))
    html = {node.content.strip() for node in found if node.type in {"html_block", "html_inline"}}
    fold = re.compile(r"<details><summary>[\w ,]+(: \d+)?</summary>|</details>")
    assert all(map(fold.fullmatch, html)), html
    assert not {node.type for node in found} & {"link_open", "image", "s_open", "hr"}
    for node in found:
        if node.type == "text":
            assert not re.search("script|bold|@team|gnp", node.content), node.content


def test_in_markdown_no_text_ends_its_code_span():
    for text in ("`", "``` ```", "`a``b```c", "|", "|x|\n|-|", " ", "", "\\", "<!--", "@here"):
        found = tokens(handmade.everything(text))
        assert not any(node.type == "html_inline" for node in found)
        assert sum(node.type == "table_open" for node in found) == 1


def test_markdown_begins_with_the_verdict_and_has_a_place_for_everything():
    for result in handmade.kinds().values():
        assert result["verdict"] in documents.markdown(result).splitlines()[0]
    text = documents.markdown(handmade.everything())
    for part in (
        *("#### response.status-is-documented", "**Not put back:**", "Drift: 2", "Not tested: 2"),
        *("Warnings: 1", "Waived: 1", "Notes: 1"),
        "| Response |  | 2 | 1 |  |  | 36 |",
        "2026-11-26T10:00:00.000Z to 2026-11-26T10:00:02.500Z",
    ):
        assert part in text
    assert "Reason: `no pause got a 2xx`" in documents.markdown(handmade.kinds()["inconclusive"])


def test_markdown_fits_a_comment_however_many_clauses_fail():
    failure = handmade.failure(actual="x" * 5_000)
    rows = [handmade.clause(f"response.number-{n}", "failed", failure=failure) for n in range(400)]
    text = documents.markdown(handmade.result(*rows))
    assert len(text) <= documents.COMMENT_LIMIT
    assert "violates: 400 clauses failed" in text
    assert "more" in text


def on_github(result, monkeypatch, github="true", **how):
    monkeypatch.setenv("GITHUB_ACTIONS", github)
    stream = io.StringIO()
    reports.show(Settings(**how), result, stream)
    return stream.getvalue()


def test_on_github_alone_a_failure_is_an_error_and_a_warning_a_warning(monkeypatch):
    elsewhere = on_github(handmade.everything(), monkeypatch, github="")
    assert not re.search(r"^\s*::", elsewhere, re.MULTILINE)
    found = runner_commands(on_github(handmade.everything(), monkeypatch))
    assert [(name, properties) for name, properties, _ in found] == [
        ("error", "title=not put back"),
        ("error", "title=response.status-is-documented"),
        ("error", "title=response.id-is-the-one-asked-for"),
        ("warning", "title=response.status-is-200"),
    ]
    assert "in one sentence.%0Aexpected paused" in found[1][2]
    ((name, _, data),) = runner_commands(on_github(handmade.kinds()["inconclusive"], monkeypatch))
    assert (name, data) == ("error", "inconclusive: no pause got a 2xx")
    rows = [handmade.clause(f"response.member-{n}", "failed") for n in range(40)]
    lines = list(reports.github_lines(handmade.result(*rows)))
    assert len(lines) == 10
    assert lines[-1].startswith("::error title=31 more::response.member-9, ")


def test_a_target_cannot_give_commands_to_the_runner_of_github(monkeypatch):
    hostile = "::add-mask::x\n::error title=y::z %0A::set-output name=a::b"
    for how in ({}, {"quiet": True}, {"verbose": True}):
        plain = runner_commands(on_github(handmade.everything(), monkeypatch, **how))
        found = runner_commands(on_github(handmade.everything(hostile), monkeypatch, **how))
        assert [one[:2] for one in found] == [one[:2] for one in plain]
        assert all("%0A::set" not in data for _, _, data in found)


def test_the_command_prints_annotations_after_its_report(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("whop_contracts.cli.check.check", lambda *_, **__: handmade.kinds()["violates"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert cli.main(["run"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("::stop-commands::")
    assert out[-1].startswith("::error title=pausing.status-is-paused::")
