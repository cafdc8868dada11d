from tests.real_clients.scene import asked


def test_a_run_reloaded_from_its_history_runs_what_was_edited_and_nothing_rejected(
    run, reviewer, house
):
    """The small refund needs nobody: its tool runs in the first run, and only there."""
    assert run("pydantic_ai", "pydantic_ai_deferred", "ask").result()["ran"] == [
        ["refund", "A2", "9.00"]
    ]
    waiting = run("pydantic_ai", "pydantic_ai_deferred", "resume")
    reviewer.edit("refund", amount="90.00")
    reviewer.decide("delete_user", "reject", message="not that one")
    result = waiting.result()

    assert result["ran"] == [["refund", "A1", "90.00"]]
    assert "not that one" in result["said"]["told"]["tc2"]
    assert set(result["said"]["answered_by"].values()) == {f"u_{house.one.pk}"}
    assert sorted(asked()) == [("delete_user", "human"), ("refund", "auto"), ("refund", "human")]
