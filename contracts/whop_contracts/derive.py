"""Derives JSON Schemas and an OpenAPI document from documented bodies and annotations. Knows no endpoint.

A folder contains ``documented/NAME.json``, each an example body as documented, and ``annotations.json``, what
an example cannot say (see ``annotations.schema.json``).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from whop_contracts.schemas import escaped, load

ANNOTATIONS: Final = "annotations.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class DeriveError(ValueError):
    """A folder is unusable. One line names the file, the place in it, and what is expected."""


def derive(folder: Path) -> dict[str, str]:
    """Every derived file of a folder: its name and its text, the same for the same inputs."""
    import jsonschema  # noqa: PLC0415 - slow to import, and other commands import this module

    annotations = _read(folder / ANNOTATIONS)
    wrong = jsonschema.Draft202012Validator(load("annotations")).iter_errors(annotations)
    if error := jsonschema.exceptions.best_match(wrong):
        place = "/".join(map(str, error.absolute_path)) or "its top"
        raise DeriveError(f"{folder / ANNOTATIONS}, {place}: {error.message[:200]}")
    documents = annotations["documents"]
    schemas = {name: _schema(folder, name, documents[name]) for name in documents}
    files = {f"{name}.schema.json": {"$schema": _DIALECT, **schema} for name, schema in schemas.items()}
    try:
        if "api" in annotations:
            files["openapi.json"] = _openapi(annotations["api"], schemas, folder / "documented")
    except KeyError as error:
        raise DeriveError(f"{folder / ANNOTATIONS}, api: {error} is no document") from None
    return {name: text_of(body) for name, body in files.items()}


def text_of(document: Mapping[str, Any]) -> str:
    """A document as the text of its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path, further: Mapping[str, str] | None = None) -> list[Path]:
    """Write every derived file and ``further`` ones (by name); the paths that were written."""
    texts = {folder / name: text for name, text in {**derive(folder), **(further or {})}.items()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return [*texts]


def check(folder: Path, further: Mapping[str, str] | None = None) -> str:
    """How the files of a folder differ from what would be written, as a unified diff (empty: not at all)."""
    differences: list[str] = []
    for name, text in {**derive(folder), **(further or {})}.items():
        path = folder / name
        there = path.read_text(encoding="utf-8", errors="backslashreplace") if path.exists() else ""
        old, new = there.splitlines(keepends=True), text.splitlines(keepends=True)
        differences += difflib.unified_diff(old, new, f"{name} (file)", f"{name} (derived)")
    return "".join(differences)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DeriveError(f"{path}: expected a readable JSON file ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise DeriveError(f"{path}: expected JSON ({error})") from None


def _schema(folder: Path, name: str, annotated: Mapping[str, Any]) -> dict[str, Any]:
    example = _read(folder / "documented" / f"{name}.json")
    unused = dict.fromkeys([*annotated.get("members", {}), *annotated.get("optional", [])])
    schema = {"title": annotated.get("title", name), **_of(example, "", annotated, unused)}
    for pointer in unused:
        where = f"{folder / ANNOTATIONS}, documents/{name}"
        raise DeriveError(f"{where}: {pointer} matches nothing in documented/{name}.json")
    return schema


def _of(value: Any, pointer: str, annotated: Mapping[str, Any], unused: dict[str, None]) -> dict[str, Any]:
    """The schema of an example value, with its annotations, which are removed from the ``unused`` ones."""
    if pointer:
        unused.pop(pointer, None)
    entry = annotated.get("members", {}).get(pointer, {})
    schema: dict[str, Any] = {"type": _TYPES.get(type(value), "null")}
    if isinstance(value, Mapping):
        places = {name: f"{pointer}/{escaped(name)}" for name in value}
        schema["properties"] = {name: _of(value[name], at, annotated, unused) for name, at in places.items()}
        optional = annotated.get("optional", [])
        schema["required"] = [name for name, at in places.items() if at not in optional]
    if isinstance(value, list) and value:
        schema["items"] = _of(value[0], f"{pointer}/*", annotated, unused)
    for keyword, given in entry.get("schema", {}).items():
        schema[keyword] = {**schema.get(keyword, {}), **given} if keyword == "properties" else given
    if entry.get("nullable"):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    names = {"description": "statement", "x-source": "source", "x-place": "place", "x-should": "should"}
    return schema | {keyword: entry[name] for keyword, name in names.items() if name in entry}


def _openapi(api: Mapping[str, Any], schemas: Mapping[str, Any], examples: Path) -> dict[str, Any]:
    """An OpenAPI 3.1 document that needs no other file."""
    paths: dict[str, Any] = {}
    for operation in api["operations"]:
        one = _operation(operation, api, schemas, examples)
        paths.setdefault(operation["path"], {})[operation["method"]] = one
    security = api["security"]
    scheme = {"type": "http", "scheme": security["scheme"], "description": security["statement"]}
    return {
        "openapi": "3.1.0",
        "info": {name: api[name] for name in ("title", "version", "description")},
        "jsonSchemaDialect": _DIALECT,
        "servers": [{"url": url} for url in api["servers"]],
        "security": [{security["name"]: []}],
        "paths": paths,
        "components": {"schemas": dict(schemas), "securitySchemes": {security["name"]: scheme}},
    }


def _operation(
    operation: Mapping[str, Any], api: Mapping[str, Any], schemas: Mapping[str, Any], examples: Path
) -> dict[str, Any]:
    """An operation; a 200 shows the page's example, which static mocks respond with."""
    failures = {
        status: {"description": why, "content": _content(api["errors"]["schema"], schemas)}
        for status, why in api["errors"]["responses"].items()
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "description": one["statement"]}
        | {key: one[key] for key in ("schema", "example")}
        for name, one in operation["parameters"].items()
    ]
    body = operation.get("request")
    request = {"requestBody": {"required": False, "content": _content(body, schemas)}} if body else {}
    shown = operation["response"]
    success = {
        "description": schemas[shown]["title"],
        "content": _content(shown, schemas, example=_read(examples / f"{shown}.json")),
    }
    return {
        "operationId": operation["id"],
        "summary": operation["summary"],
        "description": f"Permissions: {', '.join(operation['permissions'])}.",
        "parameters": parameters,
        **request,
        "responses": {"200": success, **failures},
    }


def _content(name: str, schemas: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A body by the schema of a document; KeyError if there is none."""
    if name not in schemas:
        raise KeyError(name)
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}, **more}}
