from django.contrib.postgres.fields import ArrayField
from django.db import models

from workflows.encryption import decrypt, encrypt
from workflows.models.agent import Agent


class WebhookEndpoint(models.Model):
    """Where an agent hears of its cases. Address and signing secrets are encrypted at rest."""

    class Format(models.TextChoices):
        STANDARD = "standard", "standard: event, time and case"
        CLOUDEVENTS = "cloudevents", "CloudEvents 1.0"
        RAW = "raw", "raw: the decision alone, once there is one"

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="endpoints")
    label = models.CharField(max_length=80)
    url_encrypted = models.BinaryField(editable=False)
    # The newest first; two while a rotation overlaps, and both sign.
    secrets_encrypted = models.BinaryField(editable=False)
    events = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Events to send, such as case.decided; empty means all.",
    )
    format = models.CharField(
        max_length=12,
        choices=Format,
        default=Format.STANDARD,
        help_text="How the body is written; all are signed in the same way.",
    )
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["agent", "label"]

    def __str__(self) -> str:
        return f"{self.agent} · {self.label}"

    def hears(self, event: str) -> bool:
        return self.is_active and (not self.events or event in self.events)

    @property
    def url(self) -> str:
        return decrypt(self.url_encrypted)

    @url.setter
    def url(self, value: str) -> None:
        self.url_encrypted = encrypt(value)

    @property
    def secrets(self) -> list[str]:
        return decrypt(self.secrets_encrypted).split()

    @secrets.setter
    def secrets(self, value: list[str]) -> None:
        self.secrets_encrypted = encrypt(" ".join(value))
