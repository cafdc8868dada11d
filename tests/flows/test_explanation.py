"""The page that is handed over: everything about one case, safe to open, provable, on record."""

import re

import pytest

from reviews.merkle import leaf_hash, root_by_path
from reviews.models import AuditEntry, Checkpoint
from reviews.services import checkpoints
from reviews.timeline import LARGEST
from tests.building import allow, person
from tests.deciding import case_of, take_and_decide
from tests.flows.admin_pages import logged_in, page_of


@pytest.fixture
def case(house, agent):
    agent.post()
    case = case_of(
        agent.post(
            confidence=0.71,
            data={
                "order": "A1",
                "amount": "90.00",
                "reason": "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e",
                "customer": {"id": "c_9", "name": "Jo Doe"},
            },
        )
    )
    take_and_decide(house.one, "reject", reason_code="policy", message="Not under the policy.")
    return case


def explained(client, case):
    return client.post(f"/admin/reviews/case/{case.pk}/explanation/")


def test_it_says_what_was_decided_by_whom_on_what_and_why(house, case):
    client = logged_in(house.admin)
    assert b"Explain this case" in client.get(page_of(case)).content
    answer = explained(client, case)
    page = answer.content.decode()
    for words in (
        "Customer refunds",
        "Money back to customers",
        "Not under the policy.",
        "policy",
        "90.00",
        "0.71",
        "Refund approval",
        f"a person (no. {house.one.pk})",
        "Jo Doe",
        "reversed at any time",
    ):
        assert words in page, words
    # Who decided is no name of theirs.
    assert "reviewer.one" not in page
    assert answer["Content-Disposition"] == f'attachment; filename="{case.public_id}.html"'
    entry = AuditEntry.objects.filter(case=case, event="case.explained").get()
    assert entry.actor == f"user:{house.admin.pk}"


def test_it_stands_alone_and_runs_nothing_of_what_agents_wrote(house, case):
    page = explained(logged_in(house.admin), case).content.decode()
    assert "<script" not in page and "<img" not in page and "\u202e" not in page
    assert not re.search(r"<[a-z][^>]*\s(src|href|on\w+)=", page) and "url(" not in page
    assert "Content-Security-Policy" in page
    assert "default-src 'none'" in page


def test_its_proof_leads_to_the_published_root(house, case):
    page = explained(logged_in(house.admin), case).content.decode()
    assert "No checkpoint covers it yet." in page
    made = checkpoints.make(below=LARGEST)
    page = explained(logged_in(house.admin), case).content.decode()
    hashes = re.findall(r"<code>([0-9a-f]{64})</code>", page)
    index, size = map(int, re.search(r"<td>(\d+) / (\d+)</td>", page).groups())
    digest, root, *path = (bytes.fromhex(text) for text in hashes)
    position = int(re.search(r"Entry (\d+) and all before it", page)[1])
    leaf = leaf_hash(f"{case.chain}\n{position}\n".encode() + digest)
    assert root == bytes(made.root) == root_by_path(leaf, index, size, path)
    assert Checkpoint.objects.get() == made


def test_only_who_may_see_every_case_takes_it(house, case):
    plain = person("plain", staff=True)
    assert explained(logged_in(plain), case).status_code == 403
    assert explained(logged_in(house.one), case).status_code == 302
    assert explained(logged_in(allow(plain, "view_case")), case).status_code == 200
    got = logged_in(house.admin).get(f"/admin/reviews/case/{case.pk}/explanation/")
    assert got.status_code == 405
