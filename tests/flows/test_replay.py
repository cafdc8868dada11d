"""Replay before publishing: the past under a draft, without deciding or sending anything."""

from collections import Counter
from itertools import islice

import pytest
from django.contrib.auth.models import Permission

from agents.demo import credit_agent
from agents.models import AgentKey
from reviews.models import AuditEntry, Case, OutcomeRun, Replay, Review
from reviews.services import replays
from reviews.services.claims import claim_review
from reviews.services.decisions import decide_review
from reviews.services.publishing import draft_from_file, new_draft, propose, publish
from reviews.services.replays import run_replay, start_replay
from reviews.services.verdicts import Answer
from tests.building import person
from tests.conftest import AgentClient
from tests.deciding import case_of, take_and_decide
from tests.flows.admin_pages import logged_in
from workflows.gallery import example
from workflows.models import Agent, Membership, Queue, Team, Trigger

pytestmark = pytest.mark.django_db
DATA = {"order": "A1", "amount": "1.00"}


def replayed(release, by, days=30):
    replay = start_replay(release, by=by, days=days)
    run_replay(replay.pk)
    return Replay.objects.get(pk=replay.pk)


@pytest.fixture
def draft(house):
    return new_draft(house.workflow, by=house.admin)


def counts(result, side):
    names = {str(queue.pk): queue.slug for queue in Queue.objects.all()} | {"": "auto"}
    return {names[key]: number for key, number in result[side].items()}


def test_the_draft_equal_to_live_reproduces_every_decision_on_real_credit_data(db):
    """And its counts are those of a fresh run of the same cases under the published draft."""
    admin = person("admin", admin=True)
    release = draft_from_file(example("credit-applications").text, by=admin)
    # A sample is drawn by the id of a case, and a fresh run has other ids.
    Trigger.objects.filter(gate__stage__release=release, kind="SAMPLE").delete()
    # Nobody audits here: audits wait in the same queues and are no case's path.
    type(release).objects.filter(pk=release.pk).update(audit_rate=0)
    release = type(release).objects.get(pk=release.pk)
    publish(propose(release, by=admin), by=admin)
    people = [person(f"p{number}") for number in range(3)]
    for team in Team.objects.all():
        for user in people:
            Membership.objects.create(team=team, user=user)
    agent = Agent.objects.create(name="Credit", slug="credit", owner=admin)
    _row, key = AgentKey.make(agent)
    client = AgentClient(key)
    proposals = list(islice(credit_agent.proposals(), 120))
    for number, proposal in enumerate(proposals):
        body = {"workflow": proposal.workflow, **proposal.fields}
        assert client.post(body, key=f"first-{number}").status_code == 201
    for number in range(25):
        verdict = "reject" if number % 3 == 0 else "approve"
        code = {"reason_code": "other"} if verdict == "reject" else {}
        take_and_decide(people[number % 3], verdict, **code)
    draft = new_draft(release.workflow, by=admin)
    result = replayed(draft, admin).result
    assert result["cases"] == 120 and result["decisions"] > 120
    assert (result["same"], result["others"]) == (result["decisions"], [])
    assert result["then"] == result["now"] and result["let_through_count"] == 0
    gate = draft.stages.get(key="credit-decision").gate
    gate.triggers.filter(kind="CONFIDENCE_BELOW").update(threshold="0.55")
    predicted = counts(replayed(draft, admin).result, "now")
    publish(propose(draft, by=admin), by=admin)
    before = set(Case.objects.values_list("pk", flat=True))
    for number, proposal in enumerate(proposals):
        body = {"workflow": proposal.workflow, **proposal.fields}
        assert client.post(body, key=f"second-{number}").status_code == 201
    fresh = Case.objects.exclude(pk__in=before)
    assert fresh.filter(lane="AUTO").count() == predicted.pop("auto")
    opened = Review.objects.filter(case__in=fresh, visit__number=1)
    assert Counter(opened.values_list("queue__slug", flat=True)) == predicted


def test_what_a_looser_draft_would_let_through_is_named(house, agent, draft):
    wrong = case_of(agent.post(confidence=0.7))
    take_and_decide(house.one, "reject")
    fixed = case_of(agent.post(confidence=0.75))
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
    case_of(agent.post(confidence=0.78))
    take_and_decide(house.one)
    draft.stages.get(key="approval").gate.triggers.filter(kind="CONFIDENCE_BELOW").update(
        threshold="0.5"
    )
    result = replayed(draft, house.admin).result
    assert counts(result, "then") == {"refunds": 3} and counts(result, "now") == {"auto": 3}
    named = {one["case"]: one["verdict"] for one in result["let_through"]}
    assert named == {wrong.public_id: "reject", fixed.public_id: "edit"}
    page = logged_in(house.admin).get(f"/admin/workflows/release/{draft.pk}/replay/")
    text = page.content.decode()
    assert "2 past corrections would have been let through" in text
    assert wrong.public_id[-8:] in text and "a person refused it" in text


