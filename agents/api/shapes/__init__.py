"""The shapes on the wire as JSON Schema: what is validated is what OpenAPI publishes.

They are data, not DRF serializers: jsonschema-rs checks a create in microseconds and answers
with a pointer for every problem, where a serializer with these fields takes a millisecond.
"""

from agents.api.shapes.answers import (
    CANCEL_IN,
    GRANT,
    MESSAGE_IN,
    PROPOSAL_IN,
    cancel_in,
    message_in,
    proposal_in,
)
from agents.api.shapes.attachments import (
    ATTACHMENT,
    ATTACHMENT_IN,
    ATTACHMENTS,
    BELONGS_TO,
)
from agents.api.shapes.batch import BATCH_IN, BATCH_OUT, LINES, RESULTS, batch_in
from agents.api.shapes.cases import ACTION, CASE_IN, CASE_OUT, PAGE_OF_CASES, case_in
from agents.api.shapes.opinions import ASKED, OPINION, OPINION_IN, opinion_in
from agents.api.shapes.permits import KEY_SET, REDEEM_IN, REDEEMED, redeem_in
from agents.api.shapes.plain import DECISIONS, FREE, TIME, text
from agents.api.shapes.problems import PROBLEM
from agents.api.shapes.reports import (
    FEEDBACK,
    RECEIPT,
    RECEIPT_IN,
    TRUTH,
    TRUTH_IN,
    receipt_in,
    truth_in,
)
from agents.api.shapes.workflows import LIST_OF_WORKFLOWS, WORKFLOW_OUT

__all__ = [
    "ACTION",
    "ASKED",
    "ATTACHMENT",
    "ATTACHMENTS",
    "ATTACHMENT_IN",
    "BATCH_IN",
    "BATCH_OUT",
    "BELONGS_TO",
    "CANCEL_IN",
    "CASE_IN",
    "CASE_OUT",
    "DECISIONS",
    "FEEDBACK",
    "FREE",
    "GRANT",
    "KEY_SET",
    "LINES",
    "LIST_OF_WORKFLOWS",
    "MESSAGE_IN",
    "OPINION",
    "OPINION_IN",
    "PAGE_OF_CASES",
    "PROBLEM",
    "PROPOSAL_IN",
    "RECEIPT",
    "RECEIPT_IN",
    "REDEEMED",
    "REDEEM_IN",
    "RESULTS",
    "TIME",
    "TRUTH",
    "TRUTH_IN",
    "WORKFLOW_OUT",
    "batch_in",
    "cancel_in",
    "case_in",
    "message_in",
    "opinion_in",
    "proposal_in",
    "receipt_in",
    "redeem_in",
    "text",
    "truth_in",
]
