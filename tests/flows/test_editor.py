"""The form drawn from an action's schema: every kind of value, rows, and the way back."""

from html import unescape

import pytest
from django.urls import reverse

from reviews.models import Decision, Proposal, Review
from reviews.services import claims
from tests.conftest import AgentClient
from tests.deciding import case_of
from tests.orders import ARGS, build_order_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, monkeypatch):
    house = build_order_house(monkeypatch)
    client.force_login(house.one)
    return house


def taken(house, **args):
    action = {"name": "refund", "args": ARGS | args}
    case = case_of(AgentClient(house.key).post(confidence=0.5, action=action))
    return claims.claim_review(Review.objects.get(case=case), reviewer=house.one)


class Form:
    """The form as a browser holds it, by the ends of its controls' names."""

    def __init__(self, client, review):
        self.client, self.review = client, review
        self.read(client.get(reverse("case-detail", args=[review.case_id])))

    def read(self, response):
        page = response.context["page"]
        self.html = unescape(response.content.decode())
        self.fields = {
            "revision": page.proposal.revision,
            "digest": page.proposal.digest,
            "message": "",
        }
        self.read_parts(page.verdict_form.editor.parts)

    def read_parts(self, parts):
        for part in parts:
            if hasattr(part, "rows"):
                self.fields[part.name] = ["", *part.keys]
                for row in part.rows:
                    self.read_parts(row.parts)
            elif hasattr(part, "branch"):
                self.fields[part.name] = part.branch.label if part.branch else ""
                self.read_parts(part.shape.parts)
            else:
                self.fields[part.name] = part.typed

    def name(self, end):
        return next(name for name in self.fields if name.endswith(end))

    def type(self, end, text):
        self.fields[self.name(end)] = text

    def press(self, verdict):
        url = reverse("review-decide", args=[self.review.pk])
        answer = self.client.post(url, self.fields | {"verdict": verdict})
        if answer.context:
            self.html = unescape(answer.content.decode())
        return answer

    def rearrange(self, command, **headers):
        url = reverse("review-rearrange", args=[self.review.pk])
        answer = self.client.post(url, self.fields | {"rearrange": command}, headers=headers)
        assert answer.status_code == 200
        self.read(answer)
        return answer


def edited(review):
    return Proposal.objects.filter(case=review.case_id).last().action["args"]


def test_looking_at_every_kind_of_value_changes_none(client, desk):
    form = Form(client, taken(desk))
    assert form.press("approve").status_code == 302
    assert Decision.objects.get(by="reviewer").verdict == "approve"


def test_each_kind_has_its_control(client, desk):
    html = Form(client, taken(desk)).html
    for control in (
        'type="date" value="2026-12-01"',
        'type="datetime-local" value="2026-12-01T09:00"',
        '<option value="Slow" selected>',
        '<option value="false" selected>No',
        'value="90.00" autocomplete="off" inputmode="decimal"',
        "<textarea",
        'value="4242"',
    ):
        assert control in html


@pytest.mark.parametrize(
    ("end", "text", "at", "value"),
    [
        ("/urgent", "true", ("urgent",), True),
        ("/ship_on", "2026-12-24", ("ship_on",), "2026-12-24"),
        ("/call_at", "2026-12-01T10:30", ("call_at",), "2026-12-01T10:30:00Z"),
        ("/speed", "Express", ("speed",), "x"),
        ("/weight", "", ("weight",), None),
        ("/weight", "2", ("weight",), 2),
        ("/address/city", "Basel", ("address", "city"), "Basel"),
        (".1:1:/count", "3", ("lines", 1, "count"), 3),
        (".0:0:", "heavy", ("tags", 0), "heavy"),
        ("/last4", "1111", ("payment", "last4"), "1111"),
    ],
)
def test_one_value_is_changed_and_all_others_stay(client, desk, end, text, at, value):
    review = taken(desk)
    form = Form(client, review)
    form.type(end, text)
    assert form.press("edit").status_code == 302
    found = args = edited(review)
    for step in at:
        found = found[step]
    assert found == value
    *parents, last = at
    holder = args
    was = ARGS
    for step in parents:
        holder, was = holder[step], was[step]
    holder[last] = was[last]
    assert args == ARGS


