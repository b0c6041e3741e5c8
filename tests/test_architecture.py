"""Imports go one way, provider and checks share values only, and no module is too long."""

import ast
import re
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import whop_contracts
from whop_contracts.provider import Provider, faults

ROOT = Path(__file__).parents[1]
PACKAGE = Path(whop_contracts.__file__).parent
MOST_MODULES = 100
MOST_LINES = 17_000
"""Of the package. They are only ever lowered; the aim is 100 modules and 17,000 lines."""
VALUES = "exchange steps instants json_text redaction schemas signals"
LAYERS = (
    # From the bottom: a module imports from its own folder and from those named above it.
    # A folder of `ROOT` values and readers; the public import paths at the end re-export what is private.
    ("values", f"whop_contracts {VALUES} settings settings.*"),
    ("target", "target target.*"),
    ("pause", "pause pause.*"),
    ("provider", "provider provider.*"),
    ("engine", "engine engine.*"),
    ("report", "report report.*"),
    ("integrations", "integrations integrations.*"),
    ("faces", "contract derive strategies load schemathesis_checks __main__ proof* plugin* cli*"),
)
MEET_PROVIDERS = {
    *("cli.planning", "proof.trials", "proof.rank", "plugin.fixtures"),
    *("cli.explain", "cli.providers"),
}
"""Modules that hand a provider to a run, or list its faults. No module that checks is among them."""
PURE = (
    *("pause.clause", "pause.evidence", "pause.classify", "pause.clauses*", "pause.oracle*"),
    *("instants", "json_text", "schemas", "exchange"),
)
PLAIN = {"jsonschema", "jsonschema_rs", "pycountry"}
"""What the modules that check import from outside the standard library."""


def short(module):
    return module.removeprefix("whop_contracts.")


@cache
def trees():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[short(module)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def imported(tree):
    """The modules that a tree imports, wherever in it; ours by their short names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {short(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            inside = {short(f"{short(node.module)}.{alias.name}") for alias in node.names}
            known = inside & trees().keys() if node.module.startswith("whop_contracts") else set()
            found |= known if len(known) == len(inside) else known | {short(node.module)}
    return found


def layer(module):
    found = [n for n, (_, names) in enumerate(LAYERS) if any(fnmatch(module, one) for one in names.split())]
    assert len(found) == 1, f"{module} is in {len(found)} layers: give it its place in LAYERS"
    return found[0]


def test_imports_point_one_way():
    for module, tree in trees().items():
        upwards = {one for one in imported(tree) & trees().keys() if layer(one) > layer(module)}
        assert upwards == set(), module


def test_no_two_modules_need_each_other():
    later = ast.If | ast.FunctionDef | ast.ClassDef
    needed = {}
    for module, tree in trees().items():
        at_import = ast.Module([one for one in tree.body if not isinstance(one, later)], [])
        needed[module] = imported(at_import) & trees().keys() - {module}
    TopologicalSorter(needed).prepare()


def test_provider_and_checks_import_nothing_of_each_other():
    for module, tree in trees().items():
        if LAYERS[layer(module)][0] == "provider":
            foreign = {one for one in imported(tree) & trees().keys() if not fnmatch(one, "provider*")}
            assert foreign <= {"exchange"}, module
        elif module not in MEET_PROVIDERS:
            assert not any(fnmatch(one, "provider*") for one in imported(tree)), module


def test_clauses_are_pure():
    """A clause sends nothing and draws nothing: neither it nor what it imports imports what could."""
    ours = trees().keys()
    for module, tree in trees().items():
        if any(fnmatch(module, pure) for pure in PURE):
            tops = {one.partition(".")[0] for one in imported(tree) - ours}
            assert tops - set(sys.stdlib_module_names) - {"whop_contracts"} <= PLAIN, module


def test_neither_a_module_nor_the_package_is_long_and_every_module_has_a_subject():
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path.name: count for path, count in lines.items() if count > 300} == {}
    assert len(lines) <= MOST_MODULES
    assert sum(lines.values()) <= MOST_LINES
    assert not {path.stem for path in lines} & {"util", "utils", "helper", "helpers", "common", "misc"}


def test_engine_target_and_report_do_not_know_the_endpoint():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for folder in ("engine", "target", "report")
        for path in (PACKAGE / folder).rglob("*.*")
        if path.suffix in {".py", ".j2", ".js", ".css"}
        and re.search("paused_until|unpause|adcamp", path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_no_class_looks_like_a_test():
    for module, tree in trees().items():
        classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        assert [name for name in classes if name.startswith("Test")] == [], module


def test_lowest_txt_has_the_lower_bounds_of_pyproject():
    """``tox -e lowest`` runs the tests on these versions."""

    def versions(lines):
        pairs = (re.split("[>=]=", re.split("#|,", line)[0]) for line in lines)
        return {name.strip(): re.sub(r"(\.0)+$", "", version.strip()) for name, version in pairs}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pinned = (ROOT / "tests" / "lowest.txt").read_text("utf-8").splitlines()[1:]
    assert versions(bounds) == versions(pinned)


def hooks(provider):
    """The methods of the conforming provider that a fault overrides."""
    own = provider.__mro__[: provider.__mro__.index(Provider)]
    names = {name for one in own for name in vars(one) if hasattr(Provider, name)}
    return {name for name in names if not name.startswith("__")}


def test_a_fault_changes_one_thing():
    counts = {fault.name: len(hooks(fault.provider)) for fault in faults()}
    assert min(counts.values()) == 1
    assert max(counts.values()) <= 4, "a timer or a count takes more than one hook, but few"
    assert sum(count == 1 for count in counts.values()) > 0.9 * len(counts)


def proof(heading):
    """The rows of a table of the written proof."""
    text = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in rows]


def test_the_written_proof_is_about_these_faults_and_every_one_is_caught():
    rows = proof("Faults")
    assert [row[0] for row in rows] == [fault.name for fault in faults()]
    assert [row[0] for row in rows if not row[3]] == []


def test_a_fault_fails_few_clauses():
    """One that stops the whole endpoint fails many; of the others nine in ten fail three at most."""
    broken = sorted(int(row[-1]) for row in proof("Faults"))
    assert broken[len(broken) // 2] == 1
    assert broken[len(broken) * 9 // 10] <= 3


def test_every_must_clause_is_the_first_to_fail_on_some_fault():
    musts = [row for row in proof("Clauses") if row[1] == "must"]
    assert len(musts) >= 90
    assert [row[0] for row in musts if not int(row[3] or 0)] == []
