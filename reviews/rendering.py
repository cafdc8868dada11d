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
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlsplit

import rfc8785

# Beyond this a value is folded under its length.
LONG_TEXT: Final = 600
LONG_LINES: Final = 12
# More than this is drawn in windows: what a page holds is bounded, whatever an agent sent.
WINDOW: Final = 20_000
MOST_BLANK_LINES: Final = 2
MOST_SPACES: Final = 4
MOST_ACCENTS: Final = 3
MOST_MARKS: Final = 3

_GAPS: Final = (
    rf"(?P<lines>\n(?:[ \t]*\n){{{MOST_BLANK_LINES + 1},}})"
    rf"|(?P<spaces>[ \t\u00a0]{{{MOST_SPACES + 1},}})"
    r"|(?P<url>(?i:https?)://[^\s<>\"'“”]+)"
    r"|(?P<scheme>\b(?i:javascript|vbscript|data|file|blob):(?=\S)[^\s<>\"'“”]{0,200})"
)
# A domain in letters of any alphabet, as in an address without its scheme or in an e-mail.
_DOMAIN: Final = r"|(?P<domain>(?:[\w-]+\.)+[^\W\d_]{2,})"
# Plain ASCII has no lookalikes: no need to stop at each word.
_RUNS_OF_ASCII: Final = re.compile(_GAPS)
_RUNS: Final = re.compile(_GAPS + _DOMAIN + r"|(?P<word>\w+)")
# Blank to the eye although Unicode calls them letters or symbols.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_LOOKALIKE_SCRIPTS: Final = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# Small raised letters and numbers are what they look like.
_RAISED: Final = frozenset("ªº²³¹")
_TAGS: Final = range(0xE0020, 0xE007F)


class Kind(StrEnum):
    PLAIN = "plain"
    HIDDEN = "hidden"
    RUN = "run"
    LOOKALIKE = "lookalike"
    HOST = "host"
    SCHEME = "scheme"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and, unless it is plain, the words that say what it is. `address` is
    where a host's link leads."""

    kind: Kind
    text: str
    words: str = ""
    address: str = ""


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


def on_one_line(text: str, longest: int) -> str:
    """Short, with what is invisible as a visible mark: for mails and chat."""
    drawn = "".join(
        piece.text if piece.kind in (Kind.PLAIN, Kind.LOOKALIKE) else f"[{piece.text}]"
        for piece in pieces(text[: longest * 2])
        if piece.kind is not Kind.HOST
    )
    line = " ".join(drawn.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def as_it_is(text: str) -> str | None:
    """The whole text where it can be read without any mark but the hosts of its addresses."""
    found = pieces(text)
    if any(piece.kind not in (Kind.PLAIN, Kind.HOST) for piece in found):
        return None
    return "".join(p.text if p.kind is Kind.PLAIN else f" [{p.text}]" for p in found)


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
        yield Piece(Kind.HOST, _host(matched), "the host this address leads to", matched)
    elif found.lastgroup == "scheme":
        yield from _characters(matched)
        yield Piece(Kind.SCHEME, matched.partition(":")[0].lower(), "no web address")
    elif found.lastgroup == "domain":
        yield from _domain(matched)
    else:
        yield from _word(matched)


def _domain(domain: str) -> Iterator[Piece]:
    """What a name server is asked, where that is not what is read."""
    yield from _word(domain)
    if not domain.isascii() and (host := _host(f"//{domain}")).startswith(("xn--", "no ")):
        yield Piece(Kind.HOST, host, "the host that is really meant")


def _word(word: str) -> Iterator[Piece]:
    """Letters of another alphabet inside a Latin word are how a name is forged, and so are
    letters and digits that only look like those of a keyboard."""
    if word.isascii():
        yield from _characters(word)
        return
    is_latin = any(_script(letter) == "LATIN" for letter in word)
    for letter in word:
        if (is_latin and _script(letter) in _LOOKALIKE_SCRIPTS) or _is_dressed_up(letter):
            yield Piece(Kind.LOOKALIKE, letter, f"{_code(letter)} {unicodedata.name(letter, '')}")
        else:
            yield from _characters(letter)


def _is_dressed_up(letter: str) -> bool:
    """Mathematical or full-width letters and digits in place of those of a keyboard."""
    plain = unicodedata.normalize("NFKC", letter)
    return letter not in _RAISED and not letter.isascii() and plain.isascii() and plain.isalnum()


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
    return [piece for piece in _counted(joined) if piece.text]


def _counted(found: list[Piece]) -> Iterator[Piece]:
    """Many hidden characters in a row are one mark: first what they are, then how many. Tags
    spell a text that only machines read: it is told."""
    for kind, group in groupby(found, key=lambda piece: piece.kind):
        several = list(group)
        if kind is not Kind.HIDDEN or len(several) <= MOST_MARKS:
            yield from several
            continue
        said = "".join(chr(_number(p) - 0xE0000) for p in several if _number(p) in _TAGS)
        codes = list(dict.fromkeys(piece.text for piece in several))
        yield Piece(
            Kind.HIDDEN,
            f"{len(several)} × {', '.join(codes)}" + (f" “{said}”" if said else ""),  # noqa: RUF001
            f"{len(several)} hidden characters",
        )


def _number(piece: Piece) -> int:
    return int(piece.text.removeprefix("U+"), 16)


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
