"""The page: whole without a network, safe whatever a target says, and usable in a real browser."""

import base64
import copy
import hashlib
import json
import re
import shutil
import subprocess
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report import handmade
from report.making import FAULT, judged
from whop_contracts.report import documents
from whop_contracts.report.documents import timeline
from whop_contracts.settings import Settings

CHROMIUM = shutil.which("chromium")
TIMED = ("resumes-an-hour-late", "timer-survives-unpause")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}\x00\u202e\ud800"


@pytest.fixture(scope="module")
def results():
    timed = {fault: judged(Settings(), fault=fault) for fault in TIMED}
    return {fault: judged(fault=fault) for fault in (None, FAULT)} | timed


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.addresses = []
        self.events = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "action", "data"}:
                self.addresses.append(value)
            if name.startswith("on") or name == "style":
                self.events.append(name)


def test_the_verdict_and_the_counts_come_first_and_every_clause_is_there(results):
    result = results[FAULT]
    text = documents.html(result)
    assert text.index("<h1") < text.index("Failures and warnings") < text.index("clause by clause")
    for row in result["clauses"]:
        assert f"<code>{row['id']}</code>" in text
    assert text.count('data-kind="clause"') == len(result["clauses"])


@pytest.mark.parametrize("fault", [None, FAULT])
def test_nothing_is_asked_of_anybody_and_nothing_runs_but_our_script(results, fault):
    for result in (results[fault], handmade.everything(HOSTILE)):
        text = documents.html(result)
        page = Page(text)
        assert page.tags.count("script") == page.tags.count("style") == 1
        assert "img" not in page.tags
        assert page.events == []
        assert all(address.startswith(("#", "data:,")) for address in page.addresses)
        assert "default-src &#39;none&#39;" in text
        assert "{{ 7*7 }}" in text or result is results[fault]
        assert "\x00" not in text
        assert "\u202e" not in text


def test_a_report_of_huge_strings_stays_small():
    result = handmade.everything("<&\x01" * 70_000)
    huge = result | {name: 50 * result[name] for name in ("clauses", "drift", "notes")}
    assert len(documents.html(huge).encode()) < documents.PAGE_LIMIT


def pictures(result):
    found = {row["id"]: timeline(row) for row in result["clauses"] if row["failure"]}
    return {id_: picture for id_, picture in found.items() if picture[0]}


def test_a_picture_shows_what_was_requested_and_when_the_campaign_was_paused(results):
    result = results["timer-survives-unpause"]
    rows = {row["id"]: row for row in result["clauses"]}
    request = rows["auto_resume.cancelled-date-does-not-fire"]["failure"]["request"]
    before = request["before"]
    points, paused = pictures(result)["auto_resume.cancelled-date-does-not-fire"]
    kinds = [kind for _, kind, _ in points]
    assert kinds.count("seen") == 1
    assert kinds.count("before") == len(before)
    own = [event for event in before if event["campaign"] in request["url"]]
    assert kinds.count("asked") == len({event["until"] for event in own if event["until"]}) > 0
    assert any(re.search(r"Z pause .*: 200", words) for _, _, words in points)
    seen = next(at for at, kind, _ in points if kind == "seen")
    assert any(start < end == seen for start, end in paused)
    page = documents.html(result)
    assert page.count('class="span"') >= len(paused) > 0
    places = [float(x) for x in re.findall(r' (?:x1|x2|cx)="([\d.]+)%"', page)]
    assert (min(places), max(places)) == (2, 97)
    assert "<h4>Before</h4>" in page


def test_a_picture_is_drawn_from_events_alone(results):
    """Instants in prose, bodies and headers are not looked at."""
    result = copy.deepcopy(results["resumes-an-hour-late"])
    drawn = pictures(result)
    assert drawn
    for row in result["clauses"]:
        if row["id"] in drawn:
            row["failure"] |= {"expected": "2001-01-01T00:00:00Z"}
            row["failure"]["request"]["body"] = '"2002-01-01T00:00:00Z"'
            row["failure"]["response"]["headers"] = {"date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert pictures(result) == drawn
    for row in result["clauses"]:
        if row["id"] in drawn:
            del row["failure"]["request"]["before"]
    assert pictures(result) == {}


PROBE = Path(__file__).with_name("probe.js").read_text("utf-8")


def browse(path, folder, *more):
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed (apt-get install chromium); CI installs it")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    flags += [f"--user-data-dir={folder}", "--virtual-time-budget=3000", *more]
    command = [CHROMIUM, *flags, "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def with_probe(text):
    """The page with a second script of the test's, and its hash allowed."""
    digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    allowed = text.replace("script-src &#39;", f"script-src &#39;sha256-{digest}&#39; &#39;", 1)
    return allowed.replace("</body>", f"<script>{PROBE}</script></body>")


def test_in_a_browser_search_filter_and_folding_work_and_hostile_text_does_nothing(results, tmp_path):
    path = tmp_path / "r.html"
    for result in (results[FAULT], handmade.everything(HOSTILE)):
        path.write_text(with_probe(documents.html(result)), "utf-8", errors="backslashreplace")
        dom, console = browse(path, tmp_path / "profile")
        assert console == []
        assert dom.count("<script") == 2
        match = re.search(r'data-probe="([^"]*)"', dom)
        assert match, dom[-2000:]
        verdicts = {row["id"]: row["verdict"] for row in result["clauses"]}
        assert dict(json.loads(unescape(match[1]))) == {
            "all": len(verdicts),
            "search": int("pausing.until-is-kept" in verdicts),
            "filter": sum(verdict != "passed" for verdict in verdicts.values()),
            "unfold": 0,
            "fold": 0,
            "focus": "find",
        }


LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")
FRAMES = ((390, True), (1280, True), (390, False))
"""How wide each is, and whether scripts run in it: without them there is no search, and everything else."""


@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser_the_page_fits_and_has_contrast(results, tmp_path, dark):
    path = tmp_path / "r.html"
    # In frames, because a headless window has a least width.
    page = escape(documents.html(results["timer-survives-unpause"]))
    frames = "".join(
        f'<iframe width="{width}" height="1000" style="border: 0" '
        f"""{"" if script else 'sandbox="allow-same-origin"'} srcdoc="{page}"></iframe>"""
        for width, script in FRAMES
    )
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><script>{LAYOUT}</script>{frames}", "utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    dom, console = browse(path, tmp_path / "profile", scheme)
    assert len(console) == 1  # the blocked script
    match = re.search(r'data-layout="([^"]*)"', dom)
    assert match, dom[-2000:]
    same = {"over": 0, "faint": [], "unnamed": 0, "small": 0, "dark": dark}
    same["clauses"] = len(results[None]["clauses"])
    assert json.loads(unescape(match[1])) == [
        same | {"width": width, "search": script} for width, script in FRAMES
    ]
