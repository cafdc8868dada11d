"""What narrows the queue page: the form, and its address without what says nothing."""

from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.history import trigger_name
from reviews.listing import Filters
from reviews.models import SavedView
from workflows.models import Agent, Queue, Team, Workflow
from workflows.triggers import Kind

DUE = [
    ("", gettext_lazy("Due any time")),
    ("late", gettext_lazy("Late")),
    ("hour", gettext_lazy("Due within the hour")),
    ("day", gettext_lazy("Due within a day")),
]
GROUPS = [
    ("", gettext_lazy("Free or not")),
    ("mine", gettext_lazy("Held by me")),
    ("free", gettext_lazy("Free")),
    ("taken", gettext_lazy("Held by others")),
    ("put_off", gettext_lazy("Put off")),
    ("asked", gettext_lazy("Waiting for an agent")),
]
TRIGGERS = [
    *(kind.value.lower() for kind in Kind),
    "stop",
    "no_route",
    "outcome_failed",
    "time_limit",
]
FIRST = ("trigger", "due", "state")
MONEY = {"max_digits": 21, "decimal_places": 6, "required": False}


class FilterForm(forms.Form):
    """Narrows the list; what it does not understand it leaves out, with a word at the field."""

    text = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    trigger = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    due = forms.ChoiceField(label=gettext_lazy("Due"), required=False, choices=DUE)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=GROUPS)
    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        label=gettext_lazy("Queue"),
        required=False,
        empty_label=gettext_lazy("Any queue"),
        to_field_name="slug",
    )
    workflow = forms.ModelChoiceField(
        Workflow.objects.all(),
        label=gettext_lazy("Workflow"),
        required=False,
        empty_label=gettext_lazy("Any workflow"),
        to_field_name="slug",
    )
    agent = forms.ModelChoiceField(
        Agent.objects.all(),
        label=gettext_lazy("Agent"),
        required=False,
        empty_label=gettext_lazy("Any agent"),
    )
    value_from = forms.DecimalField(label=gettext_lazy("Value from"), **MONEY)
    value_to = forms.DecimalField(label=gettext_lazy("Value to"), **MONEY)

    def __init__(self, data: QueryDict, *, queues: list[Queue], one_queue: bool) -> None:
        super().__init__(data)
        reasons = [(trigger, trigger_name(trigger).capitalize()) for trigger in TRIGGERS]
        self.fields["trigger"].choices = [("", _("Any reason")), *reasons]
        for name in ("value_from", "value_to"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 8})
        if one_queue:
            del self.fields["queue"]
        else:
            ids = [queue.pk for queue in queues]
            self.fields["queue"].queryset = Queue.objects.filter(pk__in=ids)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        least, most = cleaned.get("value_from"), cleaned.get("value_to")
        if least is not None and most is not None and least > most:
            cleaned["value_to"] = None
            self.add_error("value_to", _("is under the value it begins with."))
        return cleaned

    def filters(self) -> Filters:
        self.is_valid()
        cleaned = self.cleaned_data
        agent, workflow = cleaned.get("agent"), cleaned.get("workflow")
        return Filters(
            trigger=cleaned.get("trigger", ""),
            agent=agent.pk if agent else None,
            workflow=workflow.pk if workflow else None,
            due=cleaned.get("due", ""),
            value_from=cleaned.get("value_from"),
            value_to=cleaned.get("value_to"),
            text=cleaned.get("text", ""),
            group=cleaned.get("state", ""),
        )

    @property
    def chosen_queue(self) -> Queue | None:
        return self.cleaned_data.get("queue")

    @property
    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in FIRST]

    @property
    def more(self) -> list[forms.BoundField]:
        """Those that stand folded, until one of them narrows the list."""
        return [self[name] for name in self.fields if name not in (*FIRST, "text")]

    @property
    def is_more_open(self) -> bool:
        return any(bound.value() or bound.errors for bound in self.more)


def narrowing(data: QueryDict, *, queue: Queue | None = None) -> str:
    """The query string of what narrows, in one order: what a saved view remembers."""
    names = FilterForm.base_fields
    given = [(name, data.get(name, "").strip()) for name in sorted(names)]
    if queue is not None:
        given = [("queue", queue.slug), *(row for row in given if row[0] != "queue")]
    return urlencode([(name, value) for name, value in given if value])


class ViewForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    query = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Shared with"),
        required=False,
        empty_label=gettext_lazy("only me"),
    )

    def __init__(self, *args: object, teams: QuerySet[Team], **kwargs: object) -> None:
        super().__init__(*args, auto_id="id_view_%s", **kwargs)
        self.fields["team"].queryset = teams

    def clean_query(self) -> str:
        """Nothing but what narrows the list: a view is no way to send people elsewhere."""
        query = narrowing(QueryDict(self.cleaned_data["query"]))
        if len(query) > SavedView._meta.get_field("query").max_length:
            raise forms.ValidationError(_("These filters are too long to be saved."))
        return query
