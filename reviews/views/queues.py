from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from reviews.history import trigger_name
from reviews.listing import FARTHEST, BadCursor, Cursor, Filters, page_of
from workflows.models import Agent, Queue
from workflows.triggers import Kind

DUE = [
    ("", gettext_lazy("Due any time")),
    ("late", gettext_lazy("Late")),
    ("hour", gettext_lazy("Due within the hour")),
    ("day", gettext_lazy("Due within a day")),
]
TRIGGERS = [
    *(kind.value.lower() for kind in Kind),
    "stop",
    "no_route",
    "outcome_failed",
    "time_limit",
]


class FilterForm(forms.Form):
    """Narrows the list; what it does not understand it leaves out, with a word at the field."""

    text = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    trigger = forms.ChoiceField(required=False)
    agent = forms.ModelChoiceField(
        Agent.objects.all(), required=False, empty_label=gettext_lazy("Any agent")
    )
    due = forms.ChoiceField(required=False, choices=DUE)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(trigger, trigger_name(trigger).capitalize()) for trigger in TRIGGERS]
        self.fields["trigger"].choices = [("", _("Any reason")), *reasons]

    def filters(self) -> Filters:
        self.is_valid()
        cleaned = self.cleaned_data
        agent = cleaned.get("agent")
        return Filters(
            trigger=cleaned.get("trigger", ""),
            agent=agent.pk if agent else None,
            due=cleaned.get("due", ""),
            text=cleaned.get("text", ""),
        )


@login_required
@require_GET
def queue_list(request: HttpRequest) -> HttpResponse:
    """All that this person may work on; what they hold comes first."""
    queues = list(Queue.objects.workable_by(request.user))
    return _page(request, queues, title=_("My work"))


@login_required
@require_GET
def queue_detail(request: HttpRequest, slug: str) -> HttpResponse:
    queue = get_object_or_404(Queue.objects.workable_by(request.user), slug=slug)
    return _page(request, [queue], title=queue.name, queue=queue)


def _page(
    request: HttpRequest, queues: list[Queue], *, title: str, queue: Queue | None = None
) -> HttpResponse:
    form = FilterForm(request.GET)
    filters = form.filters()
    context = {
        "title": title,
        "queue": queue,
        "here": queue.slug if queue else "mine",
        "queues": queues,
        "form": form,
        "filters": filters,
        "farthest": FARTHEST,
        "after": request.GET.get("after", ""),
        "page": page_of(
            request.user,
            queues=[row.pk for row in queues],
            filters=filters,
            after=_cursor(request),
        ),
    }
    return render(request, "reviews/queue.html", context)


def _cursor(request: HttpRequest) -> Cursor | None:
    text = request.GET.get("after", "")
    try:
        return Cursor.parse(text) if text else None
    except BadCursor:
        messages.warning(request, _("That page's address was mangled; this is the first page."))
        return None
