"""Mutation testing of what decides: a test kills each mutant, or docs/mutants.md says why none can.

`tox -e mutants` runs it; `tox -e mutants -- instants` takes one module. mutmut needs its sources in `src`, so
it works on a copy.
"""

# ruff: noqa: T201 - it prints its result
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parents[1]
LISTED = HERE / "docs" / "mutants.md"
_ALL = ("x*",)
MODULES = {
    "pause.oracle": _ALL, "pause.oracle.states": _ALL,
    "pause.oracle.blame": _ALL, "pause.evidence": _ALL, "pause.classify": _ALL, "instants": _ALL,
    "json_text": _ALL, "schemas": ("x_is_*", "x_self_test__*"),
}  # fmt: skip
"""What is mutated, by the functions of each module: of the schemas only the formats."""
LEAST = 98


def copied(folder: Path) -> None:
    """The tree as mutmut wants it."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(HERE / "contracts", folder / "src", ignore=unwanted)
    for name in ("schemas", "tests", "docs"):
        shutil.copytree(HERE / name, folder / name, ignore=unwanted)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(HERE / name, folder / name)


def mutmut(folder: Path, *words: str) -> str:
    program = [sys.executable, "-m", "mutmut", *words]
    ran = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"mutmut {words[0]} failed:\n{ran.stdout[-3_000:]}{ran.stderr[-3_000:]}")
    return ran.stdout


def change(folder: Path, name: str) -> str:
    """What a mutant puts in the place of what, as the list of survivors has it."""
    lines = [line for line in mutmut(folder, "show", name).splitlines() if re.match(r"[-+](?![-+])", line)]
    return " → ".join(" ".join(line[1:].split()) for line in lines)


def outcomes(folder: Path) -> list[tuple[str, str, str]]:
    """The module and the name of every mutant that was tested, and what became of it."""
    rows = re.findall(r"whop_contracts\.([\w.]+)\.(x\S+): (.+)", mutmut(folder, "results", "--all", "true"))
    return [(module, mutant, became) for module, mutant, became in rows if became != "not checked"]


def main(modules: list[str]) -> int:
    """Test each mutant, print the figures; 1 if too few are killed or a survivor is not listed."""
    wanted = [f"whop_contracts.{module}.{part}" for module in modules or MODULES for part in MODULES[module]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        mutmut(folder, "run", *wanted)
        tried = outcomes(folder)
        # A busy machine makes tests late: they are run once more, by themselves.
        late = [f"whop_contracts.{module}.{name}" for module, name, became in tried if became == "timeout"]
        if late:
            print(f"{len(late)} again, since they took too long\n")
            mutmut(folder, "run", *late)
            tried = outcomes(folder)
        left = {
            f"{module}: {change(folder, f'whop_contracts.{module}.{mutant}')}": became
            for module, mutant, became in tried
            if became != "killed"
        }
    counts = Counter((module, became == "killed") for module, _, became in tried)
    print("| module | mutants | killed | left |\n|---|---|---|---|")
    for module in modules or MODULES:
        killed, survived = counts[module, True], counts[module, False]
        print(f"| {module} | {killed + survived} | {killed} | {survived} |")
    killed = sum(became == "killed" for _, _, became in tried)
    print(f"| all | {len(tried)} | {killed} | {len(tried) - killed} |\n")
    listed = LISTED.read_text(encoding="utf-8")
    unknown = [line for line in left if f"`{line}`" not in listed]
    for line in unknown:
        print(f"{left[line]}, not listed: {line}")
    return int(bool(unknown) or 100 * killed < LEAST * len(tried))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
