"""Answers to a pause that are wrong before anybody looks at a member: status, media type, bytes, wrapping."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import Edit, answering
from whop_contracts.provider.messages import Answer, Operation

_Rewrite = Callable[[Answer], Answer]


def _rewritten(rewrite: _Rewrite, *operations: Operation) -> type[Provider]:
    rewritten = operations or ("pause",)

    class Rewritten(Provider):
        def success(self, operation: Operation, document: dict[str, Any]) -> Answer:
            answer = super().success(operation, document)
            return rewrite(answer) if operation in rewritten else answer

    return Rewritten


def _status(status: int) -> _Rewrite:
    return lambda answer: Answer(status, answer.headers, answer.content)


def _typed(media_type: str | None) -> _Rewrite:
    headers = () if media_type is None else (("content-type", media_type),)
    return lambda answer: Answer(answer.status, headers, answer.content)


def _bytes(rewrite: Callable[[bytes], bytes]) -> _Rewrite:
    return lambda answer: Answer(answer.status, answer.headers, rewrite(answer.content))


def _error(status: int, code: str, message: str) -> _Rewrite:
    content = json.dumps({"error": {"type": code, "message": message}}).encode()
    return lambda answer: Answer(status, answer.headers, content)


_REWRITES: Final[tuple[tuple[str, _Rewrite, int | None, str], ...]] = (
    (
        "pause-500",
        _error(500, "internal_server_error", "Oops."),
        100,
        "every pause crashes after it was stored",
    ),
    ("pause-501", _error(501, "not_implemented", "Later."), None, "the route is declared and not written"),
    ("status-500-good-body", _status(500), 100, "the answer is right, its status says that it crashed"),
    (
        "status-404-good-body",
        _status(404),
        None,
        "the answer is right, its status says that nothing was found",
    ),
    (
        "status-400-good-body",
        _status(400),
        None,
        "the answer is right, its status says that the request was bad",
    ),
    ("status-409-good-body", _status(409), None, "the answer is right, its status says that it conflicts"),
    (
        "good-pause-refused",
        _error(422, "unprocessable_entity", "Invalid."),
        None,
        "good pauses act, and are refused",
    ),
    (
        "redirect-302",
        lambda answer: Answer(302, (("location", "/dashboard"), *answer.headers), answer.content),
        None,
        "a form's redirect survives",
    ),
    (
        "redirect-308",
        lambda answer: Answer(308, (("location", "/api/v2/ad_campaigns"), *answer.headers), b""),
        None,
        "the route has moved",
    ),
    ("no-content-204", lambda _: Answer(204), 101, "the pause is answered 204, without its campaign"),
    ("empty-body", _bytes(lambda _: b""), 101, "the pause is answered without its campaign"),
    ("html-media-type", _typed("text/html; charset=utf-8"), 101, "a gateway relabels the answer"),
    ("text-media-type", _typed("text/plain"), 101, "the framework's default media type survives"),
    ("octets-media-type", _typed("application/octet-stream"), 101, "a gateway relabels the answer"),
    ("no-media-type", _typed(None), 101, "a gateway strips the media type"),
    (
        "html-page",
        lambda answer: Answer(answer.status, (("content-type", "text/html"),), b"<!doctype html><p>Paused."),
        101,
        "a page for people is served",
    ),
    (
        "latin-1",
        _bytes(lambda content: content.decode().encode("latin-1", "replace")),
        101,
        "the bytes are Latin-1",
    ),
    ("utf-16", _bytes(lambda content: content.decode().encode("utf-16")), 101, "the bytes are UTF-16"),
    (
        "bom",
        _bytes(lambda content: codecs.BOM_UTF8 + content),
        101,
        "a byte order mark stands before the JSON",
    ),
    (
        "mislabelled-coding",
        lambda answer: Answer(answer.status, (*answer.headers, ("content-encoding", "gzip")), answer.content),
        101,
        "a proxy has unpacked the answer and left its label",
    ),
    ("truncated", _bytes(lambda content: content[: len(content) // 2]), 101, "a buffer is too short"),
    ("last-brace-lost", _bytes(lambda content: content[:-1]), 101, "a length is counted in characters"),
    ("two-texts", _bytes(lambda content: content + b"\n" + content), 101, "the answer is written twice"),
    ("warning-before-json", _bytes(lambda c: b"Warning: deprecated\n" + c), 101, "a notice is printed first"),
    ("trailing-comma", _bytes(lambda content: content[:-1] + b",}"), 101, "the JSON is put together by hand"),
    (
        "single-quotes",
        _bytes(lambda content: content.replace(b'"', b"'")),
        101,
        "an object is printed, not encoded",
    ),
    ("guarded-json", _bytes(lambda content: b")]}',\n" + content), 101, "a guard against inclusion survives"),
    ("callback", _bytes(lambda content: b"callback(" + content + b");"), 101, "JSONP survives"),
)

_SHAPES: Final[tuple[tuple[str, Edit, str], ...]] = (
    ("wrapped-in-data", lambda document: {"data": document}, "the answer is wrapped in an envelope"),
    ("wrapped-in-name", lambda document: {"ad_campaign": document}, "the answer is wrapped in its own name"),
    ("listed", lambda document: [document], "one row of many is answered as a list"),
    ("empty-object", lambda _: {}, "the answer is an empty object"),
    ("null-answer", lambda _: None, "the answer is null"),
    ("true-answer", lambda _: True, "the answer is a flag"),
    ("success-flag", lambda document: {"success": True, "id": document["id"]}, "success is said, not shown"),
    (
        "error-with-200",
        lambda _: {"error": {"type": "x", "message": "no"}},
        "an error is answered with success",
    ),
    ("encoded-twice", json.dumps, "the JSON is encoded twice"),
    ("revenue-nan", lambda document: {**document, "revenue": float("nan")}, "nothing was divided by nothing"),
    (
        "roas-infinite",
        lambda d: {**d, "return_on_ad_spend": float("inf")},
        "something was divided by nothing",
    ),
)

FAULTS: Final = (
    *(Fault(name, "wire", why, wfc, _rewritten(rewrite)) for name, rewrite, wfc, why in _REWRITES),
    *(Fault(name, "wire", why, 101, answering(edit)) for name, edit, why in _SHAPES),
    Fault("read-wrapped", "wire", "reads are wrapped", 101, answering(lambda d: {"data": d}, "retrieve")),
)
