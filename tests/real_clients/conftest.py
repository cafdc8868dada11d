"""Published packages, in environments of their own, against the site as it is served.

They take minutes from nothing, so they run where they are asked for: `make clients`.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.building import House
from tests.real_clients.environments import HERE, python_of
from tests.real_clients.scene import Reviewer, build_tool_house
from tests.server import site

if not os.environ.get("HANDRAIL_CLIENTS"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def house(transactional_db: None) -> House:
    return build_tool_house()


@pytest.fixture
def reviewer(house: House) -> Reviewer:
    return Reviewer(house)


@pytest.fixture(scope="session")
def served(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """One site for all: tests commit, and the next begins with empty tables under it."""
    with django_db_blocker.unblock(), site() as url:
        yield url


@pytest.fixture
def address(house: House, served: str) -> str:
    return served


class Program:
    """An agent in a process of its own. It knows an address and its key, and nothing of this
    test; what its tools did is the JSON on its last line."""

    def __init__(self, command: list[str], environment: dict[str, str], directory: Path) -> None:
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def finish(self, *, seconds: float = 60.0) -> str:
        """What it printed, when all went well."""
        out, err = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, err
        return out

    def result(self) -> dict:
        return json.loads(self.finish().splitlines()[-1])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., Program]


@pytest.fixture
def start_file(house: House, address: str, tmp_path: Path) -> Iterator[Start]:
    """`start_file("langgraph", path, "resume")`: environment, file, arguments."""
    started: list[Program] = []

    def start(environment: str, path: Path, *arguments: str, **more: str) -> Program:
        python = python_of(environment)
        # What an environment installs as a command is found in it first.
        path_of_commands = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path_of_commands, "HANDRAIL_URL": address, "HANDRAIL_KEY": house.key}
        started.append(Program([str(python), str(path), *arguments], own | more, tmp_path))
        return started[-1]

    yield start
    for program in started:
        program.kill()


@pytest.fixture
def run(start_file: Start) -> Start:
    """`run("langgraph", "langgraph_inbox", "resume")`: the same for a program of ours."""

    def start(environment: str, program: str, *arguments: str, **more: str) -> Program:
        return start_file(environment, HERE / "programs" / f"{program}.py", *arguments, **more)

    return start
