"""HTML: one file that opens offline and asks nobody for anything.

Everything that came from a target is escaped by the template engine, shown as ``visible`` writes it, and cut; the page's own style and script
are named by their hash in a policy that allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible
from whop_contracts.report.timeline import timeline

LIMIT: Final = 5_000_000
"""Bytes that a report stays under, whatever a target says."""
_BUDGETS: Final = (4_000, 1_000, 200, 40)
"""Characters of one text; the first that lets the page fit is taken."""
_ROWS: Final = 500
_FOLDER: Final = Path(__file__).with_name("templates")
_MARKS: Final = {"passed": "✓", "failed": "✗", "warned": "!", "waived": "~", "not_tested": "\u2013"}


def render(result: Mapping[str, Any]) -> str:
    """One document."""
    text = ""
    for budget in _BUDGETS:
        text = _page(result, budget)
        if len(text.encode("utf-8", "backslashreplace")) < LIMIT:
            break
    return text


def _page(result: Mapping[str, Any], budget: int) -> str:
    def shown(value: Any, limit: int = 500) -> str:
        return visible(value, min(limit, budget))

    def body(text: str | None) -> str:
        return _body(text, budget)

    parts = [
        {
            "id": part,
            "title": summary.title(part),
            "counts": counts,
            "rows": [row for row in result["clauses"] if row["part"] == part],
        }
        for part, counts, _ in summary.by_part(result)
    ]
    return _template().render(
        result=result,
        parts=parts,
        broken=summary.having(result, "failed")
        + summary.having(result, "warned")
        + summary.having(result, "waived"),
        totals=summary.totals(result),
        drift=result["drift"][:_ROWS],
        resumes=result["resumes"][:_ROWS],
        notes=result["notes"][:_ROWS],
        shown=shown,
        body=body,
        summary=summary,
        timeline=timeline,
        marks=_MARKS,
        style=_own("report.css"),
        script=_own("report.js"),
        policy="; ".join(
            (
                "default-src 'none'",
                f"style-src '{_hash('report.css')}'",
                f"script-src '{_hash('report.js')}'",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
    )


def _body(text: str | None, budget: int) -> str:
    """A body for a reader: JSON laid out, each of its lines as it can be seen."""
    if not text:
        return "(none)"
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return visible(text, budget)
    lines, left = [], budget
    for line in text.split("\n"):
        lines.append(visible(line, max(min(left, 400), 1)))
        left -= len(lines[-1])
        if left <= 0:
            break
    return "\n".join(lines)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


@cache
def _own(name: str) -> str:
    """A file of ours, which the template puts into the page as it is."""
    return (_FOLDER / name).read_text("utf-8")


def _hash(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_own(name).encode()).digest()).decode()
