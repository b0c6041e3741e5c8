"""The documentation builds, its links work, and its generated pages are complete."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commands import environment, process

ROOT = Path(__file__).parents[2]
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true", "NO_COLOR": "1"}


class Page(HTMLParser):
    """What a page links to."""

    def __init__(self, text):
        super().__init__()
        self.links = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.links += [given[name] for name in ("href", "src") if given.get(name)]


def build(folder, *, of=ROOT):
    """The site, built as ``tox -e docs`` builds it; or what went wrong."""
    words = ("-m", "mkdocs", "build", "--strict", "--site-dir", folder)
    return process(sys.executable, *words, cwd=of, env=environment(**QUIET))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stdout
    pages = folder.rglob("*.html")
    return {path.relative_to(folder).as_posix(): Page(path.read_text("utf-8")) for path in pages}


def test_links_to_elsewhere_are_to_other_tools_and_the_site_loads_nothing_from_them(site, record_property):
    """They are not followed here. Links inside are checked by the build, as the next test shows."""
    links = [urlsplit(link) for name, page in site.items() if name != "404.html" for link in page.links]
    outside = {link.geturl() for link in links if link.scheme or link.netloc}
    record_property("not checked", sorted(outside))
    assert len(links) - len(outside) > 500
    hosts = {urlsplit(one).hostname for one in outside}
    assert hosts <= {
        *("schemathesis.readthedocs.io", "docs.specmatic.io", "dredd.org", "github.com", "docs.pact.io"),
        *("locust.io", "squidfunk.github.io"),
    }
    assert {one.partition(":")[0] for one in outside} == {"https"}


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path):
    """With the settings of the site, without its pages."""
    settings = (ROOT / "mkdocs.yml").read_text("utf-8").partition("nav:")[0]
    (tmp_path / "mkdocs.yml").write_text(settings.replace("name: material", "name: mkdocs"))
    (tmp_path / "docs").mkdir()
    page = "# Here\n\n[page](nowhere.md), [anchor](index.md#no-such-anchor)\n"
    (tmp_path / "docs" / "index.md").write_text(page)
    done = build(tmp_path / "site", of=tmp_path)
    assert done.returncode != 0
    assert "nowhere.md" in done.stdout
    assert "no-such-anchor" in done.stdout


def test_every_link_between_files_works_on_a_code_host():
    """A page on a code host is not built: links are to files and headings of the repository."""
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            there = path.parent / name if name else path
            assert there.is_file(), (path.name, target)
            if anchor:
                heads = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), flags=re.MULTILINE)
                slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
                assert anchor in slugs, (path.name, target)
