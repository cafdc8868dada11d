"""For the load balancer: is the process up, and can it serve?"""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """503 and the reason in words while the database or the cache is away, or behind."""
    troubles = [trouble for trouble in (_database(), _cache()) if trouble]
    status = 503 if troubles else 200
    return JsonResponse({"status": troubles or "ok"}, status=status)


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
