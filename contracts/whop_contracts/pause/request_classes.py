"""Request classes: the rows of the verdict table about requests, and the clauses made from them.

Each file in ``schemas/vectors/`` is one class: which responses conform, and example requests.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, get_args

from whop_contracts.exchange import Finding
from whop_contracts.pause.classify import MILLI, NO_ROW, ClassId
from whop_contracts.pause.clause import Check, Clause, Effect, Source
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.schemas import document_path
from whop_contracts.steps import Case, Need, SymbolicInstant

CLIENT: Final = frozenset(range(400, 500))
_INVALID: Final = frozenset({400, 422})
_BASES: Final = ("from", "month_day", "nth_sunday", "fixed")
_USUAL: Final = {
    "request": "A request that the page leaves open gets a 200 or a documented status code, not another 4xx.",
    "refusals": "An invalid request gets the documented status code, not another 4xx or a 200.",
    "authorization": "A rejected credential gets the documented 401, 403 or 404.",
}
Standing = Literal["conforms", "warns", "fails"]


@dataclass(frozen=True, slots=True)
class RequestClass:
    """Requests that the verdict table treats alike.

    ``clause`` is the id of the *must* clause about their status codes. ``accept`` is the standing of a 2xx,
    ``reject`` are the statuses that conform besides, ``other`` is the standing of any other 4xx, ``never``
    are 4xx that fail. A 3xx and a 5xx always fail. ``effect`` says whether a conforming provider carries the
    request out: as a rule, possibly, or not at all. ``needs`` is what the target has to offer, ``share`` how
    many requests of a standard plan are drawn, ``vectors`` are example requests.
    """

    id: ClassId
    clause: str
    statement: str
    source: Source
    share: int
    vectors: tuple[Case, ...]
    accept: Standing = "fails"
    reject: frozenset[int] = frozenset()
    other: Standing = "warns"
    never: frozenset[int] = frozenset()
    effect: Effect = "none"
    needs: Need | None = None

    def standing(self, evidence: Evidence) -> Standing:
        """Whether the response to a request of this class conforms, warns or fails."""
        status, intent = evidence.status, evidence.intent
        if evidence.accepted:
            return "warns" if _shows_alias(evidence) else self.accept
        if status not in CLIENT or status in self.never:
            return "fails"
        extra = intent is not None and intent.extra
        if status in self.reject or (extra and status in _INVALID):
            return "conforms"
        before = {state.status for state in evidence.before or (State(None),)}
        if self.accept == "conforms" and not before <= {"active", "paused"} and status in (409, 422):
            # Inactive and stale campaigns may be rejected; so may any as long as its state is not known.
            return "conforms"
        if status == 413 and intent and intent.long:  # noqa: PLR2004
            return "conforms"
        # The date may be after the end of the campaign, which no response has shown yet.
        after_end = self.id == "instant" and status in _INVALID and not evidence.documents.end_known
        return "warns" if after_end or extra or _is_conflict(evidence) else self.other

    def tests(self, evidence: Evidence) -> bool:
        """Whether a response is evidence: not if a valid request gets a tolerated rejection."""
        if self.accept != "conforms" or evidence.accepted or evidence.status in self.reject:
            return True
        return self.standing(evidence) == "fails" or (self.other != "fails" and not _is_conflict(evidence))

    def expected(self) -> str:
        """What conforms, in words."""
        wanted = ["200"] if self.accept == "conforms" else []
        wanted += ["a 4xx"] if self.reject >= CLIENT else [str(code) for code in sorted(self.reject)]
        return " or ".join(wanted)


def _is_conflict(evidence: Evidence) -> bool:
    """Whether a campaign that may be paused already is not paused again."""
    before = evidence.before or (State("paused"),)
    return evidence.status == 409 and any(state.status == "paused" for state in before)  # noqa: PLR2004


def _shows_alias(evidence: Evidence) -> bool:
    """Whether a response shows a date that was sent under another name."""
    intent, until = evidence.intent, evidence.shown.until if evidence.shown else None
    aliases = set(intent.aliases) - set(intent.until) if intent else ()
    return until is not None and any(abs(until - one) <= MILLI for one in aliases)


# -- the table -----------------------------------------------------------------------------------------------


def _read(id_: ClassId) -> RequestClass:
    row = json.loads(document_path(f"vectors/{id_}.json").read_text(encoding="utf-8"))
    reject = row.get("reject", ())
    del row["$schema"]
    row |= {
        "id": row.pop("class"),
        "source": Source(*row["source"].split(": ", 1)),
        "vectors": tuple(_vector(vector, id_) for vector in row["vectors"]),
        "reject": CLIENT if reject == "4xx" else frozenset(reject),
        "never": frozenset(row.get("never", ())),
    }
    return RequestClass(**row)


def _vector(vector: Mapping[str, Any], request_class: ClassId) -> Case:
    whose, colon, how = vector["target"].partition(":")
    body = base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector.get("body")
    return Case(
        vector["purpose"],
        method=vector["method"],
        campaign=f"own:0{colon}{how}" if whose == "own" else vector["target"],
        credential=vector["credential"],
        body=body,
        until=_instant(vector["until"]) if "until" in vector else None,
        media_type=vector["media_type"],
        id=vector["id"],
        request_class=request_class,
        origin="vector",
    )


def _instant(until: Mapping[str, Any]) -> SymbolicInstant:
    given = {name: value for name, value in until.items() if name not in _BASES}
    return SymbolicInstant(next(until[name] for name in _BASES if name in until), **given)


CLASSES: Final = tuple(_read(id_) for id_ in get_args(ClassId) if id_ not in NO_ROW)
BY_ID: Final[Mapping[str, RequestClass]] = {one.id: one for one in CLASSES}
ACTING: Final = frozenset(one.id for one in CLASSES if one.effect != "none") | {"unclear"}
"""The classes of requests that a conforming provider may carry out."""
CREDENTIAL: Final = frozenset(one.id for one in CLASSES if one.clause.startswith("authorization."))
"""The classes of requests that are rejected because of who sends them."""


@cache
def vectors() -> Mapping[str, Case]:
    """Every vector by its id, in the order of the files."""
    files = sorted(CLASSES, key=lambda one: f"{one.id}.json")
    return {case.id: case for one in files for case in one.vectors}


# -- the clauses ---------------------------------------------------------------------------------------------


def _of_class(one: RequestClass) -> Clause:
    return Clause(
        one.clause,
        "must",
        one.statement,
        one.source,
        applies=lambda e: e.answered and e.request_class == one.id and one.tests(e),
        check=_check("fails"),
        requires=frozenset({one.needs}) if one.needs else frozenset(),
    )


def _of_part(part: str) -> Clause:
    ids = {one.id for one in CLASSES if one.clause.startswith(f"{part}.")}
    return Clause(
        f"{part}.usual-answer",
        "should",
        _USUAL[part],
        Source("errors", "status codes"),
        applies=lambda e: e.answered and e.request_class in ids and not _is_about_far_dates(e),
        check=_check("warns"),
    )


def _is_about_far_dates(evidence: Evidence) -> bool:
    """Whether a far date was accepted, or rejected for what it is."""
    rejected = evidence.status in _INVALID and BY_ID["far"].standing(evidence) == "warns"
    return evidence.request_class == "far" and (evidence.accepted or rejected)


def _check(standing: Standing) -> Check:
    def check(evidence: Evidence) -> Iterator[Finding]:
        one = BY_ID.get(evidence.request_class or "")
        if one and one.standing(evidence) == standing:
            yield Finding(one.expected(), describe_response(evidence))

    return check


CLAUSES: Final = (
    *map(_of_class, CLASSES),
    Clause(
        "request.far-date-is-accepted",
        "should",
        "`paused_until` more than a year ahead, or finer than a microsecond, gets a 200.",
        BY_ID["far"].source,
        applies=_is_about_far_dates,
        check=_check("warns"),
    ),
    *map(_of_part, _USUAL),
)
"""About status codes: a *must* clause per class, a *should* clause per part, one for rejected far dates."""


def describe_response(evidence: Evidence) -> str:
    """A response in a few words: its status and the start of its body."""
    if evidence.exchange.response is None:
        return evidence.exchange.trouble or "no response"
    said = evidence.response.content[:160].decode("utf-8", "replace").strip()
    return describe_status(evidence) + (f" {said}" if said else " with an empty body")


def describe_status(evidence: Evidence) -> str:
    """The status code of a response, and where a redirect leads."""
    location = evidence.response.header("location")
    redirect = location and 300 <= evidence.status < 400  # noqa: PLR2004
    return f"{evidence.status} to {(location or '')[:200]}" if redirect else str(evidence.status)
