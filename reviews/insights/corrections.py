"""What people made of proposals, as examples to learn from: which count, and what each says.

Approvals that were given with the proposal in sight teach a model its own errors, so they are left
out unless they are asked for; what a person changed is always in.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reviews.models import Case, Decision
from reviews.models.decision import of_proposal
from workflows.compiler import plan_of
from workflows.pointers import parts, read

CORRECTED: Final = ("edit", "respond")
VERDICTS: Final = ("approve", "reject", *CORRECTED)
HIDDEN: Final = "[redacted]"
SHORTEST_HIDDEN_TEXT: Final = 3
# What is held back for testing is the same in every export: it hangs on the case alone.
SPLITS: Final = ((0.8, "train"), (0.9, "validation"), (1.0, "test"))
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Example:
    """`given` is what the agent had; `final` is what a person put in place of `proposed`."""

    case: str
    verdict: str
    given: Mapping[str, Any]
    proposed: Any
    final: Any
    split: str
    reason_code: str
    decided_at: datetime
    correlation: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def is_correction(self) -> bool:
        return self.verdict in CORRECTED


def examples(
    cases: Iterable[Case], *, seen_first: bool, left_out: Counter[str]
) -> Iterator[Example]:
    """Counts in `left_out` why others are not among them. `cases` as `readable` gives them."""
    for case in cases:
        decisions = [row for row in of_proposal(case.decisions.all()) if row.by == "reviewer"]
        if why := _why_not(case, decisions, seen_first=seen_first):
            left_out[why] += 1
        else:
            yield _example(case, decisions[-1])


def _why_not(case: Case, decisions: list[Decision], *, seen_first: bool) -> str:
    if case.is_gold:
        return "gold"
    if hasattr(case, "erasure"):
        return "erased"
    if not decisions or decisions[-1].verdict not in VERDICTS:
        return "undecided by people"
    if _is_disputed(case, decisions):
        return "disputed"
    if case.presentation == Case.Presentation.AI_FIRST and not seen_first:
        corrected = any(row.verdict in CORRECTED for row in decisions)
        return "" if corrected else "answered with the proposal in sight"
    return ""


def _is_disputed(case: Case, decisions: list[Decision]) -> bool:
    """People differed, it was reversed, or what was approved turned out wrong."""
    against = {row.verdict == "reject" for row in decisions}
    if len(against) > 1 or case.state == Case.State.REVERSED:
        return True
    truths = [label for label in case.labels.all() if label.source != "GOLD"]
    return bool(truths) and truths[-1].wrong and decisions[-1].verdict == "approve"


def _example(case: Case, last: Decision) -> Example:
    rows = list(case.proposals.all())
    plan = plan_of(case.release_id)
    first, final = rows[0], {row.revision: row for row in rows}[last.revision]
    policy = _Policy(plan.personal_pointers, case, rows)
    edited = final.action if final.author_id is not None else None
    verdict = "edit" if edited is not None and last.verdict == "approve" else last.verdict
    # The agent's own last word before a person changed it.
    proposed = next(row for row in reversed(rows) if row.author_id is None) if edited else final
    replaced = edited if verdict == "edit" else last.response if verdict == "respond" else None
    return Example(
        case=case.public_id,
        verdict=verdict,
        given=policy.data(case.data),
        proposed=policy.action((proposed or first).action),
        final=policy.words(replaced) if verdict == "respond" else policy.action(replaced),
        split=split_of(case.public_id),
        reason_code=last.reason_code,
        decided_at=last.created_at,
        correlation=case.correlation,
        metadata={
            "case": case.public_id,
            "workflow": plan.workflow_slug,
            "release": plan.number,
            "agent": case.agent.slug,
            "agent_version": case.agent_version,
            "lane": case.lane or "",
            "presentation": case.presentation,
            # How likely this case was to get a label at all, by which examples are weighted.
            "propensity": case.label_propensity if case.label_propensity is not None else 1.0,
            "confidence": case.confidence,
            "verdict": verdict,
            "reason_code": last.reason_code,
        },
    )


def split_of(case: str) -> str:
    share = int.from_bytes(hashlib.sha256(case.encode()).digest()[:8], "big") / 2**64
    return next(name for below, name in SPLITS if share < below)


def readable(cases: Any) -> Iterator[Case]:
    """With what an example needs, oldest first, in constant memory."""
    rows = cases.filter(decided_at__isnull=False).order_by("pk").select_related("agent", "erasure")
    return rows.prefetch_related("proposals", "decisions", "labels").iterator(chunk_size=AT_ONCE)


class _Policy:
    """The fields that a release calls personal are hidden, and their text wherever else it is."""

    def __init__(self, pointers: Iterable[str], case: Case, proposals: Iterable[Any]) -> None:
        self.pointers = tuple(pointers)
        documents = [{"data": case.data, "action": row.action} for row in proposals]
        found = [read(document, pointer) for document in documents for pointer in self.pointers]
        texts = {text for value in found for text in _texts(value)}
        self.hidden = sorted(texts, key=len, reverse=True)

    def data(self, value: Any) -> Any:
        return self.words(self._without({"data": value})["data"])

    def action(self, value: Any) -> Any:
        return self.words(self._without({"action": value})["action"])

    def _without(self, document: Any) -> Any:
        for pointer in self.pointers:
            document = _hide(document, parts(pointer))
        return document

    def words(self, value: Any) -> Any:
        if isinstance(value, str):
            for text in self.hidden:
                value = value.replace(text, HIDDEN)
            return value
        if isinstance(value, dict):
            return {key: self.words(item) for key, item in value.items()}
        return [self.words(item) for item in value] if isinstance(value, list) else value


def _hide(value: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return HIDDEN
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: _hide(value[path[0]], path[1:])}
    if isinstance(value, list) and path[0].isdecimal() and int(path[0]) < len(value):
        at = int(path[0])
        return [*value[:at], _hide(value[at], path[1:]), *value[at + 1 :]]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= SHORTEST_HIDDEN_TEXT:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
