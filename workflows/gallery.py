"""Ready workflows to begin with: the files beside this one, each with a line that says what for."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workflows import yaml_text

EXAMPLES = Path(__file__).parent / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """`pattern` is what it shows, `about` how."""

    slug: str
    name: str
    pattern: str
    about: str
    purpose: str
    stages: tuple[tuple[str, str], ...]
    text: str


@cache
def gallery() -> tuple[Example, ...]:
    return tuple(_example(path) for path in sorted(EXAMPLES.glob("*.yaml")))


def example(slug: str) -> Example | None:
    return next((one for one in gallery() if one.slug == slug), None)


def _example(path: Path) -> Example:
    text = path.read_text()
    file: dict[str, Any] = yaml_text.read(text)
    said = " ".join(line[1:].strip() for line in re.match(r"(#.*\n)*", text)[0].splitlines())
    pattern, _colon, about = said.partition(": ")
    return Example(
        slug=file["workflow"],
        name=file["name"],
        pattern=pattern,
        about=about,
        purpose=file["purpose"],
        stages=tuple((stage["title"], stage["kind"]) for stage in file["stages"]),
        text=text,
    )
