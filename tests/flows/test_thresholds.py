"""What the labels support, on the workflow's page; a draft is prepared, and a person publishes."""

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.insights.adviser import Target
from reviews.insights.labels import Scope
from reviews.models import AuditEntry, Case, Certificate, Visit
from reviews.services import advice, publishing
from tests.building import allow, person
from workflows.models import Release

pytestmark = pytest.mark.django_db
RIGHT_ABOVE = 0.7


@pytest.fixture
def cases(house):
    """400 cases: half by rule, every one of them labelled; only the unsure ones are wrong."""
    for index in range(400):
        confidence = 0.5 + index % 100 / 200
        is_auto = confidence >= 0.8
        Case.objects.create(
            release=house.release,
            agent=house.agent,
            agent_version="2.1",
            confidence=confidence,
            lane="AUTO" if is_auto else "HUMAN",
            label_propensity=1.0,
            audit_selected=is_auto,
            audited_at=timezone.now() if is_auto else None,
            wrong=confidence < RIGHT_ABOVE and index % 3 == 0,
            active_seconds=None if is_auto else 60.0,
        )
    return Case.objects.all()


def page(client, house, **asked):
    address = reverse("admin:workflows_workflow_threshold", args=[house.workflow.pk])
    return client.get(address, asked)


def scope(house):
    return Scope(house.release, house.agent, "2.1")


def test_the_page_says_how_much_may_pass_and_draws_it(client, house, cases):
    client.force_login(house.admin)
    body = page(client, house, alpha="0.02").content.decode()
    assert "of the cases would pass without a person" in body
    assert "<svg" in body and "style=" not in body and "recommended" in body
    advised = page(client, house, alpha="0.02").context["advice"]
    assert 0.69 <= advised.recommended.threshold <= 0.72
    assert 0.5 < advised.recommended.automated < 0.65
    assert "no golds" in body


def test_too_little_is_said_to_be_too_little(client, house, cases):
    Case.objects.filter(pk__in=list(cases.values_list("pk", flat=True)[100:])).delete()
    client.force_login(house.admin)
    body = page(client, house, alpha="0.01").content.decode()
    assert "Insufficient evidence: 199 more audits." in body
    assert "Prepare a draft" not in body


def test_what_another_reason_sent_to_people_is_not_counted_as_passing(house, cases):
    before = advice.advice_for(scope(house), target=Target.ESCAPED, alpha=0.02).advice
    gate = house.release.stages.get(key="approval")
    for case in cases.filter(confidence__gte=0.9):
        now = timezone.now()
        firing = {"trigger": "value_above", "detail": "", "numbers": {}}
        Visit.objects.create(
            case=case, stage=gate, number=1, revision=1, firings=[firing], entered_at=now
        )
    after = advice.advice_for(scope(house), target=Target.ESCAPED, alpha=0.02).advice
    assert before.recommended.automated - after.recommended.automated == pytest.approx(0.2)


def test_a_draft_is_prepared_with_a_certificate_and_a_person_publishes(client, house, cases):
    client.force_login(house.admin)
    address = reverse("admin:workflows_workflow_threshold_draft", args=[house.workflow.pk])
    asked = f"?who={house.agent.pk}:2.1&alpha=0.02&target=A"
    assert "Prepare the draft" in client.get(address + asked).content.decode()
    assert not Certificate.objects.exists()
    answer = client.post(address + asked)
    draft = house.workflow.releases.get(state="DRAFT")
    assert answer["Location"] == reverse("admin:workflows_release_change", args=[draft.pk])
    certificate = Certificate.objects.get()
    assert certificate.draft == draft and certificate.bound <= 0.02
    assert advice.thresholds_of(draft).get().threshold == certificate.threshold
    assert Release.objects.get(pk=house.release.pk).state == "LIVE"
    assert AuditEntry.objects.filter(event="threshold.certified").exists()
    assert "It holds." in page(client, house).content.decode()


def test_a_new_version_or_release_voids_the_certificate(house, cases):
    draft = advice.draft_with(scope(house), target=Target.ESCAPED, alpha=0.02, by=house.admin)
    certificate = Certificate.objects.get()
    assert advice.why_void(certificate) == ""
    publishing.propose(draft, by=house.admin)
    publishing.publish(draft, by=house.admin)
    assert advice.why_void(Certificate.objects.get()) == ""
    Case.objects.create(release=draft, agent=house.agent, agent_version="3.0")
    assert "3.0" in advice.why_void(Certificate.objects.get())
    Case.objects.filter(agent_version="3.0").delete()
    later = publishing.new_draft(house.workflow, by=house.admin)
    publishing.propose(later, by=house.admin)
    publishing.publish(later, by=house.admin)
    assert "Release 3" in advice.why_void(Certificate.objects.get())


def test_who_may_not_add_releases_prepares_none(client, house, cases):
    reader = allow(person("reader", staff=True), "view_workflow")
    client.force_login(reader)
    body = page(client, house, alpha="0.02").content.decode()
    assert "would pass" in body and "Prepare a draft" not in body
    address = reverse("admin:workflows_workflow_threshold_draft", args=[house.workflow.pk])
    asked = f"?who={house.agent.pk}:2.1&alpha=0.02&target=A"
    assert client.post(address + asked).status_code == 403
    assert not Certificate.objects.exists()
