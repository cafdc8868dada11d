"""A case as the agent sees it. Unknown fields are kept in `raw` and otherwise ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handrail_client.canonical import action_digest

KNOWN_DECISIONS = frozenset({"approve", "edit", "reject", "respond"})
RUNNABLE_DECISIONS = frozenset({"approve", "edit"})


@dataclass(frozen=True, slots=True)
class Reason:
    trigger: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: str
    status: str
    at: str


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`by` is reviewer, rule, timeout or grant; `action` is what may run, `response` answers a
    `response_schema`."""

    type: str
    by: str
    message: str
    edited_action: Mapping[str, Any] | None
    decided_at: str
    reason_code: str = ""
    response: Any = None
    action: Mapping[str, Any] | None = None
    decided_by: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    status: str
    lane: str | None
    version: int
    reasons: tuple[Reason, ...]
    decision: Decision | None
    outcomes: tuple[Outcome, ...]
    action_digest: str
    review_url: str
    permit: str
    replayed: bool
    proposed_action: Mapping[str, Any] | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def pending(self) -> bool:
        return self.status == "pending"

    @property
    def needs_info(self) -> bool:
        """Whether a person asked something: answer with `message` or a revised `propose`."""
        return self.status == "needs_info"

    @property
    def question(self) -> str:
        """What the person asked; empty when nobody waits for an answer."""
        return str((self.raw.get("info_request") or {}).get("message") or "")

    @property
    def needs_human(self) -> bool:
        """Whether a person decides: the lane never changes, so a resumed agent may ask again."""
        # Before a gate has spoken the lane is null, and nobody has said that no human is needed.
        return self.lane != "auto"

    @property
    def allowed(self) -> bool:
        """Whether the action may run; anything but a plain yes is a no."""
        return (
            self.status == "decided"
            and self.decision is not None
            and self.decision.type in RUNNABLE_DECISIONS
            and not self.raw.get("reversed_at")
        )

    @property
    def action_to_run(self) -> Mapping[str, Any] | None:
        """The approved action, with a reviewer's changes; None unless `allowed`, and None when it
        is not the one whose digest was approved."""
        if not self.allowed or self.decision is None:
            return None
        told = self.decision.action or self.decision.edited_action
        # A server that does not tell leaves us with what this program proposed itself.
        action = told or (self.proposed_action if self.decision.type == "approve" else None)
        if action is None or (self.action_digest and action_digest(action) != self.action_digest):
            return None
        return action


def case_from(
    document: Mapping[str, Any],
    *,
    proposed_action: Mapping[str, Any] | None = None,
    replayed: bool = False,
) -> Case:
    return Case(
        id=str(document["id"]),
        status=str(document["status"]),
        lane=document.get("lane"),
        version=int(document.get("version") or 0),
        reasons=tuple(
            Reason(str(each.get("trigger", "")), str(each.get("detail", "")))
            for each in document.get("reasons") or ()
        ),
        decision=_decision_from(document.get("decision")),
        outcomes=tuple(
            Outcome(*_texts(each, "kind", "status", "at"))
            for each in document.get("outcomes") or ()
        ),
        action_digest=str(document.get("action_digest") or ""),
        review_url=str(document.get("review_url") or ""),
        permit=str(document.get("permit") or ""),
        replayed=replayed,
        proposed_action=proposed_action,
        raw=document,
    )


def _decision_from(document: Mapping[str, Any] | None) -> Decision | None:
    if not document:
        return None
    type_ = str(document.get("type", ""))
    return Decision(
        # A decision type from a later server may mean anything, so it must not let an action run.
        type=type_ if type_ in KNOWN_DECISIONS else "reject",
        by=str(document.get("by") or ""),
        message=str(document.get("message") or ""),
        edited_action=document.get("edited_action"),
        decided_at=str(document.get("decided_at") or ""),
        reason_code=str(document.get("reason_code") or ""),
        response=document.get("response"),
        action=document.get("action"),
        decided_by=tuple(
            Person(*_texts(each, "id", "name", "role")) for each in document.get("decided_by") or ()
        ),
    )


def _texts(document: Mapping[str, Any], *names: str) -> list[str]:
    return [str(document.get(name) or "") for name in names]
