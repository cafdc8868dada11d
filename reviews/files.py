"""What a file really is, decided by its content alone: never by its name, nor by what the sender
calls it. Pure: bytes in, what they are out."""

import csv
import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

HEAD: Final = 1024
SAMPLED_ROWS: Final = 20
MOST_COLUMNS: Final = 100
SEPARATORS: Final = ",;\t"
# What a browser, or a sniffer behind one, would take for a page.
MARKUP: Final = re.compile(
    rb"<(!doctype|\?xml|!--|html|head|body|svg|script|style|iframe|img|object|embed|title|table|a)"
    rb"[\s>/-]",
    re.IGNORECASE,
)
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
BROKEN: Final = (
    OSError,
    UnidentifiedImageError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)
# The limit of this site is lower than the one that Pillow warns of.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


class Kind(StrEnum):
    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    WEBP = "WEBP"
    PDF = "PDF"
    CSV = "CSV"
    TEXT = "TEXT"


IMAGES: Final = (Kind.PNG, Kind.JPEG, Kind.GIF, Kind.WEBP)


# The only types that are ever sent to a browser.
MEDIA_TYPES: Final = {
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.GIF: "image/gif",
    Kind.WEBP: "image/webp",
    Kind.PDF: "application/pdf",
    Kind.CSV: "text/csv",
    Kind.TEXT: "text/plain",
}


class Unfit(ValueError):
    """The file cannot be attached; says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """`width` and `height` are those of an image, `moves` says that it is an animation."""

    kind: Kind
    width: int | None = None
    height: int | None = None
    moves: bool = False


def examined(content: bytes, *, most_pixels: int) -> Found:
    """Raises Unfit for what is none of the kinds, is broken, or would fill a browser's memory."""
    if not content:
        raise Unfit(_("The file is empty."))
    for starts, read in SIGNATURES:
        if starts(content):
            return read(content, most_pixels)
    return _text(content)


def _image(kind: Kind) -> Callable[[bytes, int], Found]:
    def read(content: bytes, most_pixels: int) -> Found:
        try:
            # Reads the header and lays no pixels out; no other format is ever tried.
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                width, height = image.size
                # A photograph with a second one in it, for depth, does not move.
                moves = kind != Kind.JPEG and getattr(image, "is_animated", False)
                image.verify()
        except Image.DecompressionBombError as error:
            raise Unfit(_too_large()) from error
        except BROKEN as error:
            words = _("The file begins like %s and cannot be read as one.")
            raise Unfit(words % kind) from error
        if width * height > most_pixels:
            raise Unfit(_too_large())
        return Found(kind, width, height, moves)

    return read


def _too_large() -> str:
    return _("The image would be too large to draw; send it in a smaller size.")


def _pdf(content: bytes, most_pixels: int) -> Found:
    if b"%%EOF" not in content[-HEAD:]:
        raise Unfit(_("The PDF is cut off: it has no end."))
    return Found(Kind.PDF)


def _text(content: bytes) -> Found:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None or CONTROLS.search(text):
        raise Unfit(
            _("The file is none of what can be attached: PNG, JPEG, GIF, WebP, PDF, text, CSV.")
        )
    if MARKUP.match(text.lstrip()[:HEAD].encode()):
        raise Unfit(_("The file is markup (HTML, SVG, XML), which a browser would run."))
    return Found(Kind.CSV if separator(text) else Kind.TEXT)


def separator(text: str) -> str:
    """What stands between the values, where a text is a table: several rows of as many columns.
    Empty of any other text."""
    for one in SEPARATORS:
        with suppress(csv.Error):
            rows = list(islice(csv.reader(io.StringIO(text), delimiter=one), SAMPLED_ROWS))
            widths = {len(row) for row in rows if row}
            if len(rows) > 1 and len(widths) == 1 and 1 < widths.pop() <= MOST_COLUMNS:
                return one
    return ""


SIGNATURES: Final = (
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _image(Kind.PNG)),
    (lambda head: head.startswith(b"\xff\xd8\xff"), _image(Kind.JPEG)),
    (lambda head: head.startswith((b"GIF87a", b"GIF89a")), _image(Kind.GIF)),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", _image(Kind.WEBP)),
    (lambda head: head.startswith(b"%PDF-1.") or head.startswith(b"%PDF-2."), _pdf),
)
