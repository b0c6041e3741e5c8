# ruff: noqa: INP001 - MkDocs loads it by its path
"""Tables of the documentation that are made from the code.

A page asks for a table by its marker, ``<!-- settings -->``, on a line of its own; MkDocs fills it in when the site is
built. ``python docs/hooks.py`` writes the table of request classes into ``conforms.md``, between its two markers.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import whop_contracts
from whop_contracts.cli.explain import bounds
from whop_contracts.pause.catalogue import PARTS, clauses
from whop_contracts.pause.request_classes import CLASSES, RequestClass
from whop_contracts.settings import SETTINGS, Setting, shown
from whop_contracts.settings.kinds import SWITCH

_PACKAGE: Final = Path(whop_contracts.__file__).parent
_MADE_BY_COMMANDS: Final = frozenset({"proof.md", "mutants.md"})
"""Pages that a command writes, and that may not have been written yet."""


def on_config(config: Any) -> Any:
    """Leave out of the navigation what has not been written."""
    missing = {name for name in _MADE_BY_COMMANDS if not (Path(config.docs_dir) / name).is_file()}
    config.nav = [_without(entry, missing) for entry in config.nav]
    return config


def _without(entry: Any, missing: set[str]) -> Any:
    ((title, inside),) = entry.items()
    if isinstance(inside, list):
        return {title: [one for one in inside if not missing & set(one.values())]}
    return entry


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with its tables."""
    return re.sub(
        r"^<!-- (\w+) -->$", lambda found: "\n".join(_TABLES[found[1]]()), markdown, flags=re.MULTILINE
    )


def settings_page() -> str:
    """The text of settings.md, which ``python docs/hooks.py`` writes."""
    return "\n".join([_HOW_SETTINGS_ARE_GIVEN, *(line for setting in SETTINGS for line in _section(setting))])


def _section(setting: Setting) -> Iterator[str]:
    value = "" if setting.kind is SWITCH else f" {setting.metavar}"
    variables = " or ".join(f"`{name}`" for name in setting.variables)
    ways = {
        "flag": ", ".join(f"`{flag}{value}`" for flag in (setting.short, f"--{setting.key}") if flag)
        if "command" in setting.faces
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


def catalogue() -> Iterator[str]:
    """Every clause, by the part of the page."""
    for part, title in PARTS:
        yield f"## {title}"
        yield ""
        for clause in (clause for clause in clauses() if clause.part == part):
            yield f"### {clause.id}"
            yield ""
            needs = f" Not tested where {clause.needs}." if clause.needs else ""
            yield html.escape(clause.statement, quote=False) + html.escape(needs, quote=False)
            yield ""
            yield f"*{clause.level}*, {html.escape(str(clause.source), quote=False)}"
            yield ""


CONFORMS: Final = Path(__file__).with_name("conforms.md")
_REQUESTS: Final = re.compile(r"(?<=<!-- requests begin -->\n).*(?=<!-- requests end -->)", re.DOTALL)
_EFFECTS: Final = {"expected": "yes", "possible": "possibly", "none": "no"}


def conforms(page: str) -> str:
    """The page ``conforms.md`` with its table of request classes as the code has it."""
    table = "\n".join(["", *(line for part in PARTS for line in _requests(*part)), ""])
    return _REQUESTS.sub(lambda _: table, page)


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
    assert found is not None
    yield f"`{one.id}`"
    yield f"{html.escape(one.statement, quote=False)} ([`{one.clause}`](clauses.md#{one.clause.replace('.', '')}), {one.source})"
    yield from (found.conforms, found.warns, found.fails)
    yield _EFFECTS[one.effect]
    first, *rest = (_plain(case.name) for case in one.vectors)
    yield first + (f" and {len(rest)} more" if rest else "")


def modules() -> Iterator[str]:
    """Every module of the package with the first sentence of its docstring, by its room."""
    rooms: dict[str, list[Path]] = {}
    for path in sorted(_PACKAGE.rglob("*.py")):
        rooms.setdefault(path.relative_to(_PACKAGE).parent.as_posix(), []).append(path)
    for room, paths in rooms.items():
        yield f"### {'whop_contracts' if room == '.' else room}"
        yield ""
        yield "| module | |"
        yield "|---|---|"
        for path in paths:
            said = " ".join(
                (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].split()
            )
            yield f"| `{path.name}` | {_plain(said)} |"
        yield ""


def _plain(said: str) -> str:
    """A docstring as a cell of a table."""
    said = re.sub(r":\w+:`([^`]+)`", r"`\1`", said.replace("``", "`"))
    return html.escape(said, quote=False).replace("|", "\\|")


_TABLES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "catalogue": catalogue,
    "modules": modules,
}

if __name__ == "__main__":
    CONFORMS.write_text(conforms(CONFORMS.read_text(encoding="utf-8")), encoding="utf-8")
    Path(__file__).with_name("settings.md").write_text(settings_page(), "utf-8")
