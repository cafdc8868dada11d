"""Reviewers who take what is next, again and again, in threads of one process:
python -m tests.benchmarks.claimers SECONDS USER… prints what they took."""

import json
import sys
import threading
import time

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models can be imported after set-up)
from django.db import connection  # noqa: E402

from reviews.services.claims import claim_next  # noqa: E402


def main(seconds: float, users: list[int]) -> None:
    reviewers = list(User.objects.filter(pk__in=users))
    connection.close()
    taken: list[str] = []
    # The clock starts when all have taken one: neither start-up nor connecting is measured.
    ready = threading.Barrier(len(reviewers))
    threads = [
        threading.Thread(target=take, args=(one, seconds, ready, taken)) for one in reviewers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(taken, sys.stdout)


def take(reviewer: User, seconds: float, ready: threading.Barrier, taken: list[str]) -> None:
    ready.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        review = claim_next(reviewer=reviewer)
        # Back to the pool, as at the end of a request.
        connection.close()
        if review is None:
            raise RuntimeError("The queue ran empty.")
        taken.append(review.id.hex)


if __name__ == "__main__":
    main(float(sys.argv[1]), [int(user) for user in sys.argv[2:]])
