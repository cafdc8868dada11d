"""Small files of every kind, and hostile ones, for stories."""

import io
import struct
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

SCRIPT = b"<script>alert(1)</script>"


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (20, 90, 160)).save(file, kind)
    return file.getvalue()


def animation(kind: str = "GIF") -> bytes:
    file = io.BytesIO()
    first, *rest = [Image.new("RGB", (20, 20), (60 * n, 90, 160)) for n in range(4)]
    first.save(file, kind, save_all=True, append_images=rest)
    return file.getvalue()


def bomb(width: int = 100_000, height: int = 100_000) -> bytes:
    """A few bytes that would be drawn as gigabytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pdf() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (200, 100), (20, 90, 160)).save(file, "PDF")
    return file.getvalue()


def attach(
    agent: Any,
    case: Any,
    content: bytes,
    *,
    name: str = "photo.png",
    kind: str = "application/octet-stream",
    key: str | None = "file-1",
    **fields: str,
) -> Any:
    file = SimpleUploadedFile("x", content, content_type=kind)
    # Past Django's own clean-up of names, as a hostile client would send it.
    file._name = name
    headers = {"Authorization": f"Bearer {agent.key}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return agent.http.post(
        f"/api/v1/cases/{case.public_id}/attachments", {"file": file} | fields, headers=headers
    )
