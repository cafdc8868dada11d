import json
from itertools import islice

import jsonschema_rs
import pytest

from agents.demo import applications, credit_agent, refund_agent, wording
from agents.demo.scorer import load_model, score

README = applications.DATA_FILE.parents[1] / "README.md"


@pytest.fixture(scope="module")
def schemas():
    """The schemas of the demo's README, in its order: credit data and action, then refunds."""
    blocks = README.read_text().split("```json\n")[1:]
    return [jsonschema_rs.validator_for(json.loads(block.split("```")[0])) for block in blocks]


def area_under_curve(scored):
    """The chance that a repaid loan is scored above a lost one (Mann-Whitney)."""
    ranked = sorted(scored)
    good = sum(repaid for _, repaid in ranked)
    ranks = sum(rank for rank, (_, repaid) in enumerate(ranked, start=1) if repaid)
    return (ranks - good * (good + 1) / 2) / (good * (len(ranked) - good))


def test_the_model_was_fitted_on_the_file_that_is_here():
    assert load_model()["data_sha256"] == applications.file_digest()
    assert load_model()["split_seed"] == applications.SPLIT_SEED


def test_no_application_is_both_learnt_from_and_posted():
    learnt = {each["application"] for each, _ in applications.fit_part()}
    posted = {each["application"] for each, _ in applications.held_back_part()}
    assert not learnt & posted
    assert len(learnt | posted) == 4454


def test_the_plain_scorer_reaches_the_figures_that_the_fit_wrote_down():
    scored = [(score(each).repaid, good) for each, good in applications.held_back_part()]
    brier = sum((p - good) ** 2 for p, good in scored) / len(scored)
    assert area_under_curve(scored) == pytest.approx(load_model()["held_back"]["auc"], abs=1e-4)
    assert brier == pytest.approx(load_model()["held_back"]["brier"], abs=1e-4)
    assert load_model()["held_back"]["auc"] > 0.8


def test_the_confidence_means_what_it_says():
    """Of the recommendations made with about 0.9, about nine in ten turn out right."""
    near = [
        (scored.decision == "approve") == good
        for each, good in applications.held_back_part()
        if 0.85 <= (scored := score(each)).confidence < 0.95
    ]
    assert len(near) > 300
    assert sum(near) / len(near) == pytest.approx(0.9, abs=0.04)


def test_a_missing_income_is_said_and_not_scored_as_none():
    application, _ = next(applications.held_back_part())
    without = {name: value for name, value in application.items() if name != "income"}
    penniless = application | {"income": "0.00"}
    assert score(without).repaid > score(penniless).repaid
    assert "income is not stated" in wording.rationale(without, score(without))
    assert "income_missing" in credit_agent.propose(without).fields["risk"]["categories"]


def test_an_adverse_record_never_helps():
    for application, _ in islice(applications.held_back_part(), 200):
        clean = score(application | {"adverse_record": False}).repaid
        assert score(application | {"adverse_record": True}).repaid < clean


def test_every_held_back_application_fits_the_published_schema(schemas):
    data_schema, args_schema, _, _ = schemas
    proposals = list(credit_agent.proposals())
    assert len(proposals) == load_model()["rows"]["held_back"]
    for proposal in proposals:
        data_schema.validate(proposal.fields["data"])
        args_schema.validate(proposal.fields["action"]["args"])
    assert sum("income" not in each.fields["data"] for each in proposals) > 100


def test_every_generated_refund_fits_the_published_schema(schemas):
    _, _, data_schema, args_schema = schemas
    for proposal in islice(refund_agent.proposals(), 500):
        data_schema.validate(proposal.fields["data"])
        args_schema.validate(proposal.fields["action"]["args"])
        assert float(proposal.fields["value"]) <= float(proposal.fields["data"]["paid"])


def test_a_restarted_agent_makes_the_same_proposals_under_the_same_keys():
    for agent in (credit_agent, refund_agent):
        assert list(islice(agent.proposals(), 50)) == list(islice(agent.proposals(), 50))
