"""The least a Celery task can be, on the same broker."""

import os

from celery import Celery

# Not the current app: what Handrail sends goes by that one.
app = Celery(
    "noop",
    broker=os.environ.get("REDIS_URL"),
    backend=os.environ.get("REDIS_URL"),
    set_as_current=False,
)
# As config.settings has them, so that only the work differs.
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=4, task_default_queue="noop")


@app.task(name="noop")
def noop() -> None:
    pass


@app.task(name="noop_ignored", ignore_result=True)
def noop_ignored() -> None:
    pass
