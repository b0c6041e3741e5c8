"""Where settings come from: flags, the environment, a file. What none of them says is as ``Settings`` has it."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from whop_contracts.settings import KEYS, PREFIX, PRODUCTION_HOSTS, SETTINGS, Setting, Settings, UsageError
from whop_contracts.settings.checks import check

_TOKEN_LIMIT: Final = 65_536


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each that is not a default came from, by the field's name: ``--seed``, ``WHOP_API_TOKEN``, or
    ``whop-contracts.toml, seed``.
    """

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Given:
    """Texts as they were written, and the name of the place."""

    texts: tuple[str, ...]
    origin: str
    folder: Path | None = None


def load(
    flags: Mapping[str, str | Sequence[str]],
    *,
    environ: Mapping[str, str],
    folder: Path,
    prefix: str = "--",
    checked: bool = True,
) -> Loaded:
    """Settings of flags over the environment over the file in ``folder``. ``flags`` are texts by the field's name, and called by ``prefix``.

    UsageError names the first that cannot be used. Unless ``checked``, they are not held against each other.
    """
    given: dict[str, _Given] = {}
    _refuse_unknown(environ)
    upper = [dict(_variables(environ)), _flags(flags, prefix)]
    for layer in (_file(upper, folder), *upper):
        if "token" in layer or "token_file" in layer:
            given = {name: one for name, one in given.items() if name not in {"token", "token_file"}}
        given |= layer
    if "token" in given and "token_file" in given:
        raise UsageError(
            f"{given['token_file'].origin}: expected either it or {given['token'].origin}, not both"
        )
    values = {
        setting.name: _value(setting, given[setting.name]) for setting in SETTINGS if setting.name in given
    }
    if "production_hosts" in values:
        values["production_hosts"] = tuple(dict.fromkeys((*PRODUCTION_HOSTS, *values["production_hosts"])))
    settings = Settings(**values)
    if settings.token_file:
        settings = dataclasses.replace(
            settings, token=_token_of(settings.token_file, given["token_file"].origin)
        )
    origins = {name: one.origin for name, one in given.items()}
    if checked:
        check(settings, origins)
    return Loaded(settings, origins)


def show(loaded: Loaded) -> str:
    """Every setting, one a line, with where it came from; secrets masked."""
    rows = []
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.name)
        rows.append((setting.key, _shown(setting, value), loaded.origins.get(setting.name, "default")))
    if loaded.settings.token_file:
        rows = [
            (key, "(set)" if key == "token" else text, "token-file" if key == "token" else at)
            for key, text, at in rows
        ]
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{key:<{wide[0]}}  {text:<{min(wide[1], 40)}}  {origin}" for key, text, origin in rows)


def schema() -> dict[str, Any]:
    """The JSON Schema of a settings file."""
    members = {}
    for setting in SETTINGS:
        if setting.in_file:
            one = dict(setting.kind.schema)
            described = {"description": setting.help}
            members[setting.key] = (
                described | {"anyOf": [one, {"type": "array", "items": one}]}
                if setting.repeatable
                else described | one
            )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of whop-contracts",
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that was probably meant, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _flags(flags: Mapping[str, str | Sequence[str]], prefix: str) -> dict[str, _Given]:
    return {
        name: _Given((texts,) if isinstance(texts, str) else tuple(texts), prefix + KEYS[name])
        for name, texts in flags.items()
        if texts is not None
    }


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    """What the environment says. An empty variable says nothing, save that an empty base URL is no way to ask for the mock."""
    for setting in SETTINGS:
        for variable in (setting.variable, *setting.variables):
            text = environ.get(variable)
            if text or (text is not None and setting.name == "base_url"):
                parts = re.split(setting.kind.separator, text.strip()) if setting.repeatable else [text]
                yield (
                    setting.name,
                    _Given(tuple(part for part in parts if part or not setting.repeatable), variable),
                )
                break


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.variable for setting in SETTINGS}
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            raise UsageError(f"{name}: no such variable{nearest(name, known)}")


