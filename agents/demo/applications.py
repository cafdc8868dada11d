"""The credit applications of the data file, and which part of it the model may learn from."""

import csv
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA_FILE = Path(__file__).parent / "data" / "credit_applications.csv"
SPLIT_SEED = "handrail-credit-1"
FIT_SHARE = 0.6

MONEY = ("income", "expenses", "assets", "debt", "price", "amount")
WHOLE_NUMBERS = {"age": "age", "seniority_years": "seniority", "term_months": "term_months"}
PLAIN_WORDS = {
    "home": {"priv": "private", "ignore": "unknown"},
    "job": {"partime": "part_time", "others": "other"},
    "marital": {},
}

Application = dict[str, Any]


def fit_part() -> Iterator[tuple[Application, bool]]:
    """Applications to learn from, each with whether it was repaid."""
    return ((_application(row), row["outcome"] == "good") for row in _rows() if _is_for_fit(row))


def held_back_part() -> Iterator[tuple[Application, bool]]:
    """Applications that the model has never seen, each with whether it was repaid."""
    return (
        (_application(row), row["outcome"] == "good") for row in _rows() if not _is_for_fit(row)
    )


def file_digest() -> str:
    return hashlib.sha256(DATA_FILE.read_bytes()).hexdigest()


def _rows() -> Iterator[dict[str, str]]:
    with DATA_FILE.open(newline="") as file:
        yield from csv.DictReader(file)


def _is_for_fit(row: dict[str, str]) -> bool:
    # By a hash of the row's own name, so that the split survives sorting and appended rows.
    digest = hashlib.sha256(f"{SPLIT_SEED}:{row['application_id']}".encode()).digest()
    return int.from_bytes(digest[:8]) < FIT_SHARE * 2**64


def _application(row: dict[str, str]) -> Application:
    """The shape of README.md; what the file leaves empty is absent."""
    application: Application = {
        "application": row["application_id"],
        "adverse_record": row["adverse_record"] == "yes",
    }
    for name, column in WHOLE_NUMBERS.items():
        application[name] = int(row[column])
    for name, words in PLAIN_WORDS.items():
        if row[name]:
            application[name] = words.get(row[name], row[name])
    for name in MONEY:
        if row[name]:
            application[name] = f"{Decimal(row[name]):.2f}"
    return application
