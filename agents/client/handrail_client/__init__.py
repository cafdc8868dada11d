"""Ask Handrail before an agent acts."""

from handrail_client.asynchronous import AsyncHandrail
from handrail_client.canonical import action_digest
from handrail_client.case import Case, Decision, Outcome, Person, Reason
from handrail_client.events import Event
from handrail_client.exchange import Unreachable
from handrail_client.fields import CaseFields, Filters, NewCase
from handrail_client.permits import Permit, PermitError, PermitKeys
from handrail_client.problems import (
    BadRequest,
    Conflict,
    Gone,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ProblemError,
    Throttled,
    TooLarge,
)
from handrail_client.reports import Correction, Receipt
from handrail_client.synchronous import Handrail
from handrail_client.webhooks import Webhook, WebhookError, verify_webhook

__version__ = "0.2.0"
__all__ = [
    "AsyncHandrail",
    "BadRequest",
    "Case",
    "CaseFields",
    "Conflict",
    "Correction",
    "Decision",
    "Event",
    "Filters",
    "Gone",
    "Handrail",
    "Invalid",
    "NewCase",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Outcome",
    "Permit",
    "PermitError",
    "PermitKeys",
    "Person",
    "ProblemError",
    "Reason",
    "Receipt",
    "Throttled",
    "TooLarge",
    "Unreachable",
    "Webhook",
    "WebhookError",
    "action_digest",
    "verify_webhook",
]
