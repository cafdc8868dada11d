import json
from typing import Any

from django.db import models
from django.db.models.functions import Cast

from reviews.models.case import Case


class CurrentTransaction(models.Func):
    """This transaction's xid8 as a bigint: with it a reader can stop below the oldest
    transaction still running and never skip a late commit."""

    function = "pg_current_xact_id"
    output_field = models.TextField()


class AuditEntry(models.Model):
    """One event on record. Append-only: the database refuses UPDATE, DELETE and TRUNCATE."""

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(max_length=80)
    position = models.PositiveIntegerField()
    event = models.CharField(max_length=60)
    at = models.DateTimeField()
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="audit_entries", db_index=False
    )
    actor = models.CharField(max_length=80)
    # The canonical JSON that was hashed, byte for byte.
    body = models.BinaryField()
    hash = models.BinaryField()
    transaction = models.BigIntegerField(
        db_default=Cast(Cast(CurrentTransaction(), models.TextField()), models.BigIntegerField())
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_positions_once")
        ]
        indexes = [
            models.Index(fields=["case", "position"], name="audit_of_a_case"),
            models.Index(fields=["transaction", "id"], name="audit_by_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.position} {self.event}"

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(bytes(self.body))
