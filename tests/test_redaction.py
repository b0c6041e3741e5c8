"""Redaction: a secret is found in every form in which software writes it down, and nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
import time
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whop_contracts.redaction import Redactor

NAME = "$WHOP_API_TOKEN"
TOKEN = "apik_/Zq+3\"v'T é\\<&>x=99"
PLAIN = "wk_7Qd2mXv9Rb4TzLc8HnYp5JsG3KfW6aEu"


def forms(secret: str) -> dict[str, str]:
    raw = secret.encode()
    return {
        "raw": secret,
        "quote": urllib.parse.quote(secret, safe=""),
        "quote keeps slashes": urllib.parse.quote(secret),
        "quote_plus": urllib.parse.quote_plus(secret),
        "quote lower": "".join(f"%{byte:02x}" for byte in raw),
        "quote twice": urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
        "json": json.dumps(secret)[1:-1],
        "json utf-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json with slashes": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "json all escaped": "".join(
            f"\\u{ord(char):04X}" if ord(char) < 0x10000 else json.dumps(char)[1:-1] for char in secret
        ),
        "json in json": json.dumps(json.dumps(secret))[3:-3],
        "repr": repr(secret)[1:-1],
        "repr of bytes": repr(raw)[2:-1],
        "ascii": ascii(secret)[1:-1],
        "html": html.escape(secret),
        "html decimal": "".join(f"&#{ord(char)};" for char in secret),
        "html hexadecimal": "".join(f"&#x{ord(char):X};" for char in secret),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "mojibake": raw.decode("latin-1"),
    }


@pytest.mark.parametrize("form", forms(TOKEN))
@pytest.mark.parametrize("secret", [TOKEN, PLAIN])
def test_every_form_is_found(secret, form):
    text = f"before {forms(secret)[form]} after"
    assert Redactor([secret]).text(text) == f"before {NAME} after"


@pytest.mark.parametrize("secret", [TOKEN, PLAIN, PLAIN + "a", PLAIN + "ab"])
@pytest.mark.parametrize("encode", [base64.standard_b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("prefix", [b"", b"Bearer ", b"user:", b"\xff", b"ab", b'{"authorization":"Bearer '])
@pytest.mark.parametrize("suffix", [b"", b"\n", b'"}', b"\xff\xff\xff"])
def test_base64_is_found_wherever_the_secret_begins_and_ends(secret, encode, prefix, suffix):
    encoded = encode(prefix + secret.encode() + suffix).decode()
    seen = Redactor([secret]).text(encoded)
    assert NAME in seen
    left = len(encode(secret.encode())) - 4
    assert len(seen) <= len(encoded) - left + len(NAME)


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=8, max_size=40), st.data()
)
def test_any_secret_is_found_in_any_form(secret, data):
    form = data.draw(st.sampled_from(sorted(forms(secret))))
    text = f"<{forms(secret)[form]}>"
    assert Redactor([secret]).text(text) == f"<{NAME}>"


@given(st.text(), st.binary())
def test_what_holds_no_secret_is_not_touched(text, content):
    redactor = Redactor([PLAIN])
    assert redactor.text(text) == text
    assert redactor.bytes(content) == content


def test_each_secret_has_its_name_and_the_longest_wins():
    redactor = Redactor({"$ONE": "abcdefgh", "$TWO": "abcdefgh-ijkl"})
    redactor.add("abcd" * 3)
    redactor.add("abcdefgh")
    assert redactor.text("abcdefgh abcdefgh-ijkl abcdabcdabcd") == f"$ONE $TWO {NAME}"
    assert redactor.text(base64.b64encode(b"Bearer abcdefgh-ijkl").decode()) == "QmVhcmVyIG$TWOw="


def test_data_is_redacted_in_values_and_keys_and_stays_what_it_was():
    given_data = {"a": [PLAIN, 1, 2.5, True, None, (f"Bearer {PLAIN}",)], PLAIN: {"b": PLAIN.encode()}}
    seen = Redactor([PLAIN]).data(given_data)
    assert seen == {"a": [NAME, 1, 2.5, True, None, [f"Bearer {NAME}"]], NAME: {"b": NAME.encode()}}
    assert given_data["a"][0] == PLAIN


def test_what_is_no_json_is_redacted_as_text():
    assert Redactor([PLAIN]).data([ValueError(f"no {PLAIN}")]) == [f"no {NAME}"]


def test_data_nested_without_end_is_cut_off():
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    assert "nested too deeply" in json.dumps(Redactor([PLAIN]).data(nested))


def test_bytes_that_are_no_text_are_redacted():
    content = b"\xff\xfe" + TOKEN.encode() + b"\0" + PLAIN.encode()
    assert Redactor([TOKEN, PLAIN]).bytes(content) == b"\xff\xfe" + NAME.encode() + b"\0" + NAME.encode()


@pytest.mark.parametrize(
    ("secret", "text", "seen"),
    [
        ("abc", "abc abcd xabc (abc) abc_", f"{NAME} abcd xabc ({NAME}) abc_"),
        ("abcd", "xabcdx", f"x{NAME}x"),
        ("", "anything", "anything"),
        ("  ", "any thing", "any thing"),
        (f" {PLAIN}\n", f"-{PLAIN}-", f"-{NAME}-"),
    ],
)
def test_short_secrets_are_found_as_words_and_empty_ones_not_at_all(secret, text, seen):
    assert Redactor([secret]).text(text) == seen


def test_without_secrets_nothing_happens():
    assert Redactor().text("x") == "x"
    assert Redactor().bytes(b"x") == b"x"
    assert Redactor().data({"x": [1]}) == {"x": [1]}


def test_a_megabyte_without_secrets_is_passed_over_quickly():
    redactor = Redactor({"$A": PLAIN, "$B": PLAIN[::-1]})
    for changed in ("x" + PLAIN, PLAIN[:-4], PLAIN + "AbC4"):
        redactor.add(changed)
    text = (
        json.dumps(
            {"id": "adcamp_Kb7Qw2Zr9Xt4M", "title": "Café", "paused_until": "2026-09-21T14:13:20.000Z"}
        )
        * 10_000
    )
    began = time.perf_counter()
    assert redactor.text(text) == text
    assert time.perf_counter() - began < 3
