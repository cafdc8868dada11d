"""How much may pass without a person: what the labels support, drawn and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.steps import Step
from reviews.insights.adviser import Row, Target
from reviews.insights.labels import Scope, scopes
from reviews.insights.monitor import always_bounds
from reviews.models import AuditMonitor
from reviews.services import advice, alarms
from reviews.services.advice import Advised
from workflows.models import Agent, Workflow

PROMISES = [
    (Target.ESCAPED.value, gettext_lazy("of all cases are wrong and seen by nobody")),
    (Target.LANE.value, gettext_lazy("of the automatic decisions are wrong")),
]
MOST_ERRORS = [("0.01", "1 %"), ("0.02", "2 %"), ("0.05", "5 %"), ("0.1", "10 %")]
MOST_MONITORS = 20
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 260, 56, 36, 12


class AskForm(forms.Form):
    who = forms.ChoiceField(label=gettext_lazy("Agent and version"))
    alpha = forms.ChoiceField(label=gettext_lazy("At most"), choices=MOST_ERRORS, initial="0.05")
    target = forms.ChoiceField(label=gettext_lazy("which"), choices=PROMISES, initial="A")

    def __init__(self, data: Any, *, workflow: Workflow) -> None:
        self.workflow = workflow
        live = workflow.live_release
        self.found = scopes(live) if live else []
        first = f"{self.found[0][0]}:{self.found[0][2]}" if self.found else ""
        begun = {"who": first, "alpha": "0.05", "target": "A"}
        super().__init__(begun | {name: data[name] for name in begun if name in data})
        self.fields["who"].choices = [
            (f"{pk}:{version}", f"{name} {version} ({number:,})")
            for pk, name, version, number in self.found
        ]

    def scope(self) -> Scope:
        agent, _colon, version = self.cleaned_data["who"].partition(":")
        live = self.workflow.live_release
        return Scope(live, Agent.objects.get(pk=agent), version)

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"target": Target(given["target"]), "alpha": float(given["alpha"])}


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    row: Row


@dataclass(frozen=True, slots=True)
class Chart:
    """The bound of each candidate over the share that would pass; coordinates in the drawing."""

    points: list[Point]
    alpha_y: float
    top: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM

    @classmethod
    def of(cls, rows: Sequence[Row], alpha: float) -> Self:
        shown = [row for row in rows if row.bound <= 4 * alpha or row.passes]
        top = max([alpha * 2, *(row.bound for row in shown)])
        across, down = WIDTH - LEFT - 12, HEIGHT - BOTTOM - TOP
        points = [
            Point(LEFT + row.automated * across, TOP + (1 - row.bound / top) * down, row)
            for row in shown
        ]
        return cls(points, TOP + (1 - alpha / top) * down, top)

    @property
    def line(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)

    @property
    def right(self) -> int:
        return WIDTH - 12

    @property
    def ticks(self) -> list[tuple[float, int]]:
        return [(LEFT + share / 100 * (WIDTH - LEFT - 12), share) for share in (0, 25, 50, 75, 100)]


def threshold_page(request: HttpRequest, workflow: Workflow, *, admin: ModelAdmin) -> HttpResponse:
    form = AskForm(request.GET, workflow=workflow)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("How much may pass without a person"),
        "opts": admin.opts,
        "original": workflow,
        "form": form,
        "certificates": _certificates(workflow),
        "monitors": _monitors([pk for pk, *_rest in form.found]),
    }
    if form.is_valid():
        advised = advice.advice_for(form.scope(), **form.asked())
        context |= _told(advised, form)
    return TemplateResponse(request, "admin/workflows/workflow/threshold.html", context)


def threshold_step(form: AskForm) -> Step:
    return Step(
        title=_("Prepare a draft with the recommended threshold"),
        explanation=_(
            "A copy of the newest release with the threshold that the labels support now, and "
            "what they promise of it on record. Nothing changes before somebody publishes it."
        ),
        button=_("Prepare the draft"),
        run=lambda workflow, *, by: _prepare(form, by),
    )


def _prepare(form: AskForm, by: Any) -> str:
    draft = advice.draft_with(form.scope(), by=by, **form.asked())
    return _("%(release)s is yours to look at and to propose.") % {"release": draft}


def _told(advised: Advised, form: AskForm) -> dict[str, Any]:
    rows = advised.advice.rows
    query = form.data
    address = reverse("admin:workflows_workflow_threshold_draft", args=[form.workflow.pk])
    return {
        "advised": advised,
        "advice": advised.advice,
        "rows": [(row, advised.hours_a_week(row.automated)) for row in rows],
        "chart": Chart.of(rows, advised.advice.alpha) if rows else None,
        "draft_address": address,
        "asked": query,
    }


def _monitors(agents: Sequence[int]) -> list[dict[str, Any]]:
    """What the blind audits of these agents say, with a bound that may be looked at any time."""
    rows = AuditMonitor.objects.filter(agent__in=agents).select_related("agent")
    return [
        {
            "row": row,
            "bounds": always_bounds(row.wrong, row.audits),
            "alarm": max(0.0, row.level) / alarms.alarm_of(row).level,
        }
        for row in rows.order_by("agent", "-began_at")[:MOST_MONITORS]
    ]


def _certificates(workflow: Workflow) -> list[tuple[Any, str]]:
    rows = workflow.certificates.select_related(
        "agent", "draft", "release", "issued_by", "workflow__live_release"
    )
    return [(row, advice.why_void(row)) for row in rows[:5]]
