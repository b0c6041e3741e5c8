"""What cannot be used is named in one line without secrets; schema and page are made from the table."""

import dataclasses
import json
import os
import re
import tomllib
from pathlib import Path
from unittest.mock import patch

import jsonschema
import pytest

from whop_contracts import report as reports
from whop_contracts.schemas import document_path
from whop_contracts.settings import SETTINGS, Settings, UsageError
from whop_contracts.settings.kinds import OUTPUT
from whop_contracts.settings.sources import load, schema, show

SECRET = "sk_live_5ecr3t"
LIVE = {"base_url": "https://staging.example.com/api/v1", "campaign_ids": ["adcamp_one"], "token": SECRET}


@pytest.fixture
def loading(tmp_path):
    def loading(environ=None, file=None, *, name="whop-contracts.toml", prefix="--", **flags):
        if file is not None:
            (tmp_path / name).write_bytes(file if isinstance(file, bytes) else file.encode())
        with patch.dict(os.environ, environ or {}):
            return load(flags, tmp_path, prefix=prefix)

    return loading


def test_every_field_is_in_the_table_and_every_report_has_a_writer():
    assert [field.name for field in dataclasses.fields(Settings)] == [setting.name for setting in SETTINGS]
    outputs = {setting.name for setting in SETTINGS if setting.kind is OUTPUT}
    assert outputs - {"drift_ledger", "journal", "har", "events"} == set(reports.WRITERS)


