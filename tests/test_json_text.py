"""What a tolerant client can read that is not JSON as it should be."""

import codecs
import gzip
import sys

import pytest

from whop_contracts.exchange import Response
from whop_contracts.json_text import read_leniently, read_response


def _packed(content):
    return gzip.compress(content, mtime=0)


TEXT = '{"status": "é"}'


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (TEXT.encode(), {"status": "é"}),
        (codecs.BOM_UTF8 + TEXT.encode(), {"status": "é"}),
        (TEXT.encode("utf-16"), {"status": "é"}),
        (TEXT.encode("utf-16-le"), {"status": "é"}),
        (TEXT.encode("utf-32"), {"status": "é"}),
        (_packed(TEXT.encode()), {"status": "é"}),
        (_packed(TEXT.encode("utf-16")), {"status": "é"}),
        (TEXT.encode("latin-1"), {"status": "\ufffd"}),
        (b"[1e999, " + b"9" * 2_000 + b"]", [sys.float_info.max, sys.float_info.max]),
        (b"[Infinity]", [float("inf")]),
        (b"", None),
        (b"[" * 100_000, None),
        (b"<html>", None),
        (b"{}{}", None),
        (_packed(TEXT.encode())[:-9], None),
        (b"\x1f\x8b" + b"x" * 50, None),
        (_packed(b'"' + b"x" * 5_000_000 + b'"'), None),
    ],
)
def test_what_is_read_leniently(content, value):
    assert read_leniently(Response(200, content=content)) == value


def test_nothing_is_read_from_no_response_or_a_truncated_one():
    assert read_leniently(None) is None
    cut = Response(200, content=b"{}", truncated=True)
    assert (read_leniently(cut), read_response(cut)) == (None, None)
