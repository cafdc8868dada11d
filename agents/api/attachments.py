"""Files that an agent adds to a case that is open."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.api import shapes
from agents.api.problems import (
    PROBLEMS,
    Conflict,
    KeyReused,
    TooLarge,
    Unprocessable,
    problems,
)
from agents.api.views import header, own_case
from agents.idempotency import given_key
from agents.models.agent_key import Scope
from reviews import wire
from reviews.files import Unfit
from reviews.models import Attachment
from reviews.services import attachments
from reviews.services.returns import NotAsked
from workflows.schemas import Problem

# Beside the file: the lines between the parts, and the other fields.
ROOM_FOR_THE_REST = 16 * 1024
KEY = header("Idempotency-Key", "The same key again attaches nothing twice.")


class FileParser(MultiPartParser):
    """Refuses what is too large before it is read, and so before it is written anywhere."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping | None = None
    ) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.ATTACHMENT_BYTES + ROOM_FOR_THE_REST:
            raise TooLarge(f"A file may have {settings.ATTACHMENT_BYTES:,} bytes.")
        return super().parse(stream, media_type, parser_context)


class CaseAttachments(APIView):
    scopes = {"POST": Scope.CREATE, "GET": Scope.READ}
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="case-attach",
        summary="Add a file to a case that is open",
        parameters=[KEY],
        request={"multipart/form-data": shapes.ATTACHMENT_IN},
        responses={
            (201, "application/json"): shapes.ATTACHMENT,
            (200, "application/json"): shapes.ATTACHMENT,
            **PROBLEMS,
            **problems(409, 413, 422),
        },
    )
    def post(self, request: Request, public_id: str) -> Response:
        case = own_case(request, public_id)
        key, belongs_to = given_key(request.headers.get("Idempotency-Key")), _belongs_to(request)
        try:
            sent = _file(request)
            row, made = attachments.attach(case.pk, sent, belongs_to=belongs_to, key=key)
        except Unfit as error:
            raise Unprocessable([Problem("/file", str(error))]) from error
        except attachments.KeyUsed as error:
            raise KeyReused([Problem("", "another file was sent with this key before")]) from error
        except NotAsked as error:
            raise Conflict(str(error)) from error
        headers = {} if made else {"Idempotency-Replayed": "true"}
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(wire.attachment(row), status=code, headers=headers)

    @extend_schema(
        operation_id="case-attachment-list",
        summary="The files that this agent added, oldest first",
        responses={(200, "application/json"): shapes.ATTACHMENTS, **PROBLEMS},
    )
    def get(self, request: Request, public_id: str) -> Response:
        rows = own_case(request, public_id).attachments.from_agent()
        return Response({"object": "list", "data": [wire.attachment(row) for row in rows]})


def _file(request: Request) -> attachments.Sent:
    file = request.data.get("file")
    if not isinstance(file, UploadedFile):
        raise Unprocessable([Problem("/file", "is required, as a file with a name")])
    return attachments.looked_at(file, name=file.name or "")


def _belongs_to(request: Request) -> str:
    given = request.data.get("belongs_to", "proposal")
    if given not in shapes.BELONGS_TO:
        words = f"must be one of {', '.join(shapes.BELONGS_TO)}"
        raise Unprocessable([Problem("/belongs_to", words)])
    return str(Attachment.BelongsTo[given.upper()])
