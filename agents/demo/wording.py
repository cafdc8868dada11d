"""Says in plain words what an application holds and why the model leans as it does."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agents.demo.scorer import Factor, Score

WORK = {
    "fixed": "a fixed job",
    "freelance": "freelance work",
    "part_time": "a part-time job",
    "other": "other work",
}
HOMES = {
    "owner": "owns the home",
    "rent": "rents",
    "parents": "lives with the parents",
    "private": "has a private housing contract",
    "other": "has other housing",
    "unknown": "housing not known",
}
FACTORS_TOLD = 3
SMALLEST_EFFECT_TOLD = 0.1


def money(amount: Decimal | str) -> str:
    """1,800 for a round sum, 1,800.50 otherwise."""
    text = f"{Decimal(amount):,.2f}"
    return text.removesuffix(".00")


def summary(application: Mapping[str, Any], *, decision: str) -> str:
    verb = decision.capitalize()
    return f"{verb} {money(application['amount'])} over {application['term_months']} months"


def rationale(application: Mapping[str, Any], score: Score) -> str:
    strongest = [each for each in score.factors if abs(each.effect) >= SMALLEST_EFFECT_TOLD]
    sentences = [
        f"The model gives repayment {score.repaid:.0%}.",
        _sentence(
            "For repayment speaks", application, [each for each in strongest if each.effect > 0]
        ),
        _sentence(
            "Against it speaks", application, [each for each in strongest if each.effect < 0]
        ),
    ]
    if "income" not in application:
        sentences.append("The income is not stated, so the model had to do without it.")
    return " ".join(each for each in sentences if each)


def _sentence(opening: str, application: Mapping[str, Any], factors: list[Factor]) -> str:
    if not factors:
        return ""
    named = [fact(application, each.name) for each in factors[:FACTORS_TOLD]]
    return f"{opening}: {', '.join(named)}."


def fact(application: Mapping[str, Any], name: str) -> str:
    """One fact of the application, as a person would say it."""
    match name:
        case "seniority_years":
            years = application[name]
            return f"{years} year{'' if years == 1 else 's'} in the present job"
        case "age":
            return f"{application[name]} years old"
        case "term_months":
            return f"a term of {application[name]} months"
        case "adverse_record":
            return "an adverse record" if application[name] else "no adverse record"
        case "price":
            share = Decimal(application["amount"]) / Decimal(application["price"])
            return f"the loan covers {share:.0%} of the price"
        case "amount":
            return f"an amount of {money(application[name])}"
        case "job":
            return WORK.get(application.get(name, ""), "work not stated")
        case "home":
            return HOMES.get(application.get(name, ""), "housing not stated")
        case "marital":
            return application.get(name, "marital status not stated")
        case "income" | "expenses":
            return _sum(application, name, "a month")
        case _:
            return _sum(application, name, "in all")


def _sum(application: Mapping[str, Any], name: str, period: str) -> str:
    if name not in application:
        return f"{name} not stated"
    return f"{name} of {money(application[name])} {period}"
