"""What cannot be used is named in one line without secrets; schema and page are made from the table."""

import dataclasses
import json
import os
import tomllib
from pathlib import Path
from unittest.mock import patch

import jsonschema
import pytest

from whop_contracts import report as reports
from whop_contracts.schemas import document_path
from whop_contracts.settings import ROWS, Settings, UsageError
from whop_contracts.settings.kinds import KINDS
from whop_contracts.settings.sources import SETTINGS, describe, load, schema

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
    assert [field.name for field in dataclasses.fields(Settings)] == [*ROWS, "origins"]
    assert [setting.name for setting in SETTINGS] == [*ROWS]
    assert {setting.name for setting in SETTINGS if setting.kind is KINDS["REPORT"]} == set(reports.WRITERS)


TEXT = Path(__file__).with_name("rejected.json").read_text("utf-8")
REJECTED = json.loads(TEXT.replace("{secret}", SECRET).replace("{here}", __file__))
"""What is given (to targets next to `LIVE`), and how the line begins that it is rejected with."""


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
    for flags, said in REJECTED["flags"]:
        refused(loading, said, **flags)
    for environ, said in REJECTED["variables"]:
        refused(loading, said, environ)
    monkeypatch.setattr("ssl.SSLContext.load_verify_locations", lambda *_: None)
    for flags, said in REJECTED["targets"]:
        refused(loading, said, **{name: text for name, text in (LIVE | flags).items() if text is not None})
    for file, said in (*REJECTED["files"], (b"\xff\xfe", ": expected TOML in UTF-8")):
        refused(loading, f"whop-contracts.toml{said}", {}, file)
    (tmp_path / "whop-contracts.toml").unlink()
    in_project = "pyproject.toml, [tool.whop-contracts], sead: no such key; did you mean seed?"
    refused(loading, in_project, {}, "[tool.whop-contracts]\nsead = 1", name="pyproject.toml")


def test_production_hosts_are_refused_unless_they_are_allowed(loading):
    live = LIVE | {"base_url": "https://api.whop.com/api/v1"}
    assert loading(**live, allow_production="true").allow_production
    more = {"WHOP_CONTRACTS_PRODUCTION_HOSTS": "Staging.example.com other.example.com"}
    for url, host in ((LIVE["base_url"], "staging.example.com"), ("https://api.whop.com", "api.whop.com")):
        refused(loading, f"--base-url '{url}': {host} is production", more, **LIVE | {"base_url": url})


def test_secrets_are_in_no_representation_and_in_nothing_that_is_shown(loading, tmp_path):
    settings = loading(**LIVE, headers=[f"X-Gate: {SECRET}"], readonly_token=f"{SECRET}2")
    assert SECRET not in repr(settings) + describe(settings)
    path = str(tmp_path / "token")
    for content in (b"", b"\n", f"{SECRET}\nlines".encode(), b"\xff", "tökén".encode()):
        Path(path).write_bytes(content)
        refused(loading, f"--token-file {path!r}: expected a file that holds a token", token_file=path)


def test_an_output_is_not_created_by_the_check_and_a_device_may_be_shared(loading, tmp_path):
    loading(json=str(tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()
    assert loading(json="/dev/null", junit="/dev/null").json == Path("/dev/null")


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
    helped = [setting.help for setting in SETTINGS if setting.in_file]
    assert [one["description"] for one in published["properties"].values()] == helped
    validator = jsonschema.Draft202012Validator(published)
    validator.check_schema(published)
    validator.validate(tomllib.loads(EXAMPLE))
    assert loading(file=EXAMPLE, token="t").campaign_ids == ("adcamp_one", "adcamp_two")
    for bad in INVALID:
        assert not validator.is_valid(tomllib.loads(bad)), bad
        with pytest.raises(UsageError):
            loading(file=bad)
