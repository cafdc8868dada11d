from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews import files
from reviews.models.case import Case
from reviews.models.message import Message

IMAGES = [kind.value for kind in files.IMAGES]


class AttachmentQuerySet(models.QuerySet):
    def from_agent(self) -> "AttachmentQuerySet":
        """What people attach to their notes never leaves the house."""
        return self.filter(message=None)

    def forget(self) -> int:
        """What stays is that there was a file, and its digest; the file itself is thrown away
        when this commits, see `services.attachments`."""
        return self.filter(erased_at=None).update(erased_at=timezone.now(), name="")

    def to_throw_away(self) -> "AttachmentQuerySet":
        return self.filter(erased_at__isnull=False).exclude(stored_as="")


class Attachment(models.Model):
    """A file that belongs to a case: from its agent, or from a person with a note."""

    class BelongsTo(models.TextChoices):
        DATA = "DATA", "the data of the case"
        PROPOSAL = "PROPOSAL", "the agent's proposal"
        NOTE = "NOTE", "a note among people"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments", db_index=False)
    # The note that it came with; its author is who attached it. Null: from the agent.
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="attachments", db_index=False
    )
    belongs_to = models.CharField(max_length=8, choices=BelongsTo)
    # Which call of the agent, or which file of a note.
    key = models.CharField(max_length=255)
    # As whoever sent it calls it: hostile text, never a path.
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=4, choices=[(k.value, k.value) for k in files.Kind])
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=80)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    moves = models.BooleanField(default=False)
    stored_as = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "key"], name="attachments_once"),
            models.CheckConstraint(
                condition=models.Q(belongs_to="NOTE", message__isnull=False)
                | models.Q(belongs_to__in=["DATA", "PROPOSAL"], message=None),
                name="people_attach_to_notes",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=IMAGES, width__gt=0, height__gt=0)
                | (~models.Q(kind__in=IMAGES) & models.Q(width=None, height=None, moves=False)),
                name="images_have_a_size",
            ),
            models.CheckConstraint(
                condition=models.Q(size__gt=0, digest__startswith="sha-256:"),
                name="attachments_have_content",
            ),
            models.CheckConstraint(
                condition=~models.Q(stored_as="") | models.Q(erased_at__isnull=False),
                name="only_erased_files_are_gone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["erased_at"],
                condition=models.Q(erased_at__isnull=False) & ~models.Q(stored_as=""),
                name="files_to_throw_away",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return f"att_{self.id.hex}"

    @property
    def is_drawn(self) -> bool:
        """Stands in the page as a picture; what moves is opened by choice."""
        return self.kind in IMAGES and not self.moves and self.erased_at is None

    @property
    def is_read(self) -> bool:
        """Has a page of its own, drawn by us as any other text of a stranger."""
        return self.kind in (files.Kind.TEXT, files.Kind.CSV)
