"""What a release changes against another, field by field, in the order of a reader."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _

from workflows.admin.fields import pretty
from workflows.models import Release
from workflows.schema_order import in_order
from workflows.wording import plain

LONGEST_IN_A_LINE = 80
# Says where a row stands or who made it, not what it decides.
NOT_CONTENT = frozenset(
    {
        "id",
        "workflow",
        "release",
        "stage",
        "gate",
        "number",
        "state",
        "notes",
        "author",
        "proposer",
        "publisher",
        "created_at",
        "proposed_at",
        "published_at",
        "retired_at",
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """`stage` is the key of the stage that it is of; empty for the release and its actions."""

    where: str
    before: str
    after: str
    stage: str = ""

    @property
    def is_short(self) -> bool:
        return max(len(self.before), len(self.after)) <= LONGEST_IN_A_LINE


def differences(before: Release | None, after: Release) -> list[Difference]:
    """Empty when nothing that decides a case's path has changed."""
    old = dict(_content(before)) if before else {}
    new = dict(_content(after))
    return [
        Difference(where, old.get(where, ""), new.get(where, ""), stage=_stage_of(where))
        for where in {**new, **old}
        if old.get(where, "") != new.get(where, "")
    ]


Line = tuple[str, str]


def _stage_of(where: str) -> str:
    begin = _("Stage %(key)s") % {"key": ""}
    return re.split(r"[:,]", where.removeprefix(begin))[0] if where.startswith(begin) else ""


def _content(release: Release) -> Iterator[Line]:
    yield from _fields("", release)
    for action in release.action_types.all():
        yield from _fields(_("Action %(name)s") % {"name": action.name}, action)
    for stage in release.stages.select_related("gate"):
        where = _("Stage %(key)s") % {"key": stage.key}
        yield from _fields(where, stage)
        yield from _rows(where, _("route"), stage.routes.select_related("to_stage"))
        yield from _rows(where, _("outcome rule"), stage.outcome_rules.all())
        gate = getattr(stage, "gate", None)
        if gate is not None:
            where = f"{where}, {_('gate')}"
            yield from _fields(where, gate)
            yield from _rows(where, _("trigger"), gate.triggers.select_related("queue"))
            yield from _rows(where, _("reason"), gate.reason_codes.all())
            yield from _rows(where, _("rung"), gate.ladder.select_related("queue"))
            yield from _separation(where, gate)


def _rows(where: str, name: str, rows: Iterable[models.Model]) -> Iterator[Line]:
    for number, row in enumerate(rows, start=1):
        yield from _fields(f"{where}, {name} {number}", row)


def _separation(where: str, gate: models.Model) -> Iterator[Line]:
    """`stage` says here whom the rule keeps out, and not where the rule stands."""
    for number, rule in enumerate(gate.separation_rules.order_by("kind", "stage__position"), 1):
        label = f"{where}, {_('separation of duties')} {number}"
        yield label, f"{rule.get_kind_display()} {rule.stage.key if rule.stage else ''}".strip()


def _fields(where: str, row: models.Model) -> Iterator[Line]:
    for field in row._meta.concrete_fields:
        if field.name in NOT_CONTENT:
            continue
        text = _shown(row, field)
        if text:
            label = str(field.verbose_name)
            yield f"{where}: {label}" if where else label[:1].upper() + label[1:], text


def _shown(row: models.Model, field: models.Field) -> str:
    value = getattr(row, field.name)
    if value is None or value in ("", [], {}):
        return ""
    if field.name == "to_stage":
        return str(value.key)
    if isinstance(field, models.JSONField):
        return pretty(in_order(value) if field.name.endswith("_schema") else value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
