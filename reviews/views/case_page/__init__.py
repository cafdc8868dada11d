"""All that the case page shows, read once: a person decides here, so nothing is left out."""

from reviews.views.case_page.answering import Answering, response_fields
from reviews.views.case_page.record import Record

__all__ = ["CasePage", "response_fields"]


class CasePage(Answering, Record):
    """Templates ask it; each answer is worked out when the page needs it, and once."""
