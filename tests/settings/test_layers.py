"""Every setting by every way to give it, which way wins, and what --show-config prints."""

import json
import os
import re
from pathlib import Path
from unittest.mock import patch

import pytest

from whop_contracts import cli
from whop_contracts.settings import Settings
from whop_contracts.settings.sources import SETTINGS, load


def pair(one):
    """A text and the value that it becomes; lists are tuples."""

    def tuples(value):
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    return tuples(one) if isinstance(one, list) else (one, one)


ROWS = json.loads(Path(__file__).with_name("values.json").read_text("utf-8"))
VALUES = {key: (field, names, *map(pair, texts)) for key, (field, names, *texts) in ROWS.items()}
"""By key: the field, other variables, and for flag, variable and file a text and the value it becomes."""
PATHS = ("token-file", "waivers", "drift-ledger", "journal", "json", "junit", "markdown", "html", "har")
FILES = {key: key.replace("-", "_") for key in (*PATHS, "events")}
OTHERS = {"ca-file", "production-hosts", "config", "show-config"}
"""Settings with a test of their own below."""


def variable(key):
    return f"WHOP_CONTRACTS_{key.upper().replace('-', '_')}"


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    for name in ("WHOP_API_TOKEN", "WHOP_READONLY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def given(tmp_path):
    """The value of a field and where it came from, of flags, variables and a file's text."""

    def given(field, environ=None, file=None, **flags):
        path = tmp_path / "whop-contracts.toml"
        path.unlink(missing_ok=True)
        if file is not None:
            path.write_text(file)
        with patch.dict(os.environ, environ or {}):
            settings = load(flags, tmp_path, checked=False)
        return getattr(settings, field), settings.origins.get(field, "default")

    return given


def toml(key, text):
    return f"{key} = {text if text in {'true', 'false'} else f'{text!r}'}"


def test_every_setting_is_tested_here():
    assert {setting.key for setting in SETTINGS} == VALUES.keys() | FILES.keys() | OTHERS


def test_a_flag_goes_before_a_variable_before_the_file_before_the_default(given):
    for key, (field, aliases, flag, environ, file) in VALUES.items():
        flags = {field: [flag[0]] if isinstance(flag[1], tuple) else flag[0]}
        names = [variable(key), *aliases]
        assert given(field) == (getattr(Settings(), field), "default"), key
        assert given(field, file=toml(key, file[0])) == (file[1], f"whop-contracts.toml, {key}"), key
        for place, name in enumerate(names):
            lower = dict.fromkeys(names[place + 1 :], "not this")
            set_ = {name: environ[0]} | lower
            assert given(field, set_, toml(key, file[0])) == (environ[1], name), key
            assert given(field, set_, toml(key, file[0]), **flags) == (flag[1], f"--{key}"), key
        empty = {name: "" for name in names if key != "base-url"}
        assert given(field, empty, toml(key, file[0]))[0] == file[1], key


def test_a_path_of_a_flag_or_variable_is_the_current_folders_and_one_of_the_file_is_the_files(
    given, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (tmp_path, elsewhere):
        (folder / "token-file").write_text("t")
        (folder / "waivers").write_text("")
    config = elsewhere / "c.toml"
    for key, field in FILES.items():
        config.write_text(f"{key} = {key!r}")
        assert given(field, config=str(config)) == (elsewhere / key, f"c.toml, {key}")
        assert given(field, {"WHOP_CONTRACTS_CONFIG": str(config)})[0] == elsewhere / key
        assert given(field, {variable(key): key}, config=str(config)) == (Path(key), variable(key))
        flag = {field: key}
        assert given(field, {variable(key): "x"}, config=str(config), **flag) == (Path(key), f"--{key}")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert given(field, file=f"{key} = '~/{key}'")[0] == tmp_path / key


LISTS = {
    # field: the key, what is in it anyway, three values, and a variable with these
    "campaign_ids": (
        "campaign-id",
        (),
        ("adcamp_a", "adcamp_b", "adcamp_c"),
        "adcamp_a, adcamp_b\tadcamp_c\n",
    ),
    "clauses": ("clause", (), ("a.*", "b", "c"), "a.*, b\tc\n"),
    "production_hosts": ("production-hosts", ("api.whop.com",), ("a.b", "b", "c"), "a.b, B. \tc\n"),
}


def test_a_list_is_a_repeated_flag_or_a_list_of_the_file_and_a_variable_is_split(given):
    for field, (key, usual, three, text) in LISTS.items():
        name, file = variable(key), f"whop-contracts.toml, {key}"
        assert given(field, {name: ",".join(three[:2])}) == ((*usual, *three[:2]), name)
        assert given(field, {name: text}) == ((*usual, *three), name)
        assert given(field, {name: f" ,{three[0]} ,, "}) == ((*usual, three[0]), name)
        assert given(field, {name: ", "}, toml(key, "adcamp_file")) == (usual, name)
        assert given(field, file=f"{key} = {list(three)!r}")[0] == (*usual, *three)
        assert given(field, file=f"{key} = []") == (usual, file)
        assert given(field, file=toml(key, three[0]))[0] == (*usual, three[0])
        if not usual:
            assert given(field, {name: three[0]}, **{field: list(three)}) == (three, f"--{key}")
    assert given("clauses", file="clause = 'a b, c'")[0] == ("a b, c",)


def test_headers_of_a_variable_are_lines_switches_eight_words_and_numbers_of_a_file_need_no_quotes(given):
    name, two = "WHOP_CONTRACTS_HEADER", (("A", "b, c"), ("D", "e"))
    for text in ("A: b, c\nD: e", "\r\nA:b, c\r\n\r\nD: \te \n"):
        assert given("headers", {name: text}) == (two, name)
    assert given("headers", headers=["A: b, c", "D: e"]) == (two, "--header")
    assert given("headers", file='header = ["A: b, c", "D: e"]')[0] == two
    name = "WHOP_CONTRACTS_STRICT"
    for words, value in (("true, YES ,1,On", True), ("false,no,0,OFF ", False)):
        for word in words.split(","):
            assert given("strict", {name: word}, f"strict = {str(not value).lower()}") == (value, name)
    for file, value in (("seed = 3", 3), ("timeout = 3", 3.0), ("timeout = 2.5", 2.5), ("rate = '4'", 4)):
        assert given(file.split()[0], file=file)[0] == value


def test_the_token_and_its_file_are_one_setting(given, tmp_path):
    """The stronger of the two is taken, whichever it is."""
    (tmp_path / "t").write_text("in-file\n")
    path = str(tmp_path / "t")
    file, environ = f"token-file = {path!r}", {"WHOP_CONTRACTS_TOKEN_FILE": path}
    assert given("token", file=file)[0] == "in-file"
    assert given("token", {"WHOP_API_TOKEN": "usual"}, file) == ("usual", "WHOP_API_TOKEN")
    assert given("token", environ, "token = 'x'")[0] == "in-file"
    assert given("token", environ, token="flag") == ("flag", "--token")
    assert given("token_file", environ, token="flag") == (None, "default")
    assert given("token", {"WHOP_API_TOKEN": "usual"}, token_file=path) == ("in-file", "default")
    assert given("token", {"WHOP_API_TOKEN": "two words"}, token_file=path)[0] == "in-file"
    assert given("token", {"WHOP_API_TOKEN": "usual"}, "token-file = '/nowhere'")[0] == "usual"


DEFAULTS = (
    "resume-tolerance=60s profile=standard seed=0 timeout=10s color=auto restore-time=60s jobs=1 "
    "strict=false insecure=false allow-production=false dry-run=false quiet=false verbose=false "
    "show-config=true production-hosts=api.whop.com"
)


@pytest.fixture
def printed(capsys):
    """What ``run --show-config`` prints: by key the value and its source."""

    def printed(*flags):
        assert cli.main(["run", "--show-config", *flags]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        rows = [re.split(r" {2,}", line) for line in out.splitlines()]
        assert [row[0] for row in rows] == [setting.key for setting in SETTINGS]
        return {key: (value, source) for key, value, source in rows}

    return printed


def test_show_config_prints_defaults_files_lists_and_what_undoes_a_switch(printed, monkeypatch, tmp_path):
    defaults = dict(row.split("=") for row in DEFAULTS.split())
    for key, row in printed().items():
        assert row == (defaults.get(key, "-"), "--show-config" if key == "show-config" else "default")
    (tmp_path / "t").write_text("secret")
    (tmp_path / "w").write_text("")
    monkeypatch.setenv("WHOP_CONTRACTS_STRICT", "1")
    monkeypatch.setenv("WHOP_CONTRACTS_PRODUCTION_HOSTS", "a.example")
    (tmp_path / "c.toml").write_text("seed = 1\nheader = ['A: secret', 'B: secret']")
    words = (
        "--no-strict --token-file t --waivers w --json r.json --clause a --clause b.* --campaign-id adcamp_a "
        "--campaign-id=adcamp_b --config c.toml --test-clock http://a/c?x=1 --max-time 90m --readonly-token r"
    )
    expected = {
        "strict": ("false", "--strict"),
        "token": ("(set)", "token-file"),
        "token-file": ("t", "--token-file"),
        "readonly-token": ("(set)", "--readonly-token"),
        "json": ("r.json", "--json"),
        "clause": ("a, b.*", "--clause"),
        "campaign-id": ("adcamp_a, adcamp_b", "--campaign-id"),
        "config": ("c.toml", "--config"),
        "seed": ("1", "c.toml, seed"),
        "max-time": ("5400s", "--max-time"),
        "test-clock": ("http://a/c?(not shown)", "--test-clock"),
        "header": ("A: (not shown), B: (not shown)", "c.toml, header"),
        "production-hosts": ("api.whop.com, a.example", "WHOP_CONTRACTS_PRODUCTION_HOSTS"),
    }
    assert {key: row for key, row in printed(*words.split()).items() if key in expected} == expected


def test_pyproject_and_the_named_file_are_sources(printed, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.whop-contracts]\nseed = 5\n[tool.other]\nx = 1")
    assert printed()["seed"] == ("5", "pyproject.toml, [tool.whop-contracts], seed")
    (tmp_path / "other.toml").write_text("seed = 6")
    monkeypatch.setenv("WHOP_CONTRACTS_CONFIG", "other.toml")
    assert printed()["seed"] == ("6", "other.toml, seed")
    assert printed()["config"] == ("other.toml", "WHOP_CONTRACTS_CONFIG")
