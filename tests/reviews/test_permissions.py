"""What a person may do is asked in one look, and is what Django would say."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db

OWN, OF_A_GROUP = "add_team", "change_agent"


@pytest.fixture
def person():
    person = User.objects.create_user("permitted")
    person.user_permissions.add(Permission.objects.get(codename=OWN))
    for name in ("one", "two"):
        group = Group.objects.create(name=name)
        group.permissions.add(Permission.objects.get(codename=OF_A_GROUP))
        person.groups.add(group)
    return person


def fresh(person):
    return User.objects.get(pk=person.pk)


def test_ones_own_and_those_of_the_groups_count(person, django_assert_num_queries):
    reader = fresh(person)
    with django_assert_num_queries(0):  # Prepared statements are not Django's queries.
        assert reader.get_all_permissions() == {"workflows.add_team", "workflows.change_agent"}
    assert reader.has_perm("workflows.add_team") and not reader.has_perm("workflows.add_agent")


def test_it_is_what_django_says(person):
    assert fresh(person).get_all_permissions() == ModelBackend().get_all_permissions(fresh(person))


def test_who_is_switched_off_may_nothing_and_who_rules_may_all(person):
    person.is_active = False
    assert not person.has_perm("workflows.add_team")
    assert User.objects.create_superuser("root").has_perm("workflows.add_agent")
