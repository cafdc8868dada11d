"""The state machines as they are in the code, drawn for docs/states.md."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django_fsm import FSMField

HEAD = """# States

Drawn from the transitions in the code by `manage.py draw_states`; a test compares. Nothing
changes a state past a transition, or a named QuerySet method of one conditional UPDATE.
"""


class Command(BaseCommand):
    help = "Prints docs/states.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(drawing(), ending="")


def drawing() -> str:
    parts = [HEAD]
    for label in ("reviews.Case", "reviews.Review", "reviews.OutcomeRun"):
        parts.append(_machine(label))
    for label in ("workflows.Release", "workflows.Agent"):
        parts.append(_machine(label))
    return "\n".join(parts)


def _machine(label: str) -> str:
    model = apps.get_model(label)
    field = next(f for f in model._meta.fields if isinstance(f, FSMField))
    arrows = sorted(
        f"    {move.source} --> {move.target}: {move.name}"
        for move in field.get_all_transitions(model)
    )
    first = f"    [*] --> {field.default}"
    lines = ["```mermaid", "stateDiagram-v2", first, *arrows, "```", ""]
    return "\n".join([f"## {model.__name__}", "", *lines])
