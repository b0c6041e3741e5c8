"""The pytest plugin: settings as ``--contract-…`` options, one item a clause.

Every project that has us installed loads this module: it imports little, adds options and one look at each collected name, and does nothing
else until a module asks for the items by way of ``whop_contracts.contract``.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from whop_contracts.settings import SETTINGS, UsageError
from whop_contracts.settings.kinds import SWITCH
from whop_contracts.settings.sources import Loaded, load

if TYPE_CHECKING:
    from whop_contracts.plugin.fixtures import AdCampaignProvider, ContractTarget

__all__ = ["ContractWarning"]

PREFIX: Final = "--contract-"
_DEST: Final = "whop_contracts_"
_PLACE: Final = "whop_contracts_place"
_KEY: Final = pytest.StashKey[Loaded]()
_SHARED: Final = pytest.StashKey[Path]()
_REDACTOR: Final = pytest.StashKey[Any]()
_MARKER: Final = (
    "ad_campaign_provider(fault=None, variation=None, base_url=..., now=None, strict=False): what the fixture of that name is to be; "
    "base_url is where the application calls, now an aware datetime; strict refuses requests that break the contract"
)


class ContractWarning(UserWarning):
    """A clause that warned: the target does what is legal but unwise, or what a stricter reader would not accept."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every setting of a run is an option; those of the command line's own output are not."""
    group = parser.getgroup("whop-contracts", "contract tests of POST /ad_campaigns/{id}/pause")
    for setting in SETTINGS:
        if "pytest" not in setting.faces:
            continue
        flag, dest = PREFIX + setting.key, _DEST + setting.name
        if setting.kind is SWITCH:
            group.addoption(
                flag, dest=dest, action="store_const", const="true", default=None, help=setting.help
            )
        else:
            action = "append" if setting.repeatable else "store"
            group.addoption(
                flag, dest=dest, action=action, default=None, metavar=setting.metavar, help=setting.help
            )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse misused options at once; what variables and files say concerns only those who ask for the items."""
    config.addinivalue_line("markers", _MARKER)
    place = getattr(config, "workerinput", {}).get(_PLACE)
    config.stash[_SHARED] = Path(
        place or Path(tempfile.gettempdir(), f"whop-contracts-{os.urandom(16).hex()}")
    )
    if options(config):
        try:
            chosen(config)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the one run of all workers is kept."""
    node.workerinput[_PLACE] = str(node.config.stash[_SHARED])


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> Any:
    """Put the items in the place of what stands for them; every other name is none of ours."""
    contract = sys.modules.get("whop_contracts.contract")
    if contract is None or type(obj) is not contract.Subject:
        return None
    return importlib.import_module("whop_contracts.plugin.items").collected(collector, name, obj)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a session has a credential of ours, its reports do not show it, whatever a test has asserted or printed."""
    report = yield
    loaded = item.config.stash.get(_KEY, None)
    if loaded and loaded.settings.base_url and (report.longrepr or report.sections):
        reports = importlib.import_module("whop_contracts.plugin.reports")
        if _REDACTOR not in item.config.stash:
            item.config.stash[_REDACTOR] = reports.redactor_for(loaded.settings)
        reports.redact(report, item.config.stash[_REDACTOR])
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The verdict, after the tests, where a run was made."""
    result = kept(config)
    if result is not None:
        summary = importlib.import_module("whop_contracts.report.summary")
        terminalreporter.section("contract", sep="-")
        terminalreporter.write_line(f"{summary.target(result)}: {summary.sentence(result)}")
        for line in (summary.effort(result), *summary.lasting(result)):
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take away what the workers shared; the controller does, after them."""
    shared = config.stash.get(_SHARED, None)
    if shared is not None and not hasattr(config, "workerinput") and shared.is_dir():
        for path in shared.iterdir():
            path.unlink()
        shared.rmdir()


@pytest.fixture
def ad_campaign_provider(request: pytest.FixtureRequest) -> Iterator[AdCampaignProvider]:
    """The stateful provider in place of hand-written mocks: it answers what the test's code asks of Whop's API by httpx.

    ``.token``, ``.campaign_ids``, ``.campaign(id)`` (its state), ``.advance(seconds or timedelta)``, ``.serve()`` (a base URL on a port)
    and ``.router`` (respx); ``.broken_requests`` is what was sent against the contract. ``@pytest.mark.ad_campaign_provider(fault="...")`` makes it break a promise.
    """
    yield from importlib.import_module("whop_contracts.plugin.fixtures").provider_of(request)


@pytest.fixture
def strict_ad_campaign_provider(request: pytest.FixtureRequest) -> Iterator[AdCampaignProvider]:
    """The same for a test that is about the client: a request that breaks the contract is refused by a 4xx that says why, and fails the test
    at its end, whatever the application made of the answer.
    """
    yield from importlib.import_module("whop_contracts.plugin.fixtures").provider_of(request, strict=True)


@pytest.fixture(scope="session")
def contract_target(pytestconfig: pytest.Config) -> ContractTarget:
    """What the clauses are judged on by the ``--contract-...`` settings: ``.kind``, ``.base_url``, ``.campaign_ids``, ``.headers``."""
    target: ContractTarget = importlib.import_module("whop_contracts.plugin.fixtures").target_of(pytestconfig)
    return target


@pytest.fixture
def contract_run(pytestconfig: pytest.Config) -> dict[str, Any]:
    """The result of the session's one run, as ``whop-contracts run --json`` writes it; the first to ask has it made."""
    found: dict[str, Any] = importlib.import_module("whop_contracts.plugin.fixtures").run_of(pytestconfig)
    return found


def options(config: pytest.Config) -> Mapping[str, Any]:
    """The options that were given, by the setting's name."""
    given = ((setting.name, config.getoption(_DEST + setting.name, None)) for setting in SETTINGS)
    return {name: value for name, value in given if value is not None}


def chosen(config: pytest.Config) -> Loaded:
    """The settings of this session: options over the environment over a file of the folder that pytest was started in."""
    if _KEY not in config.stash:
        folder = config.invocation_params.dir
        loaded = load(options(config), environ=os.environ, folder=folder, prefix=PREFIX)
        if loaded.settings.clauses:
            catalogue = importlib.import_module("whop_contracts.pause.catalogue")
            try:
                catalogue.chosen(loaded.settings.clauses)
            except ValueError as error:
                raise UsageError(f"{loaded.origins['clauses']}: {error}") from None
        config.stash[_KEY] = loaded
    return config.stash[_KEY]


def shared(config: pytest.Config) -> Path:
    """The folder, not made yet, that the processes of one session have in common."""
    return config.stash[_SHARED]


def kept(config: pytest.Config) -> Mapping[str, Any] | None:
    """The result of this session's run, if there is one and a process that could still say so is this one."""
    runs = sys.modules.get("whop_contracts.plugin.run")
    if hasattr(config, "workerinput"):
        return None
    if runs is None and not shared(config).is_dir():
        return None
    found: Mapping[str, Any] | None = importlib.import_module("whop_contracts.plugin.run").made(config)
    return found
