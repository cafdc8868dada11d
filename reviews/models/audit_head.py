from django.db import models


class AuditHead(models.Model):
    """The newest link of a chain: what an appender locks, and what a cut tail contradicts."""

    chain = models.CharField(max_length=80, primary_key=True)
    position = models.PositiveIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.chain} at {self.position}"
