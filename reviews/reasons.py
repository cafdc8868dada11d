"""Why a person is asked, in the reader's language. What is stored stays as it was said, in
English; here the sentences that are ours are known again and said anew. Words that an admin wrote
are left as they are."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from django.utils.formats import get_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

# Sentences of workflows/triggers.py, wording.py and of the services; {} stands for what varies.
# What begins with fixed words comes first: the others would match it too.
SENTENCES: Final = (
    noop("a risk of {} is under {}"),
    noop("a risk of {} is over {}"),
    noop("a person looks at every case here"),
    noop("the agent gave no confidence between 0 and 1"),
    noop("the case names no category, which decides the confidence asked for"),
    noop("the case names no category"),
    noop("the case has no readable value"),
    noop("the value is in no currency, the limit in {}"),
    noop("the value is in {}, the limit in {}"),
    noop("the value {} is negative"),
    noop("the agent gave no risk score"),
    noop("the category is {}"),
    noop("the agent cannot proceed: {}"),
    noop("the agent cannot proceed"),
    noop("picked for the sample of {} %"),
    noop("the rule could not be worked out for this case"),
    noop("this rule could not read the case"),
    noop("Nobody decided in time."),
    noop("Nobody decided it by its due time."),
    noop("The queue {} has fewer than {} people who may decide this."),
    noop("After “{}” at {} no route matches."),
    noop("Stopped: {}"),
    noop("{} is under {}"),
    noop("{} is over {}"),
    noop("{} is missing"),
    noop("{} are missing"),
    noop("{} is no text, which is not foreseen"),
    noop("{} is {}, which is not foreseen"),
    noop("{} is no number"),
    noop("Picked for an audit."),
    noop("{} holds"),
)

COMPARING: Final = frozenset(s for s in SENTENCES if " is under " in s or " is over " in s)
_NUMBER: Final = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?", re.ASCII)


def local_numbers(text: str) -> str:
    """“2,400.50” as the reader writes numbers: in German 2,400 would be two and a bit."""
    point, group = get_format("DECIMAL_SEPARATOR"), get_format("THOUSAND_SEPARATOR")
    marks = str.maketrans({",": group, ".": point})
    return _NUMBER.sub(lambda found: found[0].translate(marks), text)


def in_words(detail: str) -> str:
    """The detail of a firing. Text that is not one of ours comes back unchanged."""
    if (get_language() or "en").startswith("en"):
        return detail
    for before, own in _splits(detail):
        for pattern, sentence in _patterns():
            found = pattern.fullmatch(own)
            if found:
                varying = found.groups()
                if sentence in COMPARING:
                    varying = tuple(local_numbers(text) for text in varying)
                return before + _(sentence).format(*varying)
    return detail


def _splits(detail: str) -> Iterator[tuple[str, str]]:
    """The whole, and without each “words: ” that an admin may have put in front."""
    yield "", detail
    for colon in re.finditer(": ", detail):
        yield detail[: colon.end()], detail[colon.end() :]


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile("(.+)".join(map(re.escape, sentence.split("{}")))), sentence)
        for sentence in SENTENCES
    )
