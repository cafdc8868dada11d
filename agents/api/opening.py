"""Many creates in one look and one statement: what a batch and a bulk have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException

from agents.api import creating
from agents.api.problems import InFlight, KeyReused, Unprocessable
from agents.api.shapes import case_in
from agents.idempotency import fingerprint, key_of_call, lock_number
from agents.models import AgentKey, IdempotencyKey
from reviews.services import intake
from reviews.services.walk import Walk, save_new
from workflows import prepared
from workflows.compiler import plan_of

# The look of a single create, for all of them at once and in their order.
LOOK = """
SELECT pg_try_advisory_xact_lock(call.number), earlier.case_id, earlier.fingerprint,
       workflow.id, workflow.live_release_id
FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY call(number, key, slug, place)
LEFT JOIN agents_idempotencykey earlier ON earlier.agent_id = $4 AND earlier.key = call.key
LEFT JOIN workflows_workflow workflow ON workflow.slug = call.slug
ORDER BY call.place
"""


@dataclass(slots=True)
class Call:
    """One create among many, and what became of it: refused, made, or made earlier."""

    body: Mapping[str, Any]
    key: str
    fingerprint: str
    new: intake.NewCase
    refused: APIException | None = None
    walk: Walk | None = None
    earlier: UUID | None = None

    @property
    def is_made(self) -> bool:
        return self.walk is not None and self.earlier is None

    @property
    def case(self) -> UUID | None:
        return self.walk.case.id if self.walk else self.earlier


def call_of(body: Any, *, key: AgentKey, idempotency_key: str | None) -> Call:
    """Raises the problems of a body that is not even looked up."""
    if found := case_in.problems(body):
        raise Unprocessable(found)
    return Call(
        body=body,
        key=key_of_call(idempotency_key, body),
        fingerprint=fingerprint(key.agent, body),
        new=creating.new_case(body),
    )


def open_calls(calls: Sequence[Call], *, key: AgentKey, together: bool) -> None:
    """Opens what can be opened, in one transaction. With `together` one refusal opens none."""
    try:
        with transaction.atomic(), prepared.remembering():
            _open(calls, key)
            if together and any(call.refused for call in calls):
                transaction.set_rollback(True)
    except IntegrityError as error:
        # A single call with one of these keys committed between our look and our lock.
        if "idempotency_keys_once" not in str(error):
            raise
        raise InFlight(creating.UNDER_WAY) from error


def _open(calls: Sequence[Call], key: AgentKey) -> None:
    first: dict[str, Call] = {}
    for call, found in zip(calls, _look(calls, key), strict=True):
        before = first.setdefault(call.key, call)
        if before is call:
            _open_one(call, found, key)
        else:
            _repeat(call, before)
    made = [call for call in calls if call.is_made]
    save_new([call.walk for call in made if call.walk], *(_row(call, key) for call in made))


def _look(calls: Sequence[Call], key: AgentKey) -> list[tuple]:
    numbers = [lock_number(key.agent, call.key) for call in calls]
    keys, slugs = [call.key for call in calls], [call.body["workflow"] for call in calls]
    return prepared.fetch(LOOK, numbers, keys, slugs, key.agent_id)


def _open_one(call: Call, found: tuple, key: AgentKey) -> None:
    alone, earlier, its_print, workflow, release = found
    if workflow is None or not key.may_use(workflow):
        call.refused = creating.no_workflow(call.body["workflow"])
    elif earlier is not None:
        call.earlier = earlier
        call.refused = None if its_print == call.fingerprint else _reused()
    elif not alone:
        call.refused = InFlight(creating.UNDER_WAY)
    elif release is None:
        call.refused = creating.no_workflow(call.body["workflow"])
    else:
        try:
            call.walk = intake.open_case(call.new, agent=key.agent, plan=plan_of(release))
        except intake.Invalid as error:
            call.refused = Unprocessable(error.problems)


def _repeat(call: Call, before: Call) -> None:
    """The same key twice in one request: the second is a repeat of the first."""
    call.refused = before.refused
    if before.refused is None:
        call.earlier = before.case
        call.refused = None if before.fingerprint == call.fingerprint else _reused()


def _reused() -> KeyReused:
    return KeyReused([creating.ANOTHER_PROPOSAL])


def _row(call: Call, key: AgentKey) -> IdempotencyKey:
    assert call.walk is not None
    return IdempotencyKey(
        agent=key.agent, key=call.key, fingerprint=call.fingerprint, case=call.walk.case
    )
