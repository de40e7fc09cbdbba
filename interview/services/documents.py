"""The text of an uploaded file: txt, md, pdf, docx; nothing else, and never more than the limits."""

import io
import zipfile
from collections.abc import Callable

import docx
import pypdf

from interview.domain.errors import ResumeTooLargeError, ResumeUnreadableError

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_UNPACKED_BYTES = 20 * 1024 * 1024
MAX_PAGES = 30


def text_of(*, name: str, content: bytes) -> str:
    """Return the file's text; raise ResumeTooLargeError or ResumeUnreadableError.

    The ending of ``name`` says what it is; the content must agree.
    """
    if len(content) > MAX_FILE_BYTES:
        raise ResumeTooLargeError("A résumé file has at most 2 MB.")
    read = _READERS.get(name.rpartition(".")[2].casefold())
    if read is None:
        raise ResumeUnreadableError("A résumé is a txt, md, pdf or docx file.")
    text = read(content)
    if not text.strip():
        raise ResumeUnreadableError("No text was found in this file; a scan needs typing out.")
    return text


def _plain(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ResumeUnreadableError("This file is not text.")


def _pdf(content: bytes) -> str:
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise ResumeUnreadableError("This PDF is locked; take the password off first.")
        return "\n".join(page.extract_text() for page in reader.pages[:MAX_PAGES])
    except ResumeUnreadableError:
        raise
    except Exception as error:  # pypdf raises many kinds on broken files, all mean the same
        raise ResumeUnreadableError("This PDF is broken and cannot be read.") from error


def _docx(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_unpacked(archive)
        document = docx.Document(io.BytesIO(content))
    except (ResumeTooLargeError, ResumeUnreadableError):
        raise
    except Exception as error:  # zip, XML and docx each raise their own kinds
        raise ResumeUnreadableError("This Word file is broken and cannot be read.") from error
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def _check_unpacked(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to too much, by what really comes out of it."""
    left = MAX_UNPACKED_BYTES
    for entry in archive.infolist():
        with archive.open(entry) as member:
            while chunk := member.read(65_536):
                left -= len(chunk)
                if left < 0:
                    raise ResumeTooLargeError("This Word file unpacks to far too much.")


_READERS: dict[str, Callable[[bytes], str]] = {
    "txt": _plain,
    "md": _plain,
    "pdf": _pdf,
    "docx": _docx,
}
