import os
from typing import Any

from celery import Celery, Task
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class ReturningTask(Task):
    """Gives its connection back to the pool of the process, which looks after what PostgreSQL
    closed in the meantime; by itself Celery ends the whole pool around every task."""

    def after_return(self, *_: Any) -> None:
        if not self.request.is_eager:
            connections.close_all()


app = Celery("handrail", task_cls=ReturningTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["reviews"])
app.autodiscover_tasks(["reviews", "agents"], related_name="schedules")
# Read by Celery under this very name: how many tasks until it closes connections itself.
app.conf.CELERY_DB_REUSE_MAX = 1_000_000
