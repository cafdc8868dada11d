"""What is wrong with a release, in sentences that say how to mend it.

An error keeps a release from being published; a warning is for whoever reads it. The checks are
pure and read the same plain data that a workflow file holds.
"""

from collections.abc import Callable, Iterator
from typing import Final

from workflows.definitions import Definition, definition_of
from workflows.linter import effects, rules, secrets, ways
from workflows.linter.findings import Finding
from workflows.models import Release

__all__ = ["Finding", "lint", "lint_definition"]

_CHECKS: Final[tuple[Callable[[Definition], Iterator[Finding]], ...]] = (
    ways.check_shape,
    ways.check_ways,
    ways.check_routes,
    rules.check_schemas,
    rules.check_expressions,
    rules.check_triggers,
    rules.check_pointers,
    rules.check_dead_triggers,
    rules.check_presentation,
    effects.check_queues,
    effects.check_ladders,
    effects.check_outcomes,
    secrets.check_secrets,
    effects.check_timeouts,
    effects.check_reasons,
    effects.check_separation,
)


def lint(release: Release) -> list[Finding]:
    return lint_definition(definition_of(release))


def lint_definition(definition: Definition) -> list[Finding]:
    """Errors first; where there are none, the release can be published."""
    found = [finding for check in _CHECKS for finding in check(definition)]
    return sorted(found, key=lambda finding: finding.level)
