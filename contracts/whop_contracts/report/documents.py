"""JUnit XML, Markdown and HTML of a result. What came from a target is escaped, made visible, and cut.

JUnit is valid by Jenkins's and Surefire's schemas. HTML opens offline and requests nothing: its policy allows
its own style and script, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from whop_contracts.instants import read_instant, write_instant
from whop_contracts.report import environment, failure, summary
from whop_contracts.report.summary import Result, Row, visible

if TYPE_CHECKING:
    import jinja2

COMMENT_LIMIT: Final = 60_000
"""Characters of the Markdown; GitHub takes 65,536 in a comment."""
PAGE_LIMIT: Final = 5_000_000
"""Bytes that the HTML stays under, whatever a target sends."""
_FOLDER: Final = Path(__file__).with_name("templates")


@cache
def _template(name: str) -> jinja2.Template:
    templates = environment(_FOLDER)
    templates.filters |= {"code": _code, "fenced": _fenced, "visible": visible}
    templates.globals |= {"summary": summary, "failure": failure, "json": json}
    return templates.get_template(name)


def junit(result: Result) -> str:
    """One XML document; every character in it is one that XML allows."""
    return _template("junit.xml.j2").render(result=result) + "\n"


def markdown(result: Result) -> str:
    """One document. If there are too many failures, the last ones get a line each, or are counted."""
    failed = summary.leading(result)
    for full in (len(failed), 20, 10, 5, 1, 0):
        parts = {"failures": failed[:full], "further": failed[full:]}
        text = _template("report.md.j2").render(result=result, most=20, **parts)
        if len(text) <= COMMENT_LIMIT:
            break
    return text[:COMMENT_LIMIT]


def _code(text: Any) -> str:
    """Text as a code span; its backticks cannot end it."""
    shown = visible(text, 500).strip() or " "
    ticks = "`" * (_longest(shown) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{room}{shown}{room}{ticks}"


def _fenced(lines: list[str]) -> str:
    ticks = "`" * max(3, _longest("\n".join(lines)) + 1)
    return "\n".join((f"{ticks}text", *lines, ticks))


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def html(result: Result) -> str:
    """One document. Of the budgets, the characters of one text, the first that lets it fit is taken."""
    for budget in (4_000, 1_000, 200, 40):
        text = _page(result, budget)
        if len(text.encode("utf-8", "backslashreplace")) < PAGE_LIMIT:
            break
    return text


def _page(result: Result, budget: int) -> str:
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("report.css", "report.js"))

    def shown(value: Any, limit: int = 500) -> str:
        return visible(value, min(limit, budget))

    def statement(text: str) -> Markup:
        """A statement, with what is in backticks as code."""
        code = re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(shown(text))))
        return Markup(code)  # noqa: S704 - escaped before

    return _template("report.html.j2").render(
        result=result,
        failures=[*summary.failures(result), *summary.having(result, "warned", "waived")],
        **{name: result[name][:500] for name in ("drift", "resumes", "notes")},
        shown=shown,
        statement=statement,
        body=lambda text: _body(text, budget),
        timeline=timeline,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _body(text: str | None, budget: int) -> str:
    """A body for a reader: JSON laid out, each of its lines made visible."""
    if not text:
        return "(none)"
    try:
        lines = json.dumps(json.loads(text), indent=2, ensure_ascii=False)[:budget].split("\n")
    except (ValueError, RecursionError):
        return visible(text, budget)
    return "\n".join(visible(line, min(budget, 400)) for line in lines)


def timeline(row: Row) -> tuple[list[tuple[int, str, str]], list[tuple[int, int]]]:
    """The instants that led to a failure, in ns, with their kind and words, and the spans in which the
    campaign was shown as paused: until its date, or the next response. Empty with fewer than two instants.
    """
    request = row["failure"]["request"]
    events = [(event, _instant(event["at"])) for event in request.get("before", ())]
    own = [(event, at, failure.state_of(event)) for event, at in events if failure.concerns(event, request)]
    requested = {until for event, _, _ in own if (until := _instant(event["until"])) is not None}
    shown = {state.until for _, _, state in own if state.until is not None}
    last = _instant(request["at"]) if events else None
    points: list[tuple[int | None, str, str]] = [
        *(
            (at, "before", f"{visible(one['asked'], 60)}: {failure.describe_response(one)}")
            for one, at in events
        ),
        (last, "seen", f"this one: {visible(row['failure']['actual'], 60)}"),
        *((ns, "asked", "requested, shown" if ns in shown else "requested") for ns in requested),
        *((ns, "shown", "shown") for ns in shown - requested),
    ]
    known = sorted(
        ((ns, kind, what) for ns, kind, what in points if ns is not None), key=lambda point: point[0]
    )
    if not known or known[0][0] == known[-1][0]:
        return [], []
    states = [(at, state) for _, at, state in own if at is not None and state.status]
    ends = [*(at for at, _ in states[1:]), last]
    paused = [
        (start, end if state.until is None else min(end, state.until))
        for (start, state), end in zip(states, ends, strict=False)
        if state.status == "paused" and end is not None
    ]
    return [(ns, kind, f"{write_instant(ns)} {what}") for ns, kind, what in known], paused


def _instant(text: str | None) -> int | None:
    instant = read_instant(text) if text else None
    return instant.ns if instant else None
