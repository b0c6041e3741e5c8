"""The pytest plugin: settings as ``--contract-…`` options, one item per clause, four fixtures.

pytest loads this module wherever the package is installed. It imports little, and does nothing without
``whop_contracts.contract`` or a fixture but keep a live target's credentials out of what pytest reports.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.kinds import SWITCH
from whop_contracts.settings.sources import SETTINGS, load

if TYPE_CHECKING:
    from whop_contracts.plugin.fixtures import AdCampaignProvider, ContractTarget

PREFIX: Final = "--contract-"
_DEST: Final = "whop_contracts_"
_FOLDER: Final = "whop_contracts_folder"
_SESSION: Final = "whop_contracts.plugin.session"
_FIXTURES: Final = "whop_contracts.plugin.fixtures"
_SETTINGS: Final = pytest.StashKey[Settings]()
SHARED: Final = pytest.StashKey[Path]()
"""The folder, not created yet, that the processes of one session share."""
_MARKER: Final = (
    "ad_campaign_provider(fault=None, variation=None, base_url=..., now=None, strict=False): configures the "
    "fixture of that name; base_url is where the application sends requests, now an aware datetime; strict "
    "rejects requests that break the contract"
)


class ContractWarning(UserWarning):
    """A clause that warned: the target does something that is legal but unwise."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option per setting of a run; the settings of the command's own output are left out."""
    group = parser.getgroup("whop-contracts", "contract tests of POST /ad_campaigns/{id}/pause")
    for setting in SETTINGS:
        if "pytest" in setting.faces:
            how = {"action": "append" if setting.repeatable else "store", "metavar": setting.kind.metavar}
            if setting.kind is SWITCH:
                how = {"action": "store_const", "const": "true"}
            group.addoption(PREFIX + setting.key, dest=_DEST + setting.name, help=setting.help, **how)


def pytest_configure(config: pytest.Config) -> None:
    """Reject misused options. Errors in variables and files are left to the tests that need the settings."""
    config.addinivalue_line("markers", _MARKER)
    unguessable = Path(tempfile.gettempdir(), f"whop-contracts-{os.urandom(16).hex()}")
    config.stash[SHARED] = Path(getattr(config, "workerinput", {}).get(_FOLDER, unguessable))
    config.pluginmanager.register(_Redaction(config))
    if _options(config):
        try:
            chosen(config)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of pytest-xdist the folder that all processes of the session share."""
    node.workerinput[_FOLDER] = str(node.config.stash[SHARED])


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> Any:
    """Replace ``clause`` and ``run`` of ``whop_contracts.contract`` by their items; ignore other names."""
    contract = sys.modules.get("whop_contracts.contract")
    if contract is None or type(obj) is not contract.Subject:
        return None
    return importlib.import_module(_SESSION).collected(collector, name, obj)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Make the run before the first item that needs it, so that the item's timeout does not count it."""
    session = sys.modules.get(_SESSION)
    needs_run = "contract_run" in getattr(item, "fixturenames", ())
    if needs_run or (session and isinstance(item, session.ContractItem)):
        importlib.import_module(_SESSION).prepare(item)
    return (yield)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdict after the tests if a run was made."""
    session = sys.modules.get(_SESSION)
    if hasattr(config, "workerinput") or (session is None and not config.stash[SHARED].is_dir()):
        return
    result = importlib.import_module(_SESSION).made(config)
    if result is not None:
        summary = importlib.import_module("whop_contracts.report.summary")
        terminalreporter.section("contract", sep="-")
        with importlib.import_module("whop_contracts.report").guarded(terminalreporter):
            terminalreporter.write_line(f"{summary.target(result)}: {summary.sentence(result)}")
            for line in (summary.effort(result), *summary.lasting(result)):
                terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the processes of the session shared; done by the controller, after its workers."""
    folder = config.stash.get(SHARED, None)
    if folder is not None and not hasattr(config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)


