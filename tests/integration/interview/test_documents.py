"""Whatever a stranger uploads, its text comes back or a sentence says why not."""

import io
import random
import subprocess
import zipfile
import zlib
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import docx
import pypdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from interview.domain.errors import (
    ResumeTooLargeError,
    ResumeUnreadableError,
    UnavailableError,
)
from interview.services import document_reader, documents, resumes
from interview.services.documents import text_of


def make_pdf(*pages: str) -> bytes:
    """Return a PDF with one line of text on each page."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for page in pages:
        canvas.drawString(72, 720, page)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def make_docx(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """Return a Word file with paragraphs and, after the first of them, a table."""
    document = docx.Document()
    document.add_paragraph(paragraphs[0])
    if rows:
        table = document.add_table(rows=len(rows), cols=len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    for paragraph in paragraphs[1:]:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def make_bomb() -> bytes:
    """Return a small Word file that unpacks to 60 MB of blanks."""
    file = io.BytesIO(make_docx("Ada"))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/blanks.xml", b" " * 60 * 1024 * 1024)
    return file.getvalue()


def make_slow_pdf() -> bytes:
    """Return a small PDF whose only page unpacks to millions of drawing commands."""
    commands = zlib.compress(b"BT /F1 9 Tf (a) Tj 1 0 0 1 0 0 Tm ET " * 600_000, 1)
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf("one line")))
    page = writer.pages[0]
    stream = pypdf.generic.EncodedStreamObject()
    stream[pypdf.generic.NameObject("/Filter")] = pypdf.generic.NameObject("/FlateDecode")
    stream._data = commands
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def lock(content: bytes, *, password: str) -> bytes:
    """Return the PDF encrypted."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_gives_the_text_of_its_pages_in_order():
    text = text_of(name="cv.PDF", content=make_pdf("Cut P99 to 310 ms.", "Led a team of 6."))

    assert text.split("\n") == ["Cut P99 to 310 ms.", "Led a team of 6."]


def test_a_word_file_gives_paragraphs_and_tables_where_they_stand():
    content = make_docx("Ada", "Led a team of 6.", rows=(("2021", "Nurse"), ("2023", "Head nurse")))

    text = text_of(name="cv.docx", content=content)

    assert text.split("\n") == ["Ada", "2021 Nurse", "2023 Head nurse", "Led a team of 6."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_file_is_read_in_the_encodings_people_save_in(encoding: str):
    words = "主导大模型网关，P99 降到 310ms。\n带 6 人团队。"

    assert text_of(name="简历.txt", content=words.encode(encoding)) == words


def test_two_megabytes_are_taken_and_one_byte_more_is_not():
    exactly = b"a" * documents.MAX_FILE_BYTES

    assert len(text_of(name="cv.txt", content=exactly)) == documents.MAX_FILE_BYTES
    with pytest.raises(ResumeTooLargeError, match="at most 2 MB"):
        text_of(name="cv.txt", content=exactly + b"a")


@pytest.mark.parametrize("name", ["cv.txt", "cv.md"])
@pytest.mark.parametrize("content", [b"", b" \n\t\n"])
def test_an_empty_file_has_no_text(name: str, content: bytes):
    with pytest.raises(ResumeUnreadableError, match="No text was found"):
        text_of(name=name, content=content)


def test_a_scanned_pdf_has_no_text():
    with pytest.raises(ResumeUnreadableError, match="a scan needs typing out"):
        text_of(name="cv.pdf", content=make_pdf(""))


@pytest.mark.parametrize("name", ["cv.exe", "cv", "", "cv.pdf.sh", "pdf "])
def test_other_kinds_of_files_are_named(name: str):
    with pytest.raises(ResumeUnreadableError, match="a txt, md, pdf or docx file"):
        text_of(name=name, content=b"hello")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        random.Random(7).randbytes(4096),
        bytes(range(1, 32)) * 40,
        b"\xff\xfe\x00",
    ],
    ids=["png", "noise", "control characters", "half a utf-16 letter"],
)
def test_a_binary_file_that_says_it_is_text_is_refused(content: bytes):
    with pytest.raises(ResumeUnreadableError, match="not text"):
        text_of(name="cv.txt", content=content)


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 and then nothing", b"not a pdf", make_pdf("Ada")[:300], b"%PDF-" + b"\x00" * 999],
    ids=["no body", "text", "cut short", "zeros"],
)
def test_a_broken_pdf_is_refused(content: bytes):
    with pytest.raises(ResumeUnreadableError, match="broken"):
        text_of(name="cv.pdf", content=content)


