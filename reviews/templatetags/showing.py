"""How values, times and hostile text are drawn on a page."""

from collections.abc import Container
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from reviews import history, reasons
from reviews.action import arguments
from reviews.models import Review
from reviews.rendering import WINDOW, Kind, Piece, pieces, short_digest
from workflows.compiler import plan_of

register = template.Library()

# Drawn once and kept; in characters.
SHORT = 200
MOST_VALUES = 5
LONGEST_VALUE = 28
SOON = timedelta(hours=1)
SIGNS = {"confidence_below": "<", "value_above": ">", "risk_above": ">"}
LOUD = {"cannot_proceed", "outside_domain", "field_missing", "outcome_failed", "stop", "no_route"}
QUIET = {"always", "sample"}


@register.filter
def reveal(text: object) -> SafeString:
    """Escaped, with everything invisible made visible; keeps to its own direction."""
    words = str(text)
    if len(words) <= SHORT:
        return _drawn_short(words, get_language())
    return _drawn(words)


@lru_cache(maxsize=8192)
def _drawn_short(text: str, language: str) -> SafeString:
    """Lists show the same few words again and again, at every look and to everybody."""
    return _drawn(text)


@register.filter
def exact(text: object) -> SafeString:
    """The same for what Handrail itself wrote down: its addresses need no second reading."""
    return _drawn(str(text), without={Kind.HOST, Kind.SCHEME})


register.filter("reveal_address", exact)


@register.filter
def host(address: str) -> str:
    return next((piece.text for piece in pieces(address) if piece.kind is Kind.HOST), "")


def _drawn(text: str, *, without: Container[Kind] = ()) -> SafeString:
    found = [piece for piece in pieces(text[:WINDOW]) if piece.kind not in without]
    if len(text) > WINDOW:
        found.append(Piece(Kind.RUN, _("%s more characters") % f"{len(text) - WINDOW:,}"))
    return format_html(
        "<bdi>{}</bdi>", format_html_join("", "{}", ((_piece(piece),) for piece in found))
    )


def _piece(piece: Piece) -> SafeString | str:
    if piece.kind is Kind.PLAIN:
        return piece.text
    if piece.kind is Kind.HOST:
        return _host(piece)
    if piece.kind is Kind.SCHEME:
        words = _("no web address: %s") % piece.text
        return format_html(' <span class="mark mark-scheme">{}</span>', words)
    return format_html(
        '<span class="mark mark-{}" title="{}">{}</span>', piece.kind, piece.words, piece.text
    )


def _host(piece: Piece) -> SafeString:
    """A step between the words and the place: nobody gets there by a slip."""
    words = _("leads to %s") % piece.text
    if not piece.address:
        return format_html(' <span class="host">{}</span>', words)
    there = f"{reverse('leaving')}?{urlencode({'to': piece.address})}"
    return format_html(
        ' <a class="host" href="{}" target="_blank" rel="noopener">{}</a>', there, words
    )


@register.simple_tag
def action_line(review: Review) -> SafeString:
    """What would run, in a line: the action's name and its first values, never the agent's
    summary, which could say anything."""
    case = review.case
    action = list(case.proposals.all())[-1].action
    if action is None or case.answers_first:
        return format_html("<b>{}</b>", case.release.workflow)
    plan = plan_of(case.release_id).actions.get(action["name"])
    rows = arguments(action, plan.fields if plan else ())
    short = [row.text for row in rows if row.text and len(row.text) <= LONGEST_VALUE]
    joined = format_html_join(" · ", "{}", ((reveal(value),) for value in short[:MOST_VALUES]))
    if len(rows) > len(short[:MOST_VALUES]):
        joined = format_html("{}\u00a0…", joined)
    return format_html("<b>{}</b> {}", plan.title if plan else reveal(action["name"]), joined)


@register.filter
def waited(since: datetime | None) -> str:
    """2:51 h, 12 min, 3 d: short enough for a column."""
    return _span(timezone.now() - since) if since else ""


