"""The people's API: the pages' own work, done by a program that a person trusts."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from reviews.history import history
from reviews.models import AuditEntry, Decision, Review
from reviews.models.case import case_id
from tests.agents.persons import PATH, PersonClient
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh
from workflows.compiler import plan_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(house):
    return PersonClient(house.one)


def asked(agent, **changes):
    return case_of(agent.post(**({"confidence": 0.5} | changes)))


class TestList:
    def test_it_is_the_queue_pages_list(self, me, agent, house):
        first, second = asked(agent), asked(agent, amount="2400.00", external_id="order-B")
        claimed = me.next()
        rows = me.get().json()["data"]
        assert {row["case"] for row in rows} == {first.public_id, second.public_id}
        assert rows[0]["id"] == claimed["id"] and rows[0]["is_mine"]
        assert rows[0]["held_by"]["name"] == "reviewer.one"
        assert rows[1]["state"] == "open" and rows[1]["held_by"] is None
        assert rows[1]["action"]["args"]["order"] == "A1"
        assert rows[1]["reasons"][0]["trigger"]

    def test_its_filters_are_the_pages(self, me, agent, house):
        small, large = asked(agent), asked(agent, amount="2400.00", external_id="order-B")
        for query, expected in [
            ({"value_from": "1000"}, {large}),
            ({"text": "order-B"}, {large}),
            ({"trigger": "value_above"}, {large}),
            ({"workflow": "refunds", "queue": "refunds"}, {small, large}),
            ({"agent": "refund-agent"}, {small, large}),
            ({"state": "mine"}, set()),
            ({"due": "late"}, set()),
        ]:
            found = {row["case"] for row in me.get(**query).json()["data"]}
            assert found == {case.public_id for case in expected}, query

    def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_too_much(self, me, house):
        for query in ({"colour": "red"}, {"queue": "large"}, {"agent": "x"}, {"value_from": "a"}):
            refused = me.get(**query)
            assert refused.status_code == 422, query
            assert refused.json()["errors"][0]["pointer"] == f"?{next(iter(query))}"
        assert me.get(cursor="x~y").status_code == 422

    def test_pages_follow_one_another(self, me, agent):
        for number in range(53):
            asked(agent, external_id=f"order-{number}")
        first = me.get().json()
        second = me.get(cursor=first["next_cursor"]).json()
        assert [len(first["data"]), len(second["data"])] == [50, 3]
        assert second["next_cursor"] is None
        assert len({row["case"] for row in first["data"] + second["data"]}) == 53

    def test_it_costs_few_queries_however_long_it_is(
        self, me, agent, django_assert_max_num_queries
    ):
        for number in range(12):
            asked(agent, external_id=f"order-{number}")
        me.next()
        me.get()
        with django_assert_max_num_queries(9):
            assert len(me.get().json()["data"]) == 12


class TestDetail:
    def test_it_tells_what_the_page_tells(self, me, agent, house, django_assert_max_num_queries):
        case = asked(agent, amount="2400.00")
        me.next()
        review = Review.objects.get(case=case)
        with django_assert_max_num_queries(19):
            told = me.get(f"/review_{review.pk.hex}").json()
        assert told["action"] == case.proposals.get().action
        assert (told["revision"], told["digest"]) == (1, case.proposals.get().digest)
        assert told["verdicts"] == ["approve", "edit", "reject", "respond"]
        assert told["reason_codes"] == {"policy": "Against the policy"}
        assert told["instruction"] == "Cap refunds at the price paid."
        assert told["proposed"]["ai_output"]["text"] == "The parcel arrived broken."
        assert told["proposed"]["value"] == "2400.00"
        assert told["preview"]["requests"][0]["url"].endswith("/refunds")
        assert told["actions"][0]["args_schema"]["required"] == ["order", "amount"]
        assert {"decide", "release", "snooze", "ask-agent"} <= set(told["may"])
        viewed = AuditEntry.objects.filter(case=case, event="case.viewed")
        me.get(f"/review_{review.pk.hex}")
        assert viewed.count() == 1

    def test_what_is_not_in_ones_queues_is_as_good_as_none(self, me, agent, house):
        case = asked(agent)
        Review.objects.filter(case=case).update(queue=house.extra["large"])
        review = Review.objects.get(case=case)
        assert me.get(f"/review_{review.pk.hex}").status_code == 404
        assert me.post(f"/review_{review.pk.hex}/claim").status_code == 404
        assert me.get("/review_nonsense").status_code == 404


class TestClaims:
    def test_the_next_is_held_and_asked_for_again_is_the_same(self, me, agent):
        assert me.post("/claim-next").status_code == 204
        first, _second = asked(agent), asked(agent, external_id="order-B")
        taken = me.next()
        assert taken["case"] == first.public_id and taken["is_mine"]
        assert me.next()["id"] == taken["id"]
        other = me.post("/claim-next", {"besides": taken["id"]}).json()
        assert other["id"] != taken["id"]
        assert me.post("/claim-next", {"queue": "large"}).status_code == 404
        assert me.post("/claim-next", {"queue": "exceptions"}).status_code == 204

    def test_taken_renewed_and_given_back(self, me, agent, house):
        review = Review.objects.get(case=asked(agent))
        path = f"/review_{review.pk.hex}"
        assert me.post(f"{path}/renew").status_code == 409
        assert me.post(f"{path}/claim").json()["is_mine"]
        Review.objects.update(lease_expires_at=timezone.now() + timedelta(seconds=5))
        renewed = me.post(f"{path}/renew").json()
        assert renewed["lease_expires_at"] > (timezone.now() + timedelta(minutes=5)).isoformat()
        assert PersonClient(house.two).post(f"{path}/claim").status_code == 409
        assert me.post(f"{path}/release").json()["state"] == "open"

    def test_what_is_done_by_token_is_on_record_as_that(self, me, agent, house):
        case = asked(agent)
        me.next()
        entry = AuditEntry.objects.get(case=case, event="review.claimed")
        assert entry.actor == f"user:{house.one.pk}"
        assert entry.content["means"] == f"token:{me.row.prefix}"
        told = [
            line.who for line in history(case, plan_of(case.release_id), case.audit_entries.all())
        ]
        assert f"reviewer.one, by the token hrp_{me.row.prefix}_…" in told
        decide(Review.objects.get(case=case), house.one)
        entry = AuditEntry.objects.get(case=case, event="review.decided")
        assert "means" not in entry.content


class TestVerdicts:
    def test_approved_is_what_was_looked_at(self, me, agent):
        case = asked(agent)
        answer = me.decide(me.next(), active_seconds=12.5, opened=["/data/reason"])
        assert answer.status_code == 200
        assert answer.json()["standing"] == "counts"
        decision = Decision.objects.get(case=case, by="reviewer")
        assert (decision.verdict, decision.active_seconds) == ("approve", 12.5)
        assert agent.get(f"/api/v1/cases/{case.public_id}").json()["decision"]["type"] == "approve"

    def test_edited_by_pointer_and_an_argument_left_out(self, me, agent):
        args = {"order": "A1", "amount": "90.00", "note": "Sorry"}
        case = asked(agent, action={"name": "refund", "args": args})
        answer = me.decide(
            me.next(),
            "edit",
            changes={"/action/args/amount": "80.00"},
            remove=["/action/args/note"],
            message="cap",
        )
        assert answer.status_code == 200, answer.content
        assert case.proposals.last().action["args"] == {"order": "A1", "amount": "80.00"}

    def test_a_stale_revision_or_digest_is_told_from_other_conflicts(self, me, agent):
        asked(agent)
        seen = me.next()
        for stale in ({"revision": 2}, {"digest": "sha-256:" + "0" * 64}):
            refused = me.decide(seen | stale)
            assert refused.status_code == 409
            assert refused.json()["type"].endswith("stale-proposal")
        assert me.decide({"id": seen["id"]}).status_code == 422
        assert not Decision.objects.exists()

    def test_what_is_wrong_is_pointed_at(self, me, agent):
        asked(agent)
        seen = me.next()
        for body, pointer in [
            ({"verdict": "edit", "changes": {"/action/args/amount": 5}}, "/action/args/amount"),
            ({"verdict": "edit", "changes": {"/data/amount": "5"}}, "/data/amount"),
            ({"verdict": "reject", "reason_code": "none-such"}, "/reason_code"),
            ({"verdict": "retry"}, "/verdict"),
            ({"verdict": "maybe"}, "/verdict"),
        ]:
            refused = me.decide(seen, **body)
            assert refused.status_code == 422
            assert pointer in {error["pointer"] for error in refused.json()["errors"]}, body
        assert not Decision.objects.exists()

    def test_a_verdict_sent_again_is_found_and_another_is_refused(self, me, agent):
        asked(agent)
        seen = me.next()
        first = me.decide(seen, message="fine")
        again = me.decide(seen, message="fine")
        assert again.status_code == 200 and again["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
        assert me.decide(seen, "reject").status_code == 409
        assert Decision.objects.filter(by="reviewer").count() == 1

    def test_nobody_decides_what_another_holds(self, me, agent, house):
        asked(agent)
        seen = me.next()
        assert PersonClient(house.two).decide(seen).status_code == 409
        assert not Decision.objects.exists()

    def test_taken_back_while_nothing_follows_from_it(self, db):
        house = build_house(undo_seconds=60)
        me, agent = PersonClient(house.one), AgentClient(house.key)
        case = asked(agent)
        seen = me.next()
        assert me.decide(seen).json()["undo_until"]
        assert PersonClient(house.two).post(f"/{seen['id']}/undo").status_code == 409
        seat = me.post(f"/{seen['id']}/undo").json()
        assert seat["is_mine"] and seat["id"] != seen["id"]
        assert fresh(case).undo_until is None
        assert me.post(f"/{seen['id']}/undo").status_code == 409


class TestMoves:
    def test_asked_answered_and_back(self, me, agent):
        case = asked(agent)
        seen = me.next()
        assert me.post(f"/{seen['id']}/ask-agent", {"message": " "}).status_code == 422
        assert me.post(f"/{seen['id']}/ask-agent", {"message": "Why?"}).status_code == 200
        assert fresh(case).question.text == "Why?"

    def test_escalated_with_a_reason(self, me, agent, house):
        asked(agent)
        seen = me.next()
        body = {"reason": "Too much for me", "queue": "large"}
        assert me.post(f"/{seen['id']}/escalate", {"reason": "x", "queue": "zz"}).status_code == 422
        opened = me.post(f"/{seen['id']}/escalate", body)
        assert opened.json()["queue"] == "large" and opened.json()["id"] != seen["id"]

    def test_handed_over_by_id_or_by_name(self, me, agent, house):
        for named in (f"u_{house.two.pk}", "reviewer.two"):
            asked(agent, external_id=named)
            seen = me.next()
            refused = me.post(f"/{seen['id']}/hand-over", {"to": "admin"})
            assert refused.json()["errors"][0]["pointer"] == "/to"
            assert me.post(f"/{seen['id']}/hand-over", {"to": named}).status_code == 200
            assert Review.objects.get(pk=case_id(seen["id"].replace("review", "case"))).offered_to
        assert PersonClient(house.two).get().json()["data"][0]["kept_for_me_until"]

    def test_put_off_and_taken_back(self, me, agent):
        asked(agent)
        seen = me.next()
        later = (timezone.now() + timedelta(hours=2)).isoformat()
        assert me.post(f"/{seen['id']}/snooze", {"until": "soon"}).status_code == 422
        assert me.post(f"/{seen['id']}/snooze", {"until": later}).json()["snoozed_until"]
        assert me.post("/claim-next").status_code == 204
        assert me.get(f"/{seen['id']}").json()["may"] == ["claim"]
        assert me.post(f"/{seen['id']}/claim").json()["is_mine"]

    def test_skipped_it_never_comes_back(self, me, agent):
        asked(agent)
        seen = me.next()
        assert me.post(f"/{seen['id']}/skip", {"reason": "I know them"}).status_code == 200
        assert me.post("/claim-next").status_code == 204


SECRETS = ("987.65", "0.5321", "Trust this", "It is all fine")


@pytest.mark.parametrize("presentation", ["HUMAN_FIRST", "BLIND"])
class TestAnswersFirst:
    @pytest.fixture
    def house(self, presentation, db):
        return build_house(presentation=presentation, verdicts=["approve", "edit", "reject"])

    @pytest.fixture
    def case(self, agent):
        return asked(
            agent,
            amount="987.65",
            confidence=0.5321,
            summary="Trust this",
            ai_output={"text": "It is all fine"},
            data={"order": "A1", "amount": "1.00"},
        )

    def test_nothing_of_the_proposal_is_told_before_the_answer(self, me, case):
        calls = [me.get(), me.post("/claim-next")]
        seen = calls[-1].json()
        calls += [me.get(f"/{seen['id']}"), me.get(text="Trust"), me.post(f"/{seen['id']}/renew")]
        calls += [me.decide(seen), me.decide(seen, "edit", changes={"/action/args/amount": "1"})]
        for answer in calls:
            for secret in (*SECRETS, case.proposals.get().digest):
                assert secret not in answer.content.decode()
        assert seen["is_withheld"] and "answer" in seen["may"]
        assert not Decision.objects.exists()

    def test_the_own_answer_is_what_runs(self, me, case, presentation):
        seen = me.next()
        mine = {"name": "refund", "args": {"order": "A1", "amount": "12.00"}}
        assert me.post(f"/{seen['id']}/answer", {"action": {"name": "x", "args": {}}}).status_code
        told = me.post(f"/{seen['id']}/answer", {"action": mine}).json()
        assert told["action"] == mine and told["verdicts"] == ["edit", "reject"]
        assert ("proposed" in told) == (presentation == "HUMAN_FIRST")
        assert me.decide(told, "edit").status_code == 200
        assert fresh(case).verdict == "edit" and case.proposals.last().action == mine

    def test_a_no_needs_no_look(self, me, case):
        assert me.decide(me.next(), "reject", message="no").status_code == 200
        assert fresh(case).verdict == "reject"


def test_where_seats_are_sealed_others_verdicts_are_hidden(db):
    house = build_house(sealed_seats=True, quorum="N", seats=2, needed=2)
    case = asked(AgentClient(house.key))
    first, second = PersonClient(house.one), PersonClient(house.two)
    assert first.decide(first.next(), message="Looks right to me").status_code == 200
    seen = second.next()
    told = second.get(f"/{seen['id']}").content.decode()
    assert "Looks right" not in told and seen["decisions"] == []
    assert second.decide(seen).status_code == 200
    assert Decision.objects.filter(case=case, by="reviewer").count() == 2


class TestFreshLogin:
    @pytest.fixture
    def house(self, db):
        return build_house(reauth_minutes=5)

    def test_no_token_gives_it_and_the_refusal_says_what_does(self, me, agent):
        asked(agent)
        seen = me.next()
        assert seen["needs_fresh_login"]
        for more in ({}, {"password": "handrail"}):
            refused = me.decide(seen, **more)
            assert refused.status_code == 403
            assert refused.json()["type"].endswith("fresh-login")
        assert not Decision.objects.exists()

    def test_a_session_gives_the_password(self, me, agent, house):
        case = asked(agent)
        seen = me.next()
        client = Client()
        client.force_login(house.one)
        body = {"verdict": "approve", "revision": seen["revision"], "digest": seen["digest"]}

        def send(**more):
            path = f"{PATH}/{seen['id']}/decide"
            return client.post(path, body | more, content_type="application/json")

        assert send().status_code == 403
        wrong = send(password="guess")
        assert wrong.json()["errors"][0]["pointer"] == "/password"
        assert send(password="handrail").status_code == 200
        assert fresh(case).verdict == "approve"


def test_a_person_makes_so_many_calls_a_minute_by_whatever_token(house, settings):
    cache.clear()
    settings.PERSON_CALLS_PER_MINUTE = 2
    first, second = PersonClient(house.one), PersonClient(house.one)
    assert [first.get().status_code, second.get().status_code] == [200, 200]
    refused = second.get()
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert PersonClient(house.two).get().status_code == 200
