"""Figures and tables that pages state in prose are those of the program."""

import re
import runpy
from pathlib import Path

from whop_contracts.cli.planning import planned
from whop_contracts.integrations.consumer import RULES
from whop_contracts.settings import PRODUCTION_HOSTS, Settings

ROOT = Path(__file__).parents[2]


def page(name):
    return " ".join((ROOT / "docs" / name).read_text("utf-8").split())


def test_the_drawn_requests_of_a_profile():
    text = page("generators.md")
    for profile in ("standard", "quick"):
        least = re.search(rf"(\d+) in `{profile}`", text)
        assert least
        assert planned(Settings(profile=profile)).drawn >= int(least[1]), profile


def test_the_table_of_consumer_rules():
    text = page("clients.md")
    for rule in RULES:
        name = rule.id.removeprefix("consumer")
        assert f"`consumer{name}`" in text or f"`{name}`" in text, rule.id
        if rule.status:
            assert re.search(rf"`{rule.id}`[^|]*\|[^|]*\|[^|]*\| {rule.status} \|", text), rule.id


def test_defaults_and_limits():
    text, defaults = page("staging.md"), Settings()
    assert f"`--resume-tolerance` ({defaults.resume_tolerance:g} s)" in text
    assert f"`{defaults.profile}` (the default)" in text
    assert all(host in text for host in PRODUCTION_HOSTS)
    least = runpy.run_path(str(ROOT / "tests" / "mutating.py"))["LEAST"]
    assert f"fewer than {least} % are killed" in page("mutants.md")
