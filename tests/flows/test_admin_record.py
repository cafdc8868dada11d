"""Cases and their record: looked at and searched, never edited, by nobody."""

import pytest
from django.contrib import admin
from django.core.paginator import Paginator

from reviews.admin.read_only import CappedPaginator
from reviews.models import AuditEntry, Case, Decision, OutcomeRun, Review
from tests.building import House, allow, person
from tests.deciding import case_of
from tests.flows.admin_pages import logged_in, page_of

RECORD = (Case, Review, Decision, OutcomeRun, AuditEntry)


@pytest.fixture
def client(house: House):
    return logged_in(house.admin)


@pytest.fixture
def case(agent) -> Case:
    agent.post(external_id="order-B2")
    return case_of(agent.post(confidence=0.71))


def listed(client, model, **query) -> list:
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    response = client.get(address, query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


@pytest.mark.parametrize("model", RECORD)
def test_nobody_adds_edits_or_deletes_what_happened(house, client, case, model):
    row = model.objects.first()
    assert client.get(page_of(row)).status_code == 200
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
    assert client.get(f"{base}/add/").status_code == 403
    assert client.post(page_of(row), {"state": "COMPLETED"}).status_code == 403
    assert client.post(page_of(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(f"{base}/", action)
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", RECORD)
def test_lists_cost_few_queries_however_long_they_are(
    house, client, agent, case, model, django_assert_max_num_queries
):
    for _ in range(4):
        agent.post(confidence=0.5)
    with django_assert_max_num_queries(14):
        assert len(listed(client, model)) > 0


def test_no_personal_value_stands_in_a_list(client, case):
    for model in RECORD:
        page = client.get(f"/admin/reviews/{model._meta.model_name}/").content.decode()
        assert "Jo Doe" not in page and "c_9" not in page
    for entry in AuditEntry.objects.all():
        assert "Jo Doe" not in client.get(page_of(entry)).content.decode()


def test_a_case_is_found_by_its_id_or_its_external_id(client, case):
    assert listed(client, Case, q=case.public_id) == [case]
    assert [row.external_id for row in listed(client, Case, q="order-B2")] == ["order-B2"]
    assert listed(client, Case, q="order") == []
    assert listed(client, Case, q="case_nonsense") == []
    assert [row.pk for row in listed(client, Case, state="IN_REVIEW")] == [case.pk]
    assert [row.external_id for row in listed(client, Case, verdict="approve")] == ["order-B2"]
    assert listed(client, Decision, verdict="reject") == []
    assert {row.chain for row in listed(client, AuditEntry, q=case.public_id)} == {case.chain}
    assert len(listed(client, AuditEntry, case__id__exact=str(case.pk))) > 1


@pytest.mark.parametrize("query", ["q=%00", "q=%F0%9F", "state=NONSENSE", "agent__id__exact=abc"])
def test_strange_searches_are_no_errors(client, case, query):
    for model in RECORD:
        response = client.get(f"/admin/reviews/{model._meta.model_name}/?{query}", follow=True)
        assert response.status_code == 200


def test_an_audit_entry_shows_its_content_and_its_neighbours(client, case):
    entry = AuditEntry.objects.get(chain=case.chain, position=2)
    page = client.get(page_of(entry)).content.decode()
    assert f"&quot;chain&quot;: &quot;{case.chain}&quot;" in page
    assert "follows from the entry before it" in page and "NOT" not in page
    for position in (1, 3):
        beside = AuditEntry.objects.get(chain=case.chain, position=position)
        assert page_of(beside) in page


def test_a_case_shows_hostile_text_as_text(client, agent):
    case = case_of(agent.post(confidence=0.7, summary="<script>alert(1)</script>"))
    page = client.get(page_of(case)).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_who_may_not_see_all_cases_sees_none_here(house, case):
    client = logged_in(allow(person("somebody", staff=True), "view_queue"))
    assert client.get(page_of(case)).status_code == 403
    assert client.get("/admin/reviews/auditentry/").status_code == 403


def test_long_tables_are_counted_to_a_limit(case, monkeypatch):
    monkeypatch.setattr("reviews.admin.read_only.COUNTED", 1)
    assert Paginator(Case.objects.order_by("id"), 50).count == 2
    assert CappedPaginator(Case.objects.order_by("id"), 50).count == 1
    for model in RECORD:
        page = admin.site.get_model_admin(model)
        assert page.paginator is CappedPaginator and not page.show_full_result_count