def test_rows_are_added_moved_and_taken_away(client, desk):
    review = taken(desk)
    form = Form(client, review)
    lines = form.name("/lines")
    form.type("/note", "Kept while rows move")
    answer = form.rearrange(f"add {lines}", **{"HX-Request": "true"})
    body = unescape(answer.content.decode())
    assert 'hx-swap-oob="true"' in body
    assert "autofocus" in body
    form.type(".n1:0:/sku", "x3")
    form.type(".n1:1:/count", "7")
    form.rearrange(f"up {lines}.n1")
    form.rearrange(f"remove {lines}.1")
    assert "taken away:" in form.html
    assert form.press("edit").status_code == 302
    args = edited(review)
    assert args["note"] == "Kept while rows move"
    # What the form does not show of a row stays with it.
    assert args["lines"] == [
        {"sku": "x1", "count": 2, "price": "30.00", "origin": "unseen"},
        {"sku": "x3", "count": 7},
    ]
    changed = {change["pointer"] for change in Decision.objects.get(by="reviewer").changes}
    assert changed == {"/action/args/lines", "/action/args/note"}


def test_an_order_alone_is_a_change(client, desk):
    review = taken(desk)
    form = Form(client, review)
    form.rearrange(f"down {form.name('/lines')}.0")
    assert "The order was changed." in form.html
    assert form.press("approve").status_code == 422
    form.press("edit")
    assert [line["sku"] for line in edited(review)["lines"]] == ["x2", "x1"]


def test_what_does_not_fit_is_explained_in_its_row(client, desk):
    form = Form(client, taken(desk))
    form.rearrange(f"add {form.name('/lines')}")
    form.type(".n1:1:/count", "many")
    answer = form.press("edit")
    assert answer.status_code == 422
    field = form.html.split('value="many"')[1].split("</div>")[0]
    assert 'aria-invalid="true"' in field
    assert "is no number" in field
    form.type(".n1:1:/count", "0")
    form.press("edit")
    article, count = (
        form.html.split(f'id="id_{form.name(end)}"')[1].split("</div>")[0]
        for end in (".n1:0:/sku", ".n1:1:/count")
    )
    assert "shorter than 1 character" in article
    assert "minimum of 1" in count
    # The list on top leads to the field.
    assert f'href="#id_{form.name(".n1:1:/count")}"' in form.html
    assert not Decision.objects.exists()


def test_another_shape_of_a_value_brings_its_own_fields(client, desk):
    review = taken(desk)
    form = Form(client, review)
    form.type("/payment", "Transfer")
    form.rearrange("")
    form.type("/iban", "CH93")
    assert form.press("edit").status_code == 302
    assert edited(review)["payment"] == {"kind": "transfer", "iban": "CH93"}


def test_all_changes_are_taken_back_at_once(client, desk):
    form = Form(client, taken(desk))
    form.type("/order", "B2")
    form.rearrange(f"remove {form.name('/lines')}.0")
    form.rearrange("reset")
    assert form.press("approve").status_code == 302


def test_a_list_that_no_form_could_hold_is_edited_as_json(client, desk):
    review = taken(desk, lines=[{"sku": f"x{n}", "count": 1} for n in range(60)])
    form = Form(client, review)
    assert len(form.fields) < 20
    form.type("/lines", '[{"sku": "x", "count": 1}]')
    form.press("edit")
    assert edited(review)["lines"] == [{"sku": "x", "count": 1}]


def test_rows_that_were_typed_outlive_a_lost_lease(client, desk):
    review = taken(desk)
    form = Form(client, review)
    form.rearrange(f"add {form.name('/tags')}")
    form.type(".n1:0:", "gift")
    claims.release_review(review, reviewer=desk.one)
    assert form.press("edit").status_code == 409
    assert 'value="gift"' in form.html
    again = client.post(reverse("review-claim", args=[review.pk]), form.fields)
    form.read(again)
    assert form.press("edit").status_code == 302
    assert edited(review)["tags"] == ["fragile", "gift"]


@pytest.mark.parametrize(
    "command",
    ["add", "add nothing", "up .", "remove edit:0:/x.n1", "\x00", "add " + "x" * 500, "fly a.b"],
)
def test_a_command_that_names_nothing_changes_nothing(client, desk, command):
    form = Form(client, taken(desk))
    form.rearrange(command)
    assert form.press("approve").status_code == 302
