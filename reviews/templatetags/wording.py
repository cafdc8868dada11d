"""States, verdicts and requests in words."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from reviews import history
from reviews.models import Attachment, Case, OutcomeRun
from reviews.outcomes.template import Rendered
from reviews.rendering import as_text
from workflows.models.action_type import Reversibility

register = template.Library()


FILE_KINDS = {
    "PNG": noop("PNG image"),
    "JPEG": noop("JPEG image"),
    "GIF": noop("GIF image"),
    "WEBP": noop("WebP image"),
    "PDF": noop("PDF"),
    "CSV": noop("table as CSV"),
    "TEXT": noop("plain text"),
}


@register.filter
def file_in_words(file: Attachment) -> str:
    """“PNG image, its measures, 214 KB”: by its content, whatever it is called."""
    parts = [_(FILE_KINDS[file.kind])]
    if file.width:
        parts.append(f"{file.width} × {file.height}")  # noqa: RUF001
    if file.moves:
        parts.append(_("moves"))
    return ", ".join([*parts, filesizeformat(file.size)])


@register.filter
def state_in_words(case: Case) -> str:
    state = {
        Case.State.RECEIVED: _("received"),
        Case.State.IN_REVIEW: _("waits for a person"),
        Case.State.WAITING_FOR_AGENT: _("waits for the agent"),
        Case.State.DECIDED: _("outcome under way"),
        Case.State.COMPLETED: _("completed"),
        Case.State.FAILED: _("outcome failed"),
        Case.State.CANCELLED: _("cancelled"),
        Case.State.EXPIRED: _("expired"),
        Case.State.REVERSED: _("reversed"),
    }[Case.State(case.state)]
    if case.undo_until:
        return _("decided, can be undone")
    if case.verdict and case.state != Case.State.IN_REVIEW:
        return f"{history.verdict_done(case.verdict)} · {state}"
    return state


@register.filter
def state_level(case: Case) -> str:
    if case.state in (Case.State.FAILED, Case.State.EXPIRED):
        return "bad"
    if case.state == Case.State.COMPLETED:
        return "ok"
    return "accent" if case.state == Case.State.DECIDED else ""


@register.filter
def run_in_words(run: OutcomeRun) -> str:
    return {
        OutcomeRun.State.PENDING: _("about to be sent"),
        OutcomeRun.State.RUNNING: _("being sent"),
        OutcomeRun.State.RETRY_WAIT: _("will be tried again"),
        OutcomeRun.State.SUCCEEDED: _("succeeded"),
        OutcomeRun.State.FAILED: _("failed"),
        OutcomeRun.State.UNCERTAIN: _("sent, result unknown"),
        OutcomeRun.State.STALE: _("not sent, the target changed"),
        OutcomeRun.State.CANCELLED: _("cancelled"),
        OutcomeRun.State.COMPENSATED: _("taken back"),
    }[OutcomeRun.State(run.state)]


@register.filter
def run_level(run: OutcomeRun) -> str:
    return {
        OutcomeRun.State.SUCCEEDED: "ok",
        OutcomeRun.State.FAILED: "bad",
        OutcomeRun.State.UNCERTAIN: "bad",
        OutcomeRun.State.STALE: "bad",
        OutcomeRun.State.RETRY_WAIT: "warn",
    }.get(OutcomeRun.State(run.state), "accent")


@register.filter
def request_text(run: OutcomeRun) -> str:
    """The stored request, with its key; secrets by name alone."""
    rendered = Rendered(run.method, run.url, run.headers, bytes(run.body), run.precondition)
    return request_lines(rendered.as_shown(), key=run.idempotency_key)


@register.filter
def request_lines(shown: dict[str, Any], key: str = "") -> str:
    shown_key = key or _("(set when you decide)")
    lines = [
        *_read_before(shown.get("precondition")),
        f"{shown['method']} {shown['url']}",
        *_headers(shown),
        f"Idempotency-Key: {shown_key}",
    ]
    return "\n".join([*lines, "", _indented(shown["body"])])


def _read_before(precondition: dict[str, Any] | None) -> list[str]:
    """What is read again before sending, and what it must still say."""
    if precondition is None:
        return []
    expected = [
        f"  {pointer} = {json.dumps(value, ensure_ascii=False)}"
        for pointer, value in precondition["expected"].items()
    ]
    only_if = _("and only if it still says")
    return [f"GET {precondition['url']}", *_headers(precondition), only_if, *expected, ""]


def _headers(shown: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in shown["headers"].items()]


def _indented(body: str) -> str:
    """Indented for the eye: names, values and their order are those of the stored bytes."""
    try:
        return json.dumps(json.loads(body, parse_float=str), ensure_ascii=False, indent=2)
    except ValueError:
        return body


@register.filter
def json_text(value: Any) -> str:
    return "–" if value is None else as_text(value)  # noqa: RUF001


@register.filter
def pointer_name(pointer: str) -> str:
    return pointer.removeprefix("/action/args/").replace("/", " → ")


@register.filter
def reversibility_in_words(value: str) -> str:
    return {
        Reversibility.READ_ONLY: _("Read only"),
        Reversibility.REVERSIBLE: _("Reversible here"),
        Reversibility.EXTERNALLY_REVERSIBLE: _("Reversible by somebody else"),
        Reversibility.IRREVERSIBLE: _("Irreversible"),
    }[Reversibility(value)]


@register.filter
def verdict_name(verdict: str) -> str:
    return {
        "approve": _("approve"),
        "edit": _("approve with changes"),
        "reject": _("reject"),
        "respond": _("answer"),
    }.get(verdict, verdict)


@register.filter
def seconds_left(until: datetime | None) -> int:
    return max(0, int((until - timezone.now()).total_seconds())) if until else 0
