"""Tasks by name, on commit. A message is a nudge; the row it names is the promise, so a broker
that is away costs a second until the sweep and never a request."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def on_commit(task: str, **arguments: object) -> None:
    transaction.on_commit(partial(send, task, **arguments))


def send(task: str, **arguments: object) -> None:
    try:
        current_app.send_task(task, kwargs=arguments)
    except (OperationalError, OSError) as error:
        log.warning("task not sent, the sweep will find its row: %s %s", task, error)
