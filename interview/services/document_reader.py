"""Reads one PDF or Word file from standard input and prints its text; a program of its own.

Strangers bring these files, and their parsers are large. So each is read in a child process
with little memory and little time: what hangs or explodes takes only itself down. Run by path
in isolated mode, therefore nothing of the project is imported here.
"""

import contextlib
import io
import os
import sys
import zipfile
from collections.abc import Iterator

MAX_PAGES = 30
MAX_CHARACTERS = 61_000  # more than a résumé may have, so that a longer one is seen to be longer
MAX_UNPACKED_BYTES = 20 * 1024 * 1024
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 8

#: Exit codes beside 0 and Python's own 1.
LOCKED, TOO_LARGE, BROKEN = 3, 4, 5


class _TooLargeError(Exception):
    """The archive unpacks to more than it may."""


class _LockedError(Exception):
    """The document wants a password."""


def pdf_text(content: bytes) -> Iterator[str]:
    """Yield the text of the first pages."""
    import pypdf  # noqa: PLC0415  the other kind of file does not need it

    reader = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _LockedError
    for number in range(min(len(reader.pages), MAX_PAGES)):
        yield reader.pages[number].extract_text().strip()


def docx_text(content: bytes) -> Iterator[str]:
    """Yield the paragraphs and the rows of tables, in the order they stand in."""
    import docx  # noqa: PLC0415  the other kind of file does not need it
    from docx.table import Table  # noqa: PLC0415

    _check_unpacked(content)
    for block in docx.Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells = dict.fromkeys(cell.text.strip() for cell in row.cells)  # merged ones repeat
                yield " ".join(cell for cell in cells if cell)
        else:
            yield block.text


def _check_unpacked(content: bytes) -> None:
    """Refuse an archive that unpacks to too much, by what really comes out of it."""
    left = MAX_UNPACKED_BYTES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as member:
                while chunk := member.read(65_536):
                    left -= len(chunk)
                    if left < 0:
                        raise _TooLargeError


def clipped(pieces: Iterator[str]) -> str:
    """Return the pieces as lines, no more than fit."""
    taken: list[str] = []
    left = MAX_CHARACTERS
    for piece in pieces:
        taken.append(piece[:left])
        left -= len(piece) + 1
        if left <= 0:
            break
    return "\n".join(taken)


def _limit_resources() -> None:
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)  # the panel speaks first
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has these
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def main(kind: str) -> int:
    """Print the text of the file on standard input and return the exit code."""
    _limit_resources()
    read = pdf_text if kind == "pdf" else docx_text
    try:
        text = clipped(read(sys.stdin.buffer.read()))
    except _LockedError:
        return LOCKED
    except _TooLargeError:
        return TOO_LARGE
    except Exception:  # noqa: BLE001  parsers raise every kind on broken files; all mean the same
        return BROKEN
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