BAD_FLAGS = [
    ({"base_url": "staging.example.com"}, "--base-url 'staging.example.com': expected a URL with"),
    ({"base_url": "ftp://staging"}, "--base-url 'ftp://staging': expected a URL"),
    ({"base_url": "https://"}, "--base-url 'https://': expected a URL"),
    ({"base_url": "https:///api"}, "--base-url 'https:///api': expected a URL"),
    ({"base_url": "https://h:99999"}, "--base-url 'https://h:99999': expected a URL"),
    ({"base_url": "https://[::1"}, "--base-url 'https://[::1': expected a URL"),
    ({"base_url": "https://h/api?x=1"}, "--base-url 'https://h/api?(not shown)': expected a URL"),
    ({"base_url": "https://h/api#x"}, "--base-url 'https://h/api#x': expected a URL"),
    ({"base_url": "https://h/a\nb"}, r"--base-url 'https://h/a\nb': expected a URL"),
    ({"base_url": "https://h/v1/ad_campaigns"}, "--base-url 'https://h/v1/ad_campaigns': expected a URL"),
    ({"base_url": ""}, "--base-url '': expected a URL"),
    ({"test_clock": "clock"}, "--test-clock 'clock': expected a URL"),
    ({"campaign_ids": ["camp_1"]}, "--campaign-id 'camp_1': expected a campaign's id: adcamp_ and at least"),
    ({"campaign_ids": ["adcamp_"]}, "--campaign-id 'adcamp_': expected a campaign's id"),
    ({"campaign_ids": ["adcamp_a/b"]}, "--campaign-id 'adcamp_a/b': expected a campaign's id"),
    ({"campaign_ids": ["adcamp_a\n"]}, r"--campaign-id 'adcamp_a\n': expected a campaign's id"),
    ({"foreign_campaign_id": "x"}, "--foreign-campaign-id 'x': expected a campaign's id"),
    ({"profile": "fast"}, "--profile 'fast': expected one of quick, standard, thorough"),
    ({"profile": "quik"}, "--profile 'quik': expected one of quick, standard, thorough; did you mean quick?"),
    ({"seed": "-1"}, "--seed '-1': expected a whole number, zero or more"),
    ({"seed": "x"}, "--seed 'x': expected a whole number"),
    ({"seed": "٣"}, "--seed '٣': expected a whole number"),
    ({"seed": "9223372036854775808"}, "--seed '9223372036854775808': expected a whole number"),
    ({"max_requests": "0"}, "--max-requests '0': expected a whole number above zero"),
    ({"max_time": "5 minutes"}, "--max-time '5 minutes': expected a duration such as 30s, 5m"),
    ({"max_time": "0"}, "--max-time '0': expected a duration"),
    ({"timeout": "inf"}, "--timeout 'inf': expected a duration"),
    ({"timeout": "nan"}, "--timeout 'nan': expected a duration"),
    ({"clauses": [""]}, "--clause '': expected a clause's id, or a pattern"),
    ({"headers": ["no colon"]}, "--header (not shown): expected 'Name: value'"),
    ({"headers": ["Authorization: mine"]}, "--header (not shown): expected 'Name: value', of a header"),
    ({"headers": ["A: b\r\nC: d"]}, "--header (not shown): expected 'Name: value'"),
    ({"token": "two words"}, "--token (not shown): expected a token"),
    ({"token": f"Bearer {SECRET}"}, "--token (not shown): expected the token alone: leave out 'Bearer'"),
    ({"base_url": f"https://h/v1?token={SECRET}"}, "--base-url 'https://h/v1?(not shown)': expected a URL"),
    ({"base_url": f"https://h/v1#token={SECRET}"}, "--base-url 'https://h/v1#(not shown)': expected a URL"),
    ({"test_clock": f"h/c?a=1&token={SECRET}"}, "--test-clock 'h/c?(not shown)': expected a URL"),
    ({"token_file": "/nowhere/t"}, "--token-file '/nowhere/t': expected a file that can be read (no such"),
    ({"ca_file": "/nowhere/ca"}, "--ca-file '/nowhere/ca': expected a file that can be read"),
    ({"ca_file": __file__}, f"--ca-file '{__file__}': expected a file of certificates in PEM"),
    ({"waivers": "/nowhere/w"}, "--waivers '/nowhere/w': expected a file that can be read"),
    ({"json": "/no/r"}, "--json '/no/r': expected a file that can be written (there is no such folder)"),
    ({"junit": "/"}, "--junit '/': expected a file that can be written (it is a folder)"),
    ({"config": "/nowhere/c.toml"}, "--config '/nowhere/c.toml': expected a file that can be read"),
    ({"quiet": "true", "verbose": "true"}, "--quiet: expected either it or --verbose, not both"),
    ({"campaign_ids": ["adcamp_a"]}, "--campaign-id: expected with --base-url; without it the"),
    ({"test_clock": "http://h/clock"}, "--test-clock: expected with --base-url"),
    ({"json": "same", "junit": "same"}, "--junit 'same': expected another file than that of --json"),
    ({"json": "-"}, "--json '-': expected a file; standard output is not free"),
]  # fmt: skip
BAD_TARGETS = [
    ({"token": None}, "WHOP_API_TOKEN: not set; expected a token for a live target"),
    ({"campaign_ids": None}, "--campaign-id: not given; expected at least one campaign"),
    ({"campaign_ids": ["adcamp_a", "adcamp_a"]}, "--campaign-id 'adcamp_a': expected each campaign once"),
    ({"foreign_campaign_id": "adcamp_one"}, "--foreign-campaign-id 'adcamp_one': expected another company's"),
    ({"readonly_token": SECRET}, "--readonly-token: expected a credential without ad_campaign:update"),
    ({"insecure": "true", "ca_file": __file__}, "--insecure: expected either it or --ca-file"),
    ({"base_url": "https://api.whop.com"}, "--base-url 'https://api.whop.com': api.whop.com is production"),
    ({"base_url": "http://api.whop.com:80"}, "--base-url 'http://api.whop.com:80': api.whop.com is prod"),
    ({"base_url": "https://API.Whop.com."}, "--base-url 'https://API.Whop.com.': api.whop.com is prod"),
    ({"base_url": f"https://me:{SECRET}@h/api"}, "--base-url 'https://(not shown)@h/api': expected a URL"),
]  # fmt: skip
BAD_VARIABLES = [
    ({"WHOP_CONTRACTS_SED": "x"}, "WHOP_CONTRACTS_SED: no such variable; did you mean WHOP_CONTRACTS_SEED?"),
    ({"WHOP_CONTRACTS_BASE_URL": ""}, "WHOP_CONTRACTS_BASE_URL '': expected a URL"),
    ({"WHOP_CONTRACTS_SEED": "x"}, "WHOP_CONTRACTS_SEED 'x': expected a whole number"),
    ({"WHOP_CONTRACTS_STRICT": "maybe"}, "WHOP_CONTRACTS_STRICT 'maybe': expected true or false"),
    ({"WHOP_CONTRACTS_COLOR": "red"}, "WHOP_CONTRACTS_COLOR 'red': expected one of auto, always, never"),
    ({"WHOP_API_TOKEN": "a\tb"}, "WHOP_API_TOKEN (not shown): expected a token"),
    ({"WHOP_API_TOKEN": f"bearer {SECRET}"}, "WHOP_API_TOKEN (not shown): expected the token alone"),
    (
        {"WHOP_CONTRACTS_TOKEN": "a", "WHOP_CONTRACTS_TOKEN_FILE": __file__},
        "WHOP_CONTRACTS_TOKEN: expected either it or WHOP_CONTRACTS_TOKEN_FILE, not both",
    ),
]  # fmt: skip
BAD_FILES = [
    ("base_url = 'x'", ", base_url: no such key; did you mean base-url?"),
    ("sead = 1", ", sead: no such key; did you mean seed?"),
    ("config = 'x'", ", config: no such key"),
    ("seed = 'x'", ", seed 'x': expected a whole number"),
    ("seed = true", ", seed True: expected a whole number"),
    ("seed = [1]", ", seed [1]: expected a whole number"),
    ("strict = 'yes'", ", strict 'yes': expected true or false"),
    ("[seed]\na = 1", ", seed {'a': 1}: expected a whole number"),
    (f"token = ['{SECRET}']", ", token (not shown): expected a token"),
    ("quiet = true\nverbose = true", ", quiet: expected either it or --verbose, not both"),
    (f"a = 1\nb = '{SECRET}\n", ": expected TOML (it cannot be read at "),
    (b"\xff\xfe", ": expected TOML in UTF-8"),
]


