# ruff: noqa: INP001 - run by its path
"""The generated parts of the documentation: ``python docs/hooks.py`` writes them, a test fails if they are
stale.

settings.md and clauses.md are generated as a whole. In other pages the text between the markers ``<!-- NAME
begin -->`` and ``<!-- NAME end -->`` is, and the sample output of a run. ``proof.md`` is written by
``whop-contracts prove --write``.
"""

from __future__ import annotations

import ast
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest import mock

import whop_contracts
from whop_contracts import report
from whop_contracts.cli.check import check
from whop_contracts.cli.explain import bounds
from whop_contracts.pause.catalogue import PARTS, clauses
from whop_contracts.pause.request_classes import CLASSES, RequestClass
from whop_contracts.proof import START
from whop_contracts.settings import Settings, shown
from whop_contracts.settings.kinds import SWITCH
from whop_contracts.settings.sources import SETTINGS, Setting

DOCS: Final = Path(__file__).parent
_PACKAGE: Final = Path(whop_contracts.__file__).parent
_SAMPLE: Final = re.compile(r"(?<=```text\n)the built-in mock, .*?(?=```)", re.DOTALL)


def generated() -> Iterator[tuple[Path, str]]:
    """Every page with a generated part, and its text as it should be."""
    yield DOCS / "settings.md", settings_page()
    yield DOCS / "clauses.md", "\n".join(clauses_page())
    for name, marker, lines in (
        ("conforms.md", "requests", [line for part in PARTS for line in _requests(*part)]),
        ("how-it-works.md", "modules", list(_modules())),
    ):
        page = (DOCS / name).read_text("utf-8")
        part = re.compile(f"(?<=<!-- {marker} begin -->\n).*(?=<!-- {marker} end -->)", re.DOTALL)
        yield DOCS / name, part.sub(lambda _, lines=lines: "\n".join(["", *lines, ""]), page)
    output = sample()
    for path in (DOCS.parent / "README.md", DOCS / "get-started.md"):
        yield path, _SAMPLE.sub(lambda _: output, path.read_text("utf-8"))


def sample() -> str:
    """What ``whop-contracts run`` prints on the mock, on a fixed day and without its own times."""
    with mock.patch("time.time", return_value=START):
        result = check(Settings())
    out = io.StringIO()
    report.show(Settings(color="never"), result, out)
    text = re.sub(r"^[\d-]+T\S+ to \S+$", "…", out.getvalue(), flags=re.MULTILINE)
    return re.sub(r"[\d.]+ s$", "1.1 s", text.rstrip("\n")) + "\n"


def settings_page() -> str:
    """The text of settings.md, which ``python docs/hooks.py`` writes."""
    return "\n".join([_HOW_SETTINGS_ARE_GIVEN, *(line for setting in SETTINGS for line in _section(setting))])


def _section(setting: Setting) -> Iterator[str]:
    value = "" if setting.kind is SWITCH else f" {setting.kind.metavar}"
    variables = " or ".join(f"`{name}`" for name in setting.variables)
    ways = {
        "flag": ", ".join(f"`{flag}{value}`" for flag in (setting.short, f"--{setting.key}") if flag)
        if "run" in setting.faces
        else "",
        "option of pytest": f"`--contract-{setting.key}{value}`" if "pytest" in setting.faces else "",
        "variable": variables,
        "key": f"`{setting.key}`" if setting.in_file else "",
        "value": setting.kind.expected,
        "default": shown(setting.default) or setting.otherwise,
    }
    yield from (f"### {setting.key}", "", setting.help, "", "| | |", "|---|---|")
    yield from (f"| {name} | {html.escape(text, quote=False)} |" for name, text in ways.items() if text)
    yield ""


