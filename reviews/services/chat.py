"""Approvals in a chat: posted when a review opens, decided by its buttons like on the page."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from reviews.action import arguments
from reviews.models import Case, ChatPost, OutcomeRun, Review
from reviews.outcomes import slack_message
from reviews.outcomes.chat import LONGEST_SAID, Button, Card, fits
from reviews.outcomes.template import Rendered
from reviews.rendering import as_it_is, on_one_line, short_digest
from reviews.services.walk import Walk
from reviews.wire import name_of
from workflows import prepared
from workflows.models import ChatApp, ChatChannel, Gate

POSTED, UPDATED, REPLIED = "chat.post", "chat.update", "chat.reply"
BY_BUTTON = ("approve", "reject")
IS_POSTED = """
SELECT channel.id FROM workflows_chatchannel channel
JOIN workflows_chatapp app ON app.id = channel.app_id
WHERE channel.queue_id = $1 AND channel.is_active AND app.is_active
"""
STATE = OutcomeRun.State


def post(walk: Walk, review: Review) -> ChatPost | None:
    """Asks in the channel of the review's queue, if it has one."""
    found = prepared.fetch_once(review.queue_id, IS_POSTED, review.queue_id)
    if not found:
        return None
    channel = ChatChannel.objects.select_related("app__token").get(pk=found[0][0])
    row = ChatPost(
        review=review,
        app=channel.app,
        channel=channel.channel,
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )
    with translation.override(settings.LANGUAGE_CODE):
        card = _asking(walk, review, row)
    row.verdicts = [button.verdict for button in card.buttons]
    row.run = send(
        walk, POSTED, slack_message.post(card, **_to(channel.app, channel.channel)), key=row.id.hex
    )
    walk.add(row)
    return row


def refresh(*, limit: int = 200) -> int:
    """Messages that ask for what is no longer asked are told so; how many were."""
    posts = ChatPost.objects.outdated().values_list("pk", "review__case_id")
    return sum(_close(pk, case_id) for pk, case_id in list(posts[:limit]))


def close_all(walk: Walk, review: Review) -> None:
    """The same at once, for one review; the caller saves the walk."""
    for row in ChatPost.objects.outdated().filter(review=review):
        _tell(walk, row.pk)


def send(walk: Walk, event: str, request: Rendered, *, key: str) -> OutcomeRun:
    """A row of the outbox, as it will be sent; the sweep tells a worker."""
    run = OutcomeRun(
        case=walk.case,
        event=event,
        kind=OutcomeRun.Kind.SLACK_MESSAGE,
        idempotency_key=f"{event}-{key}",
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        digest=request.digest,
        next_attempt_at=timezone.now(),
    )
    walk.add(run)
    walk.note("outcome.scheduled", "system", run=run.id.hex, event=event, request_digest=run.digest)
    return run


def reply(walk: Walk, row: ChatPost, *, person: str, key: str, words: str, link: str) -> OutcomeRun:
    """Said to one person alone, with a way on."""
    with translation.override(settings.LANGUAGE_CODE):
        card = Card(
            title=words,
            footer=walk.case.public_id,
            link=link,
            link_label=_("Go on in Handrail"),
            fallback=words,
        )
    request = slack_message.reply(card, person=person, **_to(row.app, row.channel))
    return send(walk, REPLIED, request, key=key)


@transaction.atomic
def _close(post_id: UUID, case_id: UUID) -> bool:
    walk = Walk.of(case_id, is_seen=False)
    told = _tell(walk, post_id)
    walk.save()
    return told


def _tell(walk: Walk, post_id: UUID) -> bool:
    """One that was not sent yet never is; one that was is changed; then, where the question
    itself changed, it is asked anew."""
    locked = ChatPost.objects.outdated().select_for_update(of=("self",))
    row = locked.select_related("review__queue", "app__token", "run").filter(pk=post_id).first()
    if row is None:
        return False
    run = walk.lock_run(row.run_id)
    if run.state == STATE.RUNNING:
        return False
    if run.state in (STATE.PENDING, STATE.RETRY_WAIT):
        run.cancel()
        walk.note("outcome.cancelled", "system", run=run.id.hex)
    elif run.state == STATE.SUCCEEDED:
        row.run = run
        _update(walk, row)
    row.closed_at = timezone.now()
    row.save(update_fields=["closed_at"])
    if row.review.state in (Review.State.OPEN, Review.State.CLAIMED):
        post(walk, row.review)
    return True


def _update(walk: Walk, row: ChatPost) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        card = Card(
            title=_title(walk, row.review),
            footer=_footer(row),
            link=page_of(walk.case),
            link_label=_("Open in Handrail"),
            fallback=_("No longer asked"),
            note=_what_became(walk, row.review),
        )
    where = _to(row.app, row.channel)
    request = slack_message.update(card, message_id=row.message_id, **where)
    send(walk, UPDATED, request, key=row.id.hex)


