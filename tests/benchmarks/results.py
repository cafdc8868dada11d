"""Pairs of ours and the baseline, measured in turns, and the table they end in."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Literal

from config.trial.place import ROOT

PAIRS = 5
PAGE = ROOT / "docs" / "benchmarks.md"
COLUMNS = ("scenario", "ours", "baseline", "ratio", "must", "aim", "met")
NOT_REACHED = "Not measured yet, for want of the feature: bulk ingest."

Measure = Callable[[], float]


@dataclass(frozen=True)
class Goal:
    """`at least` for rates, `at most` for times and sizes."""

    direction: Literal["at least", "at most"]
    must: float
    aim: float

    def verdict(self, value: float) -> str:
        def reaches(limit: float) -> bool:
            return value >= limit if self.direction == "at least" else value <= limit

        return "aim" if reaches(self.aim) else "must" if reaches(self.must) else "NO"

    def words(self, limit: float) -> str:
        return f"{'≥' if self.direction == 'at least' else '≤'} {limit:g}"


@dataclass(frozen=True)
class Row:
    scenario: str
    ours: str
    baseline: str
    ratio: str
    must: str
    aim: str
    met: str
    note: str = ""


def in_turns(ours: Measure, baseline: Measure, *, pairs: int = PAIRS) -> list[tuple[float, float]]:
    """Ours, baseline, baseline, ours, …: what the machine does meanwhile hits both alike."""
    measured = []
    for turn in range(pairs):
        if turn % 2:
            second = baseline()
            measured.append((ours(), second))
        else:
            measured.append((ours(), baseline()))
    return measured


def compared(
    scenario: str, pairs: Sequence[tuple[float, float]], *, unit: str, goal: Goal, note: str = ""
) -> Row:
    """The goal is for the median of the pairs' ratios."""
    ratio = median(ours / baseline for ours, baseline in pairs)
    return Row(
        scenario,
        f"{median(ours for ours, _ in pairs):,.1f} {unit}",
        f"{median(baseline for _, baseline in pairs):,.1f} {unit}",
        f"{ratio:.3f}",
        goal.words(goal.must),
        goal.words(goal.aim),
        goal.verdict(ratio),
        note,
    )


def absolute(
    scenario: str, value: float, *, unit: str, goal: Goal | None = None, note: str = ""
) -> Row:
    """A figure of its own; without an agreed goal it is only shown."""
    shown = f"{value:,.1f} {unit}"
    if goal is None:
        return Row(scenario, shown, "-", "-", "-", "-", "-", note)
    must, aim = (f"{goal.words(limit)} {unit}" for limit in (goal.must, goal.aim))
    return Row(scenario, shown, "-", "-", must, aim, goal.verdict(value), note)


def table(rows: Sequence[Row]) -> str:
    """Markdown, aligned so that it also reads in a terminal."""
    cells = [COLUMNS, *([getattr(row, name) for name in COLUMNS] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {row.scenario}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", *notes] if notes else []), "", NOT_REACHED])


def append(rows: Sequence[Row], *, title: str) -> None:
    with PAGE.open("a") as page:
        page.write(f"\n## {title}\n\n{table(rows)}\n")


def title_of_run() -> str:
    """Date and commit; a tree with changes says so."""

    def git(*arguments: str) -> str:
        ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
        return ran.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "no commit"
    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {commit}{changed}"


def write(rows: Sequence[Row], file: Path) -> None:
    file.write_text(json.dumps([asdict(row) for row in rows]))


def read(file: Path) -> list[Row]:
    return [Row(**row) for row in json.loads(file.read_text())]