def test_a_stricter_draft_costs_hours_and_review_times(house, agent, draft):
    for _ in range(4):
        agent.post()
    agent.post(confidence=0.5)
    review = Review.objects.get()
    claim_review(review, reviewer=house.one)
    proposal = review.case.proposals.get()
    decide_review(
        Review.objects.get(),
        reviewer=house.one,
        answer=Answer(verdict="reject"),
        revision=1,
        digest=proposal.digest,
        active_seconds=1800.0,
    )
    draft.stages.get(key="approval").gate.triggers.create(kind="ALWAYS", position=9)
    result = replayed(draft, house.admin).result
    assert (result["hours_then"], result["hours_now"]) == (0.5, 2.5)
    [risk] = result["at_risk"].values()
    assert risk == {"busiest": 5, "most": 1}
    assert "Review times at risk in Refunds" in (
        logged_in(house.admin).get(f"/admin/workflows/release/{draft.pk}/replay/").content.decode()
    )


def test_every_way_through_two_gates_an_edit_and_an_exception_is_reproduced(house, agent, draft):
    agent.post(amount="9000.00")
    take_and_decide(house.two, "edit", changes={"/action/args/amount": "8000.00"})
    take_and_decide(house.three)
    agent.post(amount="6000.00")
    take_and_decide(house.two, "reject")
    house.queue.teams.clear()
    agent.post(confidence=0.1)
    result = replayed(draft, house.admin).result
    assert (result["same"], result["others"]) == (result["decisions"], [])
    assert result["decisions"] >= 4


def test_data_that_the_new_schema_refuses_is_counted(house, agent, draft):
    agent.post()
    draft.input_schema = draft.input_schema | {"required": ["order", "amount", "age"]}
    draft.save()
    assert replayed(draft, house.admin).result["refused"] == 1


def test_nothing_is_changed_but_the_replay_and_the_record(house, agent, draft):
    agent.post(confidence=0.5)
    before = (Case.objects.count(), Review.objects.count(), OutcomeRun.objects.count())
    replayed(draft, house.admin)
    assert before == (Case.objects.count(), Review.objects.count(), OutcomeRun.objects.count())
    chain = AuditEntry.objects.filter(chain=f"workflow:{house.workflow.pk}")
    assert chain.last().event == "release.replayed"


def test_a_worker_that_died_is_replaced_and_two_do_not_do_it_twice(house, agent, draft):
    agent.post()
    replay = start_replay(draft, by=house.admin, days=1)
    assert Replay.objects.begin(replay.pk, total=1) == 1
    assert Replay.objects.begin(replay.pk, total=1) == 0
    run_replay(replay.pk)
    assert Replay.objects.get().state == "RUNNING"
    Replay.objects.update(heard_at="2020-01-01T00:00Z")
    assert list(Replay.objects.abandoned()) == [replay]
    run_replay(replay.pk)
    assert Replay.objects.get().state == "DONE"


def test_a_draft_that_cannot_run_says_why(house, draft):
    gate = draft.stages.get(key="approval").gate
    gate.triggers.create(kind="EXPRESSION", expression="data.amout > 5", position=9)
    replay = replayed(draft, house.admin)
    assert replay.state == "FAILED" and "amout" in replay.problem
    page = logged_in(house.admin).get(f"/admin/workflows/release/{draft.pk}/replay/")
    assert "did you mean" in page.content.decode()


def test_the_page_begins_one_and_shows_how_far_it_is(house, agent, draft, monkeypatch):
    sent = []
    monkeypatch.setattr(replays.enqueue, "on_commit", lambda *a, **k: sent.append((a, k)))
    client = logged_in(house.admin)
    address = f"/admin/workflows/release/{draft.pk}/replay/"
    assert "has not been replayed yet" in client.get(address).content.decode()
    assert client.post(address, {"days": "0"}).status_code == 200
    assert client.post(address, {"days": "7"}).url == address
    assert sent == [(("reviews.run_replay",), {"replay_id": Replay.objects.get().pk.hex})]
    part = client.get(address, headers={"X-Requested-With": "fetch"}).content.decode()
    assert "<progress" in part and "<html" not in part


def test_who_may_not_see_every_case_replays_nothing(house, draft):
    designer = person("designer", staff=True)
    designer.user_permissions.add(Permission.objects.get(codename="view_release"))
    client = logged_in(designer)
    assert client.post(f"/admin/workflows/release/{draft.pk}/replay/").status_code == 403
    assert not Replay.objects.exists()
