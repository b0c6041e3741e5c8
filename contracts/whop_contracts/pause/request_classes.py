"""Request classes: each row of the verdict table about requests as one value, and the clauses made from
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from whop_contracts.exchange import Finding
from whop_contracts.pause.classify import MILLI, ClassId
from whop_contracts.pause.clause import Clause, Effect, Source
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.vectors import vectors_of
from whop_contracts.steps import Case, Need

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

CLIENT: Final = frozenset(range(400, 500))
INVALID: Final = frozenset({400, 422})
NOT_FOUND: Final = INVALID | {404}
UNAUTHORIZED: Final = frozenset({401})
Standing = Literal["conforms", "warns", "fails"]


@dataclass(frozen=True, slots=True)
class RequestClass:
    """Requests that the verdict table treats alike.

    ``clause`` is the id of the *must* clause about their status codes. ``accept`` is the standing of a 2xx,
    ``reject`` are the statuses that conform besides, ``other`` is the standing of any other 4xx, ``never``
    are 4xx that fail. A 3xx and a 5xx always fail. ``effect`` says whether a conforming provider carries the
    request out: as a rule, possibly, or not at all. ``needs`` is what the target has to offer, ``share`` how
    many requests of a standard plan the strategy draws.
    """

    id: ClassId
    clause: str
    statement: str
    source: Source
    accept: Standing = "fails"
    reject: frozenset[int] = frozenset()
    other: Standing = "warns"
    never: frozenset[int] = frozenset()
    effect: Effect = "none"
    needs: Need | None = None
    share: int = 2

    def strategy(self) -> SearchStrategy[Case]:
        """What is drawn for plans; every request is classified back into the class."""
        # Hypothesis takes long to import, and what only lists clauses does without.
        from whop_contracts.pause.strategies.requests import requests_of  # noqa: PLC0415

        return requests_of(self.id)

    @property
    def vectors(self) -> tuple[Case, ...]:
        """The named example requests of the class."""
        return vectors_of(self.id)

    def standing(self, evidence: Evidence) -> Standing:
        """Whether the response to a request of this class conforms, warns or fails."""
        status, intent = evidence.status, evidence.intent
        if evidence.accepted:
            return "warns" if _shows_alias(evidence) else self.accept
        if status not in CLIENT or status in self.never:
            return "fails"
        extra = intent is not None and intent.extra
        if status in self.reject or (extra and status in INVALID):
            return "conforms"
        if self.accept == "conforms" and not evidence.active_before and status in (409, 422):
            # Inactive and stale campaigns may be rejected; so may any as long as its state is not known.
            return "conforms"
        if status == 413 and intent and intent.long:  # noqa: PLR2004
            return "conforms"
        if status == 409 and evidence.paused_before:  # noqa: PLR2004
            return "warns"
        if self.id == "instant" and status in INVALID and not evidence.end_known:
            # The date may be after the end of the campaign, which no response has shown yet.
            return "warns"
        return "warns" if extra else self.other

    def tests(self, evidence: Evidence) -> bool:
        """Whether a response is evidence: not if a valid request gets a tolerated rejection."""
        if self.accept != "conforms" or evidence.accepted or evidence.status in self.reject:
            return True
        conflict = evidence.status == 409 and evidence.paused_before  # noqa: PLR2004
        return self.standing(evidence) == "fails" or (self.other != "fails" and not conflict)

    def expected(self) -> str:
        """What conforms, in words."""
        wanted = ["200"] if self.accept == "conforms" else []
        wanted += ["a 4xx"] if self.reject >= CLIENT else [str(code) for code in sorted(self.reject)]
        return " or ".join(wanted)


_PAGE: Final = Source("page", "request body, paused_until")
_BODY: Final = Source("page", "request body")
_TOKEN: Final = Source("page", "authorizations, bearer token")
_PERMISSIONS: Final = Source("page", "required permissions")
_ID: Final = Source("page", "path parameter id")
_STATUSES: Final = Source("errors", "status codes")

CLASSES: Final = (
    RequestClass(
        "instant", "request.date-is-accepted",
        "`paused_until` up to a year ahead gets a 200, with any UTC offset and up to six fractional digits.",
        _PAGE, accept="conforms", other="fails", effect="expected", share=15,
    ),
    RequestClass(
        "omitted", "request.date-is-optional",
        "A body without `paused_until` gets a 200: the pause is indefinite.",
        _PAGE, accept="conforms", other="fails", effect="expected",
    ),
    RequestClass(
        "far", "request.far-date-does-no-harm",
        "`paused_until` more than a year ahead, or finer than a microsecond, gets a 200 or a 4xx.",
        _PAGE, accept="conforms", effect="expected", share=8,
    ),
    RequestClass(
        "edge", "request.rare-spelling-does-no-harm",
        "`paused_until` in a rare form of RFC 3339 (lower case, second 60, offset -00:00) gets a 200, 400 or "
        "422.",
        Source("rfc", "RFC 3339, 5.6 and 4.3"), accept="conforms", reject=INVALID, effect="expected", share=5,
    ),
    RequestClass(
        "nothing", "request.empty-body-does-no-harm",
        "`paused_until` null, a null body or no body is an indefinite pause, or gets a 4xx.",
        _PAGE, accept="conforms", effect="expected",
    ),
    RequestClass(
        "extra", "request.extra-member-does-no-harm",
        "An undocumented body member is ignored, or gets a 400 or 422.",
        _BODY, accept="conforms", reject=INVALID, effect="expected", share=6,
    ),
    RequestClass(
        "media-type", "request.other-media-type-does-no-harm",
        "A JSON body with another Content-Type is read as JSON, or gets a 4xx.",
        Source("page", "request header Content-Type"), accept="conforms", reject=CLIENT, effect="possible",
        share=5,
    ),
    RequestClass(
        "past", "refusals.past-date",
        "`paused_until` in the past gets a 400 or 422, or a 200 that does not leave the campaign paused.",
        _PAGE, accept="conforms", reject=INVALID, effect="possible", share=4,
    ),
    RequestClass(
        "loose", "refusals.loose-date",
        "`paused_until` in a form that RFC 3339 does not allow gets a 400 or 422.",
        Source("rfc", "RFC 3339, 5.6"), accept="warns", reject=INVALID, effect="possible", share=8,
    ),
    RequestClass(
        "string", "refusals.not-a-date",
        "`paused_until` that is no instant gets a 400 or 422.",
        _PAGE, reject=INVALID, share=20,
    ),
    RequestClass(
        "type", "refusals.wrong-type",
        "`paused_until` of another JSON type than string gets a 400 or 422.",
        _PAGE, reject=INVALID, share=7,
    ),
    RequestClass(
        "malformed", "refusals.malformed-json",
        "A body that is not JSON gets a 4xx.",
        Source("errors", "400"), reject=CLIENT, share=13,
    ),
    RequestClass(
        "lax-json", "refusals.lax-json",
        "NaN, Infinity, or bytes that are not UTF-8, outside `paused_until`: the request gets a 4xx.",
        Source("rfc", "RFC 8259, 6 and 8.1"), accept="warns", reject=CLIENT, effect="possible", share=3,
    ),
    RequestClass(
        "no-object", "refusals.not-an-object",
        "A JSON body that is not an object gets a 4xx.",
        _BODY, reject=CLIENT, share=5,
    ),
    RequestClass(
        "unknown-id", "refusals.unknown-id",
        "The id of no campaign gets a 404, 400 or 422.",
        Source("errors", "404"), reject=NOT_FOUND, share=3,
    ),
    RequestClass(
        "malformed-id", "refusals.malformed-id",
        "A malformed campaign id gets a 404, 400 or 422.",
        _ID, reject=NOT_FOUND, share=10,
    ),
    RequestClass(
        "recased-id", "refusals.recased-id",
        "A campaign id in another case gets a 404, 400 or 422.",
        _ID, accept="warns", reject=NOT_FOUND, effect="possible", share=1,
    ),
    RequestClass(
        "method", "refusals.other-method",
        "A method other than POST on the pause route gets a 405 or 404.",
        Source("page", "POST /ad_campaigns/{id}/pause"), reject=frozenset({404, 405}), share=3,
    ),
    RequestClass(
        "several", "refusals.several-faults",
        "A request with two faults gets a 4xx.",
        _STATUSES, reject=CLIENT,
    ),
    RequestClass(
        "no-credential", "authorization.no-credential",
        "A request without a credential gets a 401.",
        _TOKEN, reject=UNAUTHORIZED, never=frozenset({403}), share=3,
    ),
    RequestClass(
        "wrong-credential", "authorization.wrong-credential",
        "An unknown or altered credential gets a 401.",
        _TOKEN, reject=UNAUTHORIZED, never=frozenset({403}), share=9,
    ),
    RequestClass(
        "scheme", "authorization.bearer-scheme",
        "A token without the Bearer scheme gets a 401.",
        _TOKEN, accept="warns", reject=UNAUTHORIZED, never=frozenset({403}), effect="possible",
    ),
    RequestClass(
        "permission", "authorization.missing-permission",
        "A credential without `ad_campaign:update` gets a 403.",
        _PERMISSIONS, reject=frozenset({403}), needs="readonly",
    ),
    RequestClass(
        "foreign", "authorization.foreign-campaign",
        "Pausing another company's campaign gets a 403 or 404.",
        _PERMISSIONS, reject=frozenset({403, 404}), needs="foreign",
    ),
)  # fmt: skip
BY_ID: Final[Mapping[str, RequestClass]] = {one.id: one for one in CLASSES}
ACTING: Final = frozenset(one.id for one in CLASSES if one.effect != "none") | {"unclear"}
"""The classes of requests that a conforming provider may carry out."""
CREDENTIAL: Final = frozenset(one.id for one in CLASSES if one.clause.startswith("authorization."))
"""The classes of requests that are rejected because of who sends them."""
_USUAL: Final = {
    "request": "A request that the page leaves open gets a 200 or a documented status code, not another 4xx.",
    "refusals": "An invalid request gets the documented status code, not another 4xx or a 200.",
    "authorization": "A rejected credential gets the documented 401, 403 or 404.",
}


def _shows_alias(evidence: Evidence) -> bool:
    """Whether a response shows a date that was sent under another name."""
    intent, shown = evidence.intent, evidence.shown
    until = shown.until if shown else None
    if intent is None or until is None:
        return False
    aliases = set(intent.aliases) - set(intent.until)
    return any(abs(until - one) <= MILLI for one in aliases)


def standing_clauses(part: str) -> tuple[Clause, ...]:
    """One part's clauses about status codes: a *must* clause per class, a *should* clause for all."""
    classes = [one for one in CLASSES if one.clause.startswith(f"{part}.")]
    usual = Clause(
        id=f"{part}.usual-answer",
        level="should",
        statement=_USUAL[part],
        source=_STATUSES,
        applies=lambda e: e.answered and any(e.request_class == one.id for one in classes),
        check=_check("warns"),
    )
    return (*map(_clause, classes), usual)


