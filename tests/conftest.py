import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client

from tests.building import House, build_house, proposal

# A good hash is slow by design, and stories make many people.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_flush = DatabaseOperations.execute_sql_flush


def _flush_past_the_guards(self: DatabaseOperations, sql_list: list[str]) -> None:
    """Append-only tables refuse TRUNCATE, as they should; only here, between two tests with
    real commits, they are emptied as a superuser who switches every trigger off."""
    with self.connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        _flush(self, sql_list)
    finally:
        with self.connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")


DatabaseOperations.execute_sql_flush = _flush_past_the_guards


@pytest.fixture
def house(db: None) -> House:
    return build_house()


class AgentClient:
    """An agent on the wire, as the process answers it that also holds who waits."""

    def __init__(self, key: str) -> None:
        self.http = Client()
        self.key = key
        self.numbers = itertools.count(1)

    def post(self, body: Any = None, *, key: str | None = "", **changes: Any) -> Any:
        body = proposal(**changes) if body is None else body
        headers = {"Authorization": f"Bearer {self.key}"}
        if key is not None:
            headers["Idempotency-Key"] = key or f"call-{next(self.numbers)}"
        return self.http.post(
            "/api/v1/cases", data=body, content_type="application/json", headers=headers
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.key}"} | headers)


@pytest.fixture
def agent(house: House) -> AgentClient:
    return AgentClient(house.key)


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Callable) -> Callable:
    """`with commit():` runs what waits for the commit, as real transactions do."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def until() -> Callable:
    """`until(read, good)` reads until it is good, or half a minute has gone: what is told in the
    order of commit waits for every transaction of the server, of other tests too."""

    def read_until(read: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + 30
        while not good(found := read()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    return read_until
