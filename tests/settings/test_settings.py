"""Flags over the environment over the file over defaults; whatever cannot be used is named in one line, without secrets."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from whop_contracts import report as reports
from whop_contracts.schemas import document_path
from whop_contracts.settings import SETTINGS, Settings, UsageError
from whop_contracts.settings.kinds import OUTPUT
from whop_contracts.settings.sources import Loaded, load, schema, show

SECRET = "sk_live_5ecr3t"
LIVE = {"base_url": "https://staging.example.com/api/v1", "campaign_ids": ["adcamp_one"], "token": SECRET}


@pytest.fixture
def loading(tmp_path):
    def loading(
        environ=None, file=None, *, name="whop-contracts.toml", checked=True, prefix="--", **flags
    ) -> Loaded:
        if file is not None:
            (tmp_path / name).write_text(file)
        return load(flags, environ=environ or {}, folder=tmp_path, prefix=prefix, checked=checked)

    return loading


def test_with_nothing_said_the_mock_is_judged_by_the_defaults(loading):
    assert loading() == Loaded(Settings(), {})


def test_every_field_is_in_the_table_but_those_of_reports_to_come():
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert fields - {setting.name for setting in SETTINGS} == set()


def test_every_report_has_a_writer_and_every_writer_a_flag():
    outputs = {setting.name for setting in SETTINGS if setting.kind is OUTPUT} - {
        "drift_ledger",
        "journal",
        "har",
    }
    assert outputs == set(reports.WRITERS)


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(loading):
    file, environ = (
        'seed = 1\nprofile = "quick"\ntimeout = "3s"',
        {"WHOP_CONTRACTS_SEED": "2", "WHOP_CONTRACTS_PROFILE": "thorough"},
    )
    loaded = loading(environ, file, seed="3")
    assert (loaded.settings.seed, loaded.settings.profile, loaded.settings.timeout) == (3, "thorough", 3.0)
    assert loaded.origins == {
        "seed": "--seed",
        "profile": "WHOP_CONTRACTS_PROFILE",
        "timeout": "whop-contracts.toml, timeout",
    }


def test_a_flag_can_undo_a_switch_of_a_lower_layer(loading):
    assert loading({"WHOP_CONTRACTS_STRICT": "1"}).settings.strict
    assert not loading({"WHOP_CONTRACTS_STRICT": "1"}, strict="false").settings.strict


def test_the_file_is_our_own_before_the_projects(loading):
    assert loading(file="[tool.whop-contracts]\nseed = 5", name="pyproject.toml").settings.seed == 5
    assert loading(file="seed = 6").settings.seed == 6


def test_another_projects_pyproject_says_nothing(loading):
    assert loading(file='[project]\nname = "x"\n[tool.other]\nseed = 5', name="pyproject.toml").origins == {}


def test_a_named_file_takes_the_place_of_both_and_its_paths_are_its_own(loading, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.toml").write_text('seed = 8\njson = "out.json"')
    loaded = loading(file="seed = 6", config=str(tmp_path / "elsewhere" / "a.toml"))
    assert (loaded.settings.seed, loaded.settings.json) == (8, tmp_path / "elsewhere" / "out.json")


def test_the_usual_variable_gives_the_token_and_our_own_goes_before_it(loading):
    environ = {"WHOP_API_TOKEN": "usual", "WHOP_READONLY_TOKEN": "reads"}
    assert loading(environ).settings.token == "usual"
    assert loading(environ).settings.readonly_token == "reads"
    assert loading(environ | {"WHOP_CONTRACTS_TOKEN": "ours"}).settings.token == "ours"


def test_a_token_file_is_read_without_its_line_end_and_beats_what_stands_below_it(loading, tmp_path):
    (tmp_path / "token").write_text(f"{SECRET}\n")
    assert loading({"WHOP_API_TOKEN": "other"}, token_file=str(tmp_path / "token")).settings.token == SECRET


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("2h", 7200), ("250ms", 0.25), ("90", 90), ("1.5", 1.5), ("10 s", 10)],
)
def test_durations_are_seconds(loading, text, seconds):
    assert loading(max_time=text).settings.max_time == seconds


def test_several_values_come_from_a_variable_or_a_list(loading):
    environ = {
        "WHOP_CONTRACTS_CAMPAIGN_ID": "adcamp_a, adcamp_b",
        "WHOP_CONTRACTS_HEADER": "X-Gate: k 1\nX-More:2",
    }
    settings = loading(environ, base_url="http://127.0.0.1:1/api", token="t").settings
    assert settings.campaign_ids == ("adcamp_a", "adcamp_b")
    assert settings.headers == (("X-Gate", "k 1"), ("X-More", "2"))
    assert loading(file='clause = ["pausing.*", "request.*"]').settings.clauses == ("pausing.*", "request.*")


def test_an_empty_variable_says_nothing(loading):
    assert loading({"WHOP_CONTRACTS_PROFILE": "", "WHOP_API_TOKEN": ""}).origins == {}


def test_a_base_url_loses_its_last_slash(loading):
    assert (
        loading(**LIVE | {"base_url": "http://[::1]:8089/api/v1/"}).settings.base_url
        == "http://[::1]:8089/api/v1"
    )


BAD_FLAGS = [
    (
        {"base_url": "staging.example.com"},
        "--base-url 'staging.example.com': expected a URL with http:// or https:// and a host",
    ),
    ({"base_url": "ftp://staging"}, "--base-url 'ftp://staging': expected a URL"),
    ({"base_url": "https://"}, "--base-url 'https://': expected a URL"),
    ({"base_url": "https:///api"}, "--base-url 'https:///api': expected a URL"),
    ({"base_url": "https://h:99999"}, "--base-url 'https://h:99999': expected a URL"),
    ({"base_url": "https://[::1"}, "--base-url 'https://[::1': expected a URL"),
    ({"base_url": "https://h/api?x=1"}, "--base-url 'https://h/api?x=1': expected a URL"),
    ({"base_url": "https://h/api#x"}, "--base-url 'https://h/api#x': expected a URL"),
    ({"base_url": "https://h/a\nb"}, r"--base-url 'https://h/a\nb': expected a URL"),
    ({"base_url": "https://h/v1/ad_campaigns"}, "--base-url 'https://h/v1/ad_campaigns': expected a URL"),
    ({"base_url": ""}, "--base-url '': expected a URL"),
    ({"test_clock": "clock"}, "--test-clock 'clock': expected a URL"),
    (
        {"campaign_ids": ["camp_1"]},
        "--campaign-id 'camp_1': expected a campaign's id: adcamp_ and at least one character",
    ),
    ({"campaign_ids": ["adcamp_"]}, "--campaign-id 'adcamp_': expected a campaign's id"),
    ({"campaign_ids": ["adcamp_a/b"]}, "--campaign-id 'adcamp_a/b': expected a campaign's id"),
    ({"campaign_ids": ["adcamp_a\n"]}, r"--campaign-id 'adcamp_a\n': expected a campaign's id"),
    ({"foreign_campaign_id": "x"}, "--foreign-campaign-id 'x': expected a campaign's id"),
    ({"profile": "fast"}, "--profile 'fast': expected one of quick, standard, thorough"),
    ({"seed": "-1"}, "--seed '-1': expected a whole number, zero or more"),
    ({"seed": "x"}, "--seed 'x': expected a whole number"),
    ({"seed": "٣"}, "--seed '٣': expected a whole number"),
    ({"max_requests": "0"}, "--max-requests '0': expected a whole number above zero"),
    ({"max_time": "5 minutes"}, "--max-time '5 minutes': expected a duration such as 30s, 5m"),
    ({"max_time": "0"}, "--max-time '0': expected a duration"),
    ({"timeout": "inf"}, "--timeout 'inf': expected a duration"),
    ({"timeout": "nan"}, "--timeout 'nan': expected a duration"),
    ({"strict": "maybe"}, "--strict 'maybe': expected true or false"),
    ({"headers": ["no colon"]}, "--header (not shown): expected 'Name: value'"),
    (
        {"headers": ["Authorization: mine"]},
        "--header (not shown): expected 'Name: value', of a header that the cases do not set",
    ),
    ({"headers": ["A: b\r\nC: d"]}, "--header (not shown): expected 'Name: value'"),
    ({"token": "two words"}, "--token (not shown): expected a token"),
    (
        {"token_file": "/nowhere/token"},
        "--token-file '/nowhere/token': expected a file that can be read (no such file or directory)",
    ),
    ({"ca_file": "/nowhere/ca"}, "--ca-file '/nowhere/ca': expected a file that can be read"),
    ({"ca_file": __file__}, f"--ca-file '{__file__}': expected a file of certificates in PEM"),
    ({"waivers": "/nowhere/w"}, "--waivers '/nowhere/w': expected a file that can be read"),
    (
        {"json": "/nowhere/r.json"},
        "--json '/nowhere/r.json': expected a file that can be written (there is no such folder)",
    ),
    ({"junit": "/"}, "--junit '/': expected a file that can be written (it is a folder)"),
    ({"config": "/nowhere/c.toml"}, "--config '/nowhere/c.toml': expected a file that can be read"),
    ({"quiet": "true", "verbose": "true"}, "--quiet: expected either it or --verbose, not both"),
    (
        {"campaign_ids": ["adcamp_a"]},
        "--campaign-id: expected --base-url beside it; without one the built-in mock is judged",
    ),
    ({"test_clock": "http://h/clock"}, "--test-clock: expected --base-url beside it"),
    (
        {"json": "/tmp/same", "junit": "/tmp/same"},
        "--junit '/tmp/same': expected another file than that of --json",
    ),
]


@pytest.mark.parametrize(("flags", "said"), BAD_FLAGS, ids=[str(flags) for flags, _ in BAD_FLAGS])
def test_a_bad_flag_is_named_with_its_value_and_what_is_expected(loading, flags, said):
    with pytest.raises(UsageError, match=f"^{re.escape(said)}") as caught:
        loading(**flags)
    assert "\n" not in str(caught.value)


BAD_TARGETS = [
    ({"token": None}, "WHOP_API_TOKEN: not set; expected a token for a live target"),
    ({"campaign_ids": None}, "--campaign-id: not given; expected at least one campaign"),
    ({"campaign_ids": ["adcamp_a", "adcamp_a"]}, "--campaign-id 'adcamp_a': expected each campaign once"),
    (
        {"foreign_campaign_id": "adcamp_one"},
        "--foreign-campaign-id 'adcamp_one': expected another company's campaign",
    ),
    ({"readonly_token": SECRET}, "--readonly-token: expected a credential without ad_campaign:update"),
    ({"insecure": "true", "ca_file": "PEM"}, "--insecure: expected either it or --ca-file"),
    (
        {"base_url": "https://api.whop.com/api/v1"},
        "--base-url 'https://api.whop.com/api/v1': api.whop.com is production",
    ),
    (
        {"base_url": "https://API.Whop.com./api/v1"},
        "--base-url 'https://API.Whop.com./api/v1': api.whop.com is production",
    ),
    ({"base_url": f"https://me:{SECRET}@h/api"}, "--base-url 'https://(not shown)@h/api': expected a URL"),
]


@pytest.mark.parametrize(("flags", "said"), BAD_TARGETS, ids=[said for _, said in BAD_TARGETS])
def test_a_live_target_needs_its_means_and_must_not_be_production(loading, monkeypatch, flags, said):
    monkeypatch.setattr("ssl.SSLContext.load_verify_locations", lambda *_: None)
    merged = {name: value for name, value in (LIVE | flags).items() if value is not None}
    if "ca_file" in merged:
        merged["ca_file"] = __file__
    with pytest.raises(UsageError, match=f"^{re.escape(said)}") as caught:
        loading(**merged)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_production_is_judged_where_that_is_said_aloud(loading):
    assert loading(
        **LIVE | {"base_url": "https://api.whop.com/api/v1"}, allow_production="true"
    ).settings.allow_production


def test_hosts_named_as_production_are_refused_besides_the_known_one(loading):
    environ = {"WHOP_CONTRACTS_PRODUCTION_HOSTS": "Staging.example.com other.example.com"}
    with pytest.raises(UsageError, match=r"staging\.example\.com is production"):
        loading(environ, **LIVE)
    with pytest.raises(UsageError, match=r"api\.whop\.com is production"):
        loading(environ, **LIVE | {"base_url": "https://api.whop.com"})


BAD_ENVIRONMENTS = [
    (
        {"WHOP_CONTRACTS_BASEURL": "x"},
        "WHOP_CONTRACTS_BASEURL: no such variable; did you mean WHOP_CONTRACTS_BASE_URL?",
    ),
    ({"WHOP_CONTRACTS_BASE_URL": ""}, "WHOP_CONTRACTS_BASE_URL '': expected a URL"),
    ({"WHOP_CONTRACTS_SEED": "x"}, "WHOP_CONTRACTS_SEED 'x': expected a whole number"),
    ({"WHOP_API_TOKEN": "a\tb"}, "WHOP_API_TOKEN (not shown): expected a token"),
    (
        {"WHOP_CONTRACTS_TOKEN": "a", "WHOP_CONTRACTS_TOKEN_FILE": __file__},
        "WHOP_CONTRACTS_TOKEN_FILE: expected either it or",
    ),
]


@pytest.mark.parametrize(("environ", "said"), BAD_ENVIRONMENTS, ids=[said for _, said in BAD_ENVIRONMENTS])
def test_a_bad_variable_is_named(loading, environ, said):
    with pytest.raises(UsageError, match=f"^{re.escape(said)}"):
        loading(environ)


BAD_FILES = [
    ("base_url = 'x'", "whop-contracts.toml, base_url: no such key; did you mean base-url?"),
    ("sead = 1", "whop-contracts.toml, sead: no such key; did you mean seed?"),
    ("config = 'x'", "whop-contracts.toml, config: no such key"),
    ("seed = 'x'", "whop-contracts.toml, seed 'x': expected a whole number"),
    ("seed = true", "whop-contracts.toml, seed True: expected a whole number"),
    ("seed = [1]", "whop-contracts.toml, seed [1]: expected a whole number"),
    ("strict = 'yes'", "whop-contracts.toml, strict 'yes': expected true or false"),
    ("[seed]\na = 1", "whop-contracts.toml, seed {'a': 1}: expected a whole number"),
    (f"token = ['{SECRET}']", "whop-contracts.toml, token (not shown): expected a token"),
    (f"token = '{SECRET}\nx", "whop-contracts.toml: expected TOML (it cannot be read at "),
]


@pytest.mark.parametrize(("file", "said"), BAD_FILES, ids=[said for _, said in BAD_FILES])
def test_a_bad_file_is_named_with_the_key(loading, file, said):
    with pytest.raises(UsageError, match=f"^{re.escape(said)}") as caught:
        loading(file=file)
    assert SECRET not in str(caught.value)


def test_a_key_of_pyproject_says_in_which_table(loading):
    with pytest.raises(
        UsageError,
        match=re.escape("pyproject.toml, [tool.whop-contracts], sead: no such key; did you mean seed?"),
    ):
        loading(file="[tool.whop-contracts]\nsead = 1", name="pyproject.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "whop-contracts.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="expected TOML in UTF-8"):
        load({}, environ={}, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff", "tökén".encode()])
def test_a_token_file_that_holds_anything_else_is_refused_without_quoting_it(loading, tmp_path, content):
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(
        UsageError, match=r"^--token-file '.*token': expected a file that holds a token"
    ) as caught:
        loading(token_file=str(tmp_path / "token"))
    assert "lines" not in str(caught.value)


def test_options_of_pytest_are_called_by_their_own_names(loading):
    with pytest.raises(UsageError, match=r"^--contract-seed 'x'"):
        loading(prefix="--contract-", seed="x")


def test_secrets_are_in_no_representation_and_in_nothing_that_is_shown(loading):
    loaded = loading(**LIVE, headers=[f"X-Gate: {SECRET}"], readonly_token=f"{SECRET}2")
    assert SECRET not in repr(loaded)
    assert SECRET not in show(loaded)


def test_every_setting_is_shown_with_where_it_came_from(loading):
    lines = show(loading({"WHOP_CONTRACTS_TIMEOUT": "3s"}, "seed = 4", **LIVE)).splitlines()
    assert len(lines) == len(SETTINGS)
    shown = {line.split()[0]: re.split(r" {2,}", line) for line in lines}
    assert shown["timeout"][1:] == ["3s", "WHOP_CONTRACTS_TIMEOUT"]
    assert shown["seed"][1:] == ["4", "whop-contracts.toml, seed"]
    assert shown["token"][1:] == ["(set)", "--token"]
    assert shown["profile"][1:] == ["standard", "default"]


def test_the_files_schema_takes_what_the_loader_takes_and_refuses_the_rest(loading):
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    good = 'profile = "quick"\nseed = 3\nstrict = true\nmax-time = "5m"\ntimeout = 2\nclause = ["a.*"]\ncampaign-id = "adcamp_x"'
    validator.validate(tomllib.loads(good))
    loading(file=good, base_url="http://h", token="t")
    for bad in (
        "sead = 1",
        "seed = true",
        "strict = 'x'",
        "max-time = 'soon'",
        "profile = 'fast'",
        "campaign-id = 'x'",
    ):
        assert not validator.is_valid(tomllib.loads(bad)), bad
        with pytest.raises(UsageError):
            loading(file=bad)
    json.dumps(schema())


EXAMPLE = """
base-url = "https://staging.example.com/api/v1"
campaign-id = ["adcamp_one", "adcamp_two"]
foreign-campaign-id = "adcamp_theirs"
header = "X-Gateway: lets-us-in"
resume-tolerance = "90s"
profile = "thorough"
seed = 7
clause = "pausing.*"
strict = true
max-requests = 500
max-time = 600
rate = 120
production-hosts = ["ads.example.com"]
json = "result.json"
"""


def test_the_schema_that_is_published_is_the_tables_and_takes_an_example(loading):
    published = json.loads(document_path("settings.schema.json").read_text("utf-8"))
    assert published == schema(), "whop-contracts derive"
    validator = jsonschema.Draft202012Validator(published)
    validator.validate(tomllib.loads(EXAMPLE))
    assert loading(file=EXAMPLE, token="t").settings.campaign_ids == ("adcamp_one", "adcamp_two")
    (unknown,) = validator.iter_errors(tomllib.loads(EXAMPLE + 'tokens = "x"'))
    assert "'tokens' was unexpected" in unknown.message
    with pytest.raises(UsageError, match="tokens: no such key"):
        loading(file=EXAMPLE + 'tokens = "x"')


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.in_file], ids=lambda one: one.key)
def test_every_key_of_a_file_is_in_the_published_schema_with_what_it_does(setting):
    member = schema()["properties"][setting.key]
    assert member["description"] == setting.help


def test_an_output_is_not_made_by_looking_at_it(loading, tmp_path):
    loading(json=str(tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()


def test_a_device_may_be_written_by_several(loading):
    assert loading(json="/dev/null", junit="/dev/null").settings.json == Path("/dev/null")