def _clause(one: RequestClass) -> Clause:
    return Clause(
        id=one.clause,
        level="must",
        statement=one.statement,
        source=one.source,
        applies=lambda e: e.answered and e.request_class == one.id and one.tests(e),
        check=_check("fails"),
        requires=frozenset({one.needs}) if one.needs else frozenset(),
    )


def _check(standing: Standing) -> Callable[[Evidence], Iterator[Finding]]:
    def check(evidence: Evidence) -> Iterator[Finding]:
        one = BY_ID.get(evidence.request_class or "")
        if one and one.standing(evidence) == standing:
            yield Finding(one.expected(), describe_response(evidence))

    return check


def describe_response(evidence: Evidence) -> str:
    """A response in a few words: its status and the start of its body."""
    response = evidence.exchange.response
    if response is None:
        return evidence.exchange.trouble or "no response"
    said = response.content[:160].decode("utf-8", "replace").strip()
    return describe_status(evidence) + (f" {said}" if said else " with an empty body")


def describe_status(evidence: Evidence) -> str:
    """The status code of a response, and where a redirect leads."""
    location = evidence.exchange.response.header("location") if evidence.exchange.response else None
    redirect = location and 300 <= evidence.status < 400  # noqa: PLR2004
    return f"{evidence.status} to {(location or '')[:200]}" if redirect else str(evidence.status)
