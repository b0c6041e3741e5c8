"""Requests of cases as they would be sent, and their classes by the functions that the oracle uses."""

import random

from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import class_of, read_intent
from whop_contracts.pause.contract import PAUSE
from whop_contracts.steps import Actors

CAMPAIGN, TOKEN = "adcamp_AbCdEfGhIjKl9", "wh_AbCd1234EfGh5678IjKl"
ACTORS = Actors(
    TOKEN, (CAMPAIGN, "adcamp_2", "adcamp_3", "adcamp_4"), readonly_token="readonly", foreign="adcamp_foreign"
)
DAY = 1_795_489_200 * NANO
"""2026-11-24T03:00:00Z: no day on which a strategy draws."""
NOW = Window(DAY, DAY)


def built(case, base_url="https://host/api/v1"):
    return RequestBuilder(base_url, ACTORS, PAUSE, agent="test", rng=random.Random(0)).bind(case, NOW)


def class_of_case(case):
    bound = built(case)
    request = bound.request
    intent = read_intent(request.content, request.header("content-type"), NOW, None)
    return class_of(Exchange(1, request, None, 0.0, 0.0, NOW, bound.role, bound.scope), intent)
