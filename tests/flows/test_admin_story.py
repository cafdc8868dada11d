"""A workflow reads as a story: drawn, in plain words, against what is live, and what is wrong
with it said where it is mended."""

import re

import pytest

from reviews.services.publishing import new_draft
from tests.building import allow, person, route, stage
from tests.deciding import case_of
from tests.flows.admin_pages import logged_in, page_of, save
from workflows.admin.drawing import drawing_of
from workflows.admin.told_changes import changes_of
from workflows.models import Gate, Route, Stage, Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(house):
    return new_draft(house.workflow, by=house.admin)


@pytest.fixture
def client(house):
    return logged_in(house.admin)


def first_gate(release):
    return Gate.objects.get(stage__release=release, stage__key="approval")


def read(client, row):
    return client.get(page_of(row)).content.decode()


def test_the_stages_are_drawn_and_each_leads_to_its_page(house, client):
    drawing = read(client, house.workflow).split("<svg viewBox")[1].split("</svg>")[0]
    for row in house.release.stages.all():
        assert f'href="{page_of(row)}"' in drawing
    assert "Refund approval → Second approval: passed automatically, approved or" in drawing
    assert "style=" not in drawing and "<script" not in drawing


def test_every_way_is_drawn_once_and_no_two_share_a_lane(draft):
    second = draft.stages.get(key="second")
    back = route(second, ["respond"], draft.stages.get(key="approval"), 3)
    assert back.pk
    stages = list(draft.stages.prefetch_related("routes"))
    drawing = drawing_of(stages)
    pairs = set(Route.objects.filter(stage__release=draft).values_list("stage", "to_stage"))
    assert len(drawing.arrows) == len(pairs)
    aside = [arrow.points.split() for arrow in drawing.arrows if arrow.points.count(" ") == 3]
    lanes = [points[1].split(",")[0] for points in aside]
    assert len(lanes) == len(set(lanes)) == 3
    ends = [points[0] for points in aside] + [points[-1] for points in aside]
    assert len(ends) == len(set(ends))
    assert all(int(x) <= drawing.width for x in lanes)


def test_a_release_without_stages_has_no_drawing(house, client, draft):
    empty = house.workflow.releases.create(number=9, author=house.admin)
    assert "There are no stages yet" in read(client, empty)
    assert drawing_of([]).boxes == ()


def test_a_draft_is_told_against_what_is_live(house, client, draft):
    assert "Nothing that decides the path of a case differs" in read(client, house.workflow)
    assert not changes_of(house.release, draft)
    save(client, first_gate(draft), triggers__0__threshold="0.9")
    save(client, draft, audit_rate="0.25")
    text = re.sub(r"<[^>]+>", "", read(client, house.workflow))
    assert "No more: Ask a human when confidence is under 0.80." in text
    assert "New: Ask a human when confidence is under 0.90." in text
    assert "Audit rate: 0.0 → 0.25" in text


def test_new_and_vanished_stages_are_named(house, client, draft):
    Gate.objects.filter(stage__release=draft, stage__key="second").delete()
    Route.objects.filter(to_stage__key="second", to_stage__release=draft).delete()
    Stage.objects.filter(release=draft, key="second").delete()
    stage(draft, "third", "Third look", Stage.Kind.GATE, 9)
    text = read(client, draft)
    assert "This stage is gone." in text and "A new stage." in text


def test_what_is_wrong_is_said_where_it_is_mended(house, client, draft):
    assert "The linter finds nothing to mend." in read(client, draft)
    gate = first_gate(draft)
    gate.stage.routes.filter(on_verdicts__contains=["reject"]).delete()
    told = "Nothing says where a case goes after &quot;reject&quot;"
    for row in (gate, gate.stage):
        assert told in read(client, row)
    other = Gate.objects.get(stage__release=draft, stage__key="second")
    assert told not in read(client, other)
    page = read(client, draft)
    assert told in page and f'href="{page_of(gate.stage)}"' in page


def trial(client, release, expression, **headers):
    address = f"/admin/workflows/release/{release.pk}/try/"
    return client.post(address, {"expression": expression}, headers=headers)


def test_an_expression_is_tried_on_the_last_cases(house, agent, client, draft):
    small, large = (case_of(agent.post(amount=amount)) for amount in ("90.00", "9000.00"))
    old = case_of(agent.post(data={"order": "A1", "amount": "1.00"}, confidence=0.9))
    page = trial(client, draft, "action.args.amount > 1000").content.decode()
    assert "Holds for 1 of the last 3 cases." in page
    rows = dict(re.findall(r"…(\w{8})</a>.*?chip[^>]*>([^<]+)<", page, re.DOTALL))
    assert rows[large.public_id[-8:]] == "holds" and rows[small.public_id[-8:]] == "does not hold"
    page = trial(client, draft, "data.customer.id == 'c_9'").content.decode()
    assert "1 cannot be worked out: it would reach a person." in page
    assert old.public_id[-8:] in page and "missing in this case" in page


def test_the_button_beside_the_field_tries_what_is_typed_there(agent, client, draft):
    case_of(agent.post())
    gate = first_gate(draft)
    page = client.get(page_of(gate)).content.decode()
    address = re.search(r'name="triggers-0-expression-try" formaction="([^"]+)"', page)[1]
    typed = {"triggers-0-expression": "data.order == 'A1'", "triggers-0-expression-try": ""}
    answer = client.post(address, typed, headers={"X-Requested-With": "fetch"})
    assert "Holds for 1 of the last 1 case." in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "condition-try" in read(client, gate.stage)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("action.args.amout > 5", "did you mean"),
        ("data.order > 'a'", "letter by letter"),
        ("(" * 3000, ""),
        ("x" * 4001, "longer than 4000"),
        ("'<script>' == data.order", "&#x27;&lt;script&gt;"),
    ],
)
def test_an_expression_that_cannot_work_is_answered_in_words(client, draft, expression, words):
    answer = trial(client, draft, expression)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert "<script>'" not in answer.content.decode()


def test_a_trial_tells_nothing_of_cases_that_one_may_not_see(house, agent, draft):
    case = case_of(agent.post())
    outsider = allow(person("designer", staff=True), "view_release", "change_release")
    page = trial(logged_in(outsider), draft, "data.order == 'A1'").content.decode()
    assert "no case yet that you may see" in page and case.public_id[-8:] not in page
    nobody = logged_in(person("nobody", staff=True))
    assert trial(nobody, draft, "true").status_code == 403


def test_a_trial_looks_at_its_own_workflow_alone(house, agent, draft):
    case_of(agent.post())
    other = Workflow.objects.create(
        name="Other",
        slug="other",
        purpose="Another",
        owner_team=house.extra["team"],
        exception_queue=house.exceptions,
    )
    empty = other.releases.create(number=1, author=house.admin)
    page = trial(logged_in(house.admin), empty, "confidence > 0.1").content.decode()
    assert "no case yet that you may see" in page
