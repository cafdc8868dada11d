"""What ids in the record are called: today's names, read once for all lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from reviews.models import AuditEntry, Case
from workflows.compiler import Plan
from workflows.models import Agent, OutcomeRule, Queue

Data = Mapping[str, Any]
MADE_BY_PEOPLE, MADE_BY_AGENTS = "user:", "agent:"


@dataclass(frozen=True, slots=True)
class Names:
    people: Mapping[str, str]
    queues: Mapping[str, str]
    stages: Mapping[str, str]
    rules: Mapping[int, str]
    agents: Mapping[str, str]

    def actor(self, actor: str) -> str:
        if actor in self.agents:
            return self.agents[actor]
        return self.people.get(actor, _("Handrail") if actor == "system" else actor)

    def queue(self, slug: str) -> str:
        return self.queues.get(slug, slug)


def names_anywhere(entries: Iterable[AuditEntry], contents: Iterable[Data]) -> Names:
    """For entries of any chains: what only a release knows, the titles of its stages, is called
    by its key."""
    return Names(
        people=_people(entries, contents),
        queues=_queues(contents),
        stages={},
        rules=_rules(contents),
        agents=_agents(entries, {}),
    )


def names_in(
    case: Case, plan: Plan, entries: Iterable[AuditEntry], contents: Iterable[Data]
) -> Names:
    return Names(
        people=_people(entries, contents),
        queues=_queues(contents),
        stages={stage.key: stage.title for stage in plan.stages.values()},
        rules={rule.id: rule.title for s in plan.stages.values() for rule in s.outcomes},
        agents=_agents(entries, {f"{MADE_BY_AGENTS}{case.agent_id}": case.agent.name}),
    )


def _agents(entries: Iterable[AuditEntry], known: Mapping[str, str]) -> dict[str, str]:
    """Of a case mostly its own alone, whose name is known."""
    others = {entry.actor for entry in entries} - set(known)
    ids = _ids(others, MADE_BY_AGENTS)
    rows = Agent.objects.filter(pk__in=ids).values_list("pk", "name") if ids else ()
    return {**known, **{f"{MADE_BY_AGENTS}{pk}": name for pk, name in rows}}


def _people(entries: Iterable[AuditEntry], contents: Iterable[Data]) -> dict[str, str]:
    actors = {entry.actor for entry in entries} | {
        str(data.get(key, "")) for data in contents for key in ("held_by", "to")
    }
    users = get_user_model().objects.filter(pk__in=_ids(actors, MADE_BY_PEOPLE))
    return {f"{MADE_BY_PEOPLE}{user.pk}": name_of(user) for user in users}


def _ids(actors: Iterable[str], kind: str) -> list[str]:
    return [actor.removeprefix(kind) for actor in actors if actor.startswith(kind)]


def _queues(contents: Iterable[Data]) -> dict[str, str]:
    slugs = {data[key] for data in contents for key in ("queue", "moved_from") if key in data}
    return dict(Queue.objects.filter(slug__in=slugs).values_list("slug", "name"))


def _rules(contents: Iterable[Data]) -> dict[int, str]:
    keys = {data["rule"] for data in contents if data.get("rule") is not None}
    return dict(OutcomeRule.objects.filter(pk__in=keys).values_list("pk", "title"))


def name_of(user: Any) -> str:
    return user.get_full_name() or user.get_username()
