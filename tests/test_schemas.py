"""The schemas: what they promise of each member, and that both validators assert all of it alike."""

from __future__ import annotations

import copy
import json
import re

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whop_contracts import schemas
from whop_contracts.schemas import SHOULD, FormatNotAssertedError, Violation, brief, members, violations

FOLDER = schemas.document_path("annotations.json").parent
NAMES = ("ad-campaign", "error", "pause-request", "result", "settings")
DERIVED = ("ad-campaign", "error", "pause-request")
EXAMPLES = {name: json.loads((FOLDER / "documented" / f"{name}.json").read_text("utf-8")) for name in DERIVED}
VALIDATORS = pytest.mark.parametrize("made", [schemas._fast, schemas._plain], ids=["rust", "python"])
ANNOTATED = [
    pytest.param(entry, id=f"{name}{pointer}")
    for name, document in json.loads((FOLDER / "annotations.json").read_text("utf-8"))["documents"].items()
    for pointer, entry in document["members"].items()
]


def where(pointer):
    return next(member.schema_pointer for member in members("ad-campaign") if member.pointer == pointer)


def part(pointer):
    return schemas.subschema("ad-campaign", where(pointer))


# -- the schemas themselves ----------------------------------------------------------------------------------------


def test_every_schema_file_is_one_of_ours():
    assert sorted(path.name for path in FOLDER.glob("*.schema.json")) == [
        f"{name}.schema.json" for name in NAMES
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_keeps_to_its_dialect(name):
    schema = dict(schemas.load(name))
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("name", DERIVED)
@VALIDATORS
def test_a_documented_body_is_valid(name, made):
    assert made(schemas.load(name)).is_valid(EXAMPLES[name])


@pytest.mark.parametrize("name", NAMES)
def test_no_pattern_lets_a_line_end_through(name):
    """Python's ``$`` matches before a line end, which ECMA's does not: a pattern has to mean the same in both."""
    text = (FOLDER / f"{name}.schema.json").read_text("utf-8")
    for pattern in patterns(json.loads(text)):
        assert pattern.startswith("^"), pattern
        assert pattern.endswith(r"(?!\s)$"), pattern


def patterns(schema):
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "pattern" and isinstance(value, str):
                yield value
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


# -- the members of a campaign -------------------------------------------------------------------------------------

TOP = [
    "id",
    "title",
    "status",
    "target_country_codes",
    "daily_budget",
    "platform",
    "available_budget",
    "created_at",
    "updated_at",
    "paused_until",
    "clicks_count",
    "impressions_count",
    "purchases_count",
    "remaining_balance",
    "revenue",
    "return_on_ad_spend",
    "todays_spend",
    "total_credits",
    "total_spend",
    "product",
    "created_by_user",
    "payment_method",
    "billing_ledger_account",
    "config",
]
CHILDREN = {
    "product": ["id", "title", "route"],
    "created_by_user": ["id", "name", "username"],
    "payment_method": ["typename", "id", "created_at", "payment_method_type"],
    "billing_ledger_account": ["id"],
    "config": [
        "conversion_goal",
        "bid_strategy",
        "bid_amount",
        "status",
        "special_categories",
        "budget_optimization",
        "start_time",
        "end_time",
    ],
}
NULLABLE = {
    *[
        "/daily_budget",
        "/platform",
        "/paused_until",
        "/product",
        "/billing_ledger_account",
        "/payment_method",
        "/config",
    ],
    "/created_by_user/name",
    *(f"/config/{child}" for child in CHILDREN["config"]),
}


def test_members_are_those_of_the_page_in_its_order():
    found = [member.pointer for member in members("ad-campaign")]
    assert [pointer for pointer in found if pointer.count("/") == 1] == [f"/{name}" for name in TOP]
    assert found == [
        pointer
        for name in TOP
        for pointer in (f"/{name}", *(f"/{name}/{child}" for child in CHILDREN.get(name, ())))
    ]
    assert (len(TOP), len(found) - len(TOP)) == (24, 19)


def test_the_members_that_may_be_null_are_those_listed():
    assert {member.pointer for member in members("ad-campaign") if member.nullable} == NULLABLE


@pytest.mark.parametrize("pointer", [member.pointer for member in members("ad-campaign")])
@VALIDATORS
def test_null_is_accepted_where_it_is_listed_and_nowhere_else(pointer, made):
    document = replaced(EXAMPLES["ad-campaign"], pointer.split("/")[1:], None)
    assert made(schemas.load("ad-campaign")).is_valid(document) == (pointer in NULLABLE)


@pytest.mark.parametrize("pointer", [member.pointer for member in members("ad-campaign")])
@VALIDATORS
def test_every_documented_member_has_to_be_there(pointer, made):
    document = replaced(EXAMPLES["ad-campaign"], pointer.split("/")[1:], ABSENT)
    assert not made(schemas.load("ad-campaign")).is_valid(document)


@VALIDATORS
def test_members_that_are_not_documented_are_no_violation(made):
    assert made(schemas.load("ad-campaign")).is_valid(EXAMPLES["ad-campaign"] | {"ad_groups": [1]})
    assert made(schemas.load("pause-request")).is_valid({"reason": "holidays"})


@pytest.mark.parametrize("entry", ANNOTATED)
def test_every_annotation_says_whence_it_is_known(entry):
    assert {"source", "place", "statement"} <= entry.keys()
    assert entry["place"].strip()
    assert re.fullmatch(r"[A-Z].*\S\.", entry["statement"])


# -- formats -------------------------------------------------------------------------------------------------------

INSTANTS = [
    "2023-12-01T05:00:00.401Z",
    "2024-02-29T00:00:00Z",
    "2000-02-29T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2023-12-01T05:00:00.4Z",
    "2023-12-01T05:00:00.4012345678901Z",
    "2023-12-01T05:00:00+05:45",
    "2023-12-01T05:00:00-12:00",
    "2023-12-01T05:00:00-00:00",
    "2023-12-01T05:00:00+23:59",
    "2023-12-01t05:00:00z",
    "2016-12-31T23:59:60Z",
    "2023-12-01T05:00:60Z",
]
NO_INSTANTS = [
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-12-00T00:00:00Z",
    "2023-12-01T24:00:00Z",
    "2023-12-01T05:60:00Z",
    "2023-12-01T05:00:61Z",
    "2023-12-01T05:00:00",
    "2023-12-01T05:00:00.401",
    "2023-12-01T05:00Z",
    "2023-12-01T05:00:00.Z",
    "2023-12-01T05:00:00,401Z",
    "2023-12-01 05:00:00Z",
    "2023-12-01T05:00:00 Z",
    "2023-12-01T05:00:00+0100",
    "2023-12-01T05:00:00+01",
    "2023-12-01T05:00:00+24:00",
    "2023-12-01T05:00:00+01:60",
    "2023-12-01T05:00:00Z\n",
    "\n2023-12-01T05:00:00Z",
    "2023-12-01T05:00:00Z ",
    "2023-12-01T05:00:00Z\0",
    "2023-12-01",
    "20231201T050000Z",
    "2023-335T05:00:00Z",
    "1701406800",
    "٢٠٢٣-12-01T05:00:00Z",
    "now",
    "",
]


@pytest.mark.parametrize("text", INSTANTS)
@VALIDATORS
def test_a_timestamp_of_rfc_3339_is_accepted(text, made):
    assert made(part("/created_at")).is_valid(text)


@pytest.mark.parametrize("text", NO_INSTANTS)
@VALIDATORS
def test_what_is_no_timestamp_of_rfc_3339_is_refused(text, made):
    assert not made(part("/created_at")).is_valid(text)


@pytest.mark.parametrize("number", [0, 1701406800, 1701406800.401, True])
@VALIDATORS
def test_an_epoch_is_no_timestamp(number, made):
    assert not made(part("/created_at")).is_valid(number)


IDS = {
    "/id": "adcamp",
    "/product/id": "prod",
    "/created_by_user/id": "user",
    "/payment_method/id": "payt",
    "/billing_ledger_account/id": "ldgr",
}
BEHIND = ["x", "xxxxxxxxxxx", "Kb7Qw2Zr9Xt4M", "a-b_c.d", "é", "a\0b", "x" * 200]
NO_IDS = [
    "", "{p}", "{p}_", "{p}x", "{p}_{p}_x", "other_x", "x{p}_x", "{P}_x", "{p}-x",
    "{p}_x\n", "\n{p}_x", "{p}_x ", " {p}_x", "{p}_ x", "{p}_x y", "{p}_x\ty", "{p}_x\ny", "{p}_x\u00a0y", "{p}_\u2003",
]  # fmt: skip


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("pointer", IDS)
@VALIDATORS
def test_an_id_is_its_prefix_and_anything_but_white_space(pointer, behind, made):
    text = f"{IDS[pointer]}_{behind}"
    assert made(part(pointer)).is_valid(text)
    assert made(part(pointer)[SHOULD]).is_valid(text) == (behind.isascii() and behind.isalnum())


@pytest.mark.parametrize("form", NO_IDS)
@pytest.mark.parametrize("pointer", IDS)
@VALIDATORS
def test_what_is_no_id_is_refused(pointer, form, made):
    text = form.format(p=IDS[pointer], P=IDS[pointer].upper())
    assert not made(part(pointer)).is_valid(text)


@pytest.mark.parametrize("code", ["US", "GB", "DE", "NO", "AQ", "SS", "CW"])
@VALIDATORS
def test_an_assigned_country_is_accepted(code, made):
    assert made(part("/target_country_codes")["items"][SHOULD]).is_valid(code)


@pytest.mark.parametrize(
    "code", ["ZZ", "XX", "UK", "EU", "AN", "us", "Us", "USA", "US\n", " US", "U", "", "840", "<string>"]
)
@VALIDATORS
def test_what_is_no_assigned_country_only_warns(code, made):
    assert not made(part("/target_country_codes")["items"][SHOULD]).is_valid(code)
    assert made(part("/target_country_codes")).is_valid([code])


def test_the_formats_are_asserted():
    schemas.self_test()


@pytest.mark.parametrize("name", schemas.FORMATS)
def test_a_format_that_accepts_everything_stops_a_run(monkeypatch, name):
    monkeypatch.setattr(schemas, "FORMATS", {**schemas.FORMATS, name: lambda _: True})
    with pytest.raises(FormatNotAssertedError, match=f"the format {name} is not asserted"):
        schemas.self_test()


@pytest.mark.parametrize("name", schemas.FORMATS)
def test_a_format_that_nobody_checks_stops_a_run(monkeypatch, name):
    left = {format_: check for format_, check in schemas.FORMATS.items() if format_ != name}
    monkeypatch.setattr(schemas, "FORMATS", left)
    with pytest.raises(FormatNotAssertedError, match=f"the format {name} is not asserted"):
        schemas.self_test()


def test_a_pattern_that_lets_a_line_end_through_stops_a_run(monkeypatch):
    lax = {"type": "string", "pattern": r"^adcamp_\S+$"}
    monkeypatch.setattr(schemas, "subschema", lambda *_: lax)
    with pytest.raises(FormatNotAssertedError, match="line end"):
        schemas.self_test()


# -- the two validators against each other -------------------------------------------------------------------------

ABSENT = object()
_HOSTILE = [
    *INSTANTS, *NO_INSTANTS, "adcamp_x", "adcamp_adcamp_x", "adcamp_", "adcamp_x\n", "prod_x", "user_x y", "US", "us",
    "active", "Active", "paused\n", "meta", "null", "\0", "\u2028", "\ufeff", "\u0085", "🎧", "e\u0301", "x" * 10_000,
]  # fmt: skip
# Python's \s holds U+001C to U+001F, ECMA's does not; and Rust's text holds no half of a surrogate pair. See below.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1c\x1d\x1e\x1f"))
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**63, -(2**63) - 1, 2**64, 10**40, 0.0, -0.0, 42.0, 42.5, 1e30, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(_HOSTILE),
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
    at = copied
    for step in path[:-1]:
        at = at[step]
    if by is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = by
    return copied


@pytest.mark.parametrize("name", DERIVED)
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_the_validators_agree_on_documents_with_a_member_changed(name, data):
    """Shrinks towards the first member replaced by null."""
    document = EXAMPLES[name]
    for path in data.draw(st.lists(st.sampled_from(list(steps(document))[1:]), min_size=1, max_size=3)):
        by = data.draw(st.just(ABSENT) | _VALUES)
        try:
            document = replaced(document, path, by)
        except (TypeError, KeyError, IndexError):  # a change before this one has taken the place away
            continue
    assert schemas._valid(name, "").is_valid(document) == schemas._plain(schemas.load(name)).is_valid(
        document
    )
    assert bool(violations(name, "", document)) != schemas._valid(name, "").is_valid(document)


@given(member=st.sampled_from(members("ad-campaign")), value=_VALUES)
@settings(max_examples=600, deadline=None)
def test_the_validators_agree_on_every_value_of_a_member(member, value):
    schema = schemas.subschema("ad-campaign", member.schema_pointer)
    assert schemas._fast(schema).is_valid(value) == schemas._plain(schema).is_valid(value)
    if SHOULD in schema:
        assert schemas._fast(schema[SHOULD]).is_valid(value) == schemas._plain(schema[SHOULD]).is_valid(value)


HALF = json.loads(r'"\ud800"')


@pytest.mark.parametrize(
    ("pointer", "value", "accepted"),
    [
        ("/title", HALF, True),
        ("/id", f"adcamp_{HALF}", True),
        ("/id", f"adcamp_ {HALF}", False),
        ("/created_at", HALF, False),
        ("/product", {"id": f"prod_{HALF}", "title": HALF, "route": HALF}, True),
        ("/product", {HALF: 1}, False),
        ("/revenue", json.loads("1e999"), True),
        ("/clicks_count", json.loads("1e999"), False),
        ("/id", "adcamp_x\x1cy", True),
    ],
)
def test_where_the_validators_differ_no_answer_stops_the_run(pointer, value, accepted):
    """Values that JSON can hold and that Rust's text or numbers, or Python's ``\\s``, take otherwise."""
    assert (violations("ad-campaign", where(pointer), value) == ()) == accepted


def test_half_a_surrogate_pair_in_an_id_warns():
    (found,) = schemas.should_violations("ad-campaign", where("/id"), f"adcamp_{HALF}")
    assert found.pointer == ""


# -- what is said --------------------------------------------------------------------------------------------------

TIMESTAMP = "an RFC 3339 timestamp with an offset"
SAID = [
    ("/title", 5, "text", "5"),
    ("/title", None, "text", "null"),
    ("/daily_budget", "6.9", "a number or null", '"6.9"'),
    ("/revenue", None, "a number", "null"),
    ("/clicks_count", 42.5, "a whole number", "42.5"),
    ("/clicks_count", True, "a whole number", "true"),
    ("/target_country_codes", "US", "a list", '"US"'),
    ("/product", [], "an object or null", "[]"),
    ("/created_by_user", None, "an object", "null"),
    ("/config/budget_optimization", 1, "true or false or null", "1"),
    ("/status", "ended", "one of active, paused, inactive, stale", '"ended"'),
    ("/platform", "google", "one of meta, tiktok, null", '"google"'),
    ("/created_at", "2023-02-29T00:00:00Z", TIMESTAMP, '"2023-02-29T00:00:00Z"'),
    ("/id", "camp_x", '"adcamp_", once, and more without white space', '"camp_x"'),
    ("/product/id", "prod_prod_x", '"prod_", once, and more without white space', '"prod_prod_x"'),
]


@pytest.mark.parametrize(("pointer", "value", "expected", "actual"), SAID)
def test_a_violation_is_told_in_words(pointer, value, expected, actual):
    assert violations("ad-campaign", where(pointer), value) == (Violation("", expected, actual),)


SHOULD_SAID = [
    ("/clicks_count", -1, "", "at least 0"),
    ("/target_country_codes", ["US", "ZZ"], "/1", "an ISO 3166-1 country code of two capital letters"),
    ("/created_at", "2023-12-01T05:00:00z", "", "the usual form, as on the page"),
    ("/id", "adcamp_a-b", "", '"adcamp_", once, and more without white space'),
    ("/config/bid_strategy", "guess", "", "one of lowest_cost, bid_cap, cost_cap, null"),
]


@pytest.mark.parametrize(("pointer", "value", "place", "expected"), SHOULD_SAID)
def test_what_only_warns_is_told_in_words(pointer, value, place, expected):
    assert violations("ad-campaign", where(pointer), value) == ()
    (found,) = schemas.should_violations("ad-campaign", where(pointer), value)
    assert (found.pointer, found.expected) == (place, expected)


def test_every_violation_of_a_document_is_told_with_its_place():
    document = EXAMPLES["ad-campaign"] | {"status": 5, "product": {"id": "x", "title": 1, "route": "r"}}
    found = [(violation.pointer, violation.actual) for violation in violations("ad-campaign", "", document)]
    assert ("/product/id", '"x"') in found
    assert ("/product/title", "1") in found
    assert ("/status", "5") in found


def test_nothing_is_said_of_what_is_valid():
    for member in members("ad-campaign"):
        value = EXAMPLES["ad-campaign"]
        for step in member.pointer.split("/")[1:]:
            value = value[step]
        assert violations("ad-campaign", member.schema_pointer, value) == ()


def test_a_value_is_cut_to_a_line():
    assert brief("x" * 500) == '"' + "x" * 78 + "…"
    assert brief({"a": "b\nc"}) == r'{"a": "b\nc"}'
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert brief(deep) == "list"
