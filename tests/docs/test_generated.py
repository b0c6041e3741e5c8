"""The generated parts of the documentation are up to date; ``python docs/hooks.py`` writes them."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generated():
    return dict(runpy.run_path(str(DOCS / "hooks.py"))["generated"]())


@pytest.mark.parametrize(
    "name", ["settings", "clauses", "conforms", "how-it-works", "get-started", "../README"]
)
def test_a_page_is_up_to_date(generated, name):
    path = next(path for path in generated if path.resolve() == (DOCS / f"{name}.md").resolve())
    assert generated.pop(path).splitlines() == path.read_text("utf-8").splitlines()


def test_no_page_is_empty_on_a_code_host():
    for path in DOCS.glob("*.md"):
        assert len(path.read_text("utf-8").split()) > 80, path.name
