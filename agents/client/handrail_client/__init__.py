"""Ask Handrail before an agent acts."""

from handrail_client.asynchronous import AsyncHandrail
from handrail_client.case import Case, Decision, Outcome, Reason
from handrail_client.exchange import Unreachable
from handrail_client.fields import CaseFields
from handrail_client.problems import ProblemError
from handrail_client.synchronous import Handrail

__version__ = "0.1.0"
__all__ = [
    "AsyncHandrail",
    "Case",
    "CaseFields",
    "Decision",
    "Handrail",
    "Outcome",
    "ProblemError",
    "Reason",
    "Unreachable",
]
