"""A release told from its first stage to its end."""

from dataclasses import dataclass

from django.db.models import QuerySet

from workflows.admin import words
from workflows.admin.drawing import Drawing, drawing_of
from workflows.models import Gate, Release, Stage


@dataclass(frozen=True, slots=True)
class Chapter:
    """One stage: what it is called, when a person is asked, what happens, where it leads."""

    stage: Stage
    asked: str
    conditions: tuple[str, ...]
    sentences: tuple[str, ...]
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    chapters: tuple[Chapter, ...]
    drawing: Drawing


def story_of(release: Release) -> Story:
    stages = list(_stages(release))
    return Story(tuple(chapter_of(stage) for stage in stages), drawing_of(stages))


def _stages(release: Release) -> QuerySet[Stage]:
    return release.stages.select_related("gate__queue").prefetch_related(
        "routes__to_stage",
        "outcome_rules",
        "gate__triggers",
        "gate__ladder__queue",
        "gate__separation_rules__stage",
    )


def chapter_of(stage: Stage) -> Chapter:
    gate = getattr(stage, "gate", None)
    asked, conditions = words.asked_when(gate) if gate is not None else ("", ())
    sentences = [words.outcome_in_words(rule) for rule in stage.outcome_rules.all()]
    if gate is not None:
        sentences += _gate(gate)
    routes = tuple(words.route_in_words(route) for route in stage.routes.all())
    return Chapter(stage, asked, conditions, tuple(sentences), routes)


def _gate(gate: Gate) -> list[str]:
    told = [words.decided_by(gate), words.when_late(gate)]
    told += [words.kept_apart(rule) for rule in gate.separation_rules.all()]
    return [sentence for sentence in told if sentence]
