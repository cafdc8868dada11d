import pghistory
from django.conf import settings
from django.db import models
from django.utils.functional import cached_property
from django_fsm import FSMField, transition


@pghistory.track()
class Agent(models.Model):
    class State(models.TextChoices):
        ACTIVE = "ACTIVE"
        SUSPENDED = "SUSPENDED"

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    purpose = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="agents",
        help_text="The person who answers for this agent.",
    )
    state = FSMField(
        default=State.ACTIVE, choices=State.choices, protected=True, max_length=10, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def listens(self) -> bool:
        """Whether any endpoint wants to hear of its cases."""
        return self.endpoints.filter(is_active=True).exists()

    @cached_property
    def has_grants(self) -> bool:
        """Whether it may propose something once more without being asked."""
        return self.grants.unused().exists()

    @transition(state, source=State.ACTIVE, target=State.SUSPENDED)
    def suspend(self) -> None:
        """Its keys are refused from now on."""

    @transition(state, source=State.SUSPENDED, target=State.ACTIVE)
    def reinstate(self) -> None:
        """Its keys work again."""
