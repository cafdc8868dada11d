"""Rights change who may decide: every change of them stands on the record of the site."""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, Group, Permission
from django.db import models, transaction
from django.db.models import Q

from reviews import audit

OUR_APPS = ("workflows", "reviews", "agents", "auth")
RELEASE_CONTENT = (
    "stage",
    "gate",
    "trigger",
    "route",
    "outcomerule",
    "actiontype",
    "reasoncode",
    "separationrule",
    "ladderstep",
)
RULES = ("workflow", "release", *RELEASE_CONTENT)
RECORD = (
    "case",
    "review",
    "decision",
    "outcomerun",
    "auditentry",
    "checkpoint",
    "erasure",
    "legalhold",
)
PLACES = ("queue", "team", "membership", "calendar", "skill", "qualification", "absence")


def _view(*names: str) -> set[str]:
    return {f"view_{name}" for name in names}


def _edit(*names: str) -> set[str]:
    return {f"{verb}_{name}" for name in names for verb in ("view", "add", "change", "delete")}


# What people do here, by permission. A reviewer's right to decide comes from a team alone.
GROUPS: Final[Mapping[str, set[str]]] = {
    "Reviewer": _view(*RULES, "queue"),
    "Lead": _view(*RULES, *RECORD, "agent", "stop")
    | _edit("membership", "calendar", "qualification", "absence")
    | _view(*PLACES)
    | {"reverse_case", "change_queue", "change_team", "open_stop", "view_board", "move_review"},
    "Designer": _view(*RECORD, "agent", "secret")
    | {"export_feedback"}
    | _edit(*RELEASE_CONTENT, *PLACES)
    | {"view_workflow", "add_workflow", "change_workflow"}
    | {"view_release", "add_release", "change_release"},
    "Publisher": _view(*RULES, *RECORD, *PLACES, "stop", "agent", "agentkey")
    | _view("secret", "webhookendpoint")
    | {"erase_case"}
    | {"change_release", "publish_release", "open_stop", "close_stop"}
    | {"add_agent", "change_agent", "add_agentkey", "change_agentkey"}
    | {"add_webhookendpoint", "change_webhookendpoint", "add_secret", "change_secret"}
    | _edit("chatapp", "chatchannel")
    | _view("chatidentity"),
    "Auditor": _view(*RULES, *RECORD, *PLACES, "stop", "agent", "agentkey", "webhookendpoint")
    | _view("secret", "user", "group")
    | {"export_record", "hold_case"},
}


@transaction.atomic
def make_groups() -> list[Group]:
    """The ready groups with exactly their permissions; running it again mends them."""
    ours = Q(content_type__app_label__in=OUR_APPS)
    groups = []
    for name, codenames in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(ours, codename__in=codenames))
        groups.append(group)
    return groups


Rights = Mapping[str, object]


@transaction.atomic
def record_rights(
    row: models.Model, *, by: AbstractBaseUser, before: Rights, after: Rights
) -> None:
    """Puts a change of who may do what on record; nothing when nothing changed."""
    if before == after:
        return
    what = f"{row._meta.model_name}:{row.pk}"
    data = {"of": what, "before": dict(before), "after": dict(after)}
    audit.record("site", audit.Event("rights.changed", audit.by_user(by), data))
