"""Take a résumé in; claims come out."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from interview import selectors
from interview.api.auth import VisitorAuth, address_of, set_player, visitor
from interview.domain.errors import InvalidInputError, ResumeTooLargeError
from interview.models import Resume
from interview.services import addresses, documents, players, resumes

router = Router(tags=["resumes"], auth=VisitorAuth())


class _Body(msgspec.Struct):
    text: str


@router.post("", url_name="resumes", response={201: dict[str, Any]})
def create_resume(request: HttpRequest, response: HttpResponse) -> Status[dict[str, Any]]:
    """Read a résumé: JSON ``{"text": ...}``, or a multipart ``file`` (txt, md, pdf, docx; 2 MB)."""
    addresses.check(address_of(request), addresses.Taken.RESUME)
    player = visitor(request).player or players.new_player()
    set_player(response, player)
    is_form = request.content_type == "multipart/form-data"
    row = _from_file(request, player) if is_form else _from_json(request, player)
    return Status(201, selectors.resume_json(row))


def _from_file(request: HttpRequest, player: players.Player) -> Resume:
    upload = request.FILES.get("file")
    if upload is None or isinstance(upload, list):
        raise InvalidInputError("The file goes into the form field called file.")
    if upload.size is None or upload.size > documents.MAX_FILE_BYTES:
        raise ResumeTooLargeError("A résumé file has at most 2 MB.")
    return resumes.add_file(owner=player, name=upload.name or "", content=upload.read())


def _from_json(request: HttpRequest, player: players.Player) -> Resume:
    try:
        body = msgspec.json.decode(request.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"Send JSON with a text, or a file: {error}") from error
    return resumes.add_text(owner=player, text=body.text)
