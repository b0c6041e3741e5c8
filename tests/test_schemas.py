"""The schemas: what they say of each member, and that both validators assert all of it alike."""

import copy
import functools
import json
import operator
import re
from collections import Counter
from pathlib import Path

import jsonschema
import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from test_formats import ASSIGNED, DATE_TIMES, HOSTILE, OTHERS, UNASSIGNED
from whop_contracts import schemas
from whop_contracts.exchange import Finding
from whop_contracts.schemas import SHOULD, brief, members, violations

FOLDER = schemas.document_path("annotations.json").parent
NAMES = {
    *("ad-campaign", "annotations", "error", "event", "pause-request", "recording", "result", "settings"),
    "vector",
}
DERIVED = ("ad-campaign", "error", "pause-request")
EXAMPLES = {name: json.loads((FOLDER / "documented" / f"{name}.json").read_text("utf-8")) for name in DERIVED}


def where(pointer):
    return next(member.schema_pointer for member in members("ad-campaign") if member.pointer == pointer)


def part(pointer):
    return schemas.subschema("ad-campaign", where(pointer))


def accepted(schema, value):
    """Whether both validators accept a value."""
    fast, plain = schemas._fast(schema).is_valid(value), schemas._plain(schema).is_valid(value)
    assert fast == plain, value
    return fast


def test_a_schema_keeps_to_its_dialect():
    assert {path.name.partition(".")[0] for path in FOLDER.glob("*.schema.json")} == NAMES
    for name in NAMES:
        schema = schemas.load(name)
        assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema_rs.meta.validate(schema)


def test_no_pattern_accepts_a_line_end():
    """Python's ``$`` matches before a line end, ECMA's does not: a pattern has to mean the same in both."""
    for name in NAMES - {"event", "vector"}:
        for pattern in patterns(json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))):
            assert pattern.startswith("^"), pattern
            assert pattern.endswith(r"(?!\s)$"), pattern


def patterns(schema):
    for path in steps(schema):
        value = functools.reduce(operator.getitem, path, schema)
        if path[-1:] == ["pattern"] and isinstance(value, str):
            yield value


NULLABLE = (
    *("/daily_budget", "/platform", "/paused_until", "/product", "/billing_ledger_account", "/config"),
    *("/payment_method", "/created_by_user/name", "/config/"),
)
"""Pointers of nullable members; one that ends in a slash stands for everything below it."""


def nullable(pointer):
    return pointer in NULLABLE or pointer[: pointer.rfind("/") + 1] in NULLABLE


def test_members_are_those_of_the_page_in_its_order():
    found = [member.pointer for member in members("ad-campaign")]
    paths = (path for path in steps(EXAMPLES["ad-campaign"]) if path and isinstance(path[-1], str))
    assert found == ["".join(f"/{step}" for step in path) for path in paths]
    assert Counter(pointer.count("/") for pointer in found) == {1: 24, 2: 19}
    assert all(member.nullable == nullable(member.pointer) for member in members("ad-campaign"))
    assert {one for one in NULLABLE if not one.endswith("/")} <= {*found}


def test_a_documented_member_has_to_be_there_and_is_null_only_if_it_is_listed():
    for member in members("ad-campaign"):
        path = member.pointer.split("/")[1:]
        for by, valid in ((None, nullable(member.pointer)), (ABSENT, False)):
            document = replaced(EXAMPLES["ad-campaign"], path, by)
            assert accepted(schemas.load("ad-campaign"), document) == valid, member.pointer


def test_every_annotation_names_its_source():
    documents = json.loads((FOLDER / "annotations.json").read_text("utf-8"))["documents"]
    entries = [entry for document in documents.values() for entry in document["members"].values()]
    assert len(entries) > 40
    for entry in entries:
        assert {"source", "place", "statement"} <= entry.keys()
        assert entry["place"].strip()
        assert re.fullmatch(r"[A-Z`].*\S\.", entry["statement"])


IDS = {
    "/id": "adcamp",
    "/product/id": "prod",
    "/created_by_user/id": "user",
    "/payment_method/id": "payt",
    "/billing_ledger_account/id": "ldgr",
}
ENDS = ["x", "xxxxxxxxxxx", "Kb7Qw2Zr9Xt4M", "a-b_c.d", "é", "a\0b", "x" * 200]
NO_IDS = [
    *("", "{p}", "{p}_", "{p}x", "{p}_{p}_x", "other_x", "x{p}_x", "{P}_x", "{p}-x", "{p}_x\n", "\n{p}_x"),
    *("{p}_x ", " {p}_x", "{p}_ x", "{p}_x y", "{p}_x\ty", "{p}_x\ny", "{p}_x\u00a0y", "{p}_\u2003"),
]


def test_an_id_is_its_prefix_and_anything_but_white_space():
    for pointer, prefix in IDS.items():
        for end in ENDS:
            assert accepted(part(pointer), f"{prefix}_{end}")
            assert accepted(part(pointer)[SHOULD], f"{prefix}_{end}") == (end.isascii() and end.isalnum())
        for form in NO_IDS:
            assert not accepted(part(pointer), form.format(p=prefix, P=prefix.upper())), form


