"""The campaigns of a small conforming server: what every stack in Python has in common. It uses nothing of
ours.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TOKEN = "stack-token-7Qd2mXv9Rb4TzLc8"
READONLY = "stack-reader-3Hs8pNc5Vw1KxFj6"
CAMPAIGNS = ("adcamp_StackOne1", "adcamp_StackTwo2")
FOREIGN = "adcamp_Foreign1"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
TEMPLATE = json.loads(Path(__file__).with_name("campaign.json").read_text("utf-8"))


class RejectedError(Exception):
    def __init__(self, status: int, kind: str) -> None:
        super().__init__(kind)
        self.status = status
        self.body = {"error": {"type": kind, "message": kind.replace("_", " ")}}
        self.headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}


class Clock:
    """The server's time, which a test may move forward."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, text: str) -> dict[str, str]:
        wanted = datetime.fromisoformat(text)
        if wanted < self.now() - timedelta(seconds=1):
            raise RejectedError(409, "conflict")
        self.ahead += max(wanted - self.now(), timedelta())
        return self.shown()

    def shown(self) -> dict[str, str]:
        return {"now": written(self.now())}


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


CLOCK = Clock()
STARTED = CLOCK.now() - timedelta(days=30)
STORE: dict[str, dict[str, Any]] = {
    name: {"status": "active", "until": None, "updated": STARTED} for name in CAMPAIGNS
}


def instant(value: str) -> datetime:
    """A date of a request; ValueError if it is not one of RFC 3339."""
    if not DATE.fullmatch(value):
        raise ValueError("expected an RFC 3339 timestamp")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a date up to the year 9999 in UTC") from None


def allow(authorization: str | None, *, write: bool) -> None:
    if authorization not in (f"Bearer {TOKEN}", f"Bearer {READONLY}"):
        raise RejectedError(401, "unauthorized")
    if write and authorization != f"Bearer {TOKEN}":
        raise RejectedError(403, "forbidden")


def find(name: str) -> dict[str, Any]:
    campaign = STORE.get(name)
    if campaign is None:
        raise RejectedError(404, "not_found")
    if campaign["until"] and campaign["until"] <= CLOCK.now():
        campaign |= {"status": "active", "updated": campaign["until"], "until": None}
    return campaign


def pause(name: str, until: datetime | None) -> dict[str, Any]:
    campaign = find(name)
    if until and until <= CLOCK.now():
        raise RejectedError(422, "unprocessable_entity")
    campaign |= {"status": "paused", "until": until, "updated": CLOCK.now()}
    return document(name)


def unpause(name: str) -> dict[str, Any]:
    find(name).update(status="active", until=None, updated=CLOCK.now())
    return document(name)


def document(name: str) -> dict[str, Any]:
    campaign = find(name)
    dates = {"created_at": STARTED, "updated_at": campaign["updated"], "paused_until": campaign["until"]}
    shown = {member: at and written(at) for member, at in dates.items()}
    return {**TEMPLATE, "id": name, "status": campaign["status"], **shown}
