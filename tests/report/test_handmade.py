"""The results that these tests are written with are results."""

from __future__ import annotations

import json

import jsonschema
import pytest

from report import handmade
from whop_contracts import schemas
from whop_contracts.report import document


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(
        json.loads(schemas.document_path("result.schema.json").read_bytes())
    )


@pytest.mark.parametrize("kind", handmade.kinds())
def test_every_hand_written_result_is_one(validator, kind):
    validator.validate(handmade.kinds()[kind])


@pytest.mark.parametrize("kind", handmade.kinds())
def test_the_document_is_the_result(tmp_path, kind):
    (tmp_path / "r.json").write_text(
        document.render(handmade.kinds()[kind]), "utf-8", errors="backslashreplace"
    )
    assert json.loads((tmp_path / "r.json").read_text()) == handmade.kinds()[kind]