def test_an_unassigned_country_only_warns():
    codes = part("/target_country_codes")
    for code in (*ASSIGNED, *UNASSIGNED):
        assert accepted(codes, [code])
        assert accepted(codes["items"][SHOULD], code) is (code in ASSIGNED), code


ABSENT = object()
# Python's \s contains U+001C to U+001F, ECMA's does not; Rust's strings contain no half of a surrogate pair.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1c\x1d\x1e\x1f"))
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**63, -(2**63) - 1, 2**64, 10**40, 0.0, -0.0, 42.0, 42.5, 1e30, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*DATE_TIMES, *OTHERS, *HOSTILE, "x" * 10_000]),
    _TEXT,
    st.tuples(st.sampled_from([f"{prefix}_" for prefix in IDS.values()]), _TEXT).map("".join),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "title", "type", "paused_until"]) | _TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)


def steps(value):
    yield []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from ([step, *further] for further in steps(child))


def replaced(value, path, by):
    if not path:
        return by
    copied = copy.deepcopy(value)
    at = functools.reduce(operator.getitem, path[:-1], copied)
    if by is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = by
    return copied


@given(data=st.data(), by=st.just(ABSENT) | _VALUES)
@settings(max_examples=400, deadline=None)
def test_the_validators_agree_on_a_document_with_anything_changed_and_on_the_value_of_a_member(data, by):
    """Shrinks towards the first member left out."""
    name = data.draw(st.sampled_from(DERIVED))
    document = replaced(EXAMPLES[name], data.draw(st.sampled_from([*steps(EXAMPLES[name])][1:])), by)
    assert bool(violations(name, "", document)) != accepted(schemas.load(name), document)
    schema = schemas.subschema(
        "ad-campaign", data.draw(st.sampled_from(list(members("ad-campaign")))).schema_pointer
    )
    if by is not ABSENT:
        accepted(schema, by)
        accepted(schema.get(SHOULD, {}), by)


HALF = json.loads(r'"\ud800"')


def test_where_the_validators_differ_no_response_stops_the_run():
    """Values of JSON that Rust's strings or numbers, or Python's ``\\s``, treat differently."""
    for pointer, value, valid in (
        ("/title", HALF, True),
        ("/id", f"adcamp_{HALF}", True),
        ("/id", f"adcamp_ {HALF}", False),
        ("/created_at", HALF, False),
        ("/product", {"id": f"prod_{HALF}", "title": HALF, "route": HALF}, True),
        ("/product", {HALF: 1}, False),
        ("/revenue", json.loads("1e999"), True),
        ("/clicks_count", json.loads("1e999"), False),
        ("/clicks_count", 2**64, True),
        ("/clicks_count", -(10**40), True),
        ("/id", "adcamp_x\x1cy", True),
    ):
        assert (violations("ad-campaign", where(pointer), value) == ()) == valid, (pointer, value)
    assert not schemas.sound("ad-campaign", EXAMPLES["ad-campaign"] | {"created_at": HALF})
    (found,) = schemas.should_violations("ad-campaign", where("/id"), f"adcamp_{HALF}")
    assert found.pointer == ""


WORDS = json.loads(Path(__file__).with_name("schema-words.json").read_text("utf-8"))
"""Pointers, values, and how each is described: expected and actual, or where and what is expected."""


def test_a_violation_is_described_in_words():
    for pointer, value, expected, actual in WORDS["violations"]:
        assert violations("ad-campaign", where(pointer), value) == (Finding(expected, actual),)


def test_what_only_warns_is_described_in_words():
    for pointer, value, place, expected in WORDS["warnings"]:
        assert violations("ad-campaign", where(pointer), value) == ()
        (found,) = schemas.should_violations("ad-campaign", where(pointer), value)
        assert (found.pointer, found.expected) == (place, expected)
    assert schemas.should_violations("ad-campaign", where("/title"), 5) == ()


def test_every_violation_of_a_document_has_its_place():
    document = EXAMPLES["ad-campaign"] | {"status": 5, "product": {"id": "x", "title": 1, "route": "r"}}
    found = [(violation.pointer, violation.actual) for violation in violations("ad-campaign", "", document)]
    assert ("/product/id", '"x"') in found
    assert ("/product/title", "1") in found
    assert ("/status", "5") in found


def test_a_documented_body_has_no_violation_and_neither_has_a_member_that_is_not_documented():
    for name in DERIVED:
        assert accepted(schemas.load(name), EXAMPLES[name])
        assert accepted(schemas.load(name), EXAMPLES[name] | {"ad_groups": [1]})
    assert schemas.sound("ad-campaign", EXAMPLES["ad-campaign"])
    for member in members("ad-campaign"):
        value = functools.reduce(operator.getitem, member.pointer.split("/")[1:], EXAMPLES["ad-campaign"])
        assert violations("ad-campaign", member.schema_pointer, value) == ()


def test_a_value_is_cut_to_a_line():
    assert brief("x" * 500) == '"' + "x" * 78 + "…"
    assert brief({"a": "b\nc"}) == r'{"a": "b\nc"}'
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert brief(deep) == "list"
