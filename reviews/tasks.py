"""One call each. A task takes ids; the row it names says whether there is anything to do."""

from uuid import UUID

from celery import shared_task

from reviews.services import outcomes, replays


@shared_task(name="reviews.run_outcome")
def run_outcome(*, run_id: str) -> None:
    outcomes.run(UUID(run_id))


@shared_task(name="reviews.run_replay")
def run_replay(*, replay_id: str) -> None:
    replays.run_replay(UUID(replay_id))
