"""What the documents say is what the code does."""

import re
from pathlib import Path

from django.conf import settings

from reviews.management.commands.draw_patterns import drawn_patterns
from reviews.management.commands.draw_states import drawing
from tests import controls

ROOT = Path(settings.BASE_DIR)


def test_the_drawn_states_are_those_of_the_code():
    assert (ROOT / "docs/states.md").read_text() == drawing(), "run manage.py draw_states"


def test_the_ready_workflows_are_drawn_as_they_are():
    page = (ROOT / "docs/patterns.md").read_text()
    assert page == drawn_patterns(), "run manage.py draw_patterns"


def test_the_table_of_controls_is_that_of_the_tests():
    assert controls.PAGE.read_text() == controls.page(), "run python -m tests.controls"
    assert set(controls.named()) == set(controls.CONTROLS), "a control that nothing shows"


def test_every_file_that_a_document_names_is_there():
    documents = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    documents += [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "clients").glob("*.md")]
    missing = [
        f"{document.name}: {target}"
        for document in documents
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert missing == []


def test_the_walk_of_a_case_in_the_readme_names_real_functions():
    walk = (ROOT / "README.md").read_text().split("## The walk of one case")[1].split("\n## ")[0]
    for path, name in re.findall(r"`([\w/]+\.py)`[^`]*?`(\w+)\(?\)?`", walk):
        source = (ROOT / path).read_text()
        assert re.search(rf"(def|class) {name}\b", source), f"{name} is not in {path}"
