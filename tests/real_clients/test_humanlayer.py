from tests.real_clients.scene import asked


def decide_mail_to(reviewer, to, verdict, **answer):
    """That client asks for one after the other, so the next open call is the one."""
    review = reviewer.waits_for("send_email")
    assert review.case.proposals.last().action["args"]["to"] == to
    return reviewer.decide("send_email", verdict, **answer)


def test_the_unmodified_client_runs_what_was_approved_and_nothing_else(run, reviewer):
    agent = run("humanlayer", "humanlayer_agent", "calls")
    decide_mail_to(reviewer, "good@x", "approve")
    decide_mail_to(reviewer, "bad@x", "reject")
    decide_mail_to(reviewer, "edited@x", "edit", changes={"/action/args/body": "Dear"})
    result = agent.result()

    assert result["ran"] == [["good@x", "Hi"]]
    approved, rejected, edited = result["told"]
    assert approved == "sent to good@x"
    assert rejected == "User denied send_email with message: A reviewer said no."
    assert '{"body": "Dear", "to": "edited@x"}' in edited
    assert asked() == [("send_email", "human")] * 3


def test_a_question_is_answered_in_words(run, reviewer):
    agent = run("humanlayer", "humanlayer_agent", "ask")
    reviewer.decide("", "respond", message="the blue one")
    assert agent.result()["told"] == "the blue one"
