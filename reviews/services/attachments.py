"""Files of a case: what they are is decided here, once, for agents and for people."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import models, transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from reviews import audit
from reviews.files import Found, Unfit, examined
from reviews.models import Attachment, Case, Message
from reviews.services.returns import still_open

LONGEST_NAME = 200
log = logging.getLogger(__name__)


class KeyUsed(Exception):
    """The call with this key attached another file."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was looked at and may be kept."""

    content: bytes
    name: str
    found: Found
    digest: str


def looked_at(file: BinaryIO, *, name: str) -> Sent:
    """Raises Unfit for what is too large or none of the kinds."""
    content = file.read(settings.ATTACHMENT_BYTES + 1)
    if len(content) > settings.ATTACHMENT_BYTES:
        most = settings.ATTACHMENT_BYTES / 1024 / 1024
        raise Unfit(_("The file is larger than %.3g MiB.") % most)
    found = examined(content, most_pixels=settings.ATTACHMENT_PIXELS)
    return Sent(content, _plain(name), found, f"sha-256:{hashlib.sha256(content).hexdigest()}")


@transaction.atomic
def attach(case_id: UUID, sent: Sent, *, belongs_to: str, key: str) -> tuple[Attachment, bool]:
    """What an agent sends while its case is open, and whether this call did it. Raises NotAsked,
    KeyUsed, or Unfit when the case holds as many as it may."""
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case_id)
    earlier = case.attachments.filter(key=key).first()
    if earlier is not None:
        if (earlier.digest, earlier.belongs_to) != (sent.digest, belongs_to):
            raise KeyUsed
        return earlier, False
    still_open(case)
    _check_room(case.attachments.from_agent(), 1)
    attachment = _kept(case, sent, belongs_to=belongs_to, key=key)
    Case.objects.filter(pk=case.pk).update(version=models.F("version") + 1)
    _on_record(case, audit.by_agent(case.agent_id), [attachment])
    return attachment, True


def attach_to_note(message: Message, files: Sequence[Sent]) -> list[Attachment]:
    """For add_note, in its transaction. Raises Unfit when the case holds as many as it may."""
    case = message.case
    _check_room(case.attachments.exclude(message=None), len(files))
    belongs_to = Attachment.BelongsTo.NOTE
    made = [
        _kept(case, sent, belongs_to=belongs_to, key=f"{message.id.hex}/{number}", message=message)
        for number, sent in enumerate(files)
    ]
    _on_record(case, audit.by_user(message.author), made)
    return made


def content_of(attachment: Attachment) -> bytes | None:
    """The very bytes that are on record; None of what is gone, or is no longer what was kept."""
    try:
        with _storage().open(attachment.stored_as) as file:
            content = file.read()
    except FileNotFoundError:
        log.error("The file of %s is missing from its storage.", attachment)
        return None
    if f"sha-256:{hashlib.sha256(content).hexdigest()}" != attachment.digest:
        log.error("The file of %s is not the one that was attached.", attachment)
        return None
    return content


def forget(rows: models.QuerySet) -> int:
    """For an erasure, in its transaction: names go at once, the files when it commits."""
    transaction.on_commit(throw_away)
    return rows.forget()


def throw_away(*, limit: int = 500) -> int:
    """Deletes the files behind erased rows; what a crash left over, the clock finds."""
    rows = list(Attachment.objects.to_throw_away().order_by("erased_at")[:limit])
    for row in rows:
        _storage().delete(row.stored_as)
        Attachment.objects.filter(pk=row.pk).update(stored_as="")
    return len(rows)


def _kept(
    case: Case, sent: Sent, *, belongs_to: str, key: str, message: Message | None = None
) -> Attachment:
    number = uuid7()
    # The name in the storage is ours alone: nothing that anybody sent is part of a path.
    stored_as = _storage().save(f"{case.id.hex}/{number.hex}", ContentFile(sent.content))
    try:
        return Attachment.objects.create(
            id=number,
            case=case,
            message=message,
            belongs_to=belongs_to,
            key=key,
            name=sent.name,
            kind=sent.found.kind,
            size=len(sent.content),
            digest=sent.digest,
            width=sent.found.width,
            height=sent.found.height,
            moves=sent.found.moves,
            stored_as=stored_as,
        )
    except BaseException:
        _storage().delete(stored_as)
        raise


def _check_room(there: models.QuerySet, more: int) -> None:
    if there.count() + more > settings.ATTACHMENTS_PER_CASE:
        words = _("A case holds at most %d files from each side.")
        raise Unfit(words % settings.ATTACHMENTS_PER_CASE)


def _on_record(case: Case, actor: str, made: Sequence[Attachment]) -> None:
    audit.record(
        case.chain,
        *(
            audit.Event(
                "attachment.added",
                actor,
                {
                    "attachment": row.id.hex,
                    "kind": row.kind,
                    "bytes": row.size,
                    "digest": row.digest,
                    "belongs_to": row.belongs_to,
                },
                {"/name": row.name},
            )
            for row in made
        ),
        case=case,
    )


def _plain(name: str) -> str:
    """The last part of a path, without what no text can hold."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c != "\x00" and not "\ud800" <= c <= "\udfff")[:LONGEST_NAME]


def _storage() -> Storage:
    return storages["attachments"]
