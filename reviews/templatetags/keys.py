"""Keys on the page: `{{ keys|key_of:"next" }}`; a button and its hint show the same."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def key_of(keys: Mapping[str, str], action: str) -> str:
    return keys.get(action, "")
