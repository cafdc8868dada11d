"""A designer changes a workflow without a developer, and cannot save what would fail later."""

from decimal import Decimal

import pytest

from reviews.services.publishing import new_draft
from tests.building import House, person
from tests.flows.admin_pages import errors_of, logged_in, page_of, save
from workflows.models import Gate, OutcomeRule, Release, Stage, Trigger


@pytest.fixture
def draft(house: House) -> Release:
    return new_draft(house.workflow, by=house.admin)


@pytest.fixture
def client(house: House):
    return logged_in(house.admin)


def first_gate(release: Release) -> Gate:
    return Gate.objects.get(stage__release=release, stage__key="approval")


def action_stage(release: Release) -> Stage:
    return release.stages.get(kind="ACTION")


def test_the_workflow_page_tells_what_is_live_in_plain_words(house, client):
    page = client.get(page_of(house.workflow)).content.decode()
    assert "Ask a human when confidence is under 0.80, or the amount is over 1,000.00." in page
    assert "The owner of the agent may not decide here." in page
    assert "Who decided “Refund approval” may not decide here." in page
    assert "POST http://127.0.0.1:8901/refunds" in page


def test_a_button_makes_a_draft_and_only_by_post(house, client):
    address = f"/admin/workflows/workflow/{house.workflow.pk}/new-draft/"
    assert client.get(address).status_code == 200
    assert house.workflow.releases.count() == 1
    response = client.post(address)
    draft = house.workflow.releases.get(state="DRAFT")
    assert response.url == page_of(draft)
    assert first_gate(draft).triggers.count() == 2


def test_a_threshold_is_a_plain_number_and_is_told_in_words(draft, client):
    gate = first_gate(draft)
    response = save(client, gate, triggers__0__threshold="0.9")
    assert response.status_code == 302
    assert gate.triggers.order_by("pk").first().threshold == Decimal("0.9")
    page = client.get(page_of(gate)).content.decode()
    assert "Ask a human when confidence is under 0.90" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "CONFIDENCE_BELOW", "threshold": ""}, "Say under or over which number"),
        ({"kind": "CONFIDENCE_BELOW", "threshold": "80"}, "numbers from 0 to 1"),
        ({"kind": "CONFIDENCE_BELOW", "threshold": "0"}, "nobody would be asked"),
        ({"kind": "CONFIDENCE_BELOW", "threshold": "NaN"}, "Enter a number"),
        ({"kind": "VALUE_ABOVE", "threshold": "-5"}, "An amount is not under 0"),
        ({"kind": "VALUE_ABOVE", "threshold": "5", "currency": "E1"}, "three letters"),
        ({"kind": "RISK_ABOVE", "threshold": "1.5"}, "numbers from 0 to 1"),
        ({"kind": "CATEGORY_IN", "categories": " \n "}, "Name at least one category"),
        ({"kind": "CATEGORY_IN", "categories": "a" * 81}, "is longer than 80 characters"),
        ({"kind": "FIELD_MISSING", "pointers": ""}, "Name at least one field"),
        ({"kind": "FIELD_MISSING", "pointers": "data/income"}, "is no JSON pointer"),
        ({"kind": "FIELD_MISSING", "pointers": "/income"}, "points at nothing in a case"),
        ({"kind": "OUTSIDE_DOMAIN", "pointers": "/data/age"}, "smallest or largest number"),
        (
            {"kind": "OUTSIDE_DOMAIN", "pointers": "/data/age", "minimum": "9", "maximum": "3"},
            "The largest number is smaller",
        ),
        (
            {"kind": "OUTSIDE_DOMAIN", "pointers": "/data/age", "minimum": "9", "allowed": "x"},
            "Either numbers or texts",
        ),
        ({"kind": "SAMPLE", "rate": ""}, "Say which share"),
        ({"kind": "SAMPLE", "rate": "5"}, "less than or equal to 1"),
        ({"kind": "EXPRESSION", "expression": " "}, "Write the expression"),
        ({"kind": "EXPRESSION", "expression": "data.amout > 5"}, "amout"),
        ({"kind": "EXPRESSION", "expression": "data.amount >"}, ""),
        ({"kind": "EXPRESSION", "expression": "data.order > 'a'"}, ""),
        ({"kind": "NONSENSE"}, "Select a valid choice"),
    ],
)
def test_a_trigger_is_saved_with_what_its_kind_needs_or_not_at_all(draft, client, fields, words):
    gate = first_gate(draft)
    changes = {f"triggers__0__{name}": value for name, value in fields.items()}
    response = save(client, gate, **changes)
    assert response.status_code == 200
    assert words in " ".join(errors_of(response))
    assert gate.triggers.order_by("pk").first().kind == "CONFIDENCE_BELOW"
    assert gate.triggers.order_by("pk").first().threshold == Decimal("0.8")


