import pytest

from tests.real_clients.scene import asked


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_official_client_runs_what_its_tools_were_allowed(run, reviewer, transport):
    agent = run("mcp", "mcp_agent", transport, "walk")
    reviewer.edit("held", x=10)
    reviewer.decide("slow", "reject", message="not today")
    result = agent.result()

    assert result["ran"] == [["wire", {"amount": "5.00"}], ["held", {"x": 10}]]
    said = result["said"]
    assert said["tools"] == ["check_approval", "request_approval"]
    assert (said["first"], said["same_case"], said["message"]) == ("pending", True, "not today")
    assert "404" in said["unknown"]["refused"]
    assert asked() == [("wire", "auto"), ("held", "human"), ("slow", "human")]


def test_over_http_the_server_may_nothing_that_its_caller_may_not(run):
    result = run("mcp", "mcp_agent", "http", "no-key").result()
    assert result["ran"] == []
    assert "Bearer" in result["said"]["refused"]
    assert asked() == []
