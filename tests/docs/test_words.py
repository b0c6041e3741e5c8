"""User-facing text is plain: pages, help, clause statements, schemas, and every message in the code."""

import ast
import re
from pathlib import Path

import whop_contracts
from whop_contracts.cli import COMMANDS
from whop_contracts.pause.catalogue import clauses

ROOT = Path(__file__).parents[2]
PACKAGE = Path(whop_contracts.__file__).parent
UNWANTED = re.compile(
    r"\b(anew|put to the test|whom|(?:is|are|was|were|not|all) in order\b(?! of| to|,)"
    r"|(?:is|are|was|were) told|stands? for|upon|honest(?:ly)?|(?-i:Promise)|promises"
    r"|beforehand|unforeseen|judges?|judged|manners)\b",
    re.IGNORECASE,
)
"""Not `promise`: it is a member of the consumer report, which stays."""


def texts():
    """Where each text is, and the text."""
    named = [ROOT / name for name in ("README.md", "CHANGELOG.md", "action.yml")]
    for path in (*named, *(ROOT / "docs").glob("*.md"), *(ROOT / "schemas").glob("*.json")):
        yield path.name, path.read_text("utf-8")
    for clause in clauses():
        yield clause.id, f"{clause.statement} {clause.needs}"
    for name, command in COMMANDS.items():
        yield f"{name} --help", command.get_help(command.make_context(name, [], resilient_parsing=True))
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                yield f"{path.name}:{node.lineno}", node.value


def test_no_text_has_an_unwanted_word():
    assert [(where, match[0]) for where, text in texts() for match in UNWANTED.finditer(text)] == []


def test_every_statement_names_its_field_or_status_code():
    named = re.compile(r"`[a-z_.:]+`|\b[2345](?:\d\d|xx)\b|\b[A-Z]\w+-[A-Z]\w+|[Bb]earer token")
    assert [clause.id for clause in clauses() if not named.search(clause.statement)] == []
