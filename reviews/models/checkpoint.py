import json
from typing import Any

from django.db import models
from django.utils import timezone


class Checkpoint(models.Model):
    """A signed Merkle root over the entries since the one before. Append-only: the database
    refuses UPDATE, DELETE and TRUNCATE."""

    number = models.PositiveBigIntegerField(primary_key=True)
    # Canonical JSON, byte for byte what the signature covers.
    statement = models.BinaryField()
    signature = models.BinaryField()
    key = models.CharField(max_length=60)
    root = models.BinaryField()
    size = models.PositiveIntegerField()
    # The last entry in it, in the order of commit: the next begins behind it.
    last_transaction = models.BigIntegerField()
    last_entry = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["last_transaction", "last_entry"], name="checkpoints_by_commit")
        ]
        permissions = [("export_record", "Can take the record away with its checkpoints")]

    def __str__(self) -> str:
        return f"checkpoint {self.number}"

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(bytes(self.statement))
