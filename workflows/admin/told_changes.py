"""A draft against what is live, in the sentences of the story: what would be said no more, and
what instead. What no sentence tells stands in `differences`, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.admin.differences import Difference, differences
from workflows.admin.story import Chapter, story_of
from workflows.admin.words import trigger_in_words
from workflows.models import Release


@dataclass(frozen=True, slots=True)
class StageChange:
    """`news` says that the whole stage is new or gone; otherwise the sentences that differ."""

    title: str
    news: str = ""
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """`fields` are those of the release itself, and of its actions."""

    stages: tuple[StageChange, ...]
    fields: tuple[Difference, ...]
    count: int

    def __bool__(self) -> bool:
        return bool(self.count)


def changes_of(live: Release | None, release: Release) -> Changes:
    """`count` is of all fields that differ: it is 0 exactly where nothing decides otherwise."""
    every = differences(live, release)
    before = {chapter.stage.key: chapter for chapter in story_of(live).chapters} if live else {}
    after = {chapter.stage.key: chapter for chapter in story_of(release).chapters}
    return Changes(
        stages=tuple(_stages(before, after)),
        fields=tuple(one for one in every if one.stage == ""),
        count=len(every),
    )


def in_lines(changes: Changes) -> Iterator[str]:
    """The same for a terminal."""
    for stage in changes.stages:
        yield f"  {stage.title}: {stage.news}".rstrip(": ")
        yield from (f"    - {sentence}" for sentence in stage.gone)
        yield from (f"    + {sentence}" for sentence in stage.added)
    for field in changes.fields:
        yield f"  {field.where}: {field.before or '—'} → {field.after or '—'}"


def _stages(before: dict[str, Chapter], after: dict[str, Chapter]) -> Iterator[StageChange]:
    for key in {**after, **before}:
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield StageChange(new.stage.title, _("A new stage."), added=_sentences(new))
        elif new is None and old is not None:
            yield StageChange(old.stage.title, _("This stage is gone."))
        elif old is not None and new is not None:
            yield from _changed(old, new)


def _changed(old: Chapter, new: Chapter) -> Iterator[StageChange]:
    said, says = _sentences(old), _sentences(new)
    if said != says:
        gone = tuple(sentence for sentence in said if sentence not in says)
        added = tuple(sentence for sentence in says if sentence not in said)
        news = "" if gone or added else _("The same, in another order.")
        yield StageChange(new.stage.title, news, gone, added)


def _sentences(chapter: Chapter) -> tuple[str, ...]:
    gate = getattr(chapter.stage, "gate", None)
    triggers = gate.triggers.all() if gate else ()
    asked = [
        _("Ask a human when %(condition)s.") % {"condition": trigger_in_words(trigger)}
        for trigger in triggers
    ]
    if gate and not asked:
        asked = [chapter.asked]
    title = _("It is called “%(title)s”.") % {"title": chapter.stage.title}
    return (title, *asked, *chapter.sentences, *chapter.routes)
