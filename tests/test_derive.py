"""Deriving: the committed schemas are the derived ones, and nothing in it knows our endpoint."""

from __future__ import annotations

import copy
import json
import shutil

import jsonschema
import openapi_spec_validator
import pytest

from whop_contracts import derive, schemas
from whop_contracts.cli import main as cli
from whop_contracts.derive import DeriveError

FOLDER = schemas.document_path("annotations.json").parent

PIZZA = {
    "id": "pizza_1",
    "price": 9.5,
    "slices": 8,
    "vegan": False,
    "toppings": [{"name": "basil", "origin": None}],
    "note/~": "hot",
    "tags": [],
}
PIZZA_ANNOTATIONS = {
    "documents": {
        "order": {
            "title": "An order",
            "optional": ["/note"],
            "members": {"/note": {"source": "page", "place": "body", "statement": "A note is text."}},
        },
        "pizza": {
            "optional": ["/toppings/*/origin", "/note~1~0"],
            "members": {
                "/id": {
                    "source": "page",
                    "place": "response, id",
                    "statement": "Every pizza has an id.",
                    "schema": {"pattern": "^pizza_[0-9]+$"},
                },
                "/price": {"source": "sdk", "nullable": "sdk", "should": {"minimum": 0}},
                "/slices": {"source": "example", "schema": {"enum": [6, 8]}, "nullable": "page"},
                "/toppings/*/name": {"source": "example", "schema": {"minLength": 1}},
                "/note~1~0": {"source": "convention", "place": "anywhere"},
            },
        },
        "fault": {},
    },
    "api": {
        "title": "Pizzas",
        "version": "3",
        "description": "Of an oven.",
        "servers": ["https://oven.invalid"],
        "security": {"name": "key", "scheme": "basic", "statement": "A name and a password."},
        "errors": {"schema": "fault", "responses": {"404": "no such pizza"}},
        "operations": [
            {
                "id": "bake",
                "method": "put",
                "path": "/pizzas/{number}/oven",
                "summary": "Bake one",
                "parameters": {
                    "number": {"schema": {"type": "integer"}, "example": 7, "statement": "Which."}
                },
                "request": "order",
                "response": "pizza",
                "permissions": ["pizza:bake"],
            },
            {
                "id": "see",
                "method": "get",
                "path": "/pizzas/{number}",
                "summary": "See one",
                "parameters": {
                    "number": {"schema": {"type": "integer"}, "example": 7, "statement": "Which."}
                },
                "response": "pizza",
                "permissions": ["pizza:see"],
            },
        ],
    },
}


@pytest.fixture
def annotations():
    return copy.deepcopy(PIZZA_ANNOTATIONS)


@pytest.fixture
def folder(tmp_path, annotations):
    """A folder of another page than ours: pizzas."""
    (tmp_path / "documented").mkdir()
    for name, body in {"order": {"note": "hot"}, "pizza": PIZZA, "fault": {"error": "none left"}}.items():
        (tmp_path / "documented" / f"{name}.json").write_text(json.dumps(body), "utf-8")
    put(tmp_path, annotations)
    return tmp_path


def put(folder, annotations):
    (folder / "annotations.json").write_text(json.dumps(annotations), "utf-8")


def derived(folder, name):
    return json.loads(derive.derive(folder)[name])


# -- what is committed ---------------------------------------------------------------------------------------------


def test_what_is_committed_is_what_is_derived():
    assert derive.check(FOLDER) == ""


def test_every_derived_file_is_named():
    assert list(derive.derive(FOLDER)) == [
        "pause-request.schema.json",
        "ad-campaign.schema.json",
        "error.schema.json",
        "openapi.json",
    ]


def test_the_same_is_derived_from_the_same(folder):
    assert derive.derive(FOLDER) == derive.derive(FOLDER)
    assert derive.derive(folder) == derive.derive(folder)


def test_a_changed_file_is_shown_as_a_difference(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "s")
    changed = tmp_path / "s" / "error.schema.json"
    changed.write_text(changed.read_text("utf-8").replace('"message"', '"words"', 1), "utf-8")
    lines = derive.check(tmp_path / "s").splitlines()
    assert lines[:2] == ["--- error.schema.json (stands)", "+++ error.schema.json (derived)"]
    assert [line.split() for line in lines[2:] if line[0] in "+-"] == [
        ["-", '"words":', "{"],
        ["+", '"message":', "{"],
    ]


