"""Every problem has its page, found by looking for problems and not by a list."""

import importlib
import pkgutil

import pytest
from rest_framework import exceptions

import agents.api
from agents.api.problem_pages import DIRECTORY, slugs
from agents.api.problems import SLUGS, slug_of

for module in pkgutil.walk_packages(agents.api.__path__, "agents.api."):
    importlib.import_module(module.name)


def kinds(base):
    for kind in base.__subclasses__():
        if kind.__module__.startswith("agents."):
            yield kind
        yield from kinds(kind)


RAISED = {slug_of(kind.__new__(kind)) for kind in kinds(exceptions.APIException)}


def test_every_problem_has_a_page_and_every_page_a_problem():
    assert set(slugs()) == RAISED | set(SLUGS.values())
    assert len(RAISED) > 8


@pytest.mark.parametrize("slug", slugs())
def test_a_page_says_what_it_means_and_what_to_do(slug, client):
    answer = client.get(f"/api/problems/{slug}")
    assert answer.status_code == 200 and answer["content-type"].startswith("text/markdown")
    text = answer.content.decode()
    assert text.startswith("# ") and f"`{slug}`" in text and "## What to do" in text
    assert f"]({slug}.md)" in (DIRECTORY / "README.md").read_text()


def test_there_is_no_way_out_of_the_pages(client):
    for slug in ("README", "none-such", "..", "%2e%2e"):
        assert client.get(f"/api/problems/{slug}").status_code == 404


def test_a_problem_names_its_page(client, settings):
    problem = client.get("/api/v1/cases").json()
    assert problem["type"] == "urn:handrail:problem:unauthenticated"
    assert problem["help"] == f"{settings.PUBLIC_URL}/api/problems/unauthenticated"
