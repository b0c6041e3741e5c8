"""How each kind of pause request is to be answered: the conformance table's rows as data.

A row says whether a 2xx conforms, which refusals conform, and what of the rest only warns. A 3xx and a 5xx (bar the
environment's) never conform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from whop_contracts.exchange import Finding
from whop_contracts.pause.classify import ClassId
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.evidence import Evidence
from whop_contracts.steps import Need

CLIENT: Final = frozenset(range(400, 500))
INVALID: Final = frozenset({400, 422})
Standing = Literal["conforms", "warns", "fails"]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that one row allows. ``accept`` is the standing of a 2xx, ``refuse`` the statuses that conform, ``rest`` the standing of
    any other 4xx, ``never`` the 4xx that fail all the same.
    """

    row: ClassId
    id: str
    statement: str
    source: Source
    accept: Standing
    refuse: frozenset[int] = frozenset()
    rest: Standing = "warns"
    never: frozenset[int] = frozenset()
    requires: frozenset[Need] = frozenset()

    def standing(self, evidence: Evidence) -> Standing:
        """How an answer to a request of this row stands."""
        status = evidence.status
        if evidence.accepted:
            return self.accept
        if status not in CLIENT or status in self.never:
            return "fails"
        wish = evidence.intent
        if status in self.refuse or (wish and wish.extra and status in INVALID):
            return "conforms"
        if self.accept == "conforms" and not evidence.active_before and status in (409, 422):
            # Inactive and stale campaigns may be refused; so may any while its state is not known.
            return "conforms"
        if status == 413 and wish and wish.long:  # noqa: PLR2004
            return "conforms"
        if status == 409 and evidence.paused_before:  # noqa: PLR2004
            return "warns"
        if self.row == "instant" and status in INVALID and not evidence.end_known:
            # It may lie after the end of the campaign, which no answer has told yet.
            return "warns"
        return "warns" if wish and wish.extra else self.rest

    def tests(self, evidence: Evidence) -> bool:
        """Whether a response is evidence: not if a good request is refused for a reason that is tolerated."""
        if self.accept != "conforms" or evidence.accepted or evidence.status in self.refuse:
            return True
        return self.standing(evidence) == "fails" or (self.rest != "fails" and evidence.status != 409)  # noqa: PLR2004

    def expected(self) -> str:
        """What conforms, in words."""
        wanted = ["200"] if self.accept == "conforms" else []
        wanted += ["a 4xx"] if self.refuse >= CLIENT else [str(code) for code in sorted(self.refuse)]
        return " or ".join(wanted)


_ERRORS: Final = "status codes"
_PAGE: Final = Source("page", "request body, paused_until")
_BODY: Final = Source("page", "request body")
_TOKEN: Final = Source("page", "authorizations, bearer token")
_PERMISSIONS: Final = Source("page", "required permissions")
_ID: Final = Source("page", "path parameter id")

