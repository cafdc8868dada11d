"""Whatever a release holds, its file says the same after a journey, byte for byte."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.building import person
from tests.workflows.test_portability import SMALL
from workflows import yaml_text
from workflows.models import OutcomeRule, Release, Workflow
from workflows.portability import export_release, import_workflow

# What the database can hold and a form would keep: no NUL, no half of a pair, no empty ends.
texts = (
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
    | st.sampled_from(
        ["yes", "0.10", "1e3", "2026-01-01", "~", "- a", "a: b", "# a", "|", "é\u2028"]
    )
).map(lambda text: f"x{text}x")
longer = st.lists(texts, min_size=1, max_size=3).map("\n".join)
numbers = st.decimals(0, 10**12, places=6).map(lambda number: f"{number:f}")
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.django_db
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_release_of_any_content_survives_the_journey_byte_for_byte(db, data):
    with transaction.atomic():
        author = person("admin", admin=True)
        release = import_workflow(SMALL, author=author)
        _fill(release, data.draw)
        first = export_release(release)
        again = import_workflow(first, author=author)
        assert export_release(again) == first
        assert yaml_text.read(first)["release"].get("notes", "") == again.notes
        transaction.set_rollback(True)


def _fill(release: Release, draw: Any) -> None:
    Workflow.objects.filter(pk=release.workflow_id).update(purpose=draw(longer), name=draw(texts))
    release.notes = draw(longer)
    release.audit_rate = draw(st.floats(0, 1))
    release.two_people = draw(st.booleans())
    release.cosmetic_pointers = draw(st.lists(texts, max_size=4))
    release.input_schema = draw(st.dictionaries(texts, values, max_size=4))
    release.save()
    gate = release.stages.get(key="gate").gate
    gate.instruction = draw(longer)
    gate.time_limit_minutes = draw(st.none() | st.integers(1, 10**6))
    gate.bulk_risk_limit = draw(st.none() | st.floats(0, 1e6))
    gate.verdicts = draw(st.permutations(["approve", "edit", "reject", "respond"]))
    gate.save()
    for trigger in gate.triggers.all():
        trigger.threshold = draw(st.none() | numbers)
        trigger.words, trigger.categories = draw(texts), draw(st.lists(texts, max_size=3))
        trigger.save()
    rule = OutcomeRule(stage=gate.stage, position=1, title=draw(texts), on_verdicts=["auto"])
    rule.template = draw(st.dictionaries(texts, values, min_size=1, max_size=4))
    rule.compensation = draw(st.none() | st.dictionaries(texts, values, min_size=1, max_size=3))
    rule.retry_delays = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
    rule.save()
    release.workflow.refresh_from_db()
