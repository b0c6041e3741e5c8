"""Responses to a stored pause with a wrong member, status, media type or bytes; errors that leak."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import DATA, Edit, Table, around, at, drop, editing, put, rows
from whop_contracts.provider.state import Call, Rejection, Request

# -- members --

_CONVERSIONS: Final[Mapping[str, Edit]] = {
    "boolean": bool,
    "capitalized": str.capitalize,
    "half more": lambda value: value + 0.5,
    "id": lambda value: value["id"],
    "integer": int,
    "joined": ",".join,
    "json": json.dumps,
    "length": len,
    "list": lambda value: [value],
    "money object": lambda value: {"amount": value, "currency": "usd"},
    "thousandth": lambda value: value / 1000,
    "translations": lambda value: {"en": value},
    "upper case": str.upper,
    "whether paused": lambda value: value == "paused",
}


def _change(pointer: str, how: Edit) -> Edit:
    """The edit that changes the member at ``a/b``, unless it is null."""
    return at(
        pointer,
        lambda holder, child: holder[child] is not None and holder.update({child: how(holder[child])}),
    )


def _described(row: dict[str, Any]) -> Edit:
    """The edit of a row of ``faults.json`` that names a ``member``."""
    name = row["member"]
    match row:
        case {"set": value}:
            return put(name, value)
        case {"becomes": value}:
            return _change(name, lambda _: value)
        case {"null_becomes": value}:
            return lambda document: document if document[name] is not None else {**document, name: value}
        case {"as": conversion}:
            return _change(name, _CONVERSIONS[conversion])
        case {"format": template}:
            return _change(name, template.format)
        case {"replace": [pattern, replacement]}:
            return _change(name, lambda value: re.sub(pattern, replacement, value))
        case {"swap_with": other}:
            return lambda document: {**document, name: document[other], other: document[name]}
        case {"rename": new}:
            return lambda document: {new if key == name else key: value for key, value in document.items()}
    return drop(name)


def _without_nulls(document: Any) -> Any:
    return {name: value for name, value in document.items() if value is not None}


def _camel(document: Any) -> Any:
    return {re.sub("_(.)", lambda found: found[1].upper(), name): value for name, value in document.items()}


def _slug(pointer: str) -> str:
    return pointer.replace("/", "-").replace("_", "-")


def _edited(*operations: Operation) -> Callable[[dict[str, Any]], type[Provider]]:
    return lambda row: editing(*operations)(_described(row))


_pauses = Table("response", editing("pause"), 101)

# -- status, media type and bytes --


def _rewritten(rewrite: Callable[[Response], Response]) -> type[Provider]:
    """Rewrite the response to a successful pause."""
    return around(Provider.success)(
        lambda go, _, operation, document: (
            rewrite(go(operation, document)) if operation == "pause" else go(operation, document)
        )
    )


def _replaced(row: dict[str, Any]) -> type[Provider]:
    """Replace the parts of the response that a row of ``faults.json`` has, and add its ``header``."""

    def rewrite(response: Response) -> Response:
        headers = response.headers
        if "media_type" in row:
            headers = (("content-type", row["media_type"]),) if row["media_type"] else ()
        if "header" in row:
            headers = (tuple(row["header"]), *headers)
        text = json.dumps(row["json"]) if "json" in row else row.get("text")
        content = response.content if text is None else text.encode()
        return Response(row.get("status", response.status), headers, content)

    return _rewritten(rewrite)


def _bytes(rewrite: Callable[[bytes], bytes]) -> type[Provider]:
    return _rewritten(lambda response: replace(response, content=rewrite(response.content)))


# -- errors that leak --


def _leaking(row: dict[str, Any]) -> type[Provider]:
    """Errors with the row's ``statuses`` (all if there are none) leak ``text``, ``members``, or a header."""

    class Leaking(Provider):
        leaked: Any = None

        def after_rejection(self, request: Request, call: Call | None, rejection: Rejection) -> None:
            leaked = row.get("text") or row.get("members")
            if "echo" in row:
                leaked = {"received": {row["echo"]: request.header(row["echo"])}}
            wanted = call is not None and rejection.status in (row["statuses"] or [rejection.status])
            self.leaked = leaked if wanted else None

        def render_error(self, rejection: Rejection) -> Response:
            response, leaked, self.leaked = super().render_error(rejection), self.leaked, None
            if leaked is None:
                return response
            if isinstance(leaked, str):
                return Response(response.status, (("content-type", "text/plain"),), leaked.encode())
            body = {"error": self.error_details(rejection), **leaked}
            return replace(response, content=json.dumps(body).encode())

    return Leaking


