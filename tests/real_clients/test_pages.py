"""The code on the pages of docs/clients, run as it stands there."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings

from agents.models import AgentKey
from agents.models.agent_key import Scope
from tests.real_clients.environments import HERE
from tests.real_clients.scene import name_of

PAGES = Path(settings.BASE_DIR) / "docs" / "clients"
APPROVE_FIRST = {"A1": "approve", "A2": "reject"}
# Page: its environment, what the reviewer says to each order, and what must have been paid.
WALKS = {
    "python": ("webhooks", {"A1": "approve", "A3": "approve"}, ["900.00", "9.00", "700.00"]),
    "langgraph": ("langgraph", APPROVE_FIRST, ["900.00"]),
    "pydantic-ai": ("pydantic_ai", APPROVE_FIRST, ["900.00"]),
    "openai-agents": ("openai_agents", APPROVE_FIRST, ["900.00"]),
    "mcp": ("mcp", {"A1": "approve"}, ["900.00"]),
    "humanlayer": ("humanlayer", APPROVE_FIRST, ["900.00"]),
}


def code_of(page: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.S))


def yours(environment: str) -> str:
    files = [HERE / "yours" / f"{name}.py" for name in ("pay", environment)]
    return "\n".join(file.read_text() for file in files if file.exists())


def paid(directory: Path) -> Sequence[str]:
    book = directory / "paid.jsonl"
    return [json.loads(line)[1] for line in book.read_text().splitlines()]


def test_every_page_is_walked():
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(WALKS)


@pytest.mark.parametrize("page", WALKS)
def test_the_code_of_a_page_pays_what_was_approved(page, start_file, reviewer, tmp_path):
    environment, verdicts, expected = WALKS[page]
    AgentKey.objects.update(scopes=[Scope.CREATE, Scope.READ, Scope.REDEEM])
    (tmp_path / "yours.py").write_text(yours(environment))
    (tmp_path / "page.py").write_text(code_of(page))
    program = start_file(environment, tmp_path / "page.py")
    for order, verdict in verdicts.items():
        review = reviewer.waits_for_order(order)
        reviewer.decide_review(review, verdict)
        assert name_of(review.case) in ("pay", "refund")
    program.finish()
    assert paid(tmp_path) == expected
