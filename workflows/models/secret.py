from django.db import models

from workflows.encryption import decrypt, encrypt


class Secret(models.Model):
    """A value that outcome rules name and never contain. It is written once and never shown."""

    name = models.SlugField(max_length=60, unique=True)
    value_encrypted = models.BinaryField(editable=False)
    note = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def value(self) -> str:
        return decrypt(self.value_encrypted)

    @value.setter
    def value(self, text: str) -> None:
        self.value_encrypted = encrypt(text)
