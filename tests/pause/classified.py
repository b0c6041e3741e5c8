"""The class of a request, by the functions that the oracle uses: of a case, and of a request as a server
receives it.
"""

import random
import time

from whop_contracts.actors import Actors
from whop_contracts.engine.request_builder import BuiltRequest, RequestBuilder
from whop_contracts.exchange import Exchange, Request, Role, Scope, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import class_of, read_intent
from whop_contracts.pause.contract import PAUSE

CAMPAIGN, TOKEN = "adcamp_AbCdEfGhIjKl9", "wh_AbCd1234EfGh5678IjKl"
ACTORS = Actors(
    TOKEN, (CAMPAIGN, "adcamp_2", "adcamp_3", "adcamp_4"), readonly_token="readonly", foreign="adcamp_foreign"
)
DAY = 1_795_489_200 * NANO
"""2026-11-24T03:00:00Z: no day on which a strategy draws."""
NOW = Window(DAY, DAY)


def class_of_case(case, now=NOW):
    """The class of a case as it would be sent."""
    builder = RequestBuilder("https://host/api/v1", ACTORS, PAUSE, agent="test", rng=random.Random(0))
    return _class(builder.bind(case, now), now)


def class_of_request(method, path, headers, content):
    """The class of a request that a server has received, which tells its role and scope by what it was
    given.
    """
    segment = path.removeprefix("/api/v1/ad_campaigns/").removesuffix("/pause").partition("?")[0]
    request = Request(method, path, "pause", segment, tuple(headers.items()), content)
    now = int(time.time()) * NANO
    bound = BuiltRequest(request, _role(request.header("authorization")), _scope(segment))
    return _class(bound, Window(now, now))


def _class(bound, now):
    request = bound.request
    intent = read_intent(request.content, request.header("content-type"), now, None)
    exchange = Exchange(1, request, None, 0.0, 0.0, now, bound.role, bound.scope)
    return class_of(exchange, intent)


def _role(authorization):
    known: dict[str | None, Role] = {
        None: "none", "Bearer": "empty", f"Bearer {TOKEN}": "full", "Bearer readonly": "readonly",
    }  # fmt: skip
    if authorization in known:
        return known[authorization]
    scheme, _, token = (authorization or "").rpartition(" ")
    return "scheme" if scheme != "Bearer" and token == TOKEN else "altered"


def _scope(segment):
    known: dict[str, Scope] = {
        CAMPAIGN: "named",
        "adcamp_foreign": "foreign",
        "adcamp_Zz9yXw8vUt7s": "invented",
    }
    if segment in known:
        return known[segment]
    if segment.lower() == CAMPAIGN.lower():
        return "recased"
    rest = segment.removeprefix("adcamp_")
    half = CAMPAIGN.startswith(segment) and len(rest) > 3
    return "invented" if half or segment == CAMPAIGN + "Ab3dEf6hIj9k" else "malformed"