def _file(upper: Iterable[Mapping[str, _Given]], folder: Path) -> dict[str, _Given]:
    named = [layer["config"] for layer in upper if "config" in layer]
    if named:
        setting = next(setting for setting in SETTINGS if setting.name == "config")
        path: Path = _value(setting, named[-1])
        return dict(_keys(_table(path, str(path)), path))
    own, project = folder / "whop-contracts.toml", folder / "pyproject.toml"
    if own.is_file():
        return dict(_keys(_table(own, own.name), own))
    return dict(_keys(_table(project, project.name), project)) if project.is_file() else {}


def _table(path: Path, name: str) -> Any:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"{name}: expected a file that can be read ({(error.strerror or 'no answer').lower()})"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: expected TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: expected TOML ({_place(error)})") from None
    if path.name != "pyproject.toml":
        return document
    tools = document.get("tool", {})
    return tools.get("whop-contracts", {}) if isinstance(tools, dict) else {}


def _place(error: tomllib.TOMLDecodeError) -> str:
    """Where the file cannot be read, without quoting it: the line may hold a token."""
    found = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return f"it cannot be read at {found[1]}" if found else "it cannot be read"


def _keys(table: Any, path: Path) -> Iterator[tuple[str, _Given]]:
    where = f"{path.name}, [tool.whop-contracts]" if path.name == "pyproject.toml" else path.name
    if not isinstance(table, dict):
        raise UsageError(f"{where}: expected a table of settings")
    known = {setting.key: setting for setting in SETTINGS if setting.in_file}
    for key, value in table.items():
        origin = f"{where}, {key}"
        if key not in known:
            raise UsageError(f"{origin}: no such key{nearest(key.replace('_', '-'), known)}")
        setting = known[key]
        many = setting.repeatable and isinstance(value, list)
        texts = tuple(_written(setting, one, origin) for one in (value if many else [value]))
        yield setting.name, _Given(texts, origin, path.parent)


def _written(setting: Setting, value: Any, origin: str) -> str:
    """A value of TOML as text; a truth value only for a switch, a list or a table for nothing."""
    is_switch = dict(setting.kind.schema).get("type") == "boolean"
    if isinstance(value, bool) is is_switch and isinstance(value, str | int | float):
        return str(value)
    shown = "(not shown)" if setting.kind.secret else repr(value)[:100]
    raise UsageError(f"{origin} {shown}: expected {setting.kind.expected}")


def _value(setting: Setting, given: _Given) -> Any:
    values = []
    for text in given.texts:
        try:
            values.append(setting.kind.parse(_placed(text, given.folder) if setting.kind.path else text))
        except ValueError as error:
            # A parser's own words say more than the kind's; those of int() and urlsplit() do not.
            more = str(error) if setting.kind.path and str(error) else setting.kind.expected
            raise UsageError(f"{given.origin} {setting.kind.shown(text)}: expected {more}") from None
    return tuple(values) if setting.repeatable else values[-1]


def _placed(text: str, folder: Path | None) -> str:
    return str(folder / Path(text).expanduser()) if folder and text else text


def _token_of(path: Path, origin: str) -> str:
    setting = next(setting for setting in SETTINGS if setting.name == "token")
    try:
        with path.open("rb") as file:
            text = file.read(_TOKEN_LIMIT).decode("ascii").strip()
        token: str = setting.kind.parse(text)
    except OSError as error:
        raise UsageError(
            f"{origin} {str(path)!r}: expected a file that can be read ({(error.strerror or '').lower()})"
        ) from None
    except ValueError:
        raise UsageError(
            f"{origin} {str(path)!r}: expected a file that holds {setting.kind.expected}, and nothing else"
        ) from None
    return token


def _shown(setting: Setting, value: Any) -> str:
    if value is None:
        return "-"
    if setting.kind.secret:
        return (
            ", ".join(f"{name}: (not shown)" for name, _ in value) or "-" if setting.repeatable else "(set)"
        )
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}s" if isinstance(value, float) else str(value)
