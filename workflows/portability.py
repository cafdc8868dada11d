"""A workflow as a file: written from a release, and read into a new draft."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction

from workflows import definitions, yaml_text
from workflows.models import (
    ActionType,
    Gate,
    LadderStep,
    OutcomeRule,
    Queue,
    ReasonCode,
    Release,
    Route,
    SeparationRule,
    Stage,
    Team,
    Trigger,
    Workflow,
)
from workflows.schema_order import keep_order
from workflows.yaml_text import Block, FileError

__all__ = ["FileError", "export_release", "import_workflow"]

Row = TypeVar("Row", bound=models.Model)

# Columns that have another name in a file.
_WORDS: Final = {"on_verdicts": "verdicts", "to_stage": "to"}
_FILE_KEYS: Final = (
    "workflow",
    *definitions.WORKFLOW_KEYS,
    "owner_team",
    "exception_queue",
    "teams",
    "queues",
    "release",
    "actions",
    "stages",
)


def export_release(release: Release) -> str:
    """The whole release in a stable order: equal releases give equal files."""
    return yaml_text.write(definitions.definition_of(release))


@transaction.atomic
def import_workflow(text: str, *, author: AbstractBaseUser) -> Release:
    """A new draft of the workflow that the file names; the workflow, its teams and queues are
    made where they are missing. Queues that exist are left alone: they are operations.

    Raises FileError with the line of what cannot be read.
    """
    return _Import(yaml_text.read(text), author).release()


class _Import:
    """One file on its way into rows; `made` finds queues and stages by the names in the file."""

    def __init__(self, file: Block, author: AbstractBaseUser) -> None:
        self.file = file
        self.author = author
        self.stages: dict[str, Stage] = {}
        _only(file, _FILE_KEYS, "the file")

    def release(self) -> Release:
        self._teams()
        self._queues()
        workflow = self._workflow()
        block = _block(self.file, "release")
        _only(block, definitions.RELEASE_KEYS, "release")
        number = workflow.releases.aggregate(last=models.Max("number"))["last"] or 0
        release = _made(
            block,
            Release(
                workflow=workflow, number=number + 1, author_id=self.author.pk, **_ordered(block)
            ),
        )
        for action in _blocks(self.file, "actions"):
            _only(action, definitions.ACTION_KEYS, "an action")
            _made(action, ActionType(release=release, **_ordered(action)))
        self._stages(release)
        return release

    def _teams(self) -> None:
        for block in _blocks(self.file, "teams"):
            _only(block, ("slug", "name"), "a team")
            if not Team.objects.filter(slug=_needed(block, "slug")).exists():
                _made(block, Team(**block))

    def _queues(self) -> None:
        new = []
        for block in _blocks(self.file, "queues"):
            _only(block, (*definitions.QUEUE_KEYS, "teams", "escalation_queue"), "a queue")
            if Queue.objects.filter(slug=_needed(block, "slug")).exists():
                continue
            queue = _made(block, Queue(**_plain(block, definitions.QUEUE_KEYS)))
            queue.teams.set([_found(block, "teams", Team, slug) for slug in _texts(block, "teams")])
            new.append((block, queue))
        for block, queue in new:
            if "escalation_queue" in block:
                queue.escalation_queue = _named(block, "escalation_queue", Queue)
                queue.save()

    def _workflow(self) -> Workflow:
        slug = _needed(self.file, "workflow")
        row = Workflow.objects.select_for_update().filter(slug=slug).first() or Workflow(slug=slug)
        for key in definitions.WORKFLOW_KEYS:
            setattr(row, key, _needed(self.file, key))
        row.owner_team = _named(self.file, "owner_team", Team)
        row.exception_queue = _named(self.file, "exception_queue", Queue)
        return _made(self.file, row)

    def _stages(self, release: Release) -> None:
        blocks = _blocks(self.file, "stages")
        for position, block in enumerate(blocks, 1):
            _only(block, (*definitions.STAGE_KEYS, "gate", "outcomes", "routes"), "a stage")
            plain = _plain(block, definitions.STAGE_KEYS)
            stage = _made(block, Stage(release=release, position=position, **plain))
            self.stages[stage.key] = stage
        for block in blocks:
            self._content(block, self.stages[block["key"]])

    def _content(self, block: Block, stage: Stage) -> None:
        if "gate" in block:
            self._gate(_block(block, "gate"), stage)
        for position, rule in enumerate(_blocks(block, "outcomes"), 1):
            _only(rule, definitions.OUTCOME_KEYS, "an outcome")
            _made(rule, OutcomeRule(stage=stage, position=position, **rule))
        for position, route in enumerate(_blocks(block, "routes"), 1):
            _only(route, ("verdicts", "to", "condition"), "a route")
            _made(
                route,
                Route(
                    stage=stage,
                    position=position,
                    on_verdicts=_texts(route, "verdicts"),
                    condition=route.get("condition", ""),
                    to_stage=self._stage(route, "to"),
                ),
            )

    def _stage(self, block: Block, key: str) -> Stage:
        name = _needed(block, key)
        if name not in self.stages:
            known = ", ".join(self.stages)
            raise FileError(block.line_of(key), f'there is no stage "{name}"; there is {known}.')
        return self.stages[name]

    def _gate(self, block: Block, stage: Stage) -> None:
        several = ("ladder", "triggers", "reason_codes", "separation")
        _only(block, ("queue", "fallback_queue", *definitions.GATE_KEYS, *several), "a gate")
        gate = Gate(stage=stage, **_plain(block, definitions.GATE_KEYS))
        gate.queue = _named(block, "queue", Queue)
        if "fallback_queue" in block:
            gate.fallback_queue = _named(block, "fallback_queue", Queue)
        _made(block, gate)
        for position, step in enumerate(_blocks(block, "ladder"), 1):
            _only(step, ("queue", "condition"), "a step of the ladder")
            condition = step.get("condition", "")
            queue = _named(step, "queue", Queue)
            _made(step, LadderStep(gate=gate, position=position, queue=queue, condition=condition))
        for position, trigger in enumerate(_blocks(block, "triggers")):
            self._trigger(trigger, gate, position)
        for position, code in enumerate(_blocks(block, "reason_codes")):
            _only(code, ("code", "label"), "a reason code")
            _made(code, ReasonCode(gate=gate, position=position, **code))
        for rule in _blocks(block, "separation"):
            _only(rule, ("kind", "stage"), "a separation rule")
            other = self._stage(rule, "stage") if "stage" in rule else None
            _made(rule, SeparationRule(gate=gate, kind=_needed(rule, "kind"), stage=other))

    def _trigger(self, block: Block, gate: Gate, position: int) -> None:
        _only(block, (*definitions.TRIGGER_KEYS, "queue"), "a trigger")
        plain = _plain(block, definitions.TRIGGER_KEYS)
        for key in ("threshold", "minimum", "maximum"):
            if key in plain:
                # As text, so that 0.8 becomes the decimal 0.8 and not its binary neighbour.
                plain[key] = str(plain[key])
        trigger = Trigger(gate=gate, position=position, **plain)
        if "queue" in block:
            trigger.queue = _named(block, "queue", Queue)
        _made(block, trigger)


def _made(block: Block, row: Row) -> Row:
    """Saves the row if all its values are allowed; what is not is told with its line."""
    # Cleaning assigns, and a protected state refuses every assignment.
    unasked = [field.name for field in row._meta.fields if not field.editable]
    try:
        row.full_clean(exclude=unasked)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{_WORDS.get(field, field)}: "
        raise FileError(block.line_of(field), named + " ".join(sentences)) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise FileError(block.line, f"a value here is of the wrong kind ({error}).") from error
    row.save()
    return row


def _only(block: Block, keys: Iterable[str], what: str) -> None:
    known = list(keys)
    for key in block:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"it has {', '.join(known)}."
            raise FileError(block.line_of(key), f'{what} has no "{key}"; {hint}')


def _plain(block: Block, keys: Iterable[str]) -> dict[str, Any]:
    return {key: block[key] for key in keys if key in block}


def _ordered(block: Block) -> dict[str, Any]:
    schemas = ("input_schema", "args_schema")
    return {key: keep_order(value) if key in schemas else value for key, value in block.items()}


def _needed(block: Block, key: str) -> str:
    value = block.get(key)
    if not isinstance(value, str) or not value:
        raise FileError(block.line_of(key), f'"{key}" is needed here, as text.')
    return value


def _block(parent: Block, key: str) -> Block:
    found = parent.get(key)
    if not isinstance(found, Block):
        raise FileError(parent.line_of(key), f'"{key}" is needed here, with its settings below.')
    return found


def _blocks(parent: Block, key: str) -> list[Block]:
    found = parent.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, Block) for one in found):
        raise FileError(parent.line_of(key), f'"{key}" is a list: begin each entry with "- ".')
    return found


def _texts(block: Block, key: str) -> list[str]:
    found = block.get(key)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise FileError(block.line_of(key), f'"{key}" is a list of names, such as [a, b].')
    return found


def _named(block: Block, key: str, table: type[Row]) -> Row:
    return _found(block, key, table, _needed(block, key))


def _found(block: Block, key: str, table: type[Row], slug: str) -> Row:
    row = table._default_manager.filter(slug=slug).first()
    if row is None:
        what = table._meta.verbose_name
        raise FileError(block.line_of(key), f'there is no {what} "{slug}": list it in this file.')
    return row
