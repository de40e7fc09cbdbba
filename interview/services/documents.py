"""The text of an uploaded file: txt, md, pdf, docx, and never more than the limits."""

import subprocess
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from threading import BoundedSemaphore

from interview.domain.errors import (
    ResumeTooLargeError,
    ResumeUnreadableError,
    UnavailableError,
)
from interview.services import document_reader

MAX_FILE_BYTES = 2 * 1024 * 1024
READ_SECONDS = 12.0
#: How many files one process has read at a time, and how long the next one waits for its turn.
READERS = 2
WAIT_SECONDS = 10.0

_LAYOUT = frozenset("\t\n\r\f\v")
_ODD_SHARE = 0.02  # of characters no text has; a stray one does not make a file binary
_SAMPLE = 20_000
_readers = BoundedSemaphore(READERS)


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
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    raise ResumeUnreadableError("This file is not text.")


def _encodings(content: bytes) -> tuple[str, ...]:
    """Return what to try, in order: what the mark at the start says, else the usual two."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8-sig", "gb18030")


def _is_text(text: str) -> bool:
    """Return whether this can be writing: almost any bytes are valid gb18030."""
    if "\x00" in text:
        return False
    sample = text[:_SAMPLE]
    odd = sum(
        unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"} and character not in _LAYOUT
        for character in sample
    )
    return odd <= len(sample) * _ODD_SHARE


def _read_apart(content: bytes, *, kind: str) -> str:
    """Return what the reader says in a process of its own, within its time and in its turn."""
    if not _readers.acquire(timeout=WAIT_SECONDS):
        raise UnavailableError("Many files are being read; bring this one again in a moment.")
    try:
        return _read_now(content, kind=kind)
    finally:
        _readers.release()


def _read_now(content: bytes, *, kind: str) -> str:
    command = [sys.executable, "-I", document_reader.__file__, kind]
    try:
        done = subprocess.run(
            command,
            input=content,
            capture_output=True,
            timeout=READ_SECONDS,
            check=False,
            env={},  # our secrets stand in ours
        )
    except subprocess.TimeoutExpired:
        raise ResumeUnreadableError("This file takes too long to read.") from None
    if done.returncode == document_reader.LOCKED:
        raise ResumeUnreadableError("This PDF is locked; take the password off first.")
    if done.returncode == document_reader.TOO_LARGE:
        raise ResumeTooLargeError("This Word file unpacks to far too much.")
    if done.returncode != 0:
        raise ResumeUnreadableError("This file is broken and cannot be read.")
    return done.stdout.decode("utf-8")


_READERS: dict[str, Callable[[bytes], str]] = {
    "txt": _plain,
    "md": _plain,
    "pdf": partial(_read_apart, kind="pdf"),
    "docx": partial(_read_apart, kind="docx"),
}
