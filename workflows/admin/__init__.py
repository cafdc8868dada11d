"""Drafts, teams, queues and secrets. What publishes, is audited or shows cases is in reviews."""

from workflows.admin import secret

__all__ = ["secret"]
