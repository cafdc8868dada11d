"""A file as the parts of a form: the one request that is no JSON."""

import uuid
from collections.abc import Mapping

# As browsers write them into a name: what would end the header it stands in.
ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def form(file: bytes, *, name: str, fields: Mapping[str, str]) -> tuple[str, bytes]:
    """The content type and the body."""
    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{field}"\r\n\r\n{value}\r\n'.encode() for field, value in fields.items()]
    parts.append(
        f'{head}"file"; filename="{name.translate(ESCAPES)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
    )
    parts += [file, f"\r\n--{boundary}--\r\n".encode()]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)
