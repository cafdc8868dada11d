from tests.real_clients.scene import asked


def test_a_run_state_through_a_string_runs_only_what_was_approved(run, reviewer):
    """One approved, one rejected, one edited: the SDK takes no edited arguments, so the model is
    told the exact ones and asks again with them. That passes once, by the grant that the approval
    was exchanged for, though a person is asked about such an amount; then one is asked again."""
    asking = run("openai_agents", "openai_agents_state", "ask").result()
    assert asking["ran"] == [["refund", "A2", "9.00"]]
    assert asking["held"] == 3

    waiting = run("openai_agents", "openai_agents_state", "resume")
    reviewer.edit("refund", amount="450.00")
    first = reviewer.decide("delete_user", "approve")
    reviewer.decide("delete_user", "reject", message="not that one")
    result = waiting.result()

    approved = first.case.proposals.last().action["args"]["user"]
    rejected = {"u7": "c4", "u8": "c2"}[approved]
    assert result["ran"] == [["delete_user", approved], ["refund", "A1", "450.00"]]
    assert result["held"] == 1
    assert result["told"][rejected] == "not that one"
    assert '{"amount": "450.00", "order": "A1"}' in result["told"]["c1"]
    assert sorted(asked()) == [
        ("delete_user", "human"),
        ("delete_user", "human"),
        ("refund", "auto"),
        ("refund", "auto"),
        ("refund", "human"),
        ("refund", "human"),
    ]
