"""The second language is whole: every text of the pages that people work on, with its values."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from reviews import reasons
from reviews.management.commands.makemessages import LEFT_OUT
from reviews.models import Review
from tests.deciding import case_of

ROOT = Path(settings.BASE_DIR)
GERMAN = ROOT / "locale" / "de" / "LC_MESSAGES"
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop", "noop"}
SEVERAL = {"ngettext", "ngettext_lazy"}
IN_TEMPLATE = re.compile(r"\b(_|n?gettext)\(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
PLACE = re.compile(r"%\(\w+\)[sd]|%\d*[sd]|\{\}")
ADVICE = """
{} texts are not in the German catalogue:
  {}
Run `manage.py makemessages -l de`, fill in the empty ones in locale/de/LC_MESSAGES/django.po
(Sie-form, in the words its other lines use), run `manage.py compilemessages -l de`, and commit
both files."""


class Missing(gettext.NullTranslations):
    def gettext(self, message):
        return None

    def ngettext(self, msgid1, msgid2, n):
        return None


@pytest.fixture(scope="module")
def german():
    with (GERMAN / "django.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    catalogue.add_fallback(Missing())
    return catalogue


def ours(pattern: str) -> Iterator[Path]:
    for top in ("agents", "config", "reviews", "templates", "workflows"):
        for path in sorted((ROOT / top).rglob(pattern)):
            if not any(path.is_relative_to(ROOT / place) for place in LEFT_OUT):
                yield path


def texts() -> Iterator[tuple[str, bool]]:
    """Each text, and whether it has a plural."""
    for path in ours("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args:
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                first = call.args[0]
                is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
                if is_text and name in ONE | SEVERAL:
                    yield first.value, name in SEVERAL
    for path in ours("*.html"):
        # {% blocktranslate trimmed %} and the like, as makemessages reads them.
        for name, literal in IN_TEMPLATE.findall(templatize(path.read_text(), str(path))):
            yield ast.literal_eval(literal).replace("%%", "%"), name == "ngettext"


def test_no_text_is_missing_in_german(german):
    found = set(texts())
    assert len(found) > 400
    missing = sorted(
        text
        for text, is_plural in found
        if (german.ngettext(text, text, 2) if is_plural else german.gettext(text)) is None
    )
    assert not missing, ADVICE.format(len(missing), "\n  ".join(missing))


def test_translations_keep_the_places_of_their_values(german):
    for text, is_plural in set(texts()):
        said = german.ngettext(text, text, 2) if is_plural else german.gettext(text)
        if said is not None:
            assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(text)), text


def test_the_compiled_catalogue_is_that_of_the_source(german):
    source = (GERMAN / "django.po").read_text()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    assert len(pairs) > 400 and "fuzzy" not in source
    for text, said in pairs:
        text, said = (part.replace('\\"', '"').replace("\\\\", "\\") for part in (text, said))
        assert german.gettext(text) == said, "run manage.py compilemessages -l de"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("0.71 is under 0.80", "0,71 liegt unter 0,80"),
        ("2,400.50 is over 1,000.00 EUR", "2.400,50 liegt über 1.000,00 EUR"),
        ("a risk of 0.9 is over 0.5", "ein Risiko von 0,9 liegt über 0,5"),
        ("Two people: 9,000.00 is over 5,000.00", "Two people: 9.000,00 liegt über 5.000,00"),
        ("income is missing", "income fehlt"),
        ("the agent cannot proceed: x is under y", "der Agent kommt nicht weiter: x is under y"),
        ("what an admin wrote", "what an admin wrote"),
        ("{0.__class__} is over {x}", "{0.__class__} liegt über {x}"),
    ],
)
def test_stored_reasons_are_told_in_the_readers_language(detail, said):
    assert reasons.in_words(detail) == detail
    with translation.override("de"):
        assert reasons.in_words(detail) == said


@pytest.fixture
def english_afterwards():
    """A request leaves its language to the thread, as Django does it."""
    with translation.override("en"):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("english_afterwards")
def test_the_pages_are_german_for_who_asks_for_it(client, house, agent):
    login = client.get("/login/", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
    assert "Anmelden" in login and "Log in" not in login
    case = case_of(agent.post(confidence=0.71, amount="2400.00"))
    stored = Review.objects.get(case=case).reasons
    assert stored[0]["detail"] == "0.71 is under 0.80"
    client.force_login(house.one)
    asked = {"Accept-Language": "de"}
    page = client.get(f"/cases/{case.public_id}/", headers=asked).content.decode()
    for words in ("Warum ein Mensch gefragt wird", "0,71 liegt unter 0,80", "2.400,00"):
        assert words in page
    assert "Mit Prüfen beginnen" in client.get("/", headers=asked).content.decode()
    assert 'lang="de"' in client.get("/cases/nothing/", headers=asked).content.decode()


def test_every_key_on_a_page_comes_from_the_registry():
    """A literal one would stay when its person chose another."""
    for path in ours("*.html"):
        literal = re.findall(r'data-key="[^{"]+"', path.read_text())
        assert not literal, (
            f"{path}: write {{{{ keys.<action> }}}} (reviews/keys.py), not {literal}"
        )
