"""What a reviewer may answer here, and whether an answer is complete. Writes nothing."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from django.utils.translation import gettext as _
from jsonpointer import JsonPointerException, set_pointer

from reviews.models import Review
from reviews.services.closing import changes_between
from reviews.services.walk import Walk
from workflows.pointers import ABSENT, read
from workflows.schemas import Problem, compile_schema

APPROVE, EDIT, REJECT, RESPOND = "approve", "edit", "reject", "respond"
APPROVING = (APPROVE, EDIT)
RETRY, GIVE_UP = "retry", "give_up"
LONGEST_MESSAGE = 10_000


class InvalidVerdict(ValueError):
    """The answer is not acceptable as it stands; `problems` say where and why. Nothing typed
    is lost: the caller shows the form again."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.detail for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Answer:
    verdict: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    reason_code: str = ""
    message: str = ""
    response: Any = None
    # The folded parts that were opened before.
    opened: tuple[str, ...] = ()


def allowed(walk: Walk, review: Review) -> tuple[str, ...]:
    """The verdicts offered for this review, in the order of the buttons."""
    if review.kind == Review.Kind.EXCEPTION and walk.case.state in (
        walk.case.State.FAILED,
        walk.case.State.REVERSED,
    ):
        return (RETRY, GIVE_UP)
    gate = walk.stage.gate
    offered = gate.verdicts if gate else (APPROVE, REJECT)
    asked = walk.case.allowed_decisions
    kept = tuple(v for v in offered if (not asked or v in asked) and _possible(v, walk))
    # Whatever an agent asks for, a person can always say no.
    return kept if REJECT in kept else (*kept, REJECT)


def check(walk: Walk, review: Review, answer: Answer) -> dict[str, Any] | None:
    """The edited action when the verdict is edit. Raises InvalidVerdict."""
    offered = allowed(walk, review)
    if answer.verdict not in offered:
        names = ", ".join(offered)
        raise InvalidVerdict(
            Problem(
                "/verdict", _("is not offered here; choose one of %(names)s.") % {"names": names}
            )
        )
    problems = [*_reason_problems(walk, answer), *_message_problems(answer)]
    if answer.verdict == RESPOND:
        problems += _response_problems(walk, answer)
    if problems:
        raise InvalidVerdict(*problems)
    return edited_action(walk, answer) if answer.verdict == EDIT else None


def _possible(verdict: str, walk: Walk) -> bool:
    return verdict != EDIT or walk.proposal.action is not None


def _reason_problems(walk: Walk, answer: Answer) -> list[Problem]:
    gate = walk.stage.gate
    if gate is None:
        known = not answer.reason_code
        return [] if known else [Problem("/reason_code", _("No reason is asked for here."))]
    if answer.reason_code and answer.reason_code not in gate.reason_codes:
        return [Problem("/reason_code", _("is none of this gate's reasons."))]
    if answer.verdict in gate.reason_required_on and not answer.reason_code:
        return [Problem("/reason_code", _("Choose a reason: this gate asks for one."))]
    return []


def _message_problems(answer: Answer) -> list[Problem]:
    if len(answer.message) > LONGEST_MESSAGE:
        return [Problem("/message", _("is longer than 10,000 characters."))]
    if answer.verdict == GIVE_UP and not answer.message.strip():
        return [Problem("/message", _("Say why this outcome is given up."))]
    return []


def _response_problems(walk: Walk, answer: Answer) -> list[Problem]:
    if walk.case.response_schema is None:
        missing = not answer.message.strip()
        return [Problem("/message", _("Write the answer."))] if missing else []
    return compile_schema(walk.case.response_schema, at="/response").problems(answer.response)


def edited_action(walk: Walk, answer: Answer) -> dict[str, Any]:
    """The action with the answer's changes in it. Raises InvalidVerdict."""
    action = walk.proposal.action
    assert action is not None
    edited = {"action": deepcopy(action)}
    problems = []
    for pointer, value in answer.changes.items():
        if not pointer.startswith("/action/args/"):
            problems.append(Problem(pointer, _("only the action's arguments can be edited.")))
            continue
        try:
            _put(edited, pointer, value)
        except (JsonPointerException, KeyError, TypeError, IndexError):
            problems.append(Problem(pointer, _("is no place in this action.")))
    known = walk.plan.actions.get(action["name"])
    if known is not None and not problems:
        problems += known.schema.problems(edited["action"]["args"])
    if not problems:
        problems += unstorable(edited["action"]["args"])
    if not problems and not changes_between(action, edited["action"]):
        problems.append(Problem("/changes", _("Nothing was changed: approve it as it is.")))
    if problems:
        raise InvalidVerdict(*problems)
    return edited["action"]


def unstorable(args: dict[str, Any]) -> list[Problem]:
    """What an agent may not send either: no text could be made of it that means the same
    everywhere."""
    if any("\x00" in text or not _is_whole(text) for text in _texts(args)):
        return [Problem("/changes", _("A text holds NUL or half a character."))]
    try:
        rfc8785.dumps(args)
    except rfc8785.CanonicalizationError:
        return [Problem("/changes", _("A number is too large, or no number at all."))]
    return []


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Sets a value, in an object that is made where it was left out; ABSENT takes an optional
    field away."""
    if value is not ABSENT:
        _make_parents(document, pointer)
        set_pointer(document, pointer, value)
        return
    parent, _slash, name = pointer.rpartition("/")
    read(document, parent).pop(name.replace("~1", "/").replace("~0", "~"), None)


def _make_parents(document: dict[str, Any], pointer: str) -> None:
    steps = pointer.split("/")[1:-1]
    for depth in range(1, len(steps) + 1):
        parent = "/" + "/".join(steps[:depth])
        if read(document, parent) in (ABSENT, None):
            set_pointer(document, parent, {})
