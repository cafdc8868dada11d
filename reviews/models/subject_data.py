from django.db import models

from reviews.models.case import Case


class SubjectData(models.Model):
    """A personal value behind a commitment in the audit chain. Erasing the row leaves the
    chain valid: without its salt the commitment says nothing."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="subject_data", db_index=False)
    name = models.CharField(max_length=200)
    salt = models.BinaryField()
    value = models.JSONField()
    commitment = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "commitment"], name="commitments_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.case}"
