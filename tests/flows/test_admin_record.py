"""Cases and their record: looked at and searched, never edited, by nobody."""

import csv
import json

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.paginator import Paginator

from agents.services import suspend_agent
from reviews.admin.exports import cell
from reviews.admin.read_only import CappedPaginator
from reviews.audit import GENESIS, link
from reviews.history import SENTENCES
from reviews.models import AuditEntry, Case, Decision, OutcomeRun, Review
from reviews.services.people import make_groups
from reviews.services.stops import open_stop
from tests.building import House, allow, person
from tests.deciding import case_of, take_and_decide
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


def test_the_record_reads_in_words_and_is_filtered(house, client, case):
    page = client.get("/admin/reviews/auditentry/").content.decode()
    assert "opened the case (version 2.1)" in page and "Refund agent" in page
    assert "published release 1" in page
    assert {e.event for e in listed(client, AuditEntry, event="case.routed")} == {"case.routed"}
    assert {e.chain for e in listed(client, AuditEntry, about="workflow")} == {
        f"workflow:{house.workflow.pk}"
    }
    assert all(e.actor.startswith("agent:") for e in listed(client, AuditEntry, who="agent"))
    assert (
        "event=case.routed"
        in client.get("/admin/reviews/auditentry/?event=case.routed&about=case").content.decode()
    )


def test_every_event_of_the_record_has_its_sentence(house, case, agent):
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
    assert {entry.event for entry in AuditEntry.objects.all()} <= set(SENTENCES)


def exported(client, kind, **query):
    answer = client.get(f"/admin/reviews/auditentry/export/{kind}/", query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_an_auditor_takes_the_record_away_and_can_check_it(house, case):
    auditor = person("auditor", staff=True)
    make_groups()
    auditor.groups.add(Group.objects.get(name="Auditor"))
    client = logged_in(auditor)
    rows = [json.loads(row) for row in exported(client, "jsonl", q=case.public_id).splitlines()]
    assert [row["entry"]["position"] for row in rows] == list(range(1, len(rows) + 1))
    raw = exported(client, "jsonl", q=case.public_id).splitlines()
    before = GENESIS
    for line, row in zip(raw, rows, strict=True):
        before = link(before, line.partition(b'"entry":')[2][:-1])
        assert before.hex() == row["hash"]
    taken = AuditEntry.objects.filter(event="record.exported").last()
    assert taken.actor == f"user:{auditor.pk}" and "case_" in taken.content["data"]["filters"]


def test_no_spreadsheet_runs_what_somebody_wrote(house, client):
    open_stop(by=house.admin, reason='=HYPERLINK("http://evil","x")', agent=house.agent)
    suspend_agent(house.agent, by=house.admin, reason="-2+3")
    text = exported(client, "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["who"] for row in rows if row["event"] == "stop.opened"} == {"admin"}
    dangerous = [c for row in rows for c in row.values() if c[:1] in tuple("=+-@\t\r")]
    assert dangerous == []
    assert [cell(text) for text in ("=1", " =1", "-", "a=1", "", "5")] == [
        "'=1", "' =1", "'-", "a=1", "", "5",
    ]  # fmt: skip


def test_who_may_not_see_the_record_may_not_take_it(house, case):
    client = logged_in(allow(person("somebody", staff=True), "view_queue"))
    assert client.get("/admin/reviews/auditentry/export/csv/").status_code == 403
    admin = logged_in(house.admin)
    assert admin.get("/admin/reviews/auditentry/export/exe/").status_code == 404
    assert admin.get("/admin/reviews/auditentry/export/csv/?at__gte=x").status_code == 404


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
