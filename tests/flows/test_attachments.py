"""Files on cases: sent by the agent or with a note, kept apart, shown as what they are."""

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agents.models import AgentKey
from agents.models.agent_key import Scope
from reviews.models import Attachment, AuditEntry, Review
from reviews.services import claims
from reviews.services.attachments import throw_away
from reviews.services.erasing import erase_case
from tests.attaching import SCRIPT, animation, attach, bomb, image, pdf
from tests.building import build_house, person
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide
from workflows.models import Agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


@pytest.fixture
def case(agent):
    return case_of(agent.post(confidence=0.5))


def page_of(client, case) -> str:
    return client.get(reverse("case-detail", args=[case.pk])).content.decode()


def address(file, *, read: bool = False) -> str:
    return reverse("attachment-read" if read else "attachment-open", args=[file.case_id, file.pk])


class TestTheAgentsCall:
    def test_a_file_is_kept_with_its_digest_on_record_and_listed_on_the_case(self, agent, case):
        answer = attach(agent, case, image(), name="damage.png", belongs_to="data")
        assert answer.status_code == 201, answer.content
        told = answer.json()
        assert (told["type"], told["name"], told["belongs_to"]) == (
            "image/png",
            "damage.png",
            "data",
        )
        assert told["digest"] == Attachment.objects.get().digest
        entry = AuditEntry.objects.get(case=case, event="attachment.added")
        assert entry.content["data"]["digest"] == told["digest"]
        assert "damage" not in str(entry.content)
        assert agent.get(f"/api/v1/cases/{case.public_id}").json()["attachments"] == [told]
        listed = agent.get(f"/api/v1/cases/{case.public_id}/attachments").json()
        assert listed == {"object": "list", "data": [told]}
        assert fresh(case).version == case.version + 1

    def test_the_same_key_attaches_once_and_another_file_with_it_is_refused(self, agent, case):
        first = attach(agent, case, image())
        again = attach(agent, case, image())
        assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
        assert again.json() == first.json()
        other = attach(agent, case, image("JPEG"))
        assert other.status_code == 422
        assert "idempotency-key-reused" in other.json()["type"]
        assert attach(agent, case, image(), key=None).status_code == 400
        assert Attachment.objects.count() == 1

    def test_the_type_is_that_of_the_content_whatever_it_is_called(self, agent, case):
        told = attach(agent, case, pdf(), name="photo.png", kind="image/png").json()
        assert told["type"] == "application/pdf"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b"MZ\x90\x00", "none of what can be attached"),
            (b"<svg onload=alert(1)>", "markup"),
            (bomb(), "too large to draw"),
            (b"GIF89a/*" + SCRIPT, "cannot be read"),
        ],
    )
    def test_what_cannot_be_attached_is_refused_at_the_field(self, agent, case, content, words):
        answer = attach(agent, case, content)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/file"
        assert words in answer.json()["errors"][0]["detail"]
        assert not Attachment.objects.exists()

    def test_size_and_number_are_limited(self, agent, case, settings):
        settings.ATTACHMENT_BYTES, settings.ATTACHMENTS_PER_CASE = 2_000, 2
        assert attach(agent, case, b"x" * 2_001).status_code == 422
        assert attach(agent, case, b"x" * 40_000).status_code == 413
        for key in ("one", "two"):
            assert attach(agent, case, b"x", key=key).status_code == 201
        third = attach(agent, case, b"x", key="three")
        assert "at most 2 files" in third.json()["errors"][0]["detail"]

    def test_a_request_that_names_no_file_or_no_place_is_explained(self, agent, case):
        path = f"/api/v1/cases/{case.public_id}/attachments"
        headers = {"Authorization": f"Bearer {agent.key}", "Idempotency-Key": "one"}
        nothing = agent.http.post(path, {"file": "text"}, headers=headers)
        assert nothing.json()["errors"][0]["pointer"] == "/file"
        nowhere = attach(agent, case, image(), belongs_to="\x00")
        assert nowhere.json()["errors"][0]["pointer"] == "/belongs_to"
        wrong = agent.http.post(path, b"{}", content_type="application/json", headers=headers)
        assert wrong.status_code == 415

    def test_a_decided_case_takes_no_more(self, agent, case, house):
        claims.claim_review(Review.objects.get(case=case), reviewer=house.one)
        decide(Review.objects.get(case=case), house.one, "reject")
        assert attach(agent, case, image()).status_code == 409

    def test_another_agents_key_neither_attaches_nor_reads(self, agent, case, house):
        attach(agent, case, image())
        stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
        _row, key = AgentKey.make(stranger, scopes=Scope.values)
        other = AgentClient(key)
        assert attach(other, case, image(), key="x").status_code == 404
        assert other.get(f"/api/v1/cases/{case.public_id}/attachments").status_code == 404
        assert Attachment.objects.count() == 1


