"""Request classes and their vectors: valid files, classified back, usable without the package; and the
ranks.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import strategies as st

from pause.classified import CAMPAIGN, DAY, TOKEN, built, class_of_case
from whop_contracts import schemas
from whop_contracts.engine import build_plan
from whop_contracts.exchange import Request
from whop_contracts.instants import utc
from whop_contracts.pause.classify import ClassId
from whop_contracts.pause.request_classes import ACTING, CLASSES, CREDENTIAL, vectors
from whop_contracts.pause.sequences import sequences
from whop_contracts.pause.strategies.requests import REQUESTS
from whop_contracts.pause.strategies.values import draw_in_turn
from whop_contracts.steps import Capabilities

FOLDER = schemas.document_path("vectors")
FILES = sorted(FOLDER.iterdir())
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(schemas.document_path("vector.schema.json").read_text("utf-8"))
)
SCRIPT = Path(__file__).with_name("send_vectors.py")
SEQUENCE_IDS = {
    one.id
    for campaigns in (1, 2, 6)
    for clock in ("virtual", "wall")
    for one in sequences(Capabilities(campaigns, clock=clock))
}


def test_every_file_is_valid_and_belongs_to_one_class():
    for path in FILES:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert [error.message for error in VALIDATOR.iter_errors(document)] == [], path.name
        assert document["class"] == path.stem
    assert {path.stem for path in FILES} == {one.id for one in CLASSES}
    assert {one.id for one in CLASSES} == {*get_args(ClassId)} - {"unclear", "unstated"}


def test_the_schema_of_vectors_rejects_what_a_reader_would_not_understand():
    for damage in (
    {"id": "Two Words"}, {"purpose": ""}, {"method": "HEAD"}, {"target": "theirs"}, {"credential": "bearer"},
    {"media_type": 1}, {"body_base64": "e30="}, {"until": {"from": "now", "offset": "Z"}}, {"colour": "red"},
):  # fmt: skip
        good = {"id": "a", "purpose": "a", "method": "POST", "target": "own", "credential": "full",
                "media_type": None, "body": "{}"}  # fmt: skip
        row = {"class": "omitted", "clause": "a.b", "statement": "a", "source": "page: a", "share": 1}
        assert VALIDATOR.is_valid({**row, "vectors": [good]})
        assert not VALIDATOR.is_valid({**row, "vectors": [good | damage]})

    rows = {one.id: json.loads((FOLDER / f"{one.id}.json").read_text("utf-8")) for one in CLASSES}
    for id_, damage in (
        ("edge", {"reject": [500]}),
        ("edge", {"accept": "fails"}),
        ("far", {"effect": "none"}),
    ):
        assert VALIDATOR.is_valid(rows[id_])
        assert not VALIDATOR.is_valid(rows[id_] | damage)


def test_ids_and_purposes_are_unique_and_ids_of_sequences_are_others():
    every = [case for one in CLASSES for case in one.vectors]
    assert len(every) == len(vectors()) > 180
    for texts in ([case.id for case in every] + sorted(SEQUENCE_IDS), [case.name for case in every]):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_every_vector_is_classified_back_into_its_class():
    wrong = {
        case.id: found for case in vectors().values() if (found := class_of_case(case)) != case.request_class
    }
    assert wrong == {}


COUNT = 500 if "EXPLORED_HISTORIES" in os.environ else 100
"""How many requests of each class are drawn: more with ``tox -e explore``."""
FEW = {"omitted": 20, "method": 8, "nothing": 30, "malformed": 90, "permission": 50, "foreign": 50}
"""How many different requests the small classes have at least."""


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.id)
def test_what_is_drawn_for_a_class_is_classified_back_into_it(one):
    drawn = draw_in_turn(REQUESTS[one.id], seed=7, count=COUNT)
    assert FEW.get(one.id, COUNT) <= len(drawn) <= COUNT
    wrong = {case: found for case in drawn if (found := class_of_case(case)) != one.id}
    assert wrong == {}
    assert {case.origin for case in drawn} == {"drawn"}


def test_kinds_take_turns_until_they_have_no_more():
    kinds = ["ab", "c", "de"]
    drawn = draw_in_turn([st.sampled_from(kind) for kind in kinds], seed=0, count=6)
    assert [index for value in drawn for index, kind in enumerate(kinds) if value in kind] == [0, 1, 2, 0, 2]


def test_what_may_take_effect_and_what_is_about_credentials_is_told_by_the_classes():
    assert {"instant", "loose", "past", "unclear"} <= ACTING
    assert not {"string", "type", "malformed", "method", "permission"} & ACTING
    assert {"no-credential", "wrong-credential", "scheme", "permission", "foreign"} == CREDENTIAL


def test_thirty_lines_without_the_package_read_and_send_the_vectors():
    """What the script sends is what we send, but for ids and tokens that are made up."""
    received = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received[headers["x-vector"]] = Request(
                self.command, self.path, "pause", "", tuple(headers.items()), content
            )
            self.send_response(204)
            self.end_headers()

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the names of http.server

        def log_message(self, *_):
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}/api/v1"
        words = [str(SCRIPT), str(FOLDER), url, CAMPAIGN, TOKEN, utc(DAY).isoformat()]
        ran = subprocess.run([sys.executable, "-I", *words], capture_output=True, text=True, check=False)
        server.shutdown()
    assert ran.stderr == ""
    assert received.keys() == vectors().keys()
    for id_, request in received.items():
        ours, (name, action) = built(vectors()[id_], "").request, request.url.split("/")[4:]
        assert (request.method, action, request.content) == (ours.method, "pause", ours.content), id_
        assert request.header("content-type") == ours.header("content-type"), id_
        if not vectors()[id_].campaign.endswith(("invented", ":longer")):
            assert name == ours.campaign, id_
        if not vectors()[id_].credential.startswith(("altered:", "unknown")):
            assert request.header("authorization") == ours.header("authorization"), id_
    assert "whop_contracts" not in SCRIPT.read_text()


def test_every_id_in_the_ranks_is_that_of_vectors_or_of_one_sequence():
    for clock in ("movable", "wall"):
        for group in build_plan.ranks(clock):
            assert vectors().keys() >= {*group} or (len(group) == 1 and group[0] in SEQUENCE_IDS), group