def test_a_missing_and_an_unreadable_file_are_differences(folder):
    derive.write(folder)
    (folder / "order.schema.json").unlink()
    (folder / "fault.schema.json").write_bytes(b"\xff\xfe\n")
    difference = derive.check(folder)
    assert "+++ order.schema.json (derived)" in difference
    assert "-\\xff\\xfe" in difference
    assert "pizza.schema.json" not in difference


def test_writing_writes_what_is_derived(folder):
    written = derive.write(folder)
    assert [path.name for path in written] == list(derive.derive(folder))
    assert all(path.read_bytes() == derive.derive(folder)[path.name].encode() for path in written)
    assert derive.check(folder) == ""


# -- another page --------------------------------------------------------------------------------------------------


def test_another_page_gives_its_schemas(folder):
    assert derived(folder, "pizza.schema.json") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pizza",
        "type": "object",
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^pizza_[0-9]+$",
                "description": "Every pizza has an id.",
                "x-source": "page",
                "x-place": "response, id",
            },
            "price": {"type": ["number", "null"], "x-source": "sdk", "x-should": {"minimum": 0}},
            "slices": {"type": ["integer", "null"], "enum": [6, 8, None], "x-source": "example"},
            "vegan": {"type": "boolean"},
            "toppings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "minLength": 1, "x-source": "example"},
                        "origin": {"type": "null"},
                    },
                    "required": ["name"],
                },
            },
            "note/~": {"type": "string", "x-source": "convention", "x-place": "anywhere"},
            "tags": {"type": "array"},
        },
        "required": ["id", "price", "slices", "vegan", "toppings", "tags"],
    }


