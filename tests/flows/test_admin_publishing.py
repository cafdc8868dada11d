"""A release on its way: who may, what they see before, and what stands on record after."""

import pytest
from django.contrib.auth.models import Group

from reviews.models import AuditEntry
from reviews.services.people import make_groups
from reviews.services.publishing import new_draft, propose
from tests.building import House, person
from tests.flows.admin_pages import logged_in, page_of, save
from workflows.admin.differences import differences
from workflows.models import Release


@pytest.fixture
def draft(house: House) -> Release:
    return new_draft(house.workflow, by=house.admin)


@pytest.fixture
def staff(house: House):
    """Somebody of a ready group, at the admin."""
    make_groups()

    def one(group: str):
        user = person(f"a.{group.lower()}", staff=True)
        user.groups.add(Group.objects.get(name=group))
        return user

    return one


def step(release: Release, name: str) -> str:
    return f"/admin/workflows/release/{release.pk}/step/{name}/"


def state(release: Release) -> str:
    return Release.objects.get(pk=release.pk).state


def events(house: House) -> list[str]:
    entries = AuditEntry.objects.filter(chain=f"workflow:{house.workflow.pk}")
    return list(entries.order_by("position").values_list("event", flat=True))


def test_a_designer_proposes_and_a_publisher_publishes(house, draft, staff):
    designer, publisher = logged_in(staff("Designer")), logged_in(staff("Publisher"))
    save(designer, draft, notes="Ask earlier", audit_rate="0.25")
    assert designer.post(step(draft, "propose")).url == page_of(draft)
    assert state(draft) == "PROPOSED"
    page = publisher.get(step(draft, "publish")).content.decode()
    assert "Audit rate" in page and "0.0" in page and "0.25" in page
    assert "Refund approval" in page and "confidence is under 0.80" in page
    publisher.post(step(draft, "publish"))
    assert state(draft) == "LIVE" and state(house.release) == "RETIRED"
    assert events(house)[-4:] == [
        "release.drafted",
        "release.proposed",
        "release.retired",
        "release.published",
    ]
    assert Release.objects.get(pk=draft.pk).publisher.username == "a.publisher"


def test_looking_at_a_step_changes_nothing(house, draft, staff):
    client = logged_in(house.admin)
    assert client.get(step(draft, "propose")).status_code == 200
    assert state(draft) == "DRAFT"


def test_a_designer_cannot_publish_and_is_told_so(house, draft, staff):
    propose(draft, by=house.admin)
    response = logged_in(staff("Designer")).post(step(draft, "publish"))
    assert response.status_code == 403
    assert "Can publish a release" in response.content.decode()
    assert state(draft) == "PROPOSED"


@pytest.mark.parametrize("group", ["Reviewer", "Lead", "Auditor"])
def test_nobody_else_moves_a_release_or_edits_its_draft(house, draft, staff, group):
    client = logged_in(staff(group))
    assert client.get(page_of(draft)).status_code == 200
    assert client.post(page_of(draft), {"notes": "x"}).status_code == 403
    assert client.post(step(draft, "propose")).status_code == 403
    new = f"/admin/workflows/workflow/{house.workflow.pk}/new-draft/"
    assert client.post(new).status_code == 403
    assert state(draft) == "DRAFT" and house.workflow.releases.count() == 2


def test_a_release_with_errors_is_not_proposed_and_the_page_says_how_to_mend_it(house, draft):
    client = logged_in(house.admin)
    gate = draft.stages.get(key="approval").gate
    gate.triggers.create(kind="EXPRESSION", expression="data.amout > 5", position=9)
    page = client.get(page_of(draft)).content.decode()
    assert "What has to be mended" in page and "amout" in page
    response = client.post(step(draft, "propose"))
    assert response.status_code == 409
    assert "amout" in response.content.decode()
    assert state(draft) == "DRAFT"


def test_a_step_that_somebody_else_took_first_is_said_in_words(house, draft):
    client = logged_in(house.admin)
    client.post(step(draft, "propose"))
    again = client.post(step(draft, "propose"))
    assert again.status_code == 409 and "somebody was faster" in again.content.decode()
    assert client.post(step(draft, "take-back")).status_code == 302
    assert state(draft) == "DRAFT"


def test_unknown_steps_and_releases_are_not_found(house, draft):
    client = logged_in(house.admin)
    assert client.post(step(draft, "explode")).status_code == 404
    assert client.get("/admin/workflows/release/999999/step/propose/").status_code == 404


def test_approving_when_time_runs_out_needs_its_own_permission(house, draft, staff):
    gate = draft.stages.get(key="approval").gate
    gate.time_limit_minutes, gate.on_timeout = 30, "APPROVE"
    gate.save()
    publisher = logged_in(staff("Publisher"))
    response = logged_in(house.admin).post(step(draft, "propose"))
    if response.status_code == 302:
        response = publisher.post(step(draft, "publish"))
        assert response.status_code == 403
        assert "approves when time runs out" in response.content.decode()
    assert state(draft) != "LIVE"


def test_a_draft_with_a_changed_field_order_keeps_it(house, draft):
    client = logged_in(house.admin)
    schema = (
        '{"type": "object", "required": ["order", "amount"], "properties": {'
        '"zeal": {"type": "string"}, "order": {"type": "string"}, '
        '"amount": {"type": "string", "format": "decimal"}}}'
    )
    assert save(client, draft, input_schema=schema).status_code == 302
    shown = client.get(page_of(draft)).context["adminform"].form["input_schema"].value()
    assert shown.index("zeal") < shown.index('"order": {') < shown.index('"amount": {')
    assert "x-order" not in shown


def test_what_changes_is_told_field_by_field_and_a_copy_changes_nothing(house, draft):
    assert differences(house.release, draft) == []
    gate = draft.stages.get(key="approval").gate
    gate.triggers.filter(kind="VALUE_ABOVE").update(threshold="1500")
    gate.separation_rules.all().delete()
    draft.stages.get(key="pay").routes.all().delete()
    found = {row.where: (row.before, row.after) for row in differences(house.release, draft)}
    assert found["Stage approval, gate, trigger 2: threshold"] == ("1000.00", "1500.00")
    assert found["Stage approval, gate, separation of duties 1"] == ("not the agent's owner", "")
    assert found["Stage pay, route 1: on verdicts"] == ("done, failed", "")


def test_a_gate_with_many_triggers_is_told_as_a_list(house, draft):
    gate = draft.stages.get(key="approval").gate
    gate.triggers.create(kind="FIELD_MISSING", pointers=["/data/age", "/data/reason"], position=3)
    gate.triggers.create(kind="SAMPLE", rate=0.05, position=4, words="A look at the rest")
    page = logged_in(house.admin).get(page_of(gate)).content.decode()
    assert "Ask a human when any of these holds:" in page
    assert "<li>age or reason is missing</li>" in page
    assert "<li>the draw picks it for a sample of 5 % (A look at the rest)</li>" in page
    gate.triggers.create(kind="ALWAYS", position=5)
    assert "Always ask a human." in logged_in(house.admin).get(page_of(gate)).content.decode()
