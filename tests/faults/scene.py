"""What the faults are played in: one workflow, two reviewers, one agent.

python -m tests.faults.scene LEDGER_PORT
"""

import sys

import django
from django.core.management import call_command

django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models can be imported after set-up)

from workflows.models import (  # noqa: E402
    Agent,
    Gate,
    Membership,
    OutcomeRule,
    Queue,
    Release,
    Route,
    Stage,
    Team,
    Trigger,
    Workflow,
)

REVIEWERS = ("reviewer.one", "reviewer.two")
AGENT = "fault-agent"
WORKFLOW = "faults"
ASKED_ABOVE = 500
TEMPLATE = {
    "url": "http://127.0.0.1:{port}/refunds",
    "body": {"case": {"$ref": "/case/id"}, "amount": {"$ref": "/data/amount"}},
}


def main(ledger_port: int) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    people = [User.objects.create_user(name) for name in ("owner", *REVIEWERS)]
    team = Team.objects.create(name="Refunds", slug="refunds")
    for person in people[1:]:
        Membership.objects.create(team=team, user=person)
    queue = Queue.objects.create(name="Refunds", slug="refunds")
    queue.teams.add(team)
    Agent.objects.create(name="Fault agent", slug=AGENT, owner=people[0])
    workflow = Workflow.objects.create(
        name="Faults", slug=WORKFLOW, purpose="Is hurt.", owner_team=team, exception_queue=queue
    )
    release = Release.objects.create(workflow=workflow, number=1, author=people[0])
    _stages(release, queue, ledger_port)
    release.propose(proposer=people[0])
    release.save()
    release.publish(publisher=people[0])
    release.save()
    workflow.live_release = release
    workflow.save()


def _stages(release: Release, queue: Queue, ledger_port: int) -> None:
    kinds = Stage.Kind
    ask, act, done, refused = (
        Stage.objects.create(release=release, key=key, title=key, kind=kind, position=position)
        for position, (key, kind) in enumerate(
            [("ask", kinds.GATE), ("act", kinds.ACTION), ("done", kinds.END), ("no", kinds.END)]
        )
    )
    gate = Gate.objects.create(stage=ask, queue=queue, verdicts=["approve", "reject"])
    Trigger.objects.create(
        gate=gate, kind="VALUE_ABOVE", threshold=ASKED_ABOVE, currency="GBP", pointers=[]
    )
    go = ["auto", "approve"]
    Route.objects.create(stage=ask, on_verdicts=go, to_stage=act, position=1)
    Route.objects.create(stage=ask, on_verdicts=["reject"], to_stage=refused, position=2)
    Route.objects.create(stage=act, on_verdicts=["done"], to_stage=done, position=1)
    url = TEMPLATE["url"].format(port=ledger_port)
    OutcomeRule.objects.create(
        stage=act,
        position=1,
        title="Book",
        on_verdicts=go,
        template={**TEMPLATE, "url": url},
        timeout_seconds=2,
        retry_delays=[1] * 60,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
