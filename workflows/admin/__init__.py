"""Drafts, teams, queues and secrets. What publishes, is audited or shows cases is in reviews."""

from workflows.admin import chat, secret

__all__ = ["chat", "secret"]
