"""The documentation builds, its links lead somewhere, and what is made from the code is all of it."""

from __future__ import annotations

import importlib.util
import os
import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import whop_contracts
from whop_contracts.pause.catalogue import clauses
from whop_contracts.settings import SETTINGS

ROOT = Path(__file__).parents[2]
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true", "NO_COLOR": "1"}


class Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.words = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}

    def handle_data(self, data):
        self.words.append(data)


def build(folder, *, of=ROOT):
    """The site, built as ``tox -e docs`` builds it; or what went wrong."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=of,
        env={name: value for name, value in os.environ.items() if not name.startswith("WHOP_")} | QUIET,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        path.relative_to(folder).as_posix(): Page(path.read_text("utf-8")) for path in folder.rglob("*.html")
    } | {path.relative_to(folder).as_posix(): None for path in folder.rglob("*") if path.suffix != ".html"}


def links(site):
    """Every link: the page it is on, and where to."""
    for name, page in site.items():
        for link in page.links if page and name != "404.html" else ():
            yield name, urlsplit(link)


def test_every_link_inside_leads_to_a_page_and_an_anchor_of_it(site):
    astray, inside = [], 0
    for name, link in links(site):
        if link.scheme or link.netloc:
            continue
        inside += 1
        there = (
            posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(link.path)))
            if link.path
            else name
        )
        there = "index.html" if there == "." else there
        page = site.get(there)
        if there not in site or (
            link.fragment and (page is None or unquote(link.fragment) not in page.anchors)
        ):
            astray.append((name, link.geturl()))
    assert astray == []
    assert inside > 500


def test_links_to_elsewhere_are_not_followed_here(site, record_property):
    """They lead to the sites of other tools only; the site itself loads nothing from elsewhere."""
    outside = {link.geturl() for _, link in links(site) if link.scheme or link.netloc}
    record_property("not checked", sorted(outside))
    hosts = {urlsplit(one).hostname for one in outside}
    assert hosts <= {
        *("schemathesis.readthedocs.io", "docs.specmatic.io", "dredd.org", "github.com", "docs.pact.io"),
        *("locust.io", "squidfunk.github.io"),
    }
    assert {one.partition(":")[0] for one in outside} == {"https"}


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path):
    pages = copied(tmp_path)
    pages.joinpath("index.md").write_text("# Here\n\n[page](nowhere.md), [anchor](index.md#no-such-anchor)\n")
    done = build(tmp_path / "site", of=tmp_path)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
    assert "no-such-anchor" in done.stderr


def test_the_site_builds_before_the_pages_that_commands_write_are_there(tmp_path):
    pages = copied(tmp_path)
    for path in pages.glob("*.md"):
        path.write_text(f"# {path.stem}\n")
    for name in ("proof.md", "mutants.md"):
        pages.joinpath(name).unlink()
    done = build(tmp_path / "site", of=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "site" / "proof.html").exists()


def copied(folder):
    """The documentation in a folder of its own, to be changed."""
    for path in (ROOT / "mkdocs.yml", *sorted((ROOT / "docs").iterdir())):
        there = folder / path.relative_to(ROOT)
        if path.is_file():
            there.parent.mkdir(exist_ok=True)
            there.write_bytes(path.read_bytes())
    return folder / "docs"


def test_every_clause_is_in_the_catalogue_and_can_be_linked_to(site):
    page = site["clauses.html"]
    text = " ".join(page.words)
    for clause in clauses():
        assert clause.id.replace(".", "") in page.anchors, clause.id
        assert clause.statement in text, clause.id


def test_every_setting_is_in_the_reference(site):
    page = site["settings.html"]
    assert {setting.key for setting in SETTINGS} <= page.anchors
    text = " ".join(page.words)
    for setting in SETTINGS:
        assert setting.help in text
        assert setting.variables[0] in text


def test_every_module_is_among_the_rooms(site):
    text = site["architecture.html"].words
    package = Path(whop_contracts.__file__).parent
    assert {path.name for path in package.rglob("*.py")} <= set(text)


def test_the_table_of_modules_is_made_of_whole_sentences():
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    rows = [line for line in hooks.modules() if line.startswith("| `")]
    assert [
        row for row in rows if not re.search(r"[.:] \|$", row) or row.count("|") - row.count("\\|") != 3
    ] == []
