"""What a file is, by its content alone."""

import random

import pytest

from reviews.files import Found, Kind, Unfit, examined
from tests.attaching import SCRIPT, animation, bomb, image, pdf

MOST = 40_000_000
REFUSED = {
    "nothing": b"",
    "a program": b"MZ\x90\x00\x03\x00",
    "an archive": b"PK\x03\x04\x14\x00",
    "a page": b"<!DOCTYPE html><p>Approve",
    "a page after blanks": b" \n" * 5_000 + b"<HTML>" + SCRIPT,
    "a page behind a mark": b"\xef\xbb\xbf<html>" + SCRIPT,
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a drawing in XML": b"<?xml version='1.0'?><svg/>",
    "a comment and a page": b"<!-- --><html>",
    "text with NUL": b"hello\x00world",
    "text with escapes of a terminal's bell": b"\x07\x07",
    "UTF-16": "hello".encode("utf-16"),
    "Latin-1": "grün".encode("latin-1"),
    "an image of nothing but its name": b"\x89PNG\r\n\x1a\n",
    "a cut image": image()[:60],
    "a script that begins like a GIF": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "a page that begins like a JPEG": b"\xff\xd8\xff" + SCRIPT,
    "a page that begins like a WebP": b"RIFF\x00\x00\x00\x00WEBP" + SCRIPT,
    "a PDF without an end": b"%PDF-1.7\n" + SCRIPT,
    "a PDF behind a page": SCRIPT + pdf(),
    "a bomb": bomb(),
    "a bomb under the library's own limit": bomb(9_000, 9_000),
    "a bomb of one line": bomb(2**31 - 1, 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_none_of_the_kinds_is_refused_in_words(name):
    with pytest.raises(Unfit) as told:
        examined(REFUSED[name], most_pixels=MOST)
    assert str(told.value).endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_images_are_known_by_their_content_with_their_measures(kind):
    assert examined(image(kind), most_pixels=MOST) == Found(Kind(kind), 40, 30)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_what_moves_is_told_apart(kind):
    assert examined(animation(kind), most_pixels=MOST).moves


def test_documents_text_and_tables_are_told_apart():
    assert examined(pdf(), most_pixels=MOST).kind == Kind.PDF
    for text in ("order;amount\nA1;90,00\n", "a,b\n1,2", "a\tb\n1\t2\n"):
        assert examined(text.encode(), most_pixels=MOST).kind == Kind.CSV
    for text in ("one line", "a,b\n1,2,3", "two\nlines", "," * 200 + "\n" + "," * 200):
        assert examined(text.encode(), most_pixels=MOST).kind == Kind.TEXT


def test_whatever_is_broken_is_refused_and_breaks_nothing():
    """Thousands of images with bytes changed and cut: found, or refused in words."""
    chance = random.Random(7)
    whole = [image(kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")]
    whole += [animation(kind) for kind in ("PNG", "GIF", "WEBP")]
    refused = 0
    for _ in range(3_000):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            examined(bytes(content[: chance.randint(1, 2 * len(content))]), most_pixels=MOST)
        except Unfit:
            refused += 1
    assert 0 < refused < 3_000
