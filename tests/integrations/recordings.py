"""Foreign recordings, made entry by entry."""

import json
from typing import Any

from whop_contracts import schemas
from whop_contracts.integrations import har as recorded
from whop_contracts.pause import catalogue

BASE = "https://api.example.com/api/v1"
ID = "adcamp_Kb7Qw2Zr9Xt4M"


def again(path: Any, *, base_url: str | None = None, **more: Any) -> dict[str, Any]:
    return recorded.check_recording(recorded.load(path, base_url=base_url), catalogue.clauses(), **more)


EXAMPLE = json.loads((schemas.document_path("documented") / "ad-campaign.json").read_text("utf-8"))


def campaign(**more: Any) -> str:
    return json.dumps(EXAMPLE | {"id": ID} | more)


def row(
    method: str,
    url: str,
    at: str,
    *,
    status: int = 200,
    body: str | None = "",
    sent: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    content: dict[str, Any] = {"size": len(body or "x"), "mimeType": "application/json"}
    if body is not None:
        content["text"] = body
    token = {"name": "Authorization", "value": "Bearer abcdefgh12345678"}
    request = {"method": method, "url": url, "headers": [{"name": ":method", "value": method}, token]}
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": sent}
    headers = [
        {"name": "content-type", "value": "application/json"},
        {"name": "date", "value": "Mon, 21 Sep 2026 10:00:00 GMT"},
    ]
    return {"startedDateTime": f"2026-09-21T10:00:{at}+00:00", "time": 80.5, "request": request,
            "response": {"status": status, "headers": headers, "content": content}} | more  # fmt: skip


def har(path: Any, *rows: Any) -> Any:
    log = {"version": "1.2", "creator": {"name": "Firefox"}, "entries": list(rows)}
    path.write_text(json.dumps({"log": log}), "utf-8")
    return path


PAUSE = f"{BASE}/ad_campaigns/{ID}/pause"
READ = f"{BASE}/ad_campaigns/{ID}"
PAUSED = {"status": "paused", "paused_until": None}
