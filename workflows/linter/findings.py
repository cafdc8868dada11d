"""One thing that is wrong with a release, and how to mend it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from workflows.definitions import Definition

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    where: str
    sentence: str


def error(where: str, sentence: str) -> Finding:
    return Finding("error", where, sentence)


def warning(where: str, sentence: str) -> Finding:
    return Finding("warning", where, sentence)


def stages_of(definition: Definition, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for stage in definition["stages"]:
        if stage["kind"] == kind:
            yield f"stage {stage['key']}", stage
