from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django_fsm import FSMField, transition
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.skip import Skip
from reviews.models.visit import Visit
from workflows.models import Absence, Queue


class ReviewQuerySet(models.QuerySet):
    def open(self) -> Self:
        return self.filter(state__in=[Review.State.OPEN, Review.State.CLAIMED])

    def allowed_to(self, user: AbstractBaseUser) -> Self:
        """Reviews this person may decide by today's teams, skills and separation of duties."""
        other_seat = Review.objects.filter(
            visit=OuterRef("visit"),
            revision=OuterRef("revision"),
            claimed_by=user.pk,
            kind=Review.Kind.SEAT,
            state__in=[Review.State.CLAIMED, Review.State.DECIDED],
        ).exclude(pk=OuterRef("pk"))
        return self.filter(
            Q(queue__in=Queue.objects.open_to(user)),
            ~Q(excluded_users__contains=[user.pk]),
            ~Q(kind=Review.Kind.SEAT) | ~Exists(other_seat),
        )

    def claimable_by(self, user: AbstractBaseUser) -> Self:
        """Nothing is offered to who is away; what they hold they may still decide."""
        away, now = Absence.objects.of(user).now(), timezone.now()
        return (
            self.allowed_to(user)
            .not_skipped_by(user)
            .filter(
                ~Exists(away),
                Q(snoozed_until=None) | Q(snoozed_until__lte=now),
                Q(offered_to=None) | Q(offered_to=user.pk) | Q(offered_until__lte=now),
                state=Review.State.OPEN,
            )
        )

    def not_skipped_by(self, user: AbstractBaseUser) -> Self:
        skips = Skip.objects.filter(
            visit=OuterRef("visit"), queue=OuterRef("queue"), reviewer=user.pk
        )
        return self.filter(~Exists(skips))

    def claimed_by(self, user: AbstractBaseUser) -> Self:
        return self.filter(state=Review.State.CLAIMED, claimed_by=user.pk)

    def held_by_or_kept_for(self, user: AbstractBaseUser) -> Self:
        return self.filter(
            Q(state=Review.State.CLAIMED, claimed_by=user.pk)
            | Q(state=Review.State.OPEN, offered_to=user.pk)
        )

    def visible_to(self, user: AbstractBaseUser) -> Self:
        if user.has_perm("reviews.view_case"):
            return self
        return self.filter(queue__in=Queue.objects.workable_by(user))

    def movable_by(self, user: AbstractBaseUser) -> Self:
        """Open work in the queues of teams this person leads, if they may move any at all."""
        if not user.has_perm("reviews.move_review"):
            return self.none()
        return self.open().filter(queue__in=Queue.objects.led_by(user))

    def to_remind_of(self) -> Self:
        """What the clock has to look at: to warn of, or to escalate."""
        return self.open().filter(remind_at__lte=timezone.now())

    def put_off(self) -> Self:
        """Always kept for who put it off, which is what an index knows."""
        return self.filter(
            state=Review.State.OPEN, offered_to__isnull=False, snoozed_until__gt=timezone.now()
        )

    def asking_an_agent(self) -> Self:
        """The last seat of each case that waits for its agent: there it will open again."""
        last = Review.objects.filter(case=OuterRef("pk")).order_by("-id").values("pk")[:1]
        waiting = Case.objects.waiting_for_agent().annotate(last_seat=Subquery(last))
        return self.filter(pk__in=waiting.values("last_seat"))

    def in_order(self) -> Self:
        return self.order_by("-priority", "due_at", "id")

    def renew_lease(self, *, pk: object, user: AbstractBaseUser, minutes: int) -> int:
        """CLAIMED stays CLAIMED; rows changed (0: it is not theirs any more)."""
        return self.filter(pk=pk, state=Review.State.CLAIMED, claimed_by=user.pk).update(
            lease_expires_at=timezone.now() + timedelta(minutes=minutes)
        )


