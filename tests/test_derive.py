"""Deriving: the committed schemas are the derived ones, and the generator knows nothing of this endpoint."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest

from test_schemas import ABSENT, replaced
from whop_contracts import cli, derive, schemas
from whop_contracts.derive import DeriveError

FOLDER = schemas.document_path("annotations.json").parent

PIZZAS = json.loads((Path(__file__).parent / "data" / "pizzas.json").read_text("utf-8"))
"""Another page: its documented bodies, its annotations, a schema that is derived from them, and by what the
annotations become wrong: what is put in a place, or left out, and the error.
"""


@pytest.fixture
def folder(tmp_path):
    """A folder of another page: pizzas."""
    (tmp_path / "documented").mkdir()
    for name, body in PIZZAS["documented"].items():
        (tmp_path / "documented" / f"{name}.json").write_text(json.dumps(body), "utf-8")
    put(tmp_path, PIZZAS["annotations"])
    return tmp_path


def put(folder, annotations):
    (folder / "annotations.json").write_text(json.dumps(annotations), "utf-8")


def derived(folder, name):
    return json.loads(derive.derive(folder)[name])


def test_what_is_committed_is_what_is_derived_and_the_same_each_time():
    assert derive.check(FOLDER) == ""
    names = ["pause-request.schema.json", "ad-campaign.schema.json", "error.schema.json", "openapi.json"]
    assert list(derive.derive(FOLDER)) == names
    assert derive.derive(FOLDER) == derive.derive(FOLDER)


def test_what_is_written_is_what_is_derived_and_any_other_file_is_a_difference(folder):
    written = derive.write(folder)
    assert [path.name for path in written] == list(derive.derive(folder))
    assert all(path.read_bytes() == derive.derive(folder)[path.name].encode() for path in written)
    assert derive.check(folder) == ""
    (folder / "order.schema.json").unlink()
    (folder / "fault.schema.json").write_bytes(b"\xff\xfe\n")
    difference = derive.check(folder)
    assert "+++ order.schema.json (derived)" in difference
    assert "-\\xff\\xfe" in difference
    assert "pizza.schema.json" not in difference


def test_another_page_gives_its_schemas_which_accept_its_examples(folder):
    assert derived(folder, "pizza.schema.json") == PIZZAS["pizza.schema.json"]
    for name, example in PIZZAS["documented"].items():
        schema = derived(folder, f"{name}.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(example, schema, jsonschema.Draft202012Validator)


def test_another_page_gives_an_openapi_document_if_it_has_an_api(folder):
    document = derived(folder, "openapi.json")
    openapi_spec_validator.validate(document)
    assert not re.search("campaign|pause|whop", json.dumps(document).lower()), "it knows this endpoint"
    paths = {path: list(methods) for path, methods in document["paths"].items()}
    assert paths == {"/pizzas/{number}/oven": ["put"], "/pizzas/{number}": ["get"]}
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "basic"
    assert "requestBody" in document["paths"]["/pizzas/{number}/oven"]["put"]
    assert "requestBody" not in document["paths"]["/pizzas/{number}"]["get"]
    put(folder, {"documents": PIZZAS["annotations"]["documents"]})
    assert "openapi.json" not in derive.derive(folder)


def test_a_static_mock_finds_the_pages_example_in_every_200():
    example = json.loads((FOLDER / "documented" / "ad-campaign.json").read_text("utf-8"))
    for path in schemas.load("openapi")["paths"].values():
        for operation in path.values():
            assert operation["responses"]["200"]["content"]["application/json"]["example"] == example


def test_the_openapi_document_is_valid_and_schemathesis_loads_it_without_a_warning():
    openapi_spec_validator.validate(dict(schemas.load("openapi")))
    import schemathesis  # noqa: PLC0415 - slow to import, and warnings at its import would be errors here

    loaded = schemathesis.openapi.from_path(FOLDER / "openapi.json")
    operations = [result.ok() for result in loaded.get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in operations) == [
        ("GET", "/ad_campaigns/{id}"),
        ("POST", "/ad_campaigns/{id}/pause"),
        ("POST", "/ad_campaigns/{id}/unpause"),
    ]
    assert all(one.get_strategies_from_examples() is not None for one in operations)


def error_of(folder):
    with pytest.raises(DeriveError) as raised:
        derive.derive(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_wrong_annotations_are_an_error_of_one_line_with_file_and_place(folder):
    for row in PIZZAS["wrong annotations"]:
        put(folder, replaced(PIZZAS["annotations"], row["at"], row.get("by", ABSENT)))
        assert error_of(folder).startswith(f"{folder / 'annotations.json'}{row['error']}")


def test_a_file_that_cannot_be_read_is_an_error_of_one_line(folder):
    for name in ("annotations.json", "documented/pizza.json"):
        readable = (folder / name).read_bytes()
        for content, message in (
            (None, "expected a readable JSON file (No such file or directory)"),
            (b"", "expected JSON (Expecting value: line 1 column 1 (char 0))"),
            (b'{"documents": {', "expected JSON (Expecting property name"),
            (b"\xff", "expected JSON ('utf-8' codec can't decode"),
            (b"[" * 200_000, "expected JSON (maximum recursion depth"),
        ):
            (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
            assert error_of(folder).startswith(f"{folder / name}: {message}")
        (folder / name).write_bytes(readable)


RUN = """
import sys
from pathlib import Path
from whop_contracts import schemas
schemas.document_path = lambda name: Path(sys.argv[1]) / name
from whop_contracts.cli import main
sys.exit(main(["run", "--profile", "quick", "--quiet", "--json", sys.argv[2]]))
"""
CHANGED = {
    "/status": ({"schema": {"enum": ["active", "halted", "inactive", "stale"]}}, "response.status"),
    "/paused_until": ({"nullable": None}, "timestamps.paused-until"),
    "/created_at": ({"schema": {"format": "date"}}, "timestamps.created-at"),
    "/id": ({"schema": {"pattern": "^campaign_[^\\s]+$"}}, "identifiers.campaign-id"),
}
"""Changes of annotations, and the clause that each makes fail."""


def test_another_documentation_gives_another_verdict_on_the_same_responses(tmp_path):
    folder = tmp_path / "schemas"
    shutil.copytree(FOLDER, folder)
    annotations = json.loads((folder / "annotations.json").read_text("utf-8"))
    entries = annotations["documents"]["ad-campaign"]["members"]
    for pointer, (change, _) in CHANGED.items():
        changed = entries[pointer] | change
        entries[pointer] = {name: value for name, value in changed.items() if value is not None}
    put(folder, annotations)
    path = folder / "documented" / "ad-campaign.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"title": 5}), "utf-8")
    derive.write(folder)
    words = [sys.executable, "-c", RUN, folder, tmp_path / "r.json"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    rows = json.loads((tmp_path / "r.json").read_text("utf-8"))["clauses"]
    failed = {row["id"] for row in rows if row["verdict"] == "failed"}
    assert failed == {"response.title", *(clause for _, clause in CHANGED.values())}


def test_the_command_checks_shows_differences_and_writes(folder, capsys):
    assert cli.main(["derive", "--check"]) == 0
    said = capsys.readouterr()
    assert (bool(said.out.strip()), said.err) == (True, "")
    assert cli.main(["derive", "--check", str(folder)]) == 1
    assert "+++ pizza.schema.json (derived)" in capsys.readouterr().out
    assert not (folder / "pizza.schema.json").exists()
    assert cli.main(["derive", str(folder)]) == 0
    assert str(folder / "openapi.json") in capsys.readouterr().out
    assert cli.main(["derive", "--check", str(folder)]) == 0