def refused(loading, start, *layers, **flags):
    """The settings are refused, in a line that starts so and shows no secret."""
    with pytest.raises(UsageError) as caught:
        loading(*layers, **flags)
    line = str(caught.value)
    assert line.startswith(start)
    assert "\n" not in line
    assert SECRET not in line


def test_what_cannot_be_used_is_named_with_its_source_and_what_is_expected(loading, monkeypatch, tmp_path):
    refused(loading, "--contract-seed 'x'", prefix="--contract-", seed="x")
    for flags, said in BAD_FLAGS:
        refused(loading, said, **flags)
    for environ, said in BAD_VARIABLES:
        refused(loading, said, environ)
    monkeypatch.setattr("ssl.SSLContext.load_verify_locations", lambda *_: None)
    for flags, said in BAD_TARGETS:
        refused(loading, said, **{name: text for name, text in (LIVE | flags).items() if text is not None})
    for file, said in BAD_FILES:
        refused(loading, f"whop-contracts.toml{said}", {}, file)
    (tmp_path / "whop-contracts.toml").unlink()
    in_project = "pyproject.toml, [tool.whop-contracts], sead: no such key; did you mean seed?"
    refused(loading, in_project, {}, "[tool.whop-contracts]\nsead = 1", name="pyproject.toml")


def test_production_hosts_are_refused_unless_they_are_allowed(loading):
    live = LIVE | {"base_url": "https://api.whop.com/api/v1"}
    assert loading(**live, allow_production="true").settings.allow_production
    more = {"WHOP_CONTRACTS_PRODUCTION_HOSTS": "Staging.example.com other.example.com"}
    for url, host in ((LIVE["base_url"], "staging.example.com"), ("https://api.whop.com", "api.whop.com")):
        refused(loading, f"--base-url '{url}': {host} is production", more, **LIVE | {"base_url": url})


def test_a_token_file_that_holds_anything_else_is_refused_without_quoting_it(loading, tmp_path):
    path = tmp_path / "token"
    for content in (b"", b"\n", f"{SECRET}\nlines".encode(), b"\xff", "tökén".encode()):
        path.write_bytes(content)
        said = f"--token-file {str(path)!r}: expected a file that holds a token"
        refused(loading, said, token_file=str(path))


def test_secrets_are_in_no_representation_and_in_nothing_that_is_shown(loading):
    loaded = loading(**LIVE, headers=[f"X-Gate: {SECRET}"], readonly_token=f"{SECRET}2")
    assert SECRET not in repr(loaded)
    assert SECRET not in show(loaded)


def test_an_output_is_not_created_by_the_check_and_a_device_may_be_shared(loading, tmp_path):
    loading(json=str(tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()
    assert loading(json="/dev/null", junit="/dev/null").settings.json == Path("/dev/null")


EXAMPLE = """
base-url = "https://staging.example.com/api/v1"
campaign-id = ["adcamp_one", "adcamp_two"]
foreign-campaign-id = "adcamp_theirs"
header = "X-Gateway: lets-us-in"
resume-tolerance = "90s"
profile = "thorough"
seed = 7
clause = "pausing.*"
require = ["pausing.until-is-kept"]
strict = true
max-requests = 500
max-time = 600
timeout = 2
rate = 120
production-hosts = ["ads.example.com"]
json = "result.json"
color = "never"
"""
INVALID = ("sead = 1", "seed = true", "max-time = 'soon'", "profile = 'fast'", "campaign-id = 'x'")


def test_the_files_schema_is_published_and_takes_what_the_loader_takes(loading):
    published = json.loads(document_path("settings.schema.json").read_text("utf-8"))
    assert published == schema(), "whop-contracts derive"
    assert [one["description"] for one in published["properties"].values()] == [
        setting.help for setting in SETTINGS if setting.in_file
    ]
    validator = jsonschema.Draft202012Validator(published)
    validator.check_schema(published)
    validator.validate(tomllib.loads(EXAMPLE))
    assert loading(file=EXAMPLE, token="t").settings.campaign_ids == ("adcamp_one", "adcamp_two")
    for bad in INVALID:
        assert not validator.is_valid(tomllib.loads(bad)), bad
        with pytest.raises(UsageError):
            loading(file=bad)


def test_the_page_of_settings_has_every_name():
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    for setting in SETTINGS:
        for name in (f"### {setting.key}\n", setting.help, *(f"`{one}`" for one in setting.variables)):
            assert name in page
        assert (f"`--{setting.key}" in page) is ("command" in setting.faces)
        assert (f"`--contract-{setting.key}" in page) is ("pytest" in setting.faces)
    assert re.search(r"_WHOP_CONTRACTS_COMPLETE=\w+_source whop-contracts", page)
