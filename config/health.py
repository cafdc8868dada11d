"""For the load balancer: is the process up, and can it serve?"""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from reviews.services import checkpoints


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """503 and the reason in words while the database or the cache is away, or behind. How far
    the record is covered is said and no reason to take a site away from people."""
    troubles = [trouble for trouble in (_database(), _cache()) if trouble]
    if troubles:
        return JsonResponse({"status": troubles}, status=503)
    return JsonResponse({"status": "ok", "record": _record()})


def _record() -> dict[str, object]:
    state = checkpoints.state()
    return {
        "checkpoint": state.newest.number if state.newest else None,
        "waiting_since": state.waiting_since,
        "unpublished": state.unpublished,
        "late": state.is_late,
    }


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "Migrations are missing: run manage.py migrate."
    except DatabaseError as error:
        return f"The database does not answer: {type(error).__name__}."
    return ""


def _cache() -> str:
    try:
        cache.get("handrail-ready")
    except Exception as error:
        return f"The cache does not answer: {type(error).__name__}."
    return ""