def test_what_a_kind_does_not_read_is_not_kept(draft, client):
    gate = first_gate(draft)
    changes = {"triggers__0__kind": "SAMPLE", "triggers__0__rate": "0.05"}
    assert save(client, gate, **changes, triggers__0__expression="nonsense(").status_code == 302
    trigger = gate.triggers.get(kind="SAMPLE")
    assert (trigger.threshold, trigger.expression, trigger.rate) == (None, "", 0.05)


def test_verdicts_are_checkboxes_and_reasons_belong_to_allowed_verdicts(draft, client):
    gate = first_gate(draft)
    page = client.get(page_of(gate)).content.decode()
    assert 'type="checkbox" name="verdicts" value="approve"' in page
    response = save(client, gate, verdicts=["approve"], reason_required_on=["reject"])
    assert errors_of(response) == ["A reason for a verdict that is not allowed."]
    response = save(client, gate, seats="2", needed="3", quorum="N")
    assert errors_of(response) == ["More approvals are needed than there are seats."]
    assert save(client, gate, verdicts=["approve", "reject"]).status_code == 302
    assert Gate.objects.get(pk=gate.pk).verdicts == ["approve", "reject"]


def test_stages_can_exchange_their_positions(draft, client):
    first, second = draft.stages.order_by("position")[:2]
    response = save(client, draft, stages__0__position="2", stages__1__position="1")
    assert response.status_code == 302
    assert Stage.objects.get(pk=first.pk).position == 2
    assert Stage.objects.get(pk=second.pk).position == 1
    response = save(client, draft, stages__0__position="3")
    assert "Position 3 is taken twice." in errors_of(response)


def test_a_stage_keeps_the_kind_that_its_content_needs(draft, client):
    response = save(client, draft, stages__0__kind="END")
    assert "It has a gate: delete the gate first." in errors_of(response)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{", "This is no JSON"),
        ("[1]", "A JSON Schema is an object"),
        ('{"type": "strang"}', "strang"),
        ('{"type": "object", "type": "object"}', "stands twice"),
        ('{"maximum": NaN}', "NaN is no JSON number"),
        ('{"title": "\\u0000"}', "NUL"),
        ('{"title": "\\ud800"}', "surrogate"),
        ('{"$ref": "https://example.com/a.json"}', "outside this schema"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_at_its_field(draft, client, schema, words):
    response = save(client, draft, input_schema=schema)
    assert response.status_code == 200
    assert words in " ".join(errors_of(response))


def test_pointers_are_checked_at_save(draft, client):
    response = save(client, draft, value_pointer="amount", personal_pointers="/data/a\n/datta/b")
    assert len(errors_of(response)) == 2


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("", "This field is required"),
        ('["GET"]', "must be an object"),
        ('{"method": "POST", "url": "ftp://example.com"}', "http"),
        ('{"url": "https://example.com", "body": {"$ref": "/data/amout"}}', "/data/amout"),
        ('{"url": "https://example.com", "headers": {"A": {"$secret": "lost"}}}', "lost"),
    ],
)
def test_a_template_that_no_case_could_fill_is_refused(draft, client, template, words):
    stage = action_stage(draft)
    response = save(client, stage, outcome_rules__0__template=template)
    assert response.status_code == 200
    assert words in " ".join(errors_of(response))
    assert OutcomeRule.objects.get(stage=stage).template["method"] == "POST"


def test_lists_of_numbers_are_read_with_their_bounds(draft, client):
    stage = action_stage(draft)
    response = save(client, stage, outcome_rules__0__expected_status="200, 99")
    assert errors_of(response) == ["99 is not between 100 and 599."]
    response = save(client, stage, outcome_rules__0__retry_delays="1, soon")
    assert errors_of(response) == ["“soon” is no whole number."]
    assert save(client, stage, outcome_rules__0__retry_delays="1 2,3").status_code == 302
    assert OutcomeRule.objects.get(stage=stage).retry_delays == [1, 2, 3]


def test_a_route_leads_on_from_a_verdict_that_its_stage_can_have(draft, client):
    stage = action_stage(draft)
    response = save(client, stage, routes__0__on_verdicts=["approve"])
    assert "A case never leaves a stage of this kind as “approve”." in errors_of(response)
    response = save(client, stage, routes__0__condition="nothing.like > 1")
    assert "nothing" in " ".join(errors_of(response))
    elsewhere = Stage.objects.exclude(release=draft).first()
    response = save(client, stage, routes__0__to_stage=str(elsewhere.pk))
    assert "Select a valid choice" in " ".join(errors_of(response))


