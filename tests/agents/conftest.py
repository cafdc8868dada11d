import pytest
from handrail_client import Handrail

from tests.agents.scripted import ScriptedServer


@pytest.fixture
def server():
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def handrail(server):
    with Handrail(server.url, key="hr_test_secret", patience=5) as client:
        yield client
