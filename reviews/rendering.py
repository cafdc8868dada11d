"""Text that somebody else wrote, as a person may safely read it: nothing invisible, nothing that
moves its neighbours, no space to hide behind; and the action as it will run, complete.

Pure: text in, pieces out. Pages, mails and chat draw the pieces each in their own way.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import rfc8785

# Beyond this a value is folded under its length.
LONG_TEXT: Final = 600
LONG_LINES: Final = 12
MOST_BLANK_LINES: Final = 2
MOST_SPACES: Final = 4
MOST_ACCENTS: Final = 3

_GAPS: Final = (
    rf"(?P<lines>\n(?:[ \t]*\n){{{MOST_BLANK_LINES + 1},}})"
    rf"|(?P<spaces>[ \t\u00a0]{{{MOST_SPACES + 1},}})"
    r"|(?P<url>(?i:https?)://[^\s<>\"'“”]+)"
)
# Plain ASCII has no lookalikes: no need to stop at each word.
_RUNS_OF_ASCII: Final = re.compile(_GAPS)
_RUNS: Final = re.compile(_GAPS + r"|(?P<word>[^\W\d_]+)")
# Blank to the eye although Unicode calls them letters or symbols.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_LOOKALIKE_SCRIPTS: Final = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


class Kind(StrEnum):
    PLAIN = "plain"
    HIDDEN = "hidden"
    RUN = "run"
    LOOKALIKE = "lookalike"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and, unless it is plain, the words that say what it is."""

    kind: Kind
    text: str
    words: str = ""


def pieces(text: str) -> list[Piece]:
    """The whole text, in order. Line breaks stay; `text` of a run is its visible stand-in."""
    return _joined(_pieces(text.replace("\r\n", "\n")))


def is_long(text: str) -> bool:
    return len(text) > LONG_TEXT or text.count("\n") > LONG_LINES


def canonical(value: Any) -> str:
    """The exact JSON that a digest is made of (RFC 8785)."""
    return rfc8785.dumps(value).decode()


def as_text(value: Any) -> str:
    """A value as it stands in the stored action: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def short_digest(digest: str) -> str:
    """Enough of a digest to compare by eye: `sha-256:1a2b…` → `1a2b 3c4d 5e6f`."""
    digits = digest.partition(":")[2] or digest
    return " ".join(digits[start : start + 4] for start in (0, 4, 8))


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    for found in (_RUNS_OF_ASCII if text.isascii() else _RUNS).finditer(text):
        yield from _characters(text[at : found.start()])
        yield from _run(found)
        at = found.end()
    yield from _characters(text[at:])


def _run(found: re.Match[str]) -> Iterator[Piece]:
    matched = found[0]
    if found.lastgroup == "lines":
        yield Piece(Kind.PLAIN, "\n")
        yield Piece(Kind.RUN, f"{matched.count(chr(10)) - 1} blank lines", "left out")
        yield Piece(Kind.PLAIN, "\n")
    elif found.lastgroup == "spaces":
        yield Piece(Kind.PLAIN, " ")
        yield Piece(Kind.RUN, f"{len(matched)} spaces", "left out")
        yield Piece(Kind.PLAIN, " ")
    elif found.lastgroup == "url":
        yield from _characters(matched)
        yield Piece(Kind.HOST, _host(matched), "the host this address leads to")
    else:
        yield from _word(matched)


def _word(word: str) -> Iterator[Piece]:
    """Letters of another alphabet inside a Latin word are how a name is forged."""
    if word.isascii() or not any(_script(letter) == "LATIN" for letter in word):
        yield from _characters(word)
        return
    for letter in word:
        script = _script(letter)
        if script in _LOOKALIKE_SCRIPTS:
            yield Piece(Kind.LOOKALIKE, letter, f"{_code(letter)} {unicodedata.name(letter, '')}")
        else:
            yield from _characters(letter)


def _characters(text: str) -> Iterator[Piece]:
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        yield Piece(Kind.PLAIN, text)
        return
    accents, before = 0, ""
    for character in text:
        accents = accents + 1 if unicodedata.combining(character) else 0
        if _is_hidden(character, before) or accents > MOST_ACCENTS:
            name = unicodedata.name(character, "")
            yield Piece(Kind.HIDDEN, _code(character), f"{_code(character)} {name}".strip())
        else:
            yield Piece(Kind.PLAIN, character)
        before = character


def _is_hidden(character: str, before: str) -> bool:
    if character in "\n\t":
        return False
    if character in _BLANK:
        return True
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        # One after a symbol chooses the picture of an emoji; anywhere else it carries data.
        return not (before and unicodedata.category(before) == "So")
    category = unicodedata.category(character)
    return category in _HIDDEN_CATEGORIES or (category == "Zs" and character not in " \u00a0")


def _joined(found: Iterator[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in found:
        if joined and piece.kind is Kind.PLAIN and joined[-1].kind is Kind.PLAIN:
            joined[-1] = Piece(Kind.PLAIN, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return [piece for piece in joined if piece.text]


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
        return host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        return "no readable host"