class TestOnThePage:
    def test_each_kind_is_shown_as_what_it_is(self, one, agent, case):
        files = {"photo": image(), "moving": animation(), "paper": pdf(), "table": b"a,b\n1,2\n"}
        for name, content in files.items():
            attach(agent, case, content, name=name, key=name)
        body = page_of(one, case)
        photo, moving, paper, table = Attachment.objects.all()
        assert f'<img src="{address(photo)}" width="40" height="30"' in body
        for row in (moving, paper, table):
            assert f'<img src="{address(row)}"' not in body
        assert f'href="{address(table, read=True)}"' in body
        assert "PNG image, 40 × 30" in body  # noqa: RUF001
        assert photo.digest in body
        assert "attached a file: PNG" in body

    def test_a_file_is_sent_with_headers_that_let_it_do_nothing(self, one, agent, case):
        attach(agent, case, image() + SCRIPT, name="x.html", kind="text/html")
        answer = one.get(address(Attachment.objects.get()))
        assert answer.content.endswith(SCRIPT)
        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Content-Disposition"] == 'inline; filename="x.html.png"'
        assert "no-store" in answer["Cache-Control"]

    def test_text_is_never_sent_as_a_page_and_a_table_not_to_a_spreadsheet(self, one, agent, case):
        attach(agent, case, b"a,b\n=HYPERLINK(1),2\n", name="sums.csv")
        answer = one.get(address(Attachment.objects.get()))
        assert answer["Content-Disposition"] == 'attachment; filename="sums.csv.txt"'
        assert "sandbox" in answer["Content-Security-Policy"]

    @pytest.mark.parametrize(
        ("sent", "saved"),
        [
            ("../../etc/passwd", "passwd.png"),
            ("C:\\windows\\evil.exe", "evil.exe.png"),
            ("a\r\nSet-Cookie: x=1.png", None),
            ("in\u202egnp.exe", None),
            ('"><script>alert(1)</script>', None),
            ("n" * 900, None),
            ("....png", "_png.png"),
        ],
    )
    def test_a_hostile_name_is_only_ever_text(self, one, agent, case, sent, saved):
        assert attach(agent, case, image(), name=sent).status_code == 201
        row = Attachment.objects.get()
        assert row.stored_as == f"{case.id.hex}/{row.id.hex}"
        body = page_of(one, case)
        assert "<script>alert" not in body
        assert "\u202e" not in body
        answer = one.get(address(row))
        assert "\r" not in answer["Content-Disposition"]
        if saved:
            assert f'filename="{saved}"' in answer["Content-Disposition"]

    def test_a_text_is_read_in_windows_and_a_table_in_pages_always_escaped(self, one, agent, case):
        attach(agent, case, SCRIPT[::-1] + b"x" * 30_000 + SCRIPT, key="text")
        rows = "\n".join(f"{n},{SCRIPT.decode()}" for n in range(500))
        attach(agent, case, f"n,what\n{rows}".encode(), key="table")
        text, table = Attachment.objects.all()
        first = one.get(address(text, read=True)).content.decode()
        assert "?from=20000" in first
        rest = one.get(address(text, read=True) + "?from=20000").content.decode()
        assert "&lt;script&gt;" in rest
        assert SCRIPT.decode() not in rest
        page = one.get(address(table, read=True) + "?from=400").content.decode()
        assert '<th scope="col"><bdi>what</bdi></th>' in page
        assert "<bdi>499</bdi>" in page
        assert SCRIPT.decode() not in page
        assert one.get(address(text, read=True) + "?from=nonsense").status_code == 200

    def test_only_who_may_see_the_case_gets_its_files(self, one, client, agent, case, house):
        attach(agent, case, image())
        row = Attachment.objects.get()
        other = case_of(agent.post(confidence=0.5))
        elsewhere = reverse("attachment-open", args=[other.pk, row.pk])
        assert one.get(elsewhere).status_code == 404
        client.force_login(person("nobody"))
        assert client.get(address(row)).status_code == 404
        client.logout()
        assert client.get(address(row)).status_code == 302
        assert client.post(address(row)).status_code in (302, 405)

    def test_what_is_no_longer_the_file_that_was_attached_is_not_shown(self, one, agent, case):
        attach(agent, case, image())
        row = Attachment.objects.get()
        storage = storages["attachments"]
        with storage.open(row.stored_as, "wb") as file:
            file.write(image("JPEG"))
        assert one.get(address(row)).status_code == 404
        storage.delete(row.stored_as)
        assert one.get(address(row)).status_code == 404
        assert page_of(one, case)

    def test_files_lie_in_a_directory_of_their_own_where_none_other_is_named(
        self, one, agent, case, settings, tmp_path
    ):
        settings.STORAGES = settings.STORAGES | {
            "attachments": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(tmp_path)},
            }
        }
        attach(agent, case, image(), name="../../outside.png")
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
        assert one.get(address(Attachment.objects.get())).content == image()


