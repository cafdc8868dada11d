"""A button pressed in a chat counts like a verdict on the page, for who may decide today."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import ChatIdentity, ChatPost, ChatPress
from reviews.outcomes.chat import Pressed
from reviews.services import chat, claims
from reviews.services.claims import NotClaimable
from reviews.services.decisions import NotYours, StaleProposal, decide_review
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from workflows.models import ChatApp

SALT = "reviews.chat"
# Time to log in and to read what one confirms.
LINK_SECONDS = 15 * 60


class NotLinkable(Exception):
    """Says in words why this chat account does not become this person's."""


@transaction.atomic
def press(app: ChatApp, *, pressed: Pressed) -> ChatPress | None:
    """Puts a press on record, once however often it is told, and lets it count. Somebody unknown
    is asked who they are first. None where it is no button of ours."""
    post = _post_of(app, pressed)
    if post is None:
        return None
    # Its case first, as everywhere; also so that the same press waits for itself.
    walk = Walk.of(post.review.case_id, is_seen=False)
    row, is_new = ChatPress.objects.get_or_create(
        post=post,
        person=pressed.person,
        moment=pressed.moment,
        defaults={"verdict": pressed.verdict, "name": pressed.name},
    )
    if not is_new:
        return row
    known = ChatIdentity.objects.filter(app=app, person=pressed.person).select_related("user")
    identity = known.first()
    if identity is None:
        _ask_who(walk, row)
    else:
        _count(row, identity.user)
    return row


def press_of(token: str) -> ChatPress | None:
    """The press that a link is about; None where the link is forged, old or used."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return None
    rows = ChatPress.objects.select_related("post__app", "post__review__case")
    return rows.filter(pk=pk, state=ChatPress.State.WAITING).first()


@transaction.atomic
def link(row: ChatPress, *, user: AbstractBaseUser) -> ChatPress:
    """Whoever pressed is this person from now on, and the press counts. Raises NotLinkable."""
    Walk.of(row.post.review.case_id, is_seen=False)
    row = ChatPress.objects.select_related("post__app", "post__review__case").get(pk=row.pk)
    if row.state != ChatPress.State.WAITING:
        raise NotLinkable(_("This link is used up: press again in the chat."))
    app = row.post.app
    try:
        with transaction.atomic():
            ChatIdentity.objects.create(app=app, person=row.person, name=row.name, user=user)
    except IntegrityError as error:
        raise NotLinkable(
            _("This chat account, or yours here, is linked to another one already.")
        ) from error
    _record("chat.linked", user, app=app.label, person=row.person)
    _count(row, user)
    return row


@transaction.atomic
def unlink(identity: ChatIdentity, *, by: AbstractBaseUser) -> None:
    """Its presses count no more."""
    of = audit.by_user(identity.user)
    _record("chat.unlinked", by, app=identity.app.label, person=identity.person, of=of)
    identity.delete()


def _post_of(app: ChatApp, pressed: Pressed) -> ChatPost | None:
    """The post named by the button, if the button is one it had."""
    try:
        value = json.loads(pressed.value)
        pk, digest = UUID(hex=value["post"]), value["digest"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    rows = ChatPost.objects.filter(app=app, pk=pk, digest=digest)
    post = rows.select_related("review__case", "review__queue", "app__token").first()
    return post if post is not None and pressed.verdict in post.verdicts else None


def _count(row: ChatPress, user: AbstractBaseUser) -> None:
    """Claims and decides as on the page, on exactly what the message showed; or says why not."""
    words = ""
    try:
        with transaction.atomic():
            _decide(row, user)
    except InvalidVerdict as error:
        words = " ".join(problem.detail for problem in error.problems)
    except (NotClaimable, NotYours, StaleProposal) as error:
        words = str(error)
    walk = Walk.of(row.post.review.case_id, is_seen=False)
    if words:
        row.refuse(words)
        _reply(walk, row, words, chat.page_of(walk.case))
    else:
        row.count()
        chat.close_all(walk, row.post.review)
    row.save()
    walk.note("review.pressed", audit.by_user(user), **_data(row))
    walk.save()


def _decide(row: ChatPress, user: AbstractBaseUser) -> None:
    if not user.is_active:
        raise NotYours(_("Your account here is switched off."))
    review = claims.claim_review(row.post.review, reviewer=user)
    decide_review(
        review,
        reviewer=user,
        answer=Answer(verdict=row.verdict),
        revision=row.post.revision,
        digest=row.post.digest,
    )


def _ask_who(walk: Walk, row: ChatPress) -> None:
    token = signing.dumps(row.pk, salt=SALT)
    address = settings.PUBLIC_URL + reverse("chat-link", args=[token])
    with translation.override(settings.LANGUAGE_CODE):
        words = _("Who are you in Handrail? Link your account, and your press counts.")
    _reply(walk, row, words, address)
    walk.save()


def _reply(walk: Walk, row: ChatPress, words: str, address: str) -> None:
    chat.reply(
        walk, row.post, person=row.person, key=f"{row.pk}-{row.state}", words=words, link=address
    )


def _data(row: ChatPress) -> dict[str, Any]:
    return {
        "review": row.post.review_id.hex,
        "verdict": row.verdict,
        "app": row.post.app.label,
        "person": row.person,
        "revision": row.post.revision,
        "digest": row.post.digest,
        "counted": row.state == ChatPress.State.COUNTED,
    }


def _record(event: str, by: AbstractBaseUser, **data: object) -> None:
    audit.record("site", audit.Event(event, audit.by_user(by), data))
