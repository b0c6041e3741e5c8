"""The generated parts of the documentation are up to date; ``python docs/hooks.py`` writes them."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_every_page_is_up_to_date():
    generated = dict(runpy.run_path(str(DOCS / "hooks.py"))["generated"]())
    assert {path.stem for path in generated} == {
        *("settings", "clauses", "conforms", "how-it-works", "get-started", "README"),
    }
    for path, page in generated.items():
        assert page.splitlines() == path.read_text("utf-8").splitlines(), path.name


def test_no_page_is_empty_on_a_code_host():
    for path in DOCS.glob("*.md"):
        assert len(path.read_text("utf-8").split()) > 80, path.name
