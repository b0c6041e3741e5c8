"""The clauses as tests: one item each, and two for the run itself.

``pytest --pyargs whop_contracts.contract`` collects this module from wherever it is installed; a test module
of yours does the same by ``from whop_contracts.contract import clause, run``. The items are made by the
plugin, which pytest loads by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["clause", "run"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The placeholder in a test module, which the plugin replaces by items."""

    kind: Literal["clauses", "run"]


clause: Final = Subject("clauses")
"""``clause[pausing.until-is-kept]`` and the others."""
run: Final = Subject("run")
"""``run::conclusive`` and ``run::put-back``: they fail where the command would exit 3 or 4."""
