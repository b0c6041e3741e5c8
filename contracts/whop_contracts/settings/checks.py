"""Settings held against each other: what each of them allows, and all together do not."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from whop_contracts.settings import KEYS, OUTPUTS, Settings, UsageError

Named = Callable[[str], str]


def check(settings: Settings, origins: Mapping[str, str]) -> None:
    """UsageError where a run with these settings makes no sense.

    ``origins`` says where each value came from, by the field's name, as an error names it.
    """

    def named(name: str) -> str:
        return origins.get(name, f"--{KEYS[name]}")

    if settings.base_url is None:
        _mock(settings, named)
    else:
        _live(settings, settings.base_url, named)
    _parties(settings, named)
    if settings.insecure and settings.ca_file:
        raise UsageError(f"{named('insecure')}: expected either it or --ca-file, not both")
    if settings.quiet and settings.verbose:
        raise UsageError(f"{named('quiet')}: expected either it or --verbose, not both")
    _apart(settings, named)


def _mock(settings: Settings, named: Named) -> None:
    """What names a target without a base URL would seem to be judged, and is not."""
    for name in ("campaign_ids", "foreign_campaign_id", "test_clock", "headers"):
        if getattr(settings, name):
            raise UsageError(
                f"{named(name)}: expected --base-url beside it; without one the built-in mock is judged"
            )


def _live(settings: Settings, base_url: str, named: Named) -> None:
    host = (urllib.parse.urlsplit(base_url).hostname or "").rstrip(".")
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(
            f"{named('base_url')} {base_url!r}: {host} is production, where a run pauses and resumes real campaigns; "
            "expected a staging host, or --allow-production"
        )
    if not settings.token:
        raise UsageError(
            "WHOP_API_TOKEN: not set; expected a token for a live target (or --token-file, --token)"
        )
    if not settings.campaign_ids:
        raise UsageError(
            "--campaign-id: not given; expected at least one campaign of a live target that is ours for the run"
        )


def _parties(settings: Settings, named: Named) -> None:
    repeated = [
        id_ for index, id_ in enumerate(settings.campaign_ids) if id_ in settings.campaign_ids[:index]
    ]
    if repeated:
        raise UsageError(f"{named('campaign_ids')} {repeated[0]!r}: expected each campaign once")
    if settings.foreign_campaign_id in settings.campaign_ids:
        raise UsageError(
            f"{named('foreign_campaign_id')} {settings.foreign_campaign_id!r}: expected another company's campaign, "
            "not one of --campaign-id"
        )
    if settings.token and settings.readonly_token == settings.token:
        raise UsageError(
            f"{named('readonly_token')}: expected a credential without ad_campaign:update, not the same one again"
        )


def _apart(settings: Settings, named: Named) -> None:
    """Files that are written are different ones; devices may be the same."""
    taken: dict[Path, str] = {}
    for name in OUTPUTS:
        path = getattr(settings, name)
        if path is None or (path.exists() and not path.is_file()):
            continue
        other = taken.setdefault(path.resolve(), name)
        if other != name:
            raise UsageError(
                f"{named(name)} {str(path)!r}: expected another file than that of --{KEYS[other]}"
            )
