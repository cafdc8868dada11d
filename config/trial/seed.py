"""The trial's people, workflows and agents, each made once."""

from collections.abc import Mapping
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command

from agents.models import AgentKey
from agents.models.agent_key import digest_of
from config.trial.place import LEDGER_PORT, PEOPLE, ROOT, Place
from reviews.services.people import make_groups
from workflows.models import Agent, Membership, Team, Workflow

EXAMPLES = ROOT / "workflows" / "examples"
# Those that the demo agents post to; the others wait in the gallery.
AT_WORK = ("credit-applications", "customer-refunds")
AGENTS = {
    "credit": ("Credit scorer", "Recommends a decision on each credit application."),
    "refund": ("Refund assistant", "Proposes refunds for what customers report."),
}


def fill(place: Place) -> None:
    memory = place.memory()
    make_people(memory["passwords"])
    apply_examples(place.directory / "workflows", ledger_port=memory["ledger_port"])
    join_teams()
    memory["agent_keys"] = make_agents(memory["agent_keys"])
    place.remember(memory)


def make_people(passwords: Mapping[str, str]) -> None:
    groups = {group.name: group for group in make_groups()}
    for name in PEOPLE:
        if User.objects.filter(username=name).exists():
            continue
        if name == "admin":
            User.objects.create_superuser(name, password=passwords[name])
            continue
        user = User.objects.create_user(name, password=passwords[name], is_staff=name == "lead")
        user.groups.add(groups["Lead" if name == "lead" else "Reviewer"])


def apply_examples(directory: Path, *, ledger_port: int) -> None:
    directory.mkdir(exist_ok=True)
    for example in (EXAMPLES / f"{name}.yaml" for name in AT_WORK):
        if Workflow.objects.filter(slug=example.stem).exists():
            continue
        # The example names the ledger's usual port; this trial's may be another.
        text = example.read_text()
        file = directory / example.name
        file.write_text(text.replace(f"127.0.0.1:{LEDGER_PORT}", f"127.0.0.1:{ledger_port}"))
        call_command("workflow", "apply", str(file), "--publish", "--as", "admin", verbosity=0)


def join_teams() -> None:
    """Both reviewers and the lead are in every team, so that whoever logs in finds work."""
    roles = Membership.Role
    for team in Team.objects.all():
        for name in PEOPLE[1:]:
            Membership.objects.get_or_create(
                team=team,
                user=User.objects.get(username=name),
                defaults={"role": roles.LEAD if name == "lead" else roles.REVIEWER},
            )


def make_agents(known_keys: Mapping[str, str]) -> dict[str, str]:
    """The agents' keys. A key can be read only when it is made, so the trial remembers it."""
    keys = {}
    for name, (title, purpose) in AGENTS.items():
        agent, _ = Agent.objects.get_or_create(
            slug=f"{name}-agent",
            defaults={
                "name": title,
                "purpose": purpose,
                "owner": User.objects.get(username="admin"),
            },
        )
        keys[name] = known_keys.get(name, "")
        if not AgentKey.objects.filter(agent=agent, digest=digest_of(keys[name])).exists():
            _, keys[name] = AgentKey.make(agent, label="trial")
    return keys