@register.filter
def due_in_words(due: datetime | None) -> str:
    if due is None:
        return _("no time limit")
    left = due - timezone.now()
    if left < timedelta(0):
        return _("%s late") % _span(-left)
    if left < SOON:
        return _("%s left") % _span(left)
    local = timezone.localtime(due).replace(second=0, microsecond=0, tzinfo=None)
    return _due_on(local, timezone.localdate(), get_language())


@lru_cache(maxsize=4096)
def _due_on(due: datetime, today: date, language: str) -> str:
    """As people say it: a day by its name while it is near."""
    clock, days = formats.time_format(due, "H:i"), (due.date() - today).days
    if days == 0:
        return _("due %s") % clock
    if days == 1:
        return _("due tomorrow %s") % clock
    day = formats.date_format(due, "l" if days < 7 else "j M")
    return _("due %(day)s %(clock)s") % {"day": day, "clock": clock}


@register.filter
def time_left(until: datetime | None) -> str:
    return _span(max(until - timezone.now(), timedelta(0))) if until else ""


@register.filter
def due_level(due: datetime | None) -> str:
    if due is None or due - timezone.now() > SOON:
        return ""
    return "bad" if due < timezone.now() else "warn"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return _("%d min") % minutes
    if minutes < 24 * 60:
        return _("%(hours)d:%(minutes)02d h") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%d d") % (minutes // (24 * 60))


@register.filter
def amount(value: Decimal | None) -> str:
    """Grouped, with two decimals or as many as there are."""
    if value is None:
        return ""
    number = Decimal(value).normalize()
    exponent = number.as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return formats.number_format(Decimal(value), decimal_pos=places, force_grouping=True)


@register.filter
def grouped(value: float) -> str:
    """A number as it was sent; whole numbers in groups."""
    return f"{value:,}" if isinstance(value, int) else repr(value)


@register.filter
def percent(value: float | None) -> str:
    return "" if value is None else formats.number_format(value, decimal_pos=2)


@register.filter
def chip(reason: dict[str, Any]) -> str:
    """A firing in a few words, with its numbers: “confidence 0.71 < 0.80”."""
    name, numbers = history.trigger_name(reason["trigger"]), reason.get("numbers", {})
    sign = SIGNS.get(reason["trigger"])
    if sign and numbers.get("observed") and numbers.get("threshold"):
        observed, threshold = (
            reasons.local_numbers(_in_short(numbers[key])) for key in ("observed", "threshold")
        )
        return f"{name} {observed} {sign} {threshold}"
    if reason["trigger"] == "category_in" and numbers.get("observed"):
        return f"{name}: {numbers['observed']}"
    if reason["trigger"] == "field_missing" and numbers.get("missing"):
        missing = [part.rpartition("/")[2] for part in numbers["missing"].split(", ")]
        return _("%s missing") % ", ".join(missing)
    return name


def _in_short(number: str) -> str:
    """1,800 for "1800.00"; what is no plain number stays as it is."""
    whole, _point, cents = number.partition(".")
    if not whole.isdecimal() or len(whole) < 3:
        # Cut and not rounded: 0.79999 is under 0.80, and stays so in short.
        return f"{whole}.{cents[:4]}" if cents else number
    return f"{int(whole):,}" + (f".{cents}" if cents.strip("0") else "")


@register.filter
def chip_level(reason: dict[str, Any]) -> str:
    if reason["trigger"] in LOUD or reason.get("problem"):
        return "bad"
    return "accent" if reason["trigger"] in QUIET else "warn"


@register.filter
def reason_in_words(reason: dict[str, Any]) -> str:
    """A trigger without words of its own gives bare numbers: then say of what."""
    detail = reasons.in_words(reason["detail"])
    if detail[:1].isdigit():
        detail = f"{history.trigger_name(reason['trigger'])}: {detail}"
    return sentence(detail)


@register.filter
def sentence(text: str) -> str:
    """“a person looks …” → “A person looks ….”"""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


register.filter("digest", short_digest)
register.filter("verdict_done", history.verdict_done)
register.filter("name_of", history.name_of)