def _what_became(walk: Walk, review: Review) -> str:
    decision = next((d for d in reversed(walk.decisions) if d.review_id == review.pk), None)
    if review.state == Review.State.DECIDED and decision is not None:
        said = {"approve": _("Approved"), "edit": _("Approved with changes")}
        said |= {"reject": _("Rejected")}
        return _("%(verdict)s by %(name)s, %(at)s UTC") % {
            # Others may be about to answer, unseen by each other.
            "verdict": said.get("" if _is_hidden(walk) else decision.verdict, _("Answered")),
            "name": name_of(decision.reviewer),
            "at": f"{decision.created_at:%Y-%m-%d %H:%M}",
        }
    if review.state in (Review.State.OPEN, Review.State.CLAIMED):
        return _("The proposal changed: it is asked anew.")
    return _("It is no longer asked here: it was decided, withdrawn or moved.")


def _asking(walk: Walk, review: Review, row: ChatPost) -> Card:
    facts = () if _is_hidden(walk) else tuple(_facts(walk))
    why_not = _why_no_buttons(walk, review, facts)
    return Card(
        title=_title(walk, review),
        facts=() if why_not else facts,
        said="" if why_not else on_one_line(walk.case.summary, LONGEST_SAID),
        said_label=_("The agent says:"),
        note=why_not,
        footer=_footer(row),
        link=page_of(walk.case),
        link_label=_("Open in Handrail"),
        fallback=_("A decision is asked for: %s") % review.queue.name,
        buttons=() if why_not else tuple(_buttons(walk, row)),
        value=json.dumps({"post": row.id.hex, "digest": row.digest}),
    )


def _buttons(walk: Walk, row: ChatPost) -> Iterator[Button]:
    labels = {"approve": _("Approve"), "reject": _("Reject")}
    digest = short_digest(row.digest)
    for verdict in _offered(walk):
        question = _("%(verdict)s exactly what is shown, %(digest)s?")
        words = question % {"verdict": labels[verdict], "digest": digest}
        yield Button(verdict, labels[verdict], words)


def _offered(walk: Walk) -> tuple[str, ...]:
    """A no is always possible; an edit is made on the page."""
    gate, asked = walk.stage.gate, walk.case.allowed_decisions
    can_approve = gate is not None and "approve" in gate.verdicts
    can_approve = can_approve and (not asked or "approve" in asked)
    return BY_BUTTON if can_approve else ("reject",)


def _why_no_buttons(walk: Walk, review: Review, facts: tuple[tuple[str, str], ...]) -> str:
    gate = walk.stage.gate
    if review.kind != Review.Kind.SEAT or gate is None:
        return _("It is an exception: look at it in Handrail.")
    if _is_hidden(walk):
        return _("Whoever decides answers first, or unseen by others: in Handrail.")
    if gate.reauth_minutes is not None:
        return _("This gate asks for your password: decide it in Handrail.")
    if set(gate.reason_required_on) & set(BY_BUTTON):
        return _("This gate asks for a reason: decide it in Handrail.")
    if not facts:
        return _("There is no action that chat can show as it is: look at it in Handrail.")
    return "" if fits(facts) else _("It is too long for a chat: look at it in Handrail.")


def _is_hidden(walk: Walk) -> bool:
    """Whether somebody here answers before they see the proposal, or others' answers."""
    gate = walk.stage.gate
    return walk.case.answers_first or (
        gate is not None and (gate.sealed_seats or gate.presentation != Gate.Presentation.AI_FIRST)
    )


def _facts(walk: Walk) -> Iterator[tuple[Any, Any]]:
    """Every value of the stored action; nothing at all where one of them needs marks that only
    the page has."""
    action = walk.proposal.action
    if action is None:
        return
    plan = walk.plan.actions.get(action["name"])
    rows = arguments(action, plan.fields if plan else ())
    given = [(row.label, row.text or "") for row in rows]
    if plan is None or not given:
        given = [(_("Action"), action["name"]), *given]
    shown = [(as_it_is(name), as_it_is(text)) for name, text in given]
    if all(name is not None and text is not None for name, text in shown):
        yield from shown


def _title(walk: Walk, review: Review) -> str:
    action = walk.proposal.action
    plan = walk.plan.actions.get(action["name"]) if action and not _is_hidden(walk) else None
    what = plan.title if plan else walk.plan.workflow_slug
    return f"{what} · {review.queue.name}"


def _footer(row: ChatPost) -> str:
    return _("Revision %(revision)s · %(digest)s") % {
        "revision": row.revision,
        "digest": short_digest(row.digest),
    }


def page_of(case: Case) -> str:
    return settings.PUBLIC_URL + reverse("case-detail", args=[case.pk])


def _to(app: ChatApp, channel: str) -> dict[str, Any]:
    return {"api": settings.SLACK_API_URL, "token": app.token.name, "channel": channel}
