"""The ready workflows as their files say, drawn for docs/patterns.md."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from workflows import yaml_text
from workflows.gallery import Example, gallery

HEAD = """# The patterns, each as a ready workflow

There are nine ways to loop people in. Each stands here as a workflow that can be taken over as a
draft in the admin (*Workflows → Ready workflows*) or with `manage.py workflow apply FILE`; change
the addresses that its outcomes are sent to, and propose it. `tests/flows/test_patterns.py` walks
every one of them from the call of an agent to what its target was sent.

Drawn from the files by `manage.py draw_patterns`; a test compares.
"""
SHAPES = {"GATE": ("{{", "}}"), "ACTION": ("[", "]"), "END": ("([", "])")}


class Command(BaseCommand):
    help = "Prints docs/patterns.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(drawn_patterns(), ending="")


def drawn_patterns() -> str:
    return "\n".join([HEAD, *(_section(one) for one in gallery())])


def _section(one: Example) -> str:
    about = one.about[:1].upper() + one.about[1:]
    file = f"[{one.slug}.yaml](../workflows/examples/{one.slug}.yaml)"
    said = f"**{one.pattern}.** {about} {' '.join(one.purpose.split())} File: {file}."
    drawn = ["```mermaid", "flowchart TD", *_lines(yaml_text.read(one.text)), "```", ""]
    return "\n".join([f"## {one.name}", "", said, "", *drawn])


def _lines(file: dict[str, Any]) -> Iterator[str]:
    for stage in file["stages"]:
        begin, end = SHAPES[stage["kind"]]
        yield f"    {_id(stage['key'])}{begin}{_quoted(_told(stage))}{end}"
    for stage in file["stages"]:
        for route in stage.get("routes", ()):
            words = ", ".join(route["verdicts"])
            if "condition" in route:
                words += f" if {route['condition']}"
            yield f"    {_id(stage['key'])} -->|{_quoted(words)}| {_id(route['to'])}"


def _told(stage: dict[str, Any]) -> str:
    gate = stage.get("gate")
    if gate is None:
        return stage["title"]
    rungs = [rung["queue"] for rung in gate.get("ladder", ())]
    return f"{stage['title']}: {' → '.join(rungs) or gate['queue']}"


def _id(key: str) -> str:
    """A word of its own: `end` means something else in such a drawing."""
    return f"stage_{key.replace('-', '_')}"


def _quoted(words: str) -> str:
    return '"' + words.replace('"', "#quot;") + '"'
