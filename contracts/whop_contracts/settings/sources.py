"""Where settings come from: flags, variables, a file. click looks them up and keeps the source of each."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from whop_contracts.settings import (
    PREFIX,
    PRODUCTION_HOSTS,
    SETTINGS,
    Setting,
    Settings,
    UsageError,
    check,
    shown,
)
from whop_contracts.settings.kinds import CLOCK_URL, STDOUT, SWITCH, TOKEN, nearest, without_query

_TOKEN_LIMIT: Final = 65_536
_RANKS: Final = (
    ParameterSource.COMMANDLINE,
    ParameterSource.ENVIRONMENT,
    ParameterSource.DEFAULT_MAP,
    ParameterSource.DEFAULT,
)
_RIVALS: Final = {"token": "token_file", "token_file": "token"}
"""Settings of which the one with the stronger source is taken."""
_WHERE: Final = "whop_contracts.file"
"""Under this name a context keeps what the file is called in messages."""
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Sources:
    """The object of a click context: the variables, the folder of the file, and what flags begin with."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    prefix: str = "--"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and by the field's name the source of each that is not a default: ``--seed``,
    ``WHOP_API_TOKEN`` or ``whop-contracts.toml, seed``.
    """

    settings: Settings
    origins: Mapping[str, str]

    def checked(self) -> Settings:
        """The settings of a run; ``UsageError`` where they make no sense together."""
        check(self.settings, self.origins)
        return self.settings


class SettingOption(click.Option):
    """A setting as an option of a command."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        names = [setting.name, f"--{setting.key}", *filter(None, [setting.short])]
        if setting.kind is SWITCH:
            names[1] += f"/--no-{setting.key}"
        default = shown(setting.default) or setting.otherwise
        super().__init__(
            names,
            type=setting.kind,
            default=setting.default,
            multiple=setting.repeatable,
            envvar=setting.variables,
            metavar=setting.metavar,
            help=f"{setting.help}  [env var: {', '.join(setting.variables)}; default: {default}]",
            is_eager=setting.name == "config",
            callback=_read_file if setting.name == "config" else None,
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The help without what undoes a switch."""
        names, text = super().get_help_record(ctx) or ("", "")
        return names.partition(" / ")[0], text

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The text of the first variable that is set."""
        variable = self._variable(ctx)
        return None if variable is None else ctx.ensure_object(Sources).environ[variable]

    def _variable(self, ctx: click.Context) -> str | None:
        """An empty variable is not set, except that an empty base URL does not ask for the mock."""
        environ = ctx.ensure_object(Sources).environ
        counts = environ.__contains__ if self.name == "base_url" else environ.get
        return next((name for name in self.setting.variables if counts(name)), None)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """The text and its source, unless a rival has a stronger one; ``UsageError`` if it has the same."""
        value, source = super().consume_value(ctx, opts)
        rival = _RIVALS.get(self.name or "")
        if rival is None or ctx.resilient_parsing:
            return value, source
        other = SettingOption(_BY_NAME[rival])
        _, theirs = click.Option.consume_value(other, ctx, opts)
        if theirs is source is not ParameterSource.DEFAULT:
            origin = self.origin(ctx, source)
            raise UsageError(f"{origin}: expected either it or {other.origin(ctx, source)}, not both")
        if _RANKS.index(theirs) < _RANKS.index(source):
            return None, ParameterSource.DEFAULT
        return value, source

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The value of the text; ``UsageError`` names the source."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            origin = self.origin(ctx, ctx.get_parameter_source(self.setting.name))
            raise UsageError(f"{origin} {error.message}") from None

    def origin(self, ctx: click.Context, source: ParameterSource | None) -> str:
        """What a source of this setting is called; nothing for the default."""
        if source is ParameterSource.COMMANDLINE:
            return ctx.ensure_object(Sources).prefix + self.setting.key
        if source is ParameterSource.ENVIRONMENT:
            return self._variable(ctx) or ""
        return f"{ctx.meta[_WHERE]}, {self.setting.key}" if source is ParameterSource.DEFAULT_MAP else ""


def load(
    flags: Mapping[str, str | Sequence[str]],
    *,
    environ: Mapping[str, str],
    folder: Path,
    prefix: str = "--",
    checked: bool = True,
) -> Loaded:
    """Settings without a command line of ours. ``flags`` are texts by the field's name, called by ``prefix``.

    ``UsageError`` names the first that cannot be used. Unless ``checked``, they need not make sense together.
    """
    command = click.Command("settings", params=[SettingOption(setting) for setting in SETTINGS])
    words = [word for name, texts in flags.items() for word in _words(_BY_NAME[name], texts)]
    with command.make_context("settings", words, obj=Sources(environ, folder, prefix)) as ctx:
        loaded = loaded_by(ctx)
    if checked:
        loaded.checked()
        for name in loaded.origins:
            if getattr(loaded.settings, name) == STDOUT:
                raise UsageError(f"{loaded.origins[name]} '-': expected a file; standard output is not free")
    return loaded


def loaded_by(ctx: click.Context) -> Loaded:
    """The settings of a context; those that are no flag of its command come from variables and the file."""
    values, origins = {}, {}
    for setting in SETTINGS:
        option = SettingOption(setting)
        if setting.name not in ctx.params:
            option.handle_parse_result(ctx, {}, [])
        values[setting.name] = ctx.params[setting.name]
        if origin := option.origin(ctx, ctx.get_parameter_source(setting.name)):
            origins[setting.name] = origin
    values["production_hosts"] = tuple(dict.fromkeys((*PRODUCTION_HOSTS, *values["production_hosts"])))
    settings = Settings(**values)
    if settings.token_file:
        token = _token_of(settings.token_file, origins["token_file"])
        settings = dataclasses.replace(settings, token=token)
    return Loaded(settings, origins)


def show(loaded: Loaded) -> str:
    """Every setting, one per line, with its source; secrets are masked."""
    rows = []
    for setting in SETTINGS:
        value, origin = getattr(loaded.settings, setting.name), loaded.origins.get(setting.name, "default")
        if setting.kind.secret and value:
            value = tuple(f"{name}: (not shown)" for name, _ in value) if setting.repeatable else "(set)"
        if setting.name == "token" and loaded.settings.token_file:
            origin = "token-file"
        text = without_query(value) if setting.kind is CLOCK_URL and value else shown(value)
        rows.append((setting.key, text or "-", origin))
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


def _words(setting: Setting, texts: str | Sequence[str]) -> list[str]:
    """A setting as words of a command line."""
    if setting.kind is SWITCH:
        return [f"--{'' if texts == 'true' else 'no-'}{setting.key}"]
    return [f"--{setting.key}={text}" for text in ([texts] if isinstance(texts, str) else texts)]


def _read_file(ctx: click.Context, _config: click.Parameter, config: Path | None) -> Path | None:
    """Make the file that is named, or else that of the folder, the layer under the variables."""
    if ctx.resilient_parsing:
        return config
    sources = ctx.ensure_object(Sources)
    known = {setting.variables[0] for setting in SETTINGS}
    for name in sources.environ:
        if name.startswith(PREFIX) and name not in known:
            raise UsageError(f"{name}: no such variable{nearest(name, known)}")
    usual = [sources.folder / name for name in ("whop-contracts.toml", "pyproject.toml")]
    path = config or next((path for path in usual if path.is_file()), None)
    if path is not None:
        table = _table(path, str(config or path.name))
        in_project = path.name == "pyproject.toml"
        ctx.meta[_WHERE] = f"{path.name}, [tool.whop-contracts]" if in_project else path.name
        ctx.default_map = dict(_texts(table, ctx.meta[_WHERE], path.parent))
    return config


def _table(path: Path, name: str) -> Any:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{name}: expected a file that can be read ({why})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: expected TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # The rest of the message may quote a line that holds a token.
        at = re.search(r"\((at line \d+, column \d+|at end of document)\)", str(error))
        raise UsageError(f"{name}: expected TOML (it cannot be read{f' {at[1]}' if at else ''})") from None
    if path.name != "pyproject.toml":
        return document
    tools = document.get("tool", {})
    return tools.get("whop-contracts", {}) if isinstance(tools, dict) else {}


def _texts(table: Any, where: str, folder: Path) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """The file as texts by the field's name."""
    if not isinstance(table, dict):
        raise UsageError(f"{where}: expected a table of settings")
    known = {setting.key: setting for setting in SETTINGS if setting.in_file}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}, {key}: no such key{nearest(key.replace('_', '-'), known)}")
        setting = known[key]
        many = value if setting.repeatable and isinstance(value, list) else [value]
        texts = tuple(_text(setting, one, f"{where}, {key}", folder) for one in many)
        yield setting.name, texts if setting.repeatable else texts[0]


def _text(setting: Setting, value: Any, origin: str, folder: Path) -> str:
    """A value of TOML as text: a truth value only for a switch, a list or a table for nothing."""
    if isinstance(value, bool) is not (setting.kind is SWITCH) or not isinstance(value, str | int | float):
        written = "(not shown)" if setting.kind.secret else repr(value)[:100]
        raise UsageError(f"{origin} {written}: expected {setting.kind.expected}")
    text = str(value)
    is_place = setting.kind.path and text and text != str(STDOUT)
    return str(folder / Path(text).expanduser()) if is_place else text


def _token_of(path: Path, origin: str) -> str:
    """The credential in a file."""
    try:
        with path.open("rb") as file:
            return str(TOKEN.parse(file.read(_TOKEN_LIMIT).decode("ascii").strip()))
    except OSError as error:
        why = f"that can be read ({(error.strerror or type(error).__name__).lower()})"
    except ValueError:
        why = f"that holds {TOKEN.expected}, and nothing else"
    raise UsageError(f"{origin} {str(path)!r}: expected a file {why}")
