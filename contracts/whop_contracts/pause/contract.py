"""What the engine has to know of this endpoint: the one value that it is given."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence as SequenceOf
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.exchange import Exchange, Operation, Window
from whop_contracts.instants import write_instant
from whop_contracts.json_text import essence, read_leniently, read_response
from whop_contracts.pause.classify import ID_PREFIX, class_of, read_intent
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, instant_of, read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.states import LAG, PROMPT, is_about
from whop_contracts.pause.request_classes import ACTING, BY_ID, RequestClass, describe_status, vectors
from whop_contracts.pause.sequences import gap_of, indefinitely, sequences, together
from whop_contracts.steps import Capabilities, Case, Sequence
from whop_contracts.steps import reactivate as unpause

_VERSIONED: Final = re.compile(r"/v\d{1,3}/ad_campaigns/")
_STATELESS: Final = (
    "a stateless mock (Prism, Mockoon) responds with its example, whatever is sent; whop-contracts "
    "serve is a mock with state"
)
_LATER: Final = (
    "a later API generation (budget, budget_type, no paused_until); the documented shapes are served when "
    "no Api-Version-Date is sent, so check --header and gateways"
)


class Contract:
    """The contract of the pause operation. Engine and report keep states without looking inside."""

    operation: Final = "pause"
    id_prefix: Final = ID_PREFIX
    baseline: Final = ACTIVE
    """The state that sequences start from and that a resume leads to."""
    unproven: Final = "no pause got a 2xx"
    """Why a run in which ``is_conclusive`` held for no evidence concludes nothing."""
    conflicting: Final = (
        "every pause gets a 409, even after an unpause; expected campaigns that can be paused"
    )
    permission: Final = "ad_campaign:update"
    read_permission: Final = "ad_campaign:basic:read"
    simplest_requests: Final = (indefinitely(), unpause())
    """The simplest request of the operation, and the one that undoes it."""
    classes: Final[Mapping[str, RequestClass]] = BY_ID

    def path(self, campaign: str, operation: Operation) -> str:
        """The path of an operation on a campaign, after the base URL."""
        return f"/ad_campaigns/{campaign}" + ("" if operation == "retrieve" else f"/{operation}")

    def schema(self) -> Mapping[str, Any]:
        """The schema of a campaign document."""
        return schemas.load("ad-campaign")

    def sha256(self) -> str:
        """The hash of the schemas."""
        names = ("pause-request.schema.json", "ad-campaign.schema.json", "error.schema.json")
        return hashlib.sha256(
            b"".join(schemas.document_path(name).read_bytes() for name in names)
        ).hexdigest()

    # -- states and responses --------------------------------------------------------------------------------

    read_state = staticmethod(read_state)
    describe_status = staticmethod(describe_status)
    oracle = Oracle

    def read_document(self, evidence: Evidence) -> Mapping[str, Any] | None:
        """The document of a 2xx, if a lenient reader can read it."""
        response = evidence.exchange.response
        if not evidence.accepted:
            return None
        text = evidence.text or read_response(response)
        value = text.value if text and not text.problem else read_leniently(response)
        return value if isinstance(value, dict) else None

    def stamped_at(self, document: Mapping[str, Any] | None) -> int | None:
        """When the provider says that a document was last changed, in nanoseconds."""
        return instant_of(document, "updated_at")

    def left_by(self, operation: Operation | None, until: int | None) -> State | None:
        """What a request leaves if it takes effect, by operation and instant; None: it changes nothing."""
        if operation == "retrieve":
            return None
        return State("paused", until) if operation == "pause" else ACTIVE

    def literal_date(self, content: bytes) -> int | None:
        """The date in the content of a request, whatever else is wrong with it."""
        intent = read_intent(content, "application/json", None, None)
        return next(iter((*intent.until, *intent.aliases)), None)

    def elapsed(self, state: State, now: Window | None) -> State:
        """What a state has become by now: a dated pause ends at its instant."""
        dated = state.status == "paused" and state.until is not None
        return ACTIVE if dated and now is not None and (state.until or 0) <= now.start else state

    def requests_to_restore(self, before: State | None, wanted: State, symbol: str) -> tuple[Case, ...]:
        """What brings a campaign (by symbol) from one state, or by way of the baseline, into another."""
        if wanted.status != "paused":
            return (unpause(symbol),)
        pause = indefinitely(symbol)
        if wanted.until is not None:
            body = json.dumps({"paused_until": write_instant(wanted.until)})
            pause = Case("until its first date", campaign=symbol, body=body)
        return (unpause(symbol), pause) if before == ACTIVE else (pause,)

    def takes_effect(self, case: Case) -> bool:
        """Whether a conforming provider may carry out a request on a campaign of the run."""
        own = case.campaign.removeprefix("own:").isdigit() and case.credential == "full"
        return own and case.operation == "pause" and case.request_class in ACTING

    def is_ready(self, state: State) -> bool:
        """Whether a live campaign in this state may be used for a run."""
        return state.status == "active"

    def is_awaiting(self, evidence: Evidence) -> bool:
        """Whether a due resume is still to come, and nothing else is wrong with what a read shows."""
        return evidence.shown is not None and evidence.shown.status == "paused" and evidence.possible

    def is_conclusive(self, evidence: Evidence) -> bool:
        """Whether a response is a pause that can be checked."""
        return evidence.document is not None and evidence.operation == "pause"

    def looks_after_due(self, tolerance: float) -> tuple[float, float]:
        """Seconds after a due resume at which it is no longer prompt, and at which the tolerance is over."""
        return PROMPT + LAG + 1.0, tolerance + LAG + 1.0

    def likely_cause(self, evidence: Evidence) -> str | None:
        """What an odd response suggests about the set-up of a run; the first row that applies counts."""
        exchange, status, document = evidence.exchange, evidence.status, evidence.document
        response, names = evidence.response, (document or {}).keys()
        read, redirect = evidence.operation == "retrieve", 300 <= status < 400  # noqa: PLR2004
        acting = evidence.operation == "pause" and evidence.request_class in ACTING
        pause = acting and exchange.role == "full" and exchange.scope == "named"
        unread = read and exchange.scope == "named" and evidence.documents.last is None
        media_type, start = essence(response.header("content-type")), response.content.lstrip()[:1]
        page = media_type == "text/html" or start == b"<"
        unmoved = pause and not evidence.possible and document == evidence.documents.last
        later = {"budget", "budget_type"} <= names and "paused_until" not in names
        rows = (
            (read and redirect, "redirects are not followed; give the base URL that it leads to"),
            (
                unread and status == 404 and not _VERSIONED.search(exchange.request.url),  # noqa: PLR2004
                "the base URL lacks the version; expected one such as https://host/api/v1",
            ),
            (
                unread and status in (200, 404) and page,
                "a website responds, not the API; check the host and the path of the base URL",
            ),
            (pause and redirect, "another scheme, host or path than the API's; check the base URL"),
            (
                pause and status in (404, 405, 501) and evidence.documents.last is not None,
                "the target has no pause route: a generic REST server (json-server) has none",
            ),
            (unmoved or (document is not None and not is_about(document, exchange)), _STATELESS),
            (later, _LATER),
            (
                evidence.unrequested,
                "another client may be active: a read showed a date that this run never requested",
            ),
        )
        return next((text for applies, text in rows if applies), None)

    # -- parts of plans: Hypothesis takes long to import, and the first requests do not wait for it ----------

    vectors = staticmethod(vectors)
    sequences = staticmethod(sequences)
    together = staticmethod(together)

    def class_for(self, case: Case) -> RequestClass:
        """The request class of a vector or a drawn request."""
        return self.classes[case.request_class or ""]

    def class_of(self, exchange: Exchange) -> str:
        """The request class of a request, by the functions that the oracle uses."""
        request = exchange.request
        intent = read_intent(request.content, request.header("content-type"), exchange.now, None)
        return class_of(exchange, intent)

    def draw(self, request_class: str, seed: str, count: int) -> SequenceOf[Case]:
        """So many requests of a class for a seed."""
        from whop_contracts.pause.strategies.requests import REQUESTS  # noqa: PLC0415
        from whop_contracts.pause.strategies.values import draw_in_turn  # noqa: PLC0415

        return draw_in_turn(REQUESTS[request_class], seed=seed, count=count)

    def from_schemas(self, seed: object, count: int) -> SequenceOf[Case]:
        """About so many requests that are generated from the schemas."""
        from whop_contracts.pause.strategies.plans import schema_requests  # noqa: PLC0415

        return schema_requests(seed, count)

    def histories(
        self,
        seed: object,
        count: int,
        means: Capabilities,
        moving: bool,  # noqa: FBT001
    ) -> SequenceOf[Sequence]:
        """So many drawn sequences for a seed and a target; whether they may move its clock."""
        from whop_contracts.pause.strategies.plans import drawn_sequences  # noqa: PLC0415

        return drawn_sequences(seed, count, gap=gap_of(means), moving=moving)


PAUSE: Final = Contract()
