"""Text as a person may safely read it: nothing invisible, nothing lost, nothing that moves."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.rendering import Kind, as_text, canonical, pieces, short_digest


def drawn(text):
    return "".join(f"[{p.text}]" if p.kind is not Kind.PLAIN else p.text for p in pieces(text))


def test_plain_text_of_any_script_stays_as_it_is():
    for text in ("Refund 90.00 €", "Привет, мир", "שלום", "日本語\nzwei", "naïve Ångström", "❤️ ok"):
        assert drawn(text) == text


def test_what_cannot_be_seen_is_shown_by_its_number():
    for text, shown in {
        "a\u202eb": "a[U+202E]b",
        "a\u200bb": "a[U+200B]b",
        "a\U000e0041": "a[U+E0041]",
        "a\x1b[31m": "a[U+001B][31m",
        "a\ufe01": "a[U+FE01]",
        "\u3164": "[U+3164]",
        "a\u2003b": "a[U+2003]b",
        "a\rb": "a[U+000D]b",
    }.items():
        assert drawn(text) == shown


def test_empty_stretches_are_left_out_with_their_length():
    assert drawn("a" + "\n" * 40 + "b") == "a\n[39 blank lines]\nb"
    assert drawn("a" + " \n" * 40 + "b") == "a [39 blank lines]\nb".replace(" [", " \n[")
    assert drawn("a" + " " * 300 + "b") == "a [300 spaces] b"
    assert drawn("a\n\nb") == "a\n\nb"


def test_letters_of_another_alphabet_in_a_latin_word_are_marked():
    assert drawn("p\u0430ypal") == "p[\u0430]ypal"
    assert drawn("Москва and Paris") == "Москва and Paris"


def test_an_address_is_followed_by_the_host_it_leads_to():
    assert drawn("see https://bank.com@evil.example/x now") == (
        "see https://bank.com@evil.example/x[evil.example] now"
    )
    assert "xn--" in drawn("http://ex\u0430mple.com/")
    assert drawn("http://[::1") == "http://[::1[no readable host]"


def test_many_hidden_characters_are_one_mark_that_counts_and_reads_them():
    assert drawn("a" + "\u200b" * 500 + "b") == "a[500 × U+200B]b"  # noqa: RUF001
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "approve")
    assert "“approve”" in drawn(tags)


def test_letters_and_digits_that_only_look_like_those_of_a_keyboard_are_marked():
    assert drawn("\U0001d400ccount \uff11\uff12") == "[\U0001d400]ccount [\uff11][\uff12]"
    assert drawn("10 m² 1ª") == "10 m² 1ª"


def test_a_domain_that_is_not_what_it_looks_like_is_named():
    assert "[xn--80ak6aa92e.com]" in drawn("\u0430\u0440\u0440\u04cf\u0435.com")
    assert drawn("bob@example.com") == "bob@example.com"


def test_an_address_that_is_none_is_flagged():
    assert drawn("see javascript:alert(1)") == "see javascript:alert(1)[javascript]"
    assert drawn("the data: all of it") == "the data: all of it"


def test_accents_do_not_pile_up():
    assert drawn("z" + "\u0301" * 9).endswith("\u0301[6 × U+0301]")  # noqa: RUF001


@given(st.text())
@pytest.mark.control("9.2.2")
def test_no_visible_letter_is_lost_and_no_hidden_one_is_left(text):
    found = pieces(text)
    plain = "".join(piece.text for piece in found if piece.kind is Kind.PLAIN)
    hidden = {"Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
    assert not [c for c in plain if unicodedata.category(c) in hidden]
    assert not [c for c in plain if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    letters = [c for c in text if unicodedata.category(c)[0] in "LN"]
    shown = [
        piece.text for piece in found if piece.kind in (Kind.PLAIN, Kind.LOOKALIKE, Kind.HIDDEN)
    ]
    marks = "".join(shown)
    assert all(c in marks or f"U+{ord(c):04X}" in marks for c in letters)


@pytest.mark.control("9.2.2")
def test_an_action_is_shown_as_the_bytes_behind_its_digest():
    assert canonical({"b": "1.0", "a": [True, None]}) == '{"a":[true,null],"b":"1.0"}'
    assert as_text("48") == "48"
    assert as_text({"é": 1}) == '{"é": 1}'
    assert short_digest("sha-256:1a2b3c4d5e6f7788") == "1a2b 3c4d 5e6f"
