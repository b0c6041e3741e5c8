"""Where settings come from: flags, variables, a file. click looks them up and keeps the source of each."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from whop_contracts import settings as table
from whop_contracts.settings import ROWS, Settings, UsageError, kinds, shown
from whop_contracts.settings.kinds import KINDS, STDOUT, SWITCH, Kind, describe_os_error, nearest

PREFIX: Final = "WHOP_CONTRACTS_"
_RANKS: Final = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")
_RIVALS: Final = {"token": "token_file", "token_file": "token"}
"""Settings of which the one with the stronger source is taken."""


@dataclass(slots=True)
class Sources:
    """The object of a click context: the file's folder and what it is called, and what flags begin with."""

    folder: Path = field(default_factory=Path.cwd)
    prefix: str = "--"
    file: str = ""


class Setting(click.Option):
    """One setting, as an option of commands. Its name is the field of ``Settings``.

    In its row, ``faces`` are the commands that have it, ``pytest`` if there is an option, and ``reproduce``
    if a command that repeats a run has it. ``usual`` is a variable that is tried after its own; ``otherwise``
    is what None as a default means.
    """

    name: str
    help: str
    key: str
    variables: Sequence[str]

    def __init__(self, name: str, default: Any, row: Mapping[str, Any]) -> None:
        self.key, self.kind, self.faces = row["key"], KINDS[row["kind"]], row["faces"].split()
        self.short, self.repeatable = row.get("short", ""), row.get("repeatable", False)
        self.in_file, self.otherwise = row.get("in_file", True), row.get("otherwise", "none")
        self.variables = [PREFIX + self.key.upper().replace("-", "_"), *filter(None, [row.get("usual")])]
        flags = f"--{self.key}/--no-{self.key}" if self.kind is SWITCH else f"--{self.key}"
        super().__init__(
            [name, flags, *filter(None, [self.short])],
            type=self.kind,
            default=default,
            multiple=self.repeatable,
            envvar=self.variables,
            metavar=self.kind.metavar,
            help=row["help"],
            is_eager=name == "config",
            callback=_read_file if name == "config" else None,
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The flag without what undoes a switch; the help with the variables and the default."""
        names, text = super().get_help_record(ctx) or ("", "")
        default = shown(self.default) or self.otherwise
        more = f"[env var: {', '.join(self.variables)}; default: {default}]"
        return names.partition(" / ")[0], f"{text}  {more}"

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The text of the first variable that is set. An empty base URL does not ask for the mock."""
        del ctx
        counts = os.environ.__contains__ if self.name == "base_url" else os.environ.get
        return next((os.environ[name] for name in self.variables if counts(name)), None)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """The text and its source, unless a rival has a stronger one; ``UsageError`` if it has the same."""
        value, source = super().consume_value(ctx, opts)
        if self.name not in _RIVALS or ctx.resilient_parsing:
            return value, source
        other = next(one for one in SETTINGS if one.name == _RIVALS[self.name])
        _, theirs = click.Option.consume_value(other, ctx, opts)
        if theirs is source is not ParameterSource.DEFAULT:
            origin = self.origin(ctx, source)
            raise UsageError(f"{origin}: expected either it or {other.origin(ctx, source)}, not both")
        weaker = _RANKS.index(theirs.name) < _RANKS.index(source.name)
        return (None, ParameterSource.DEFAULT) if weaker else (value, source)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The value of the text; ``UsageError`` names the source."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            origin = self.origin(ctx, ctx.get_parameter_source(self.name))
            raise UsageError(f"{origin} {error.message}") from None

    def origin(self, ctx: click.Context, source: ParameterSource | None) -> str:
        """What a source of this setting is called; nothing for the default."""
        sources = ctx.ensure_object(Sources)
        if source is ParameterSource.COMMANDLINE:
            return sources.prefix + self.key
        if source is ParameterSource.ENVIRONMENT:
            *others, last = self.variables
            return next(filter(os.environ.get, others), last)
        return f"{sources.file}, {self.key}" if source is ParameterSource.DEFAULT_MAP else ""


def load(
    flags: Mapping[str, str | Sequence[str]], folder: Path, *, prefix: str = "--", checked: bool = True
) -> Settings:
    """Settings without a command line of ours. ``flags`` are texts by the field's name, called by ``prefix``.

    ``UsageError`` names the first that cannot be used. Unless ``checked``, they need not make sense together.
    """
    with click.Context(click.Command("settings"), obj=Sources(folder, prefix)) as ctx:
        settings = settings_of(ctx, flags)
    if checked:
        table.check(settings, prefix)
        for name, origin in settings.origins.items():
            if getattr(settings, name) == STDOUT:
                raise UsageError(f"{origin} '-': expected a file; standard output is not free")
    return settings


def settings_of(ctx: click.Context, flags: Mapping[str, str | Sequence[str]] | None = None) -> Settings:
    """The settings of a context: what is no flag of its command comes from ``flags``, variables, the file."""
    origins, flags = {}, flags or {}
    for setting in sorted(SETTINGS, key=lambda one: (one.name != "config", one.name not in flags)):
        if setting.name not in ctx.params:
            setting.handle_parse_result(ctx, flags, [])
        if origin := setting.origin(ctx, ctx.get_parameter_source(setting.name)):
            origins[setting.name] = origin
    values = {setting.name: ctx.params[setting.name] for setting in SETTINGS}
    values["production_hosts"] = tuple(dict.fromkeys((*table.PRODUCTION_HOSTS, *values["production_hosts"])))
    if values["token_file"]:
        values["token"] = _token_of(values["token_file"], origins["token_file"])
    return Settings(**values, origins=origins)


def describe(settings: Settings) -> str:
    """Every setting, one per line, with its source; secrets are masked."""
    rows = []
    for setting in SETTINGS:
        value, origin = getattr(settings, setting.name), settings.origins.get(setting.name, "default")
        if setting.kind.secret and value:
            value = tuple(f"{name}: (not shown)" for name, _ in value) if setting.repeatable else "(set)"
        if setting.name == "token" and settings.token_file:
            origin = "token-file"
        rows.append((setting.key, shown(value) or "-", origin))
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{key:<{wide[0]}}  {text:<{min(wide[1], 40)}}  {origin}" for key, text, origin in rows)


def schema() -> dict[str, Any]:
    """The JSON Schema of a settings file."""
    members = {}
    for setting in SETTINGS:
        if setting.in_file:
            one = setting.kind.schema
            many = {"anyOf": [one, {"type": "array", "items": one}]} if setting.repeatable else one
            members[setting.key] = {"description": setting.help} | many
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of whop-contracts",
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }


