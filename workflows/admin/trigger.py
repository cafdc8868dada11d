from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.drafts import DraftForm, DraftInline
from workflows.admin.words import KIND_LABELS
from workflows.models import Trigger
from workflows.triggers import Kind
from workflows.wording import plain

# What each kind reads; the rest of the fields is neither asked for nor kept.
READS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.ALWAYS: (),
    Kind.CONFIDENCE_BELOW: ("threshold", "categories"),
    Kind.VALUE_ABOVE: ("threshold", "currency"),
    Kind.RISK_ABOVE: ("threshold",),
    Kind.CATEGORY_IN: ("categories",),
    Kind.FIELD_MISSING: ("pointers",),
    Kind.OUTSIDE_DOMAIN: ("pointers", "minimum", "maximum", "allowed"),
    Kind.CANNOT_PROCEED: (),
    Kind.SAMPLE: ("rate",),
    Kind.EXPRESSION: ("expression",),
}
EMPTY: Final[dict[str, Callable[[], Any]]] = {
    "threshold": lambda: None,
    "currency": str,
    "categories": list,
    "pointers": list,
    "minimum": lambda: None,
    "maximum": lambda: None,
    "allowed": list,
    "rate": lambda: None,
    "expression": str,
}
NEEDED: Final = {
    Kind.CONFIDENCE_BELOW: "threshold",
    Kind.VALUE_ABOVE: "threshold",
    Kind.RISK_ABOVE: "threshold",
    Kind.CATEGORY_IN: "categories",
    Kind.FIELD_MISSING: "pointers",
    Kind.OUTSIDE_DOMAIN: "pointers",
    Kind.SAMPLE: "rate",
    Kind.EXPRESSION: "expression",
}
ASKED: Final = {
    "threshold": gettext_lazy("Say under or over which number: this kind of trigger needs one."),
    "categories": gettext_lazy("Name at least one category."),
    "pointers": gettext_lazy("Name at least one field, such as /data/income."),
    "rate": gettext_lazy("Say which share of the cases: 0.05 is one in twenty."),
    "expression": gettext_lazy("Write the expression, such as data.amount > 1000."),
}


class TriggerForm(DraftForm):
    kind = forms.ChoiceField(choices=[(kind.value, label) for kind, label in KIND_LABELS.items()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_trial("expression")
        if "threshold" in self.fields:
            self.fields["threshold"].help_text = _(
                "Confidence and risk: from 0 to 1. An amount: over it a person is asked, and "
                "also when a case comes in another currency than the one named here."
            )
        for name in ("threshold", "minimum", "maximum"):
            # 0.80 and not 0.800000, which is how the column stores it.
            if isinstance(self.initial.get(name), Decimal):
                self.initial[name] = plain(self.initial[name])

    def clean(self) -> None:
        super().clean()
        if "kind" not in self.cleaned_data:
            return
        kind = Kind(self.cleaned_data["kind"])
        self._forget_what_is_not_read(kind)
        needed = NEEDED.get(kind)
        if needed and needed not in self.errors and self.cleaned_data.get(needed) in (None, "", []):
            self.add_error(needed, ASKED[needed])
        self._check_threshold(kind)
        self._check_domain(kind)
        self._check_currency()
        self.check_pointers("pointers")
        self.check_expression("expression")

    def _forget_what_is_not_read(self, kind: Kind) -> None:
        """A number that stayed in a field of another kind is no mistake to complain about."""
        for name in set(EMPTY) - set(READS[kind]):
            self.errors.pop(name, None)
            self.cleaned_data[name] = EMPTY[name]()

    def _check_threshold(self, kind: Kind) -> None:
        threshold = self.cleaned_data.get("threshold")
        if threshold is None:
            return
        if kind in (Kind.CONFIDENCE_BELOW, Kind.RISK_ABOVE) and not 0 <= threshold <= 1:
            self.add_error("threshold", _("Confidence and risk are numbers from 0 to 1."))
        elif kind == Kind.CONFIDENCE_BELOW and threshold == 0:
            self.add_error("threshold", _("No confidence is under 0: nobody would be asked."))
        elif kind == Kind.VALUE_ABOVE and threshold < 0:
            self.add_error("threshold", _("An amount is not under 0."))

    def _check_domain(self, kind: Kind) -> None:
        low, high = self.cleaned_data.get("minimum"), self.cleaned_data.get("maximum")
        allowed = self.cleaned_data.get("allowed")
        if kind != Kind.OUTSIDE_DOMAIN or {"minimum", "maximum", "allowed"} & set(self.errors):
            return
        if low is None and high is None and not allowed:
            self.add_error("minimum", _("Give a smallest or largest number, or allowed texts."))
        elif allowed and (low is not None or high is not None):
            self.add_error("allowed", _("Either numbers or texts: a value is one of the two."))
        elif isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
            self.add_error("maximum", _("The largest number is smaller than the smallest."))

    def _check_currency(self) -> None:
        currency = (self.cleaned_data.get("currency") or "").upper()
        self.cleaned_data["currency"] = currency
        if currency and not (currency.isascii() and currency.isalpha() and len(currency) == 3):
            self.add_error("currency", _("A currency has three letters, such as EUR."))


class TriggerInline(DraftInline, admin.StackedInline):
    model = Trigger
    form = TriggerForm
    fields = (
        ("position", "kind"),
        ("threshold", "currency"),
        "categories",
        "pointers",
        ("minimum", "maximum"),
        "allowed",
        "rate",
        "expression",
        "words",
        ("queue", "priority"),
    )
    verbose_name_plural = gettext_lazy("Triggers: a person is asked when one of them fires")
