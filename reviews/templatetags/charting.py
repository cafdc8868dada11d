"""Words of charts and their tables."""

from django import template
from django.utils import formats

register = template.Library()


@register.filter
def rate(share: float | None) -> str:
    """0.0123 → 1.23 %; as many digits as tell it from its neighbours."""
    if share is None:
        return ""
    digits = 2 if share < 0.1 else 1
    return f"{formats.number_format(100 * share, decimal_pos=digits)} %"