def test_a_gate_is_made_on_the_page_of_its_stage(draft, client):
    stage = draft.stages.create(key="third", title="Third look", kind="GATE", position=9)
    link = f"/admin/workflows/gate/add/?stage={stage.pk}"
    assert link in client.get(page_of(stage)).content.decode()
    page = client.get(link)
    queue = first_gate(draft).queue
    values = {
        "stage": stage.pk,
        "pattern": "APPROVAL",
        "queue": queue.pk,
        "quorum": "ANY",
        "seats": 1,
        "needed": 1,
        "verdicts": ["approve", "reject"],
        "on_timeout": "REJECT",
        "presentation": "AI_FIRST",
        "undo_seconds": 0,
    }
    assert page.status_code == 200
    response = client.post(link, values)
    assert response.url == page_of(Gate.objects.get(stage=stage))
    again = client.post(link, values)
    assert "stage" in again.context["adminform"].form.errors


def test_no_part_of_a_live_release_can_be_edited(house, client):
    gate, release = first_gate(house.release), house.release
    page = client.get(page_of(release)).content.decode()
    assert "Its content can never change" in page
    assert 'name="_save"' not in page
    for row in (release, gate, gate.stage):
        assert 'name="_save"' not in client.get(page_of(row)).content.decode()
        assert client.post(page_of(row), {"notes": "changed"}).status_code == 403
    trigger = Trigger.objects.filter(gate=gate).order_by("pk").first()
    assert trigger.threshold == Decimal("0.8")


def test_a_gate_of_a_published_stage_is_no_place_for_a_new_gate(house, client):
    stage = house.release.stages.get(kind="ACTION")
    response = client.post("/admin/workflows/gate/add/", {"stage": stage.pk})
    assert "stage" in response.context["adminform"].form.errors


def test_a_draft_that_was_proposed_meanwhile_is_not_saved_and_says_so(
    draft, client, house, monkeypatch
):
    gate = first_gate(draft)
    monkeypatch.setattr("workflows.admin.drafts._is_open", lambda row: True)
    draft.propose(proposer=house.admin)
    draft.save()
    response = save(client, gate, triggers__0__threshold="0.1")
    assert response.status_code == 302
    page = client.get(response.url).content.decode()
    assert "Nothing was saved" in page
    assert gate.triggers.order_by("pk").first().threshold == Decimal("0.8")


def test_who_has_no_right_to_releases_sees_none(house):
    client = logged_in(person("somebody", staff=True))
    assert client.get(page_of(house.release)).status_code == 403
    assert client.get(page_of(first_gate(house.release))).status_code == 403


def test_the_history_says_who_changed_which_setting(draft, client, house):
    gate = first_gate(draft)
    save(client, gate, triggers__0__threshold="0.85")
    page = client.get(f"/admin/workflows/gate/{gate.pk}/history/").content.decode()
    assert "<td>admin</td>" in page
    assert "threshold: <del>0.8" in page


def test_stages_and_gates_come_and_go_while_a_release_is_a_draft(draft, client):
    gate = first_gate(draft)
    address = f"/admin/workflows/gate/{gate.pk}/delete/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Gate.objects.filter(pk=gate.pk).exists()
    count = draft.stages.count()
    added = {
        "stages__TOTAL_FORMS": count + 1,
        "stages__4__position": "5",
        "stages__4__title": "Look again",
        "stages__4__key": "again",
        "stages__4__kind": "GATE",
        "stages__4__release": draft.pk,
    }
    assert save(client, draft, **added).status_code == 302
    assert draft.stages.get(key="again").position == 5
    taking_its_place = {"stages__0__DELETE": "on", "stages__1__position": "1"}
    assert save(client, draft, **taking_its_place).status_code == 302
    assert not draft.stages.filter(key="approval").exists()
    assert draft.stages.get(key="second").position == 1


def test_a_published_gate_cannot_be_deleted_here_either(house, client):
    gate = first_gate(house.release)
    address = f"/admin/workflows/gate/{gate.pk}/delete/"
    assert client.post(address, {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [gate.pk], "post": "yes"}
    response = client.post("/admin/workflows/gate/", action, follow=True)
    assert response.status_code in (200, 403)
    assert Gate.objects.filter(pk=gate.pk).exists()