class _Redaction:
    """Keeps credentials out of what pytest reports, in sessions whose settings name a live target."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """Redact tracebacks, captured output and recorded properties of a test."""
        report = yield
        for name in ("longrepr", "sections", "user_properties"):
            if shown := getattr(report, name, None):
                setattr(report, name, self._clean(shown))
        return report

    pytest_make_collect_report = pytest_runtest_makereport
    """Redact the error of a module that could not be collected."""

    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """Redact the id of a parameter."""
        text = val.decode("latin-1") if isinstance(val, bytes) else val
        clean = self._clean(text) if isinstance(text, str) else text
        return None if clean == text else str(clean).encode("unicode_escape").decode("ascii")

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Redact the message of a warning."""
        warning_message.message = self._clean(warning_message.message)

    def _clean(self, value: Any) -> Any:
        return importlib.import_module(_SESSION).redacted(value, self._redactor) if self._redactor else value

    @cached_property
    def _redactor(self) -> Any:
        """The redactor; None where the settings name no live target or cannot be read."""
        with contextlib.suppress(UsageError):
            settings = _loaded(self._config)
            if settings.base_url:
                actors = importlib.import_module("whop_contracts.cli.planning").actors_of(settings)
                return importlib.import_module("whop_contracts.engine.request_builder").redactor_of(actors)
        return None


@pytest.fixture
def ad_campaign_provider(request: pytest.FixtureRequest) -> Iterator[AdCampaignProvider]:
    """The stateful provider in place of hand-written mocks, for code that calls Whop's API with httpx.

    ``.token``, ``.campaign_ids``, ``.campaign(id)`` (its state), ``.advance(seconds or timedelta)``,
    ``.serve()`` (a base URL on a port), ``.router`` (respx), ``.broken_requests`` (against the contract).
    ``@pytest.mark.ad_campaign_provider(fault="...")`` gives it a fault.
    """
    yield from importlib.import_module(_FIXTURES).provider_of(request)


@pytest.fixture
def strict_ad_campaign_provider(request: pytest.FixtureRequest) -> Iterator[AdCampaignProvider]:
    """The same for tests of a client: a request that breaks the contract gets a 4xx that says why, and fails
    the test at its end, whatever the application did with the response.
    """
    yield from importlib.import_module(_FIXTURES).provider_of(request, strict=True)


@pytest.fixture(scope="session")
def contract_target(pytestconfig: pytest.Config) -> ContractTarget:
    """The target of the settings: ``.kind``, ``.base_url``, ``.campaign_ids``, ``.headers``."""
    return cast("ContractTarget", importlib.import_module(_FIXTURES).target_of(pytestconfig))


@pytest.fixture
def contract_run(pytestconfig: pytest.Config) -> dict[str, Any]:
    """The result of the session's one run, as ``whop-contracts run --json`` writes it."""
    return cast("dict[str, Any]", importlib.import_module(_FIXTURES).run_of(pytestconfig))


def _options(config: pytest.Config) -> Mapping[str, Any]:
    given = ((setting.name, config.getoption(_DEST + setting.name, None)) for setting in SETTINGS)
    return {name: value for name, value in given if value is not None}


def chosen(config: pytest.Config) -> Settings:
    """The settings of this session. UsageError names the first that cannot be used, a clause included."""
    settings = _loaded(config)
    if settings.clauses:
        try:
            importlib.import_module("whop_contracts.pause.catalogue").chosen(settings.clauses)
        except ValueError as error:
            raise UsageError(f"{settings.origins['clauses']}: {error}") from None
    return settings


def _loaded(config: pytest.Config) -> Settings:
    """Options over the environment over a file in the folder that pytest was started in."""
    if _SETTINGS not in config.stash:
        config.stash[_SETTINGS] = load(_options(config), config.invocation_params.dir, prefix=PREFIX)
    return config.stash[_SETTINGS]
