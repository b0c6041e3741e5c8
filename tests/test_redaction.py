"""Redaction: a secret is found in every form in which software prints it, and nothing else is changed."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secret_encodings import ENCODINGS, INEXACT, base, left_of
from whop_contracts import redaction
from whop_contracts.engine.request_builder import redactor_of
from whop_contracts.redaction import HIDDEN, Redactor, is_secret_header
from whop_contracts.steps import Actors

NAME = "$WHOP_API_TOKEN"
ODD = "apik_/Zq+3\"v'T é\\<&>x=99"
PLAIN = "wk_7Qd2mXv9Rb4TzLc8HnYp5JsG3KfW6aEu"
LONG = "".join(f"{PLAIN[at % 31 :]}{at}" for at in range(40))[:900]


@pytest.mark.parametrize("secret", [PLAIN, ODD, LONG], ids=["plain", "odd", "long"])
def test_every_encoding_is_found_and_nothing_around_it_is_lost(secret):
    redactor = Redactor([secret])
    for name, encode in ENCODINGS.items():
        text = f"[before {encode(secret)} after]"
        seen = redactor.text(text)
        assert seen.startswith("[before "), name
        assert seen.endswith(" after]"), name
        if name in INEXACT:
            assert NAME in seen, name
            assert left_of([secret], seen) == set(), name
        else:
            assert seen == f"[before {NAME} after]", name


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=8, max_size=40))
def test_any_secret_is_found_in_any_encoding(secret):
    redactor = Redactor([secret])
    for name in ENCODINGS.keys() - INEXACT:
        if "case" not in name and name != "HTML, named":
            assert redactor.text(f"<{ENCODINGS[name](secret)}>") == f"<{NAME}>", name


def test_base64_is_found_wherever_the_secret_begins_and_ends():
    for secret in (ODD, PLAIN, PLAIN + "a", PLAIN + "ab"):
        redactor = Redactor([secret])
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            for before in (b"", b"Bearer ", b"user:", b"\xff", b"ab", b'{"authorization":"Bearer '):
                for after in (b"", b"\n", b'"}', b"\xff\xff\xff"):
                    encoded = encode(before + secret.encode() + after).decode()
                    seen = redactor.text(encoded)
                    assert NAME in seen
                    assert len(seen) <= len(encoded) - len(encode(secret.encode())) + 4 + len(NAME)


def test_each_secret_has_its_name_and_the_longest_wins():
    redactor = Redactor({"$ONE": "abcdefgh", "$TWO": "abcdefgh-ijkl"})
    redactor.add("abcd" * 3)
    redactor.add("abcdefgh")
    assert redactor.text("abcdefgh abcdefgh-ijkl abcdabcdabcd") == f"$ONE $TWO {NAME}"
    assert redactor.text(base("Bearer abcdefgh-ijkl")) == "QmVhcmVyIG$TWOw="


@settings(max_examples=50)
@given(st.text(), st.binary())
def test_what_holds_no_secret_is_not_changed(text, content):
    redactor = Redactor([PLAIN])
    assert redactor.text(text) == text
    assert redactor.bytes(content) == content


FILLER = "a text of more than sixty characters, which some limit has cut off "


def test_what_a_cut_leaves_of_a_secret_is_at_most_four_characters():
    redactor = Redactor([PLAIN])
    for name, encode in ENCODINGS.items():
        encoded = encode(PLAIN)
        for size in range(1, len(encoded), max(len(encoded) // 25, 1)):
            start, end = encoded[:size], encoded[-size:]
            for text in (f"{start}…", f"'{start}...{end}'", f"{FILLER}{start}", f"{FILLER}'{start}'"):
                if not (name in INEXACT and text.endswith("'")):
                    assert left_of([PLAIN], redactor.text(text)) == set(), (name, text)


def test_an_ordinary_text_that_ends_like_a_secret_begins_is_not_changed():
    redactor = Redactor(["staging-key-0123456789", "application/json; v=2"])
    for text in ("staging", "application/json", f"{FILLER}https://api.staging", f"{FILLER}staging-k"[:70]):
        assert redactor.text(text) == text


def test_a_text_is_redacted_first_and_cut_then():
    redactor = Redactor([PLAIN])
    assert redactor.redact_then_cut(f"{'x' * 70}{PLAIN}", 80) == f"{'x' * 70}{NAME[:9]}…"
    assert redactor.redact_then_cut(f"-{PLAIN}-", 80) == f"-{NAME}-"


def test_data_is_redacted_in_values_and_keys_is_not_changed_itself_and_cut_off_where_it_is_deep():
    given_data = {"a": [PLAIN, 1, 2.5, True, None, (f"Bearer {PLAIN}",)], PLAIN: {"b": PLAIN}}
    seen = Redactor([PLAIN]).data(given_data)
    assert seen == {"a": [NAME, 1, 2.5, True, None, [f"Bearer {NAME}"]], NAME: {"b": NAME}}
    assert given_data["a"][0] == PLAIN
    assert Redactor([PLAIN]).data([ValueError(f"no {PLAIN}")]) == [f"no {NAME}"]
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert "nested too deeply" in json.dumps(Redactor([PLAIN]).data(nested))


def test_bytes_in_any_encoding_are_redacted():
    content = b"\xff\xfe" + ODD.encode() + b"\0" + PLAIN.encode() + b"\0"
    seen = Redactor([ODD, PLAIN]).bytes(content)
    assert seen == b"\xff\xfe" + NAME.encode() + b"\0" + NAME.encode() + b"\0"


SECRET = (
    *("authorization", "Proxy-Authorization", "Cookie", "SET-COOKIE", "X-Api-Key", "x-amz-security-token"),
    *("X-Client-Secret", "X-Auth", "X-Password", "Session-Id", "APIKEY"),
)
OPEN = ("accept", "content-type", "date", "WWW-Authenticate", "x-request-id", "location")


def test_a_header_is_secret_by_its_name():
    assert [name for name in (*SECRET, *OPEN) if is_secret_header(name)] == [*SECRET]


def with_headers(*lines):
    return redactor_of(Actors(PLAIN, (), headers=lines))


def test_header_lines_are_redacted_by_value_and_hidden_by_name():
    redactor = with_headers(("X-Gateway", "Gate keeper"), ("X-Tenant", "blue"))
    for name, value, shown in (
        ("Authorization", f"Bearer {PLAIN}", f"Bearer {NAME}"),
        ("authorization", "Bearer", "Bearer"),
        ("Authorization", "Bearer somebody-else", HIDDEN),
        ("Set-Cookie", "id=1", HIDDEN),
        ("Set-Cookie", f"id={PLAIN}; x=secret", HIDDEN),
        ("X-Api-Key", "", ""),
        ("X-Gateway", "Gate keeper", "$HEADER_X_GATEWAY"),
        ("X-Tenant", "blue", "$HEADER_X_TENANT"),
        ("Color", "blue", "$HEADER_X_TENANT"),
        ("Content-Type", "text/blue", "text/blue"),
        ("X-Echo", f"<{PLAIN}>", f"<{NAME}>"),
    ):
        assert redactor.headers([(name, value)]) == ((name, shown),)


def test_a_header_that_the_user_set_is_secret_as_a_whole_after_its_scheme_and_in_each_cookie():
    cookies = "session=cafebabe01; theme=dark; csrf=0123456789ab"
    gateway = ("X-Gateway", "Basic Zm9vOmJhcjEyMw==")
    redactor = with_headers(gateway, ("Cookie", cookies), ("Accept", "application/json"))
    for text in ("Basic Zm9vOmJhcjEyMw==", "Zm9vOmJhcjEyMw=="):
        assert redactor.text(f"<{text}>") == "<$HEADER_X_GATEWAY>"
    for text in (cookies, "cafebabe01", "0123456789AB"):
        assert redactor.text(f"<{text}>") == "<$HEADER_COOKIE>"
    assert redactor.text("application/json, a dark theme") == "application/json, a dark theme"


def test_the_credential_of_a_proxy_is_secret(monkeypatch):
    name = "$PROXY_CREDENTIAL"
    for proxy in ("http://agent:{}@proxy:3128", "agent:{}@proxy:3128"):
        for password in ("p", "Pr0xy%2FSecret-7"):
            monkeypatch.setenv("http_proxy", proxy.format(password))
            monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
            redactor = with_headers()
            basic = base(f"agent:{password.replace('%2F', '/')}")
            for text in (f"agent:{password}@proxy:3128", f"Basic {basic}"):
                assert redactor.text(f"<{text}>") == f"<{name}>"
        assert redactor.text("no such user: agent:pr0xy/secret-7") == f"no such user: {name}"
        assert redactor.text("wrong password Pr0xy/Secret-7") == f"wrong password {name}"
        assert redactor.text("proxy:3128, localhost,127.0.0.1") == "proxy:3128, localhost,127.0.0.1"


def test_short_secrets_are_whole_values_of_headers_and_empty_ones_are_ignored():
    for secret in ("abc", "abcdefg", "", "  "):
        redactor = Redactor([secret, PLAIN])
        assert redactor.text("abc abcd (abcdefg) any thing") == "abc abcd (abcdefg) any thing"
        assert redactor.headers([("a", secret)]) == (("a", NAME if secret.strip() else secret),)
    assert Redactor([f" {PLAIN}\n"]).text(f"-{PLAIN}-") == f"-{NAME}-"


def test_the_search_does_not_grow_with_the_secret_and_a_text_without_one_is_only_searched(monkeypatch):
    """Counted, not timed: pieces that a text is searched for, and texts that are decoded with positions."""
    decoded = []
    monkeypatch.setattr(redaction._View, "places", property(decoded.append))
    pieces = []
    for secret in (PLAIN, LONG):
        redactor = Redactor([secret])
        for changed in (secret + "AbC4" * 64, "AbC4" + secret, secret[:-4]):
            redactor.add(changed)
        pieces.append(len(redactor._plain.pieces) + len(redactor._encoded.pieces))
        document = {"id": "adcamp_Kb7Qw2Zr9Xt4M", "title": "Café", "paused_until": "2026-09-21T14:13:20.000Z"}
        redactor.text(json.dumps(document) * 10_000)
        redactor.data({"headers": [document] * 1_000})
    assert pieces[1] <= pieces[0] < 20
    assert decoded == []


def test_texts_are_remembered_and_forgotten_when_a_secret_is_added():
    redactor = Redactor([PLAIN])
    for number in range(10_000):
        redactor.text(f"{number}")
    assert redactor._remembered.cache_info().currsize <= 2_000
    redactor.add("a-new-secret-0123")
    assert redactor.text("a-new-secret-0123") == NAME
