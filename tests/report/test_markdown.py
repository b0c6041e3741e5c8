"""Markdown: it fits a comment, and nothing from a target is more than text in it."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from report import handmade
from whop_contracts.report import markdown


def tokens(result):
    return list(walked(MarkdownIt("commonmark").enable("table").parse(markdown.render(result))))


def walked(nodes):
    for node in nodes:
        yield node
        yield from walked(node.children or ())


@pytest.mark.parametrize("kind", handmade.kinds())
def test_the_verdict_is_the_heading(kind):
    result = handmade.kinds()[kind]
    assert result["verdict"] in markdown.render(result).splitlines()[0]


def test_what_a_target_says_is_code_and_nothing_else():
    """Read by a Markdown reader: no HTML but our own folds, no link, no emphasis, and every hostile word in code."""
    found = tokens(handmade.everything(handmade.HOSTILE))
    html = {node.content.strip() for node in found if node.type in {"html_block", "html_inline"}}
    assert all(
        re.fullmatch(r"<details><summary>[\w ,]+(: \d+)?</summary>|</details>", one) for one in html
    ), html
    assert not {node.type for node in found} & {"link_open", "image", "s_open", "hr"}
    for node in found:
        if node.type == "text":
            assert not re.search("script|bold|@team|gnp", node.content), node.content


@pytest.mark.parametrize(
    "text", ["`", "``` ```", "`a``b```c", "|", "|x|\n|-|", " ", "", "\\", "<!--", "@here"]
)
def test_no_text_ends_its_code_span(text):
    found = tokens(handmade.everything(text))
    assert not any(node.type == "html_inline" for node in found)
    assert sum(node.type == "table_open" for node in found) == 1


def test_each_verdict_has_its_place():
    text = markdown.render(handmade.everything())
    for part in (
        "#### response.status-is-documented",
        "Warnings: 1",
        "Waived: 1",
        "Drift: 2",
        "Not tested: 2",
        "Notes: 1",
        "**Not put back:**",
    ):
        assert part in text


def test_the_table_has_the_totals_of_the_parts():
    assert "| Response |  | 2 | 1 |  |  | 36 |" in markdown.render(handmade.everything())


def test_however_much_is_broken_it_fits_a_comment():
    rows = [
        handmade.clause(f"response.number-{n}", "failed", failure=handmade.failure(actual="x" * 5_000))
        for n in range(400)
    ]
    text = markdown.render(handmade.result(*rows))
    assert len(text) <= markdown.LIMIT
    assert "violates: 400 promises are broken" in text
    assert "and 395 more" in text or "more" in text


def test_an_inconclusive_run_says_why():
    assert "Reason: `no pause was answered 2xx`" in markdown.render(handmade.kinds()["inconclusive"])