def _read_file(ctx: click.Context, _config: click.Parameter, config: Path | None) -> Path | None:
    """Make the file that is named, or else that of the folder, the layer under the variables."""
    if ctx.resilient_parsing:
        return config
    known = {setting.variables[0] for setting in SETTINGS}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            raise UsageError(f"{name}: no such variable{nearest(name, known)}")
    sources = ctx.ensure_object(Sources)
    usual = [sources.folder / name for name in ("whop-contracts.toml", "pyproject.toml")]
    path = config or next((path for path in usual if path.is_file()), None)
    if path is None:
        return config
    _, rows = read_toml(path, str(config or path.name), private=True)
    sources.file = path.name
    if path.name == "pyproject.toml":
        sources.file += ", [tool.whop-contracts]"
        tools = rows.get("tool", {})
        rows = tools.get("whop-contracts", {}) if isinstance(tools, dict) else {}
    ctx.default_map = dict(_texts(rows, sources.file, path.parent))
    return config


def read_toml(path: Path, called: str, *, private: bool = False) -> tuple[str, dict[str, Any]]:
    """Text and data of a TOML file. ``UsageError`` begins with ``called`` and quotes no ``private`` file."""
    try:
        text = path.read_text("utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        problem = f"a file that can be read ({describe_os_error(error)})"
    except UnicodeDecodeError:
        problem = "TOML in UTF-8"
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\((at line \d+, column \d+|at end of document)\)", str(error))
        where = f" {at[1]}" if at else ""
        problem = f"TOML (it cannot be read{where})" if private else f"TOML ({error})"
    raise UsageError(f"{called}: expected {problem}")


def _texts(rows: Any, where: str, folder: Path) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """The file as texts by the field's name."""
    if not isinstance(rows, dict):
        raise UsageError(f"{where}: expected a table of settings")
    known = {setting.key: setting for setting in SETTINGS if setting.in_file}
    for key, value in rows.items():
        if key not in known:
            raise UsageError(f"{where}, {key}: no such key{nearest(key.replace('_', '-'), known)}")
        setting = known[key]
        many = value if setting.repeatable and isinstance(value, list) else [value]
        texts = tuple(_text(setting.kind, one, f"{where}, {key}", folder) for one in many)
        yield setting.name, texts if setting.repeatable else texts[0]


def _text(kind: Kind, value: Any, origin: str, folder: Path) -> str:
    """A value of TOML as text: a truth value only for a switch, a list or a table for nothing."""
    if isinstance(value, bool) is not (kind is SWITCH) or not isinstance(value, str | int | float):
        written = "(not shown)" if kind.secret else repr(value)[:100]
        raise UsageError(f"{origin} {written}: expected {kind.expected}")
    text = str(value)
    is_place = kind.path and text and text != str(STDOUT)
    return str(folder / Path(text).expanduser()) if is_place else text


def _token_of(path: Path, origin: str) -> str:
    try:
        with path.open("rb") as file:
            return str(kinds.TOKEN.convert(file.read(65_536).decode("ascii").strip(), None, None))
    except OSError as error:
        why = f"that can be read ({describe_os_error(error)})"
    except (ValueError, click.BadParameter):
        why = f"that holds {kinds.TOKEN.expected}, and nothing else"
    raise UsageError(f"{origin} {str(path)!r}: expected a file {why}")


SETTINGS: Final = tuple(
    Setting(one.name, one.default, ROWS[one.name]) for one in fields(Settings) if one.name in ROWS
)