class Review(models.Model):
    """One seat: one question to one human."""

    class Kind(models.TextChoices):
        SEAT = "SEAT"
        EXCEPTION = "EXCEPTION"
        AUDIT = "AUDIT"
        GOLD = "GOLD"

    class State(models.TextChoices):
        OPEN = "OPEN"
        CLAIMED = "CLAIMED"
        DECIDED = "DECIDED"
        WITHDRAWN = "WITHDRAWN"
        UNDONE = "UNDONE"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="reviews")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="reviews")
    revision = models.PositiveSmallIntegerField()
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="reviews", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SEAT)
    state = FSMField(
        default=State.OPEN, choices=State.choices, protected=True, max_length=10, editable=False
    )
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    # The rung of an approval ladder that is asked here.
    rung = models.PositiveSmallIntegerField(null=True)
    reasons = models.JSONField(default=list)
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    # When the clock has to look at it, to warn or to escalate; null where its queue asks neither.
    remind_at = models.DateTimeField(null=True)
    # Who may not decide it (separation of duties), worked out when it opens so that
    # claiming is one index scan; checked again against today's rules at the decision.
    excluded_users = ArrayField(models.IntegerField(), default=list)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="reviews",
        db_index=False,
    )
    claimed_at = models.DateTimeField(null=True)
    # Kept for one person until then: who was answered, or was handed it, is asked first.
    offered_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    offered_until = models.DateTimeField(null=True)
    # Nobody can take it before; then it is back in its queue by itself.
    snoozed_until = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-priority", "due_at", "id"]
        indexes = [
            models.Index(
                "queue",
                models.F("priority").desc(),
                "due_at",
                "id",
                condition=Q(state="OPEN"),
                name="open_reviews_of_a_queue",
            ),
            models.Index(
                fields=["queue", "created_at"],
                condition=Q(state="OPEN"),
                name="oldest_reviews_of_a_queue",
            ),
            models.Index(
                fields=["claimed_by"], condition=Q(state="CLAIMED"), name="claims_of_a_person"
            ),
            models.Index(
                fields=["offered_to"],
                condition=Q(state="OPEN", offered_to__isnull=False),
                name="offers_to_a_person",
            ),
            models.Index(
                fields=["lease_expires_at"], condition=Q(state="CLAIMED"), name="leases_by_expiry"
            ),
            models.Index(
                fields=["remind_at"],
                condition=Q(state__in=["OPEN", "CLAIMED"], remind_at__isnull=False),
                name="reviews_to_remind_of",
            ),
        ]
        permissions = [
            ("view_board", "Can watch the work of the teams that they lead"),
            ("move_review", "Can give the work of the teams that they lead to others"),
            ("view_personal_figures", "Can see figures of single people on the board"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "revision", "claimed_by"],
                condition=Q(kind="SEAT", state__in=["CLAIMED", "DECIDED"]),
                name="one_seat_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="CLAIMED")
                | Q(claimed_by__isnull=False, lease_expires_at__isnull=False),
                name="a_claim_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(offered_to=None) | Q(offered_until__isnull=False),
                name="an_offer_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} in {self.queue}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.OPEN, self.State.CLAIMED)

    @transition(state, source=State.OPEN, target=State.CLAIMED)
    def claim(self, *, reviewer: AbstractBaseUser, lease: timedelta) -> None:
        self.claimed_by = reviewer
        self.claimed_at = timezone.now()
        self.lease_expires_at = self.claimed_at + lease

    @transition(state, source=State.CLAIMED, target=State.OPEN)
    def release(self) -> None:
        """Back to the queue, for everybody, now."""
        self.claimed_by = self.claimed_at = self.lease_expires_at = None
        self.offered_to = self.offered_until = self.snoozed_until = None

    def offer(self, *, to: AbstractBaseUser | None, until: datetime) -> None:
        """Until then this person alone may take it."""
        self.offered_to, self.offered_until = to, until

    @transition(state, source=State.CLAIMED, target=State.DECIDED)
    def decide(self) -> None:
        self.closed_at = timezone.now()
        self.lease_expires_at = None

    @transition(state, source=State.DECIDED, target=State.UNDONE)
    def undo(self) -> None:
        """Its decision was taken back; another seat follows."""

    @transition(state, source=[State.OPEN, State.CLAIMED], target=State.WITHDRAWN)
    def withdraw(self) -> None:
        self.closed_at = timezone.now()
        self.lease_expires_at = None
