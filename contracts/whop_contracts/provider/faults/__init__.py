"""Faulty providers, one module per part that they break. Nothing registers itself."""

from __future__ import annotations

from typing import Final

from whop_contracts.provider.faults import (
    access,
    bodies,
    campaigns,
    history,
    invalid_dates,
    pausing,
    response,
    resuming,
    routes,
    valid_dates,
)
from whop_contracts.provider.faults.making import Fault

__all__ = ["UPCOMING_FAULTS", "Fault", "faults"]

_MODULES: Final = (
    response,
    pausing,
    valid_dates,
    resuming,
    history,
    invalid_dates,
    bodies,
    access,
    routes,
    campaigns,
)
_NOT_CAUGHT: Final = """
    last-second-of-9999-means-none day-366-rolls-over day-366-is-day-365 refuses-leap-days
    resumes-a-second-early resumes-two-seconds-early five-minutes-at-least under-a-minute-never
    under-a-minute-at-once delay-in-whole-seconds two-resumes-per-round without-platform-never-resumes
    without-budget-never-resumes without-config-never-resumes fourth-campaign-never-resumes
    accepts-single-digits accepts-zone-names accepts-zone-ids accepts-comments
    accepts-60-minutes-in-offsets accepts-hour-only-offsets accepts-offset-seconds accepts-comma-fractions
    accepts-basic-format accepts-slashes accepts-expanded-years accepts-two-digit-years accepts-am-and-pm
    accepts-underscores accepts-space-before-offset accepts-day-names accepts-unicode-minus
    accepts-ordinal-dates accepts-week-dates past-minute-means-for-ever 422-resumes-another-campaign
    400-resumes-another-campaign 401-resumes-another-campaign 405-resumes-another-campaign
    422-forgets-another-date 422-postpones-another-campaign token-first-word-compared token-comma-joined
    token-in-quotes token-without-its-prefix token-start-ignored token-symbols-ignored
    no-config-whole-seconds tiktok-loses-offset cancelled-timer-clears-the-next-date same-date-is-ignored
    same-bytes-within-a-minute-are-ignored same-date-within-a-minute-is-ignored
    every-ninth-unpause-is-lost
"""
"""What `standard` does not catch yet."""
_CAUGHT_LATE: Final = """
    leap-years-a-day-short under-5-minutes-never delay-in-whole-minutes one-in-each-second
    one-in-each-minute one-resume-per-round accepts-24-hours-in-offsets accepts-24-00 accepts-us-dates
    past-day-means-for-ever past-year-means-for-ever past-hour-means-for-ever 404-resumes-another-campaign
    404-forgets-another-date 403-stales-another-campaign token-last-four-ignored token-contained
    fourth-campaign-a-day-late tiktok-reads-active without-product-reads-undated rejection-kills-timer
    cancelled-timer-is-never-set-again same-bytes-are-ignored first-pause-after-resume-is-lost
"""
"""What `standard` catches only after 80 requests: these wait until the plan's order is computed with them."""
_WAITING: Final = frozenset({*_NOT_CAUGHT.split(), *_CAUGHT_LATE.split()})
_EVERY: Final = tuple(fault for module in _MODULES for fault in module.FAULTS)
_FAULTS: Final = tuple(fault for fault in _EVERY if fault.name not in _WAITING)
UPCOMING_FAULTS: Final = tuple(fault for fault in _EVERY if fault.name in _WAITING)
"""Faults that can be built by name and are not part of the proof yet."""


def faults() -> tuple[Fault, ...]:
    """Every fault that the proof is made of, by the part that it breaks."""
    return _FAULTS
