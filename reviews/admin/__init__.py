"""What happens and what happened: publishing, stops, cases and their record, people's rights."""

from reviews.admin import (
    audit_entries,
    cases,
    chat,
    checkpoints,
    holds,
    people,
    presence,
    releases,
    stages,
    stops,
    targets,
    work,
    workflows,
)

__all__ = [
    "audit_entries",
    "cases",
    "chat",
    "checkpoints",
    "holds",
    "people",
    "presence",
    "releases",
    "stages",
    "stops",
    "targets",
    "work",
    "workflows",
]