def test_a_pdf_with_a_password_is_refused_with_what_to_do():
    content = lock(make_pdf("secret"), password="open sesame")

    with pytest.raises(ResumeUnreadableError, match="take the password off"):
        text_of(name="cv.pdf", content=content)


def test_a_pdf_that_only_forbids_printing_is_read():
    content = lock(make_pdf("Cut P99 to 310 ms."), password="")

    assert text_of(name="cv.pdf", content=content) == "Cut P99 to 310 ms."


def test_a_long_pdf_is_read_up_to_thirty_pages():
    content = make_pdf(*(f"page {n}" for n in range(1, 41)))

    lines = text_of(name="cv.pdf", content=content).split("\n")

    assert lines == [f"page {n}" for n in range(1, document_reader.MAX_PAGES + 1)]


def test_a_pdf_that_would_take_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "READ_SECONDS", 1.5)

    with pytest.raises(ResumeUnreadableError, match="too long"):
        text_of(name="cv.pdf", content=make_slow_pdf())


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 but no zip", b"", make_docx("Ada")[:200], make_pdf("Ada")],
    ids=["no zip", "nothing", "cut short", "a pdf"],
)
def test_a_broken_word_file_is_refused(content: bytes):
    with pytest.raises(ResumeUnreadableError):
        text_of(name="cv.docx", content=content)


def test_an_archive_that_is_no_word_file_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")

    with pytest.raises(ResumeUnreadableError, match="broken"):
        text_of(name="cv.docx", content=file.getvalue())


def test_a_zip_bomb_is_refused_before_it_is_parsed():
    bomb = make_bomb()

    assert len(bomb) < documents.MAX_FILE_BYTES
    with pytest.raises(ResumeTooLargeError, match="unpacks to far too much"):
        text_of(name="cv.docx", content=bomb)


def test_a_long_word_file_is_cut_where_the_limit_is():
    text = text_of(name="cv.docx", content=make_docx(*["word " * 100] * 900))

    assert document_reader.MAX_CHARACTERS - 600 <= len(text) <= document_reader.MAX_CHARACTERS


def test_only_so_many_files_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch):
    desk = BoundedSemaphore(1)
    desk.acquire()
    monkeypatch.setattr(documents, "_readers", desk)
    monkeypatch.setattr(documents, "WAIT_SECONDS", 0.0)

    with pytest.raises(UnavailableError, match="again in a moment"):
        text_of(name="cv.pdf", content=make_pdf("Ada"))
    desk.release()
    assert text_of(name="cv.pdf", content=make_pdf("Ada")) == "Ada"
    with pytest.raises(ResumeUnreadableError):
        text_of(name="cv.pdf", content=b"broken")
    assert desk.acquire(blocking=False)


def test_the_reader_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch):
    surroundings = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        surroundings.append(options["env"])
        return subprocess.CompletedProcess(command, 0, stdout=b"Ada")

    monkeypatch.setattr(subprocess, "run", run)

    assert text_of(name="cv.pdf", content=b"") == "Ada"
    assert surroundings == [{}]


def test_the_reader_imports_nothing_of_the_project():
    source = Path(document_reader.__file__).read_text(encoding="utf-8")

    assert "import interview" not in source
    assert "from interview" not in source


def test_every_sample_résumé_names_a_person_and_a_role_in_both_languages():
    samples = resumes.samples()
    by_language = {
        language: {entry["id"] for entry in samples if entry["language"] == language}
        for language in ("zh", "en")
    }

    assert len(samples) == len(list(resumes.SAMPLES.glob("*.md")))
    assert by_language["zh"] == by_language["en"]
    assert {"backend", "data", "frontend", "nurse", "product"} <= by_language["zh"]
    for entry in samples:
        assert entry["name"], entry["id"]
        assert entry["role"], entry["id"]
        assert len(entry["text"]) < resumes.MAX_TEXT_CHARACTERS