_HOW_SETTINGS_ARE_GIVEN: Final = """\
<!-- Written by `python docs/hooks.py` from the table of settings. -->
# Settings

A flag goes before a variable, a variable before the file, the file before the default.
`whop-contracts run --show-config` prints every setting with its source. `--token` and `--token-file` are one
setting: the one with the stronger source is taken.

- The file is the one that `--config` names, else `whop-contracts.toml`, else `[tool.whop-contracts]` of
  `pyproject.toml`, in the current folder. Its paths are relative to its own folder.
- An unknown flag, key or variable is an error that names the nearest known one. An empty variable is not set.
- A duration is `30s`, `5m`, `2h`, `250ms`, or a bare number of seconds.
- A switch is undone by `--no-…`; in a file it is `true` or `false`, in a variable also `1`, `0`, `yes`, `no`,
  `on` or `off`.
- A repeatable setting is a list in a file. In a variable, commas or white space separate its values, line
  breaks separate headers.

Shells complete commands, flags and their values after one of these lines:

- bash, in `~/.bashrc`: `eval "$(_WHOP_CONTRACTS_COMPLETE=bash_source whop-contracts)"`
- zsh, in `~/.zshrc`: `eval "$(_WHOP_CONTRACTS_COMPLETE=zsh_source whop-contracts)"`
- fish, in `~/.config/fish/config.fish`: `_WHOP_CONTRACTS_COMPLETE=fish_source whop-contracts | source`

## Every setting
"""


def clauses_page() -> Iterator[str]:
    """The text of clauses.md, by part of the page."""
    yield _ABOUT_CLAUSES
    for part, title in PARTS:
        yield from (f"## {title}", "")
        for clause in (clause for clause in clauses() if clause.part == part):
            needs = f" Not tested if {clause.needs}." if clause.needs else ""
            source = html.escape(str(clause.source), quote=False)
            yield from (f"### {clause.id}", "", html.escape(clause.statement + needs, quote=False), "")
            yield from (f"*{clause.level}*, {source}", "")


_ABOUT_CLAUSES: Final = """\
<!-- Written by `python docs/hooks.py` from the catalogue. -->
# Clauses

A failed *must* clause fails the run; a *should* clause warns. The source of a clause is the **page** of the
endpoint, its **example**, a **sibling** page, the **errors** page, the **sdk**, an **rfc**, or a
**convention**. `whop-contracts clauses --json` prints the same for programs; `whop-contracts explain ID`
explains one clause.
"""


_EFFECTS: Final = {"expected": "yes", "possible": "possibly", "none": "no"}


def _requests(part: str, title: str) -> Iterator[str]:
    classes = [one for one in CLASSES if one.clause.startswith(f"{part}.")]
    if not classes:
        return
    yield f"### {title}"
    yield ""
    yield "| class | rule | conforms | warns | fails | takes effect | examples |"
    yield "|---|---|---|---|---|---|---|"
    yield from (f"| {' | '.join(_row(one))} |" for one in classes)
    yield ""


def _row(one: RequestClass) -> Iterator[str]:
    found = bounds(next(clause for clause in clauses() if clause.id == one.clause))
    yield f"`{one.id}`"
    link = f"[`{one.clause}`](clauses.md#{one.clause.replace('.', '')})"
    yield f"{html.escape(one.statement, quote=False)} ({link}, {one.source})"
    yield from (found[name] for name in ("conforms", "warns", "fails"))
    yield _EFFECTS[one.effect]
    first, *rest = (_plain(case.name) for case in one.vectors)
    yield first + (f" and {len(rest)} more" if rest else "")


def _modules() -> Iterator[str]:
    """Every folder of the package, and the modules in its root, with the first sentence of its docstring."""
    inside = sorted(_PACKAGE.rglob("__init__.py"), key=lambda path: path.parent.as_posix())
    folders = {f"{path.parent.relative_to(_PACKAGE).as_posix()}/": path for path in inside[1:]}
    yield from ("| folder or module | |", "|---|---|")
    for name, path in (folders | {path.name: path for path in sorted(_PACKAGE.glob("[!_]*.py"))}).items():
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        first = " ".join(re.split(r"(?<=[.])\s", text)[0].split())
        yield f"| `{name}` | {_plain(first)} |"


def _plain(said: str) -> str:
    """A docstring as a cell of a table."""
    said = re.sub(r":\w+:`([^`]+)`", r"`\1`", said.replace("``", "`"))
    return html.escape(said, quote=False).replace("|", "\\|")


if __name__ == "__main__":
    for written, page in generated():
        written.write_text(page, encoding="utf-8")
