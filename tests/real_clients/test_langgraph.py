import pytest

from tests.real_clients.scene import asked

MAIL = {"action": "send_email", "args": {"to": "a@example.com", "body": "Hi"}}


def test_an_inbox_interrupt_outlives_its_process_and_runs_what_was_edited(run, reviewer):
    assert run("langgraph", "langgraph_inbox", "ask").result()["ran"] == []
    waiting = run("langgraph", "langgraph_inbox", "resume")
    reviewer.edit("send_email", to="b@example.com")
    result = waiting.result()
    assert result["ran"] == [
        {"action": "send_email", "args": {"to": "b@example.com", "body": "Hi"}}
    ]


def test_a_process_killed_while_it_waits_finds_its_case_again(run, reviewer):
    run("langgraph", "langgraph_inbox", "ask").result()
    killed = run("langgraph", "langgraph_inbox", "resume")
    reviewer.waits_for("send_email")
    killed.kill()
    reviewer.decide("send_email", "approve")
    assert run("langgraph", "langgraph_inbox", "resume").result()["ran"] == [MAIL]
    assert asked() == [("send_email", "human")]


@pytest.mark.parametrize("verdict", ["reject", "respond"])
def test_an_inbox_interrupt_that_nobody_accepts_runs_nothing(run, reviewer, verdict):
    run("langgraph", "langgraph_inbox", "ask").result()
    waiting = run("langgraph", "langgraph_inbox", "resume")
    reviewer.decide("send_email", verdict, message="Write to her assistant instead.")
    result = waiting.result()
    assert result["ran"] == []
    assert result["out"] == {"reject": "ignore", "respond": "response"}[verdict]


@pytest.mark.parametrize("mode", ["batched", "per_call"])
def test_each_call_of_a_turn_gets_the_answer_of_its_own(run, reviewer, mode):
    """Edited, answered, rejected; and a small one that needs nobody and runs untouched."""
    small = ["wire", "20.00", "eve"]
    asking = run("langgraph", "langchain_middleware", "ask", mode).result()
    # Batched, the middleware holds the whole turn back; per call, the small one has run already.
    assert asking["ran"] == ([] if mode == "batched" else [small])

    waiting = run("langgraph", "langchain_middleware", "resume", mode)
    reviewer.edit("wire", amount="50.00")
    reviewer.decide("ask_user", "respond", message="because")
    reviewer.decide("delete_user", "reject", message="not that one")
    result = waiting.result()

    assert [*asking["ran"], *result["ran"]].count(small) == 1
    assert [call for call in result["ran"] if call != small] == [["wire", "50.00", "bob"]]
    assert result["told"]["c2"] == "because"
    assert "not that one" in result["told"]["c3"]
    assert sorted(asked()) == [
        ("ask_user", "human"),
        ("delete_user", "human"),
        ("wire", "auto"),
        ("wire", "human"),
    ]


def test_two_nodes_that_ask_in_their_own_words_each_get_their_answer(run, reviewer):
    asking = run("langgraph", "langgraph_question")
    for _ in range(2):
        review = reviewer.waits_for("")
        if review.case.summary == "Which colour?":
            reviewer.decide_review(review, "respond", message="blue")
        else:
            reviewer.decide_review(review, "reject", message="no frame")
    result = asking.result()
    assert result["ran"] == ["blue"]
    assert sorted(result["said"]) == ["blue", "reject"]
