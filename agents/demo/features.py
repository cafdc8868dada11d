"""An application as the model's numbers. The fit and the scorer share this, so they agree."""

import math
from collections.abc import Mapping
from typing import Any

LEVELS = {
    "home": ("owner", "rent", "parents", "private", "other"),
    "job": ("fixed", "freelance", "part_time"),
    "marital": ("single", "married", "separated"),
}
# What a reader is told about; several features may speak for one of them.
FACTOR_OF = {
    "income_missing": "income",
    "assets_missing": "assets",
    "debt_missing": "debt",
    "share_of_price": "price",
}


def features(application: Mapping[str, Any]) -> dict[str, float]:
    """Every feature of the model by name. Missing money has an indicator of its own.

    A missing amount is given 0 on the logarithmic scale, far from what is observed; the indicator
    beside it takes that up, so the fit decides what "not stated" means rather than a guess here.
    """
    amount, price = float(application["amount"]), float(application["price"])
    numbers = {
        "seniority_years": math.log1p(application["seniority_years"]),
        "age": float(application["age"]),
        "term_months": float(application["term_months"]),
        "expenses": math.log1p(float(application["expenses"])),
        "adverse_record": float(application["adverse_record"]),
        "amount": math.log1p(amount),
        "share_of_price": amount / price,
    }
    for name in ("income", "assets", "debt"):
        numbers[name] = math.log1p(float(application.get(name, 0)))
        numbers[f"{name}_missing"] = float(name not in application)
    for name, levels in LEVELS.items():
        for level in levels:
            numbers[f"{name}={level}"] = float(application.get(name) == level)
    return numbers


def factor_of(feature: str) -> str:
    return FACTOR_OF.get(feature, feature.partition("=")[0])
