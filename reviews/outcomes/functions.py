"""The outcome kind that calls a Python function which a site registered.

`HANDRAIL_OUTCOME_FUNCTIONS` is JSON: `{"close-account": "crm.outcomes.close_account"}`. The
function takes the rule's args by keyword and `idempotency_key`; it may be called again with the
same key, and must then do nothing twice. What it returns is kept, if it is JSON.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from reviews.network import EXCERPT, Reply
from reviews.outcomes import Failed, Outcome, Retry, Succeeded


class Refused(Exception):
    """Raised by a function: another try would end the same way; its words are shown."""


def registered(name: str) -> Callable[..., Any]:
    """Raises LookupError, in words."""
    path = settings.OUTCOME_FUNCTIONS.get(name)
    if path is None:
        raise LookupError(f"No function is registered under the name {name}.")
    try:
        return import_string(path)
    except ImportError as error:
        raise LookupError(f"The function {name} cannot be imported: {error}.") from error


def deliver(name: str, args: Mapping[str, Any], *, idempotency_key: str) -> Outcome:
    try:
        answer = registered(name)(**args, idempotency_key=idempotency_key)
    except (LookupError, Refused, TypeError) as error:
        return Failed(str(error))
    except Exception as error:
        return Retry(f"{name} raised {type(error).__name__}.", uncertain=True)
    return Succeeded(Reply(200, {}, _text(answer), 0.0))


def _text(answer: Any) -> str:
    try:
        text = "" if answer is None else json.dumps(answer)
    except (TypeError, ValueError):
        return ""
    return text if len(text) <= EXCERPT else ""