class TestNotes:
    def note(self, client, case, *files, note="Look at this", **more):
        return client.post(reverse("case-note", args=[case.pk]), {"note": note, "files": files})

    def test_a_person_attaches_to_a_note_and_the_agent_never_hears_of_it(
        self, one, agent, case, upload
    ):
        answer = self.note(one, case, upload("receipt.png", image()), upload("b.pdf", pdf()))
        assert answer.status_code == 302
        assert Attachment.objects.filter(belongs_to="NOTE").count() == 2
        body = page_of(one, case)
        assert "receipt.png" in body
        assert events(case).count("attachment.added") == 2
        assert agent.get(f"/api/v1/cases/{case.public_id}").json()["attachments"] == []

    def test_a_file_may_speak_for_itself(self, one, case, upload):
        self.note(one, case, upload("x.png", image()), note=" ")
        assert Attachment.objects.get().message.text == ""

    def test_a_bad_file_keeps_what_was_typed_and_adds_nothing(self, one, case, upload):
        answer = self.note(one, case, upload("x.png", image()), upload("y", b"<svg>"))
        assert answer.status_code == 422
        body = answer.content.decode()
        assert "Look at this" in body
        assert "markup" in body
        assert not Attachment.objects.exists()
        assert "note.added" not in events(case)

    def test_what_is_too_heavy_is_not_read(self, one, case, upload, settings):
        settings.ATTACHMENT_BYTES = 1_000
        assert self.note(one, case, upload("x.txt", b"x" * 5_000)).status_code in (400, 413)
        assert self.note(one, case, upload("x.txt", b"x" * 1_500)).status_code == 422


class TestPresentation:
    @pytest.fixture(params=["HUMAN_FIRST", "BLIND"])
    def house(self, request, db):
        return build_house(presentation=request.param, verdicts=["approve", "edit", "reject"])

    def test_evidence_comes_as_late_as_the_agents_words(self, one, client, house, agent, case):
        attach(agent, case, image(), name="invoice.png", key="data", belongs_to="data")
        attach(agent, case, image("JPEG"), name="verdict.jpg", key="words")
        data, evidence = Attachment.objects.all()
        body = page_of(one, case)
        assert "invoice.png" in body
        assert "verdict.jpg" not in body
        assert evidence.id.hex not in body.replace("-", "")
        assert one.get(address(data)).status_code == 200
        assert one.get(address(evidence)).status_code == 404
        auditor = house.admin
        client.force_login(auditor)
        assert client.get(address(evidence)).status_code == 200

    def test_nobody_hears_what_others_think_before_they_have_answered(
        self, one, client, house, case
    ):
        client.force_login(house.two)
        client.post(reverse("case-note", args=[case.pk]), {"note": "I would say 500"})
        client.force_login(house.one)
        assert "I would say 500" not in page_of(client, case)
        answer = client.post(
            reverse("case-note", args=[case.pk]),
            {"note": "Mine"},
            headers={"HX-Request": "true"},
        )
        assert "Mine" in answer.content.decode()
        assert "I would say 500" not in answer.content.decode()


def test_erased_files_are_gone_and_the_record_still_holds(
    one, house, agent, case, django_capture_on_commit_callbacks
):
    attach(agent, case, image(), name="Jo Doe.png")
    row = Attachment.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        take_and_decide(house.one, "reject")
        erase_case(fresh(case), by=house.admin, reason="asked for")
    assert not storages["attachments"].exists(row.stored_as)
    assert one.get(address(row)).status_code == 404
    one.force_login(house.admin)
    body = page_of(one, case)
    assert "This file was erased" in body
    assert "Jo Doe.png" not in body
    told = agent.get(f"/api/v1/cases/{case.public_id}").json()["attachments"][0]
    assert told["name"] == ""
    assert told["erased_at"]
    assert throw_away() == 0


def test_what_a_crash_left_of_erased_files_the_clock_finds(agent, case):
    attach(agent, case, image())
    row = Attachment.objects.get()
    Attachment.objects.forget()
    assert throw_away() == 1
    assert not storages["attachments"].exists(row.stored_as)
    assert throw_away() == 0


@pytest.fixture
def upload():
    return lambda name, content: SimpleUploadedFile(name, content)