LEAKS: Final = Table("errors", _leaking)(*rows("leaks"))

FAULTS: Final = (
    *_pauses(*((f"missing-{_slug(p)}", f"{p} is missing", drop(p)) for p in DATA["missing"])),
    *_pauses(*((f"null-{_slug(p)}", f"{p} is null", put(p, None)) for p in DATA["null"])),
    *Table("response", _edited("pause"), 101)(*rows("types"), *rows("values")),
    *_pauses(
        ("nulls-omitted", "the serializer leaves nulls out", _without_nulls),
        ("camel-case", "a new serializer writes camelCase", _camel),
    ),
    *Table("response", _edited("pause"), 101)(*rows("renamed")),
    *Table("response", _edited("retrieve"), 101)(*rows("read members")),
    *Table("response", _edited("unpause"), 101)(*rows("unpause members")),
    *Table("wire", _replaced, 100)(*rows("crashing responses")),
    *Table("wire", _replaced)(*rows("statuses")),
    *Table("wire", _replaced, 101)(*rows("headers")),
    *Table("wire", _bytes, 101)(
        ("empty-body", "the response has no campaign", lambda _: b""),
        ("latin-1", "the bytes are Latin-1", lambda content: content.decode().encode("latin-1", "replace")),
        ("utf-16", "the bytes are UTF-16", lambda content: content.decode().encode("utf-16")),
        ("bom", "the JSON starts with a byte order mark", lambda content: codecs.BOM_UTF8 + content),
        ("truncated", "a buffer is too short", lambda content: content[: len(content) // 2]),
        ("last-brace-lost", "a length is counted in characters", lambda content: content[:-1]),
        ("two-texts", "the response is written twice", lambda content: content + b"\n" + content),
        ("warning-before-json", "a notice is printed first", lambda c: b"Warning: deprecated\n" + c),
        ("trailing-comma", "the JSON is concatenated by hand", lambda content: content[:-1] + b",}"),
        ("single-quotes", "an object is printed, not encoded", lambda content: content.replace(b'"', b"'")),
        ("guarded-json", "a prefix against inclusion", lambda content: b")]}',\n" + content),
        ("callback", "JSONP", lambda content: b"callback(" + content + b");"),
    ),
    *Table("wire", editing("pause"), 101)(
        ("wrapped-in-data", "the campaign is wrapped in an envelope", lambda d: {"data": d}),
        ("wrapped-in-name", "the campaign is wrapped in its own name", lambda d: {"ad_campaign": d}),
        ("listed", "a query's rows are sent", lambda d: [d]),
        ("empty-object", "the response is an empty object", lambda _: {}),
        ("null-answer", "the response is null", lambda _: None),
        ("true-answer", "the response is a boolean", lambda _: True),
        ("success-flag", "only success is reported", lambda d: {"success": True, "id": d["id"]}),
        ("error-with-200", "an error with a 200", lambda _: {"error": {"type": "x", "message": "no"}}),
        ("encoded-twice", "the JSON is encoded twice", json.dumps),
        ("revenue-nan", "0 / 0", lambda d: {**d, "revenue": float("nan")}),
        ("roas-infinite", "division by zero", lambda d: {**d, "return_on_ad_spend": float("inf")}),
    ),
    *Table("wire", editing("retrieve"), 101)(
        ("read-wrapped", "reads are wrapped", lambda d: {"data": d}),
    ),
)
