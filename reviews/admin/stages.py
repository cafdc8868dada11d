from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _

from reviews.admin.findings import ShowsFindings
from reviews.outcomes.rule_check import check_precondition, check_rule
from workflows.admin import gate
from workflows.admin import stage as drafts
from workflows.models import Gate, Secret, Stage


class OutcomeRuleForm(drafts.OutcomeRuleForm):
    """A template is checked against what a case of this release can hold."""

    def clean(self) -> None:
        super().clean()
        self._check("template")
        self._check("compensation")
        self._check("precondition")

    def _check(self, name: str) -> None:
        template = self.cleaned_data.get(name)
        if template is None or self.release is None:
            return
        for problem in self._problems(name, template) or _unknown_secrets(template):
            self.add_error(name, problem)

    def _problems(self, name: str, template: Any) -> list[str]:
        schemas = {
            "data_schema": self.release.input_schema,
            "args_schemas": [row.args_schema for row in self.release.action_types.all()],
        }
        if name == "precondition":
            return check_precondition(template, **schemas)
        kind = self.cleaned_data.get("kind", self.instance.kind)
        return check_rule(kind, template, compensates=name == "compensation", **schemas)


class OutcomeRuleInline(drafts.OutcomeRuleInline):
    form = OutcomeRuleForm


@admin.register(Gate)
class GateAdmin(ShowsFindings, gate.GateAdmin):
    """A gate of a draft, with what is wrong there."""


@admin.register(Stage)
class StageAdmin(ShowsFindings, drafts.StageAdmin):
    inlines = (drafts.RouteInline, OutcomeRuleInline)


def _unknown_secrets(template: dict[str, Any]) -> list[str]:
    named = set(_secrets(template.get("headers", {})))
    named |= {template["token"]} if "token" in template else set()
    known = set(Secret.objects.filter(name__in=named).values_list("name", flat=True))
    return [
        _("There is no secret “%(name)s”: make it first.") % {"name": name}
        for name in sorted(named - known)
    ]


def _secrets(headers: dict[str, Any]) -> Iterator[str]:
    for value in headers.values():
        if isinstance(value, dict) and isinstance(value.get("$secret"), str):
            yield value["$secret"]
