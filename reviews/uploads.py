"""A request with files is weighed before any of it is read."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

# So many of the largest files may come with one note.
TOGETHER = 4


class Scales(FileUploadHandler):
    """Stands before the handlers that write: what is too heavy never reaches them."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, *args: Any, **kwargs: Any
    ) -> None:
        if content_length > TOGETHER * settings.ATTACHMENT_BYTES:
            raise RequestDataTooBig("The files are too large to be sent together.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