@pytest.mark.parametrize("name", ["order", "pizza", "fault"])
def test_another_page_s_schema_accepts_its_own_example(folder, name):
    schema = derived(folder, f"{name}.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    example = json.loads((folder / "documented" / f"{name}.json").read_text("utf-8"))
    jsonschema.validate(example, schema, jsonschema.Draft202012Validator)


def test_another_page_gives_an_openapi_document(folder):
    document = derived(folder, "openapi.json")
    openapi_spec_validator.validate(document)
    assert {path: list(methods) for path, methods in document["paths"].items()} == {
        "/pizzas/{number}/oven": ["put"],
        "/pizzas/{number}": ["get"],
    }
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "basic"
    assert "requestBody" not in document["paths"]["/pizzas/{number}"]["get"]


def test_without_an_api_there_is_no_openapi_document(folder, annotations):
    del annotations["api"]
    put(folder, annotations)
    assert "openapi.json" not in derive.derive(folder)


def test_nothing_of_our_endpoint_is_in_what_another_page_gives(folder):
    text = "".join(derive.derive(folder).values()).lower()
    assert not [word for word in ("campaign", "adcamp", "pause", "whop") if word in text]


# -- our OpenAPI document ------------------------------------------------------------------------------------------


def test_our_openapi_document_is_one():
    openapi_spec_validator.validate(dict(schemas.load("openapi")))


def test_schemathesis_loads_our_openapi_document_without_a_warning():
    import schemathesis  # noqa: PLC0415 - slow to import, and warnings at its import would be errors here

    loaded = schemathesis.openapi.from_path(FOLDER / "openapi.json")
    operations = [result.ok() for result in loaded.get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in operations) == [
        ("GET", "/ad_campaigns/{id}"),
        ("POST", "/ad_campaigns/{id}/pause"),
        ("POST", "/ad_campaigns/{id}/unpause"),
    ]
    assert all(one.get_strategies_from_examples() is not None for one in operations)


# -- folders that nothing can be derived from ----------------------------------------------------------------------

NOTHING = object()
KNOWN = "one of page, example, sibling, errors, sdk, rfc, convention"
ROWS = [
    ([], NOTHING, "expected an object with a member 'documents'"),
    (["documents"], NOTHING, "expected an object with a member 'documents'"),
    (["documents"], [1], ", documents: expected an object"),
    (["documents", "pizza"], 5, ", documents/pizza: expected an object"),
    (["documents", "pizza", "member"], {}, ", documents/pizza: knows no 'member'"),
    (["documents", "pizza", "members"], [], ", documents/pizza, members: expected an object"),
    (["documents", "pizza", "optional"], "/id", ", documents/pizza, optional: expected a list of JSON pointers"),
    (["documents", "pizza", "optional"], [5], ", documents/pizza, optional: expected a list of JSON pointers"),
    (["documents", "pizza", "optional"], ["/crust"], ", documents/pizza: /crust stands for nothing in documented/pizza.json"),
    (["documents", "pizza", "members", "/crust"], {"source": "page"}, ", documents/pizza: /crust stands for nothing in documented/pizza.json"),
    (["documents", "pizza", "members", "/tags/*"], {"source": "page"}, ", documents/pizza: /tags/* stands for nothing in documented/pizza.json"),
    (["documents", "pizza", "members", "id"], {"source": "page"}, ", documents/pizza: id stands for nothing in documented/pizza.json"),
    (["documents", "pizza", "members", "/id"], "text", ", documents/pizza: the entry of /id: expected an object"),
    (["documents", "pizza", "members", "/id", "sauce"], 1, ", documents/pizza: the entry of /id knows no 'sauce'"),
    (["documents", "pizza", "members", "/id", "source"], NOTHING, f", documents/pizza: the entry of /id needs a known source: {KNOWN}"),
    (["documents", "pizza", "members", "/id", "source"], "hearsay", f", documents/pizza: the entry of /id needs a known source: {KNOWN}"),
    (["documents", "pizza", "members", "/id", "source"], ["page"], f", documents/pizza: the entry of /id needs a known source: {KNOWN}"),
    (["documents", "pizza", "members", "/id", "nullable"], True, f", documents/pizza: the entry of /id: nullable needs a known source: {KNOWN}"),
    (["documents", "pizza", "members", "/id", "schema"], "text", ", documents/pizza: the entry of /id, schema: expected an object"),
    (["documents", "pizza", "members", "/id", "should"], [], ", documents/pizza: the entry of /id, should: expected an object"),
    (["api"], [], ", api: expected operations with their members"),
    (["api", "operations"], 5, ", api: expected operations with their members"),
    (["api", "operations"], NOTHING, ", api: expected operations with their members ('operations')"),
    (["api", "operations", 0, "path"], NOTHING, ", api: expected operations with their members ('path')"),
    (["api", "operations", 0, "response"], "calzone", ", api: expected operations with their members ('calzone')"),
    (["api", "errors", "schema"], "calzone", ", api: expected operations with their members ('calzone')"),
    (["api", "security"], NOTHING, ", api: expected operations with their members ('security')"),
]  # fmt: skip


def spoilt(annotations, path, by):
    if not path:
        return [] if by is NOTHING else by
    at = annotations
    for step in path[:-1]:
        at = at[step]
    if by is NOTHING:
        del at[path[-1]]
    else:
        at[path[-1]] = by
    return annotations


@pytest.mark.parametrize(("path", "by", "said"), ROWS)
def test_wrong_annotations_are_told_in_one_line_with_file_and_place(folder, annotations, path, by, said):
    put(folder, spoilt(annotations, path, by))
    with pytest.raises(DeriveError) as raised:
        derive.derive(folder)
    line = str(raised.value)
    assert line.startswith(str(folder / "annotations.json"))
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize("name", ["annotations.json", "documented/pizza.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected a readable JSON file (No such file or directory)"),
        (b"", "expected JSON (Expecting value: line 1 column 1 (char 0))"),
        (b'{"documents": {', "expected JSON (Expecting property name"),
        (b"\xff", "expected JSON ('utf-8' codec can't decode"),
        (b"[" * 200_000, "expected JSON (maximum recursion depth"),
    ],
    ids=["missing", "empty", "cut", "no-utf-8", "too-deep"],
)
def test_a_file_that_cannot_be_read_is_told_in_one_line(folder, name, content, said):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(DeriveError) as raised:
        derive.derive(folder)
    assert str(raised.value).startswith(f"{folder / name}: {said}")
    assert "\n" not in str(raised.value)


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_checks_our_own_schemas(capsys):
    assert cli.main(["derive", "--check"]) == 0
    said = capsys.readouterr()
    assert said.out.strip()
    assert said.err == ""


def test_the_command_shows_the_difference_and_exits_1(folder, capsys):
    assert cli.main(["derive", "--check", str(folder)]) == 1
    assert "+++ pizza.schema.json (derived)" in capsys.readouterr().out
    assert not (folder / "pizza.schema.json").exists()


def test_the_command_writes_another_folder(folder, capsys):
    assert cli.main(["derive", str(folder)]) == 0
    assert str(folder / "openapi.json") in capsys.readouterr().out
    assert cli.main(["derive", "--check", str(folder)]) == 0


def test_the_command_exits_2_with_one_line_where_nothing_can_be_derived(tmp_path, capsys):
    assert cli.main(["derive", "--check", str(tmp_path / "nowhere")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "annotations.json: expected a readable JSON file" in said.err