ANSWERS: Final = (
    Answers("instant", "request.date-is-accepted",
            "A pause until an instant of the coming year is accepted, in whatever zone and to whatever of the first six digits of a second it is written.",
            _PAGE, accept="conforms", rest="fails"),
    Answers("omitted", "request.date-is-optional",
            "A body without a date is accepted: it asks for an indefinite pause.",
            _PAGE, accept="conforms", rest="fails"),
    Answers("far", "request.far-date-does-no-harm",
            "A date beyond the coming year, or finer than a microsecond, is accepted or refused in order.",
            _PAGE, accept="conforms"),
    Answers("edge", "request.rare-spelling-does-no-harm",
            "A rare spelling that RFC 3339 allows (lower case, a second of 60, an unknown zone) is accepted or refused as invalid.",
            Source("rfc", "RFC 3339, 5.6 and 4.3"), accept="conforms", refuse=INVALID),
    Answers("nothing", "request.empty-body-does-no-harm",
            "A null date, a null body or no body at all is taken as a pause without a date, or refused in order.",
            _PAGE, accept="conforms"),
    Answers("media-type", "request.other-media-type-does-no-harm",
            "JSON under another media type is refused or read as JSON.",
            Source("page", "request header Content-Type"), accept="conforms", refuse=CLIENT),
    Answers("past", "refusals.past-date",
            "A date that has passed is refused as invalid, or pauses nothing beyond it.",
            _PAGE, accept="conforms", refuse=INVALID),
    Answers("loose", "refusals.loose-date",
            "A date in another form than RFC 3339 is refused as invalid.",
            Source("rfc", "RFC 3339, 5.6"), accept="warns", refuse=INVALID),
    Answers("string", "refusals.not-a-date",
            "Text that names no instant is refused as invalid.",
            _PAGE, accept="fails", refuse=INVALID),
    Answers("type", "refusals.wrong-type",
            "A date of another JSON type than text is refused as invalid.",
            _PAGE, accept="fails", refuse=INVALID),
    Answers("malformed", "refusals.malformed-json",
            "A body that is no JSON text is refused.",
            Source("errors", "400"), accept="fails", refuse=CLIENT),
    Answers("no-object", "refusals.not-an-object",
            "A JSON body that is no object is refused.",
            _BODY, accept="fails", refuse=CLIENT),
    Answers("unknown-id", "refusals.unknown-id",
            "The id of no campaign is answered as not found.",
            Source("errors", "404"), accept="fails", refuse=INVALID | {404}),
    Answers("malformed-id", "refusals.malformed-id",
            "An id that cannot be a campaign's is answered as not found or invalid.",
            _ID, accept="fails", refuse=INVALID | {404}),
    Answers("recased-id", "refusals.recased-id",
            "An id in another case is another id: it is answered as not found.",
            _ID, accept="warns", refuse=INVALID | {404}),
    Answers("method", "refusals.other-method",
            "Only POST pauses; any other method on the route is refused.",
            Source("page", "POST /ad_campaigns/{id}/pause"), accept="fails", refuse=frozenset({404, 405})),
    Answers("several", "refusals.several-faults",
            "A request that is wrong in two ways is refused.",
            Source("errors", _ERRORS), accept="fails", refuse=CLIENT),
    Answers("no-credential", "authorization.no-credential",
            "A request without a credential is answered 401.",
            _TOKEN, accept="fails", refuse=frozenset({401}), never=frozenset({403})),
    Answers("wrong-credential", "authorization.wrong-credential",
            "A credential that nobody was given, or that was tampered with, is answered 401.",
            _TOKEN, accept="fails", refuse=frozenset({401}), never=frozenset({403})),
    Answers("scheme", "authorization.bearer-scheme",
            "The token counts only behind the word Bearer; anything else is answered 401.",
            _TOKEN, accept="warns", refuse=frozenset({401}), never=frozenset({403})),
    Answers("permission", "authorization.missing-permission",
            "A credential without the permission to update ad campaigns is answered 403.",
            _PERMISSIONS, accept="fails", refuse=frozenset({403}),
            requires=frozenset({"readonly"})),
    Answers("foreign", "authorization.foreign-campaign",
            "Another company's campaign cannot be paused: the answer is 403 or 404.",
            _PERMISSIONS, accept="fails", refuse=frozenset({403, 404}),
            requires=frozenset({"foreign"})),
)  # fmt: skip
_BY_ROW: Final = {answers.row: answers for answers in ANSWERS}


def standing_clauses(part: str) -> tuple[Clause, ...]:
    """The *must* clause of each row of a part, and the one *should* clause for the answers of that part that only warn."""
    rows = [answers for answers in ANSWERS if answers.id.startswith(f"{part}.")]
    usual = Clause(
        id=f"{part}.usual-answer",
        level="should",
        statement=_USUAL[part],
        source=Source("errors", _ERRORS),
        applies=lambda e: _judged(e) and any(e.request_class == answers.row for answers in rows),
        check=_check("warns"),
    )
    return (*(_clause(answers) for answers in rows), usual)


_USUAL: Final = {
    "request": "What the page leaves open is accepted all the same, or refused with the status that the errors page gives it.",
    "refusals": "A refusal has the status that the errors page gives it, and what is not exactly right is refused.",
    "authorization": "A refused credential is told by the status that the errors page gives it.",
}


def _clause(answers: Answers) -> Clause:
    return Clause(
        id=answers.id,
        level="must",
        statement=answers.statement,
        source=answers.source,
        applies=lambda e: (
            _judged(e) and e.request_class == answers.row and not adorned(e) and answers.tests(e)
        ),
        check=_check("fails"),
        requires=answers.requires,
    )


def adorned(evidence: Evidence) -> bool:
    """Whether an otherwise good body carries members that the page does not name."""
    return (
        evidence.intent is not None
        and evidence.intent.extra
        and evidence.request_class in ("instant", "omitted", "nothing", "far")
    )


def _judged(evidence: Evidence) -> bool:
    return evidence.answered and evidence.request_class is not None


def _check(standing: Standing) -> Callable[[Evidence], Iterator[Finding]]:
    def check(evidence: Evidence) -> Iterator[Finding]:
        answers = _BY_ROW.get(evidence.request_class) if evidence.request_class else None
        if answers and answers.standing(evidence) == standing:
            yield Finding(answers.expected(), told(evidence))

    return check


def told(evidence: Evidence) -> str:
    """An answer in a few words: its status and what it says."""
    response = evidence.exchange.response
    if response is None:
        return evidence.exchange.trouble or "no answer"
    said = response.content[:160].decode("utf-8", "replace").strip()
    return f"{response.status}" + (f" {said}" if said else " with an empty body")


EXTRA: Final = Clause(
    id="request.extra-member-does-no-harm",
    level="must",
    statement="A body member that the page does not name is ignored, or refused as invalid.",
    source=_BODY,
    applies=lambda e: e.answered and adorned(e) and not (e.status == 409 and e.paused_before),  # noqa: PLR2004
    check=_check("fails"),
)
