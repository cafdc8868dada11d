"""Checkpoints outside of the database: a file that is written once, and whoever is told of it."""

from collections.abc import Sequence

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from reviews.network import Outbound
from reviews.outcomes import Failed, Outcome, Retry, Succeeded
from reviews.outcomes.http_request import ANY_SUCCESS, attempt


def keep(document: bytes, *, name: str, storage: Storage) -> Outcome:
    """A file that is there already is never written again: it must say the same."""
    try:
        if not storage.exists(name):
            kept = storage.save(name, ContentFile(document))
            if kept == name:
                return Succeeded()
            storage.delete(kept)
        with storage.open(name) as file:
            same = file.read() == document
    # Whatever the storage is, and however its own library calls its troubles.
    except Exception as error:
        return Retry(f"It could not be stored: {type(error).__name__}.")
    return Succeeded() if same else Failed(f"{name} is there already and says something else.")


def tell(document: bytes, *, url: str, allow: Sequence[str], timeout: float) -> Outcome:
    headers = {"Content-Type": "application/json"}
    outcome = attempt(
        Outbound("POST", url, headers, document, timeout),
        allow=allow,
        expected_status=ANY_SUCCESS,
    )
    if isinstance(outcome, Failed) and outcome.reply is not None:
        return Retry(outcome.words, reply=outcome.reply)
    return outcome
