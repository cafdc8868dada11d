"""Workflow files: what is exported can be imported, and what is wrong is told with its line."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from reviews.services.publishing import findings
from tests.building import person
from workflows.compiler import compile_release
from workflows.linter import lint
from workflows.models import Queue, Release, Team, Workflow
from workflows.portability import FileError, export_release, import_workflow

EXAMPLES = sorted((Path(__file__).parents[2] / "workflows" / "examples").glob("*.yaml"))
pytestmark = pytest.mark.django_db

SMALL = """\
workflow: small
name: Small
purpose: The least that can run.
owner_team: desk
exception_queue: desk
teams:
  - slug: desk
    name: Desk
queues:
  - name: Desk
    slug: desk
    teams: [desk]
release:
  input_schema:
    type: object
    properties:
      amount:
        type: string
        format: decimal
actions: []
stages:
  - key: gate
    title: Gate
    kind: GATE
    gate:
      queue: desk
      triggers:
        - kind: EXPRESSION
          expression: data.amount > 1500
        - kind: VALUE_ABOVE
          threshold: 0.1
    routes:
      - verdicts: [auto, approve, edit, reject]
        to: end
  - key: end
    title: End
    kind: END
"""


@pytest.fixture
def admin(db):
    return person("admin", admin=True)


def command(*words):
    out = StringIO()
    call_command("workflow", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_published_and_says_what_its_file_says(path, admin):
    release = import_workflow(path.read_text(), author=admin)
    foreseen = ["insurance-claims"]  # leaves a way open, to show what becomes of it
    assert [one for one in lint(release) if path.stem not in foreseen] == []
    assert findings(release) == lint(release)
    compile_release(release)
    written = re.sub(r"\A(#.*\n)+", "", path.read_text())
    assert export_release(release) == written


def test_there_are_the_two_examples_of_the_trial():
    assert {"credit-applications", "customer-refunds"} <= {path.stem for path in EXAMPLES}


def test_a_release_survives_the_journey_byte_for_byte(house):
    first = export_release(house.release)
    again = import_workflow(first, author=house.admin)
    assert again.number == house.release.number + 1
    assert again.state == Release.State.DRAFT
    assert export_release(again) == first


def test_text_that_looks_like_something_else_survives_too(admin):
    release = import_workflow(SMALL, author=admin)
    workflow = release.workflow
    workflow.purpose = "yes\n  - on: 0x1F # no comment\n\n\ttab\u00a0\u202e 'quoted' \\n ~ "
    workflow.name = "2026-01-01"
    workflow.save()
    release.input_schema = {"enum": ["yes", "0.10", "", "null", "é", " x "], "type": ["string"]}
    release.notes = "no"
    release.save()
    text = export_release(release)
    again = import_workflow(text, author=admin)
    assert again.input_schema == release.input_schema
    assert again.workflow.purpose == workflow.purpose
    assert export_release(again) == text


def test_a_limit_stays_exactly_what_was_written(admin):
    for number in ("0.1", "1500", "99999999999999.999999", "-0.000001"):
        text = SMALL.replace("threshold: 0.1", f'threshold: "{number}"')
        release = import_workflow(text, author=admin)
        gate = release.stages.get(key="gate").gate
        assert f"{gate.triggers.last().threshold.normalize():f}" == number
        assert export_release(import_workflow(export_release(release), author=admin)) == (
            export_release(release)
        )


def test_queues_that_exist_are_left_to_operations(admin):
    import_workflow(SMALL, author=admin)
    Queue.objects.update(lease_minutes=44)
    import_workflow(
        SMALL.replace("slug: desk\n    teams", "slug: desk\n    position: 3\n    teams"),
        author=admin,
    )
    assert Queue.objects.get().lease_minutes == 44
    assert Team.objects.count() == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: VALUE_ABOVE", "kind: VALUE_OVER", 30, "VALUE_OVER"),
        ("threshold: 0.1", "treshold: 0.1", 31, 'did you mean "threshold"?'),
        ("threshold: 0.1", "threshold: many", 31, "threshold"),
        ("threshold: 0.1", "threshold: [1]", 31, "threshold"),
        ("queue: desk\n      trig", "queue: dask\n      trig", 26, 'there is no queue "dask"'),
        ("to: end", "to: ende", 34, 'there is no stage "ende"'),
        ("[auto, approve, edit, reject]", "approve", 33, "is a list of names"),
        ("[auto, approve, edit, reject]", "[okay]", 33, "okay"),
        ("verdicts:", "on:", 33, "put it in quotes"),
        ("owner_team: desk", "owner_team: nobody", 4, 'there is no team "nobody"'),
        ("name: Small", "name: Small\nname: Large", 3, "a second time"),
        ("purpose: The", "aim: The", 3, 'the file has no "aim"'),
        ("actions: []", "actions: {}", 20, "is a list"),
        ("actions: []", "actions: &a [*a]", 20, "aliases"),
        ("title: Gate", "title: .inf", 23, "no number"),
        ("format: decimal", "format: decimal\n  x: [", 22, "expected"),
        ("workflow: small", "workflow: Not a slug", 1, "slug"),
        (SMALL, "- a\n- b\n", 1, "is a mapping"),
        (SMALL, "\x00", 1, "no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_is_kept(old, new, line, words, admin):
    assert old in SMALL
    with pytest.raises(FileError) as caught:
        import_workflow(SMALL.replace(old, new, 1), author=admin)
    assert str(caught.value).startswith(f"Line {line}: ")
    assert words in str(caught.value)
    assert not Workflow.objects.exists()


def test_the_command_publishes_a_file_and_writes_it_back(admin, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    assert "release 1 is live" in command("apply", str(file), "--publish", "--as", "admin")
    assert command("export", "small") == export_release(Release.objects.get())
    assert "says the same" in command("apply", str(file), "--publish", "--as", "admin")
    assert Release.objects.count() == 1


def test_the_command_refuses_what_the_linter_calls_an_error(admin, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("data.amount > 1500", "data.amout > 1500"))
    with pytest.raises(CommandError, match='did you mean "amount"'):
        command("apply", str(file), "--publish", "--as", "admin")
    assert not Workflow.objects.exists()
    assert "is a draft" in command("apply", str(file), "--as", "admin")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["apply", "nowhere.yaml", "--as", "admin"], "nowhere.yaml"),
        (["apply", "nowhere.yaml", "--as", "nobody"], "no user nobody"),
        (["export", "nothing"], "no workflow nothing"),
    ],
)
def test_the_command_says_what_is_missing(words, told, admin):
    with pytest.raises(CommandError, match=told):
        command(*words)


def test_a_dry_run_says_what_would_change_and_changes_nothing(admin, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    said = command("apply", str(file), "--dry-run", "--as", "admin")
    assert "A new stage" in said and "+workflow: small" in said
    assert not Workflow.objects.exists() and not Queue.objects.exists()
    command("apply", str(file), "--publish", "--as", "admin")
    file.write_text(SMALL.replace("threshold: 0.1", "threshold: 250"))
    said = command("apply", str(file), "--dry-run", "--as", "admin")
    assert "+ Ask a human when the amount is over 250" in said
    assert "-          threshold: 0.1\n+          threshold: 250\n" in said
    assert Release.objects.count() == 1


def test_where_two_people_publish_the_command_proposes(admin, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("release:\n", "release:\n  two_people: true\n"))
    assert "takes another person" in command("apply", str(file), "--publish", "--as", "admin")
    assert Release.objects.get().state == "PROPOSED"
