"""States change by a declared transition, or by a method that changes many rows or races for
one in a single statement. Those are listed here and held against the transition table."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from reviews.models import Case, OutcomeRun, Review
from reviews.services.claims import claim_next
from tests.building import House
from tests.deciding import case_of
from workflows.models import Agent, Release

WITH_STATES = (Case, Review, OutcomeRun, Release, Agent)
APPS = ("config", "agents", "reviews", "workflows")
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Shortcut:
    """A method that changes states without calling a transition, and what it may change."""

    model: type[models.Model]
    run: Callable[[models.Model, House], object]
    changes: frozenset[tuple[str, str]]


SHORTCUTS = {
    "OutcomeRunQuerySet.begin": Shortcut(
        OutcomeRun,
        lambda run, house: OutcomeRun.objects.begin(pk=run.pk, otherwise=15, margin=AN_HOUR),
        frozenset({("PENDING", "RUNNING"), ("RETRY_WAIT", "RUNNING")}),
    ),
    "OutcomeRunQuerySet.put_off": Shortcut(
        OutcomeRun,
        lambda run, house: OutcomeRun.objects.put_off(
            pk=run.pk, attempt=run.attempts, until=timezone.now()
        ),
        frozenset({("RUNNING", "RETRY_WAIT")}),
    ),
    "ReviewQuerySet.renew_lease": Shortcut(
        Review,
        lambda review, house: Review.objects.renew_lease(pk=review.pk, user=house.one, minutes=90),
        frozenset(),
    ),
    "CLAIM_NEXT": Shortcut(
        Review,
        lambda review, house: claim_next(reviewer=house.one),
        frozenset({("OPEN", "CLAIMED")}),
    ),
}
# The methods whose statement names a state; renew_lease names it in its condition alone.
WRITERS = {"BEGIN", "CLAIM_NEXT", "OutcomeRunQuerySet.put_off"}
# A replay is a piece of work in the background, with no transitions to go past.
WORK = {"ReplayQuerySet.begin", "ReplayQuerySet.finish", "ReplayQuerySet.fail"}


def transitions_of(model: type[models.Model]) -> set[tuple[str, str]]:
    field = model._meta.get_field("state")
    return {(one.source, one.target) for one in field.get_all_transitions(model)}


@pytest.fixture
def rows(house: House, agent) -> dict[type, models.Model]:
    """A run that is due and a review that `house.one` may take."""
    run = OutcomeRun.objects.get(case=case_of(agent.post()))
    return {OutcomeRun: run, Review: Review.objects.get(case=case_of(agent.post(confidence=0.7)))}


def put(row: models.Model, state: str, house: House) -> None:
    """Puts a row into any state by SQL, with all that its constraints and conditions ask."""
    columns: dict[str, Any] = {"state": state}
    long_ago = timezone.now() - AN_HOUR
    if isinstance(row, Review):
        held = state in ("CLAIMED", "DECIDED")
        columns |= {
            "claimed_by_id": house.one.pk if held else None,
            "lease_expires_at": long_ago if held else None,
        }
    else:
        columns |= {"next_attempt_at": long_ago, "running_until": long_ago}
    sets = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {sets} WHERE id = %s", [*columns.values(), row.pk]
        )


@pytest.mark.parametrize("name", SHORTCUTS)
def test_a_shortcut_does_what_a_transition_may_and_nothing_else(house, rows, name):
    shortcut = SHORTCUTS[name]
    row = rows[shortcut.model]
    changed = set()
    for state in shortcut.model.State.values:
        put(row, state, house)
        shortcut.run(row, house)
        after = shortcut.model.objects.get(pk=row.pk).state
        if after != state:
            changed.add((state, after))
    assert changed == shortcut.changes
    assert changed <= transitions_of(shortcut.model)


def test_renewing_a_lease_changes_the_lease_of_a_claim_alone(house, rows):
    review = rows[Review]
    for state in Review.State.values:
        put(review, state, house)
        before = Review.objects.get(pk=review.pk).lease_expires_at
        SHORTCUTS["ReviewQuerySet.renew_lease"].run(review, house)
        after = Review.objects.get(pk=review.pk).lease_expires_at
        assert (before != after) == (state == Review.State.CLAIMED)


def test_every_statement_that_writes_a_state_is_listed():
    assert set(_state_writers()) == WRITERS | WORK


def test_no_row_is_made_in_a_later_state():
    """`Release(state="LIVE")` would be a transition past the table."""
    names = {model.__name__ for model in WITH_STATES}
    found = [
        f"{path}:{call.lineno}"
        for path, _owner, call in _calls()
        if _has_state(call) and (_maker(call) in names or _name(call) == "bulk_update")
    ]
    assert found == []


@pytest.mark.parametrize("model", WITH_STATES)
def test_a_state_cannot_be_assigned(model):
    row = model()
    with pytest.raises(AttributeError):
        row.state = row.state


def test_the_database_knows_the_same_steps_of_a_release_as_the_model():
    text = (
        Path(settings.BASE_DIR) / "workflows/migrations/0002_releases_are_immutable.py"
    ).read_text()
    legal = re.search(r"legal text\[\] := ARRAY\[(.*?)\]", text)
    steps = {tuple(step.split(">")) for step in re.findall(r"'([A-Z>]+)'", legal[1])}
    assert steps == transitions_of(Release)


def _state_writers() -> Iterator[str]:
    """Where `.update(state=…)` or SQL that sets a state stands in our apps."""
    for _path, owner, call in _calls():
        if _name(call) == "update" and _has_state(call):
            yield owner
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and _sets_state(node.value):
                yield node.targets[0].id
            elif isinstance(node, ast.Call) and any(_sets_state(given) for given in node.args):
                yield f"{path}:{node.lineno}"


def _sets_state(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and bool(re.search(r"\bSET\s[^;]*\bstate\s*=", node.value))


def _calls() -> Iterator[tuple[Path, str, ast.Call]]:
    for path in _sources():
        yield from _calls_in(path, ast.parse(path.read_text()), "")


def _calls_in(path: Path, node: ast.AST, owner: str) -> Iterator[tuple[Path, str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = owner
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            inner = f"{owner}.{child.name}".lstrip(".")
        if isinstance(child, ast.Call):
            yield path, owner, child
        yield from _calls_in(path, child, inner)


def _sources() -> Iterator[Path]:
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _maker(call: ast.Call) -> str:
    """`Case` of Case(…) and of Case.objects.create(…)."""
    parts = ast.unparse(call.func).split(".")
    if len(parts) == 1 or parts[-1] in ("create", "get_or_create", "update_or_create"):
        return parts[0]
    return ""


def _has_state(call: ast.Call) -> bool:
    return any(given.arg == "state" for given in call.keywords) or (
        _name(call) == "bulk_update" and "'state'" in ast.unparse(call)
    )
