"""Every hostile text of the corpus, drawn on the case page; and each defence, taken away, is
shown to be what makes its cases pass."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import reverse
from django.utils.safestring import mark_safe

from reviews import action, documents, rendering
from reviews.templatetags import showing
from reviews.templatetags.showing import _drawn_short
from tests import building
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of

pytestmark = pytest.mark.django_db

CORPUS = yaml.safe_load((Path(__file__).parent / "corpus.yaml").read_text())
# What every case needs beside what attacks.
NOTHING: dict[str, dict[str, Any]] = {
    "data": {"order": "A1", "amount": "9.00"},
    "arg": {"order": "A1", "amount": "9.00"},
    "said": {},
}
DEFENCES = sorted({one["defence"] for one in CORPUS})


def test_the_corpus_is_large_and_names_its_defences():
    assert len(CORPUS) >= 60
    assert len({one["name"] for one in CORPUS}) == len(CORPUS)
    assert set(DEFENCES) == set(WITHOUT)


@pytest.fixture
def nothing_remembered():
    """What was drawn with a defence is not shown without it, nor the other way round."""
    _drawn_short.cache_clear()
    yield
    _drawn_short.cache_clear()


@pytest.fixture
def scenes(client, monkeypatch, nothing_remembered):
    """Cases whose data, arguments and words together hold the whole corpus."""
    needed = {name: {"type": "string"} for name in NOTHING["arg"]}
    schema = {"type": "object", "required": list(needed), "properties": needed}
    monkeypatch.setattr(building, "ARGS_SCHEMA", schema)
    house = build_house()
    client.force_login(house.one)
    agent = AgentClient(house.key)
    found = deepcopy(NOTHING)
    for number, one in enumerate(CORPUS):
        place = "data" if one["at"] == "key" else one["at"]
        name = f"c{number:03}" + (one["text"] if one["at"] == "key" else "")
        found[place][name] = content(one)
    small = {
        name: {k: v for k, v in rows.items() if not is_large(v)} for name, rows in found.items()
    }
    cases = [post(agent, small)]
    for place in ("data", "arg"):
        for name, value in found[place].items():
            if is_large(value):
                cases.append(post(agent, NOTHING | {place: NOTHING[place] | {name: value}}))
    return cases


def content(one: dict[str, Any]) -> Any:
    if "rows" in one:
        return [{"sku": f"x{n}", "count": n} for n in range(one["rows"])]
    if "names" in one:
        return {f"n{n}": n for n in range(one["names"])}
    if "long" in one:
        return (one["text"] * one["long"])[: one["long"]]
    return one["number"] if "number" in one else one["text"]


def is_large(value: Any) -> bool:
    return len(value) > 2000 if isinstance(value, str | list | dict) else False


def post(agent: AgentClient, scene: dict[str, Any]) -> Any:
    proposal = {"name": "refund", "args": scene["arg"]}
    return case_of(
        agent.post(confidence=0.5, action=proposal, data=scene["data"], ai_output=scene["said"])
    )


def failures(client, scenes) -> Iterator[str]:
    """The names of the cases whose text is not drawn as it must be."""
    pages = [client.get(reverse("case-detail", args=[case.pk])).content.decode() for case in scenes]
    for number, one in enumerate(CORPUS):
        drawn = next((part for page in pages if (part := fragment(page, number, one["at"]))), "")
        if not holds(drawn, one):
            yield one["name"]


def fragment(page: str, number: int, place: str) -> str:
    """From one label of the corpus to the next, in the frame where it belongs."""
    frames = {"arg": 'id="what-will-run"', "said": 'id="agent-words"'}
    frame = page.split(frames.get(place, 'id="data-heading"'), 1)[1].split("</section>", 1)[0]
    start = re.search(rf"<dt>(?:<bdi>)?C{number:03}", frame)
    if start is None:
        return ""
    rest = frame[start.end() :]
    following = re.search(r"<dt>(?:<bdi>)?C\d{3}", rest)
    return rest[: following.start()] if following else rest


def holds(drawn: str, one: dict[str, Any]) -> bool:
    return (
        bool(drawn)
        and all(words in drawn for words in one.get("shows", []))
        and not any(words in drawn for words in one.get("hides", []))
        and len(drawn) <= one.get("longest", 100_000)
    )


@pytest.mark.control("9.2.2")
def test_every_case_is_harmless(client, scenes):
    assert list(failures(client, scenes)) == []


def _no_escaping(patch):
    old = showing._drawn
    patch.setattr(showing, "_drawn", lambda text, **_rest: mark_safe(f"<bdi>{text}</bdi>"))
    assert old is not showing._drawn


def _no_kind(*kinds: str) -> Callable:
    """Draws those pieces as the plain text that they are without the defence."""

    def without(patch):
        old = rendering._pieces

        def plain(text):
            for piece in old(text):
                if piece.kind.value not in kinds:
                    yield piece
                elif piece.kind is rendering.Kind.LOOKALIKE:
                    yield rendering.Piece(rendering.Kind.PLAIN, piece.text)

        patch.setattr(rendering, "_pieces", plain)

    return without


def _setting(*changes: tuple[Any, str, Any]) -> Callable:
    def without(patch):
        for module, name, value in changes:
            patch.setattr(module, name, value)

    return without


_HUGE = 10**9
WITHOUT: dict[str, Callable] = {
    "escaping": _no_escaping,
    "hidden": _setting((rendering, "_is_hidden", lambda character, before: False)),
    "counting": _setting((rendering, "MOST_MARKS", _HUGE)),
    "runs": _setting(
        (rendering, "_RUNS", re.compile(r"(?P<word>[^\W\d_]+)")),
        (rendering, "_RUNS_OF_ASCII", re.compile(r"(?P<word>[^\W\d_]+)")),
    ),
    "lookalikes": _no_kind("lookalike"),
    "accents": _setting((rendering, "MOST_ACCENTS", _HUGE)),
    "hosts": _no_kind("host"),
    "domains": _no_kind("host"),
    "schemes": _no_kind("scheme"),
    "isolation": _setting(
        (showing, "_drawn", lambda text, **_rest: text),
    ),
    "folding": _setting(
        (documents, "is_long", lambda text: False), (action, "is_long", lambda text: False)
    ),
    "windows": _setting(
        (documents, "WINDOW", _HUGE), (documents, "CHARACTERS", _HUGE), (action, "WINDOW", _HUGE)
    ),
    "bounds": _setting((documents, "MOST_ROWS", _HUGE), (documents, "MOST_MEMBERS", _HUGE)),
    "naming": _setting((action, "as_text", lambda value: None)),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_its_defence_every_case_of_it_fails(client, scenes, monkeypatch, defence):
    guarded = {one["name"] for one in CORPUS if one["defence"] == defence}
    WITHOUT[defence](monkeypatch)
    assert guarded <= set(failures(client, scenes))
