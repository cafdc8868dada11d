"""People and their rights: given by groups and teams, each change on the site's record."""

import pytest
from django.contrib.auth.models import Group, User

from reviews.models import AuditEntry
from reviews.services.people import GROUPS, make_groups
from tests.building import House, allow, person
from tests.flows.admin_pages import logged_in, page_of, save


@pytest.fixture
def client(house: House):
    return logged_in(house.admin)


def changes() -> list[dict]:
    entries = AuditEntry.objects.filter(chain="site", event="rights.changed").order_by("position")
    return [entry.content["data"] for entry in entries]


def test_the_ready_groups_have_exactly_their_permissions(db):
    for group in make_groups():
        names = set(group.permissions.values_list("codename", flat=True))
        assert names == GROUPS[group.name]
    Group.objects.get(name="Auditor").permissions.clear()
    assert {group.permissions.count() > 0 for group in make_groups()} == {True}
    assert Group.objects.count() == len(GROUPS) == 5


def test_who_designs_does_not_publish_and_who_looks_changes_nothing(db):
    designs, publishes = GROUPS["Designer"], GROUPS["Publisher"]
    assert "publish_release" in publishes - designs
    assert not {"change_gate", "change_trigger", "add_release"} & publishes
    # To take the record along and to keep it from being erased changes nothing of it.
    for group in ("Auditor", "Reviewer"):
        assert all(
            name.startswith("view_") for name in GROUPS[group] - {"export_record", "hold_case"}
        )
    assert all("approve_on_timeout" not in names for names in GROUPS.values())


def test_rights_given_and_taken_stand_on_record(house, client):
    make_groups()
    lead = Group.objects.get(name="Lead")
    save(client, house.one, is_staff="on", groups=[lead.pk])
    assert changes() == [
        {
            "of": f"user:{house.one.pk}",
            "before": {"active": True, "staff": False, "superuser": False, "groups": []},
            "after": {"active": True, "staff": True, "superuser": False, "groups": ["Lead"]},
        }
    ]
    save(client, house.one, first_name="Ada")
    assert len(changes()) == 1


def test_a_new_member_of_a_team_stands_on_record(house, client):
    values = {"memberships__0__DELETE": "on"}
    team = house.extra["seniors"]
    save(client, team, **values)
    assert len(changes()[0]["before"]["members"]) == 2
    assert len(changes()[0]["after"]["members"]) == 1


def test_the_teams_of_a_queue_stand_on_record(house, client):
    seniors = house.extra["seniors"]
    response = save(client, house.queue, teams=[seniors.pk])
    assert response.status_code == 302
    assert changes() == [
        {
            "of": f"queue:{house.queue.pk}",
            "before": {"teams": ["refund-desk"], "skills": []},
            "after": {"teams": ["seniors"], "skills": []},
        }
    ]
    response = save(client, house.queue, escalation_queue=house.queue.pk)
    assert "does not escalate to itself" in str(response.context["adminform"].form.errors)


def test_a_new_person_is_made_with_a_password_that_is_not_stored(house, client):
    values = {"username": "new", "password1": "brindled-ox-9", "password2": "brindled-ox-9"}
    assert client.post("/admin/auth/user/add/", values).status_code == 302
    assert User.objects.get(username="new").check_password("brindled-ox-9")
    assert [change["after"]["active"] for change in changes()] == [True]


def test_nobody_makes_themselves_a_superuser_or_leader(house):
    make_groups()
    keeper = allow(person("keeper", staff=True), "change_user", "view_user")
    client = logged_in(keeper)
    publisher = Group.objects.get(name="Publisher")
    save(client, keeper, is_superuser="on", groups=[publisher.pk], first_name="Kim")
    row = User.objects.get(pk=keeper.pk)
    assert (row.first_name, row.is_superuser, row.groups.count()) == ("Kim", False, 0)
    assert client.post(page_of(house.admin), {"username": "x"}).status_code == 403
    assert client.post(f"/admin/auth/user/{house.admin.pk}/password/").status_code == 403


def test_people_are_never_deleted(house, client):
    assert client.post(f"/admin/auth/user/{house.one.pk}/delete/").status_code == 403


def test_a_group_edited_by_hand_stands_on_record(house, client):
    make_groups()
    group = Group.objects.get(name="Reviewer")
    save(client, group, permissions=[])
    assert changes()[0]["after"] == {"permissions": []}
    assert "Reviewer" in client.get("/admin/auth/group/").content.decode()
