"""Take résumés in and read their claims; what was read once is pinned."""

from functools import lru_cache
from pathlib import Path
from uuid import UUID

import msgspec

from interview.domain.errors import InvalidInputError, ResumeNotFoundError, ResumeTooLargeError
from interview.domain.reading.redaction import redact
from interview.domain.reading.resume import Resume, read_resume
from interview.models import Resume as ResumeRow
from interview.services import documents

MAX_TEXT_CHARACTERS = 60_000
SAMPLES = Path(__file__).resolve().parent.parent / "content" / "resumes"


def add_text(*, owner: UUID, text: str, sample: str = "") -> ResumeRow:
    """Return the stored résumé; e-mail addresses and telephone numbers are masked first.

    Raises InvalidInputError for a text with nothing in it, ResumeTooLargeError past the limit.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ResumeTooLargeError(f"A résumé has at most {MAX_TEXT_CHARACTERS:,} characters.")
    # Files and JSON escapes can hold halves of characters, which no database takes.
    whole = text.encode(errors="replace").decode()
    kept = redact(whole.replace("\x00", "")).strip()
    if not kept:
        raise InvalidInputError("There is no text in this résumé.")
    resume = read_resume(kept)
    return ResumeRow.objects.create(
        owner=owner,
        sample=sample,
        language=resume.language,
        text=resume.text,
        facts=msgspec.to_builtins(resume.facts),
    )


def add_file(*, owner: UUID, name: str, content: bytes) -> ResumeRow:
    """Return the résumé read from a txt, md, pdf or docx file.

    Raises ResumeTooLargeError and ResumeUnreadableError.
    """
    return add_text(owner=owner, text=documents.text_of(name=name, content=content))


def add_sample(*, owner: UUID, sample: str, language: str) -> ResumeRow:
    """Return the sample résumé in the language asked for; raise ResumeNotFoundError."""
    for entry in samples():
        if entry["id"] == sample and entry["language"] == language:
            return add_text(owner=owner, text=entry["text"], sample=sample)
    raise ResumeNotFoundError(f"There is no sample résumé called {sample!r} in {language}.")


def owned(*, owner: UUID, resume_id: UUID) -> ResumeRow:
    """Return the player's own résumé; raise ResumeNotFoundError."""
    row = ResumeRow.objects.filter(pk=resume_id, owner=owner).first()
    if row is None:
        raise ResumeNotFoundError("There is no such résumé.")
    return row


@lru_cache(maxsize=1)
def samples() -> list[dict[str, str]]:
    """Return the sample résumés: id, language, name, role, text."""
    return [_sample(path) for path in sorted(SAMPLES.glob("*.*.md"))]


def _sample(path: Path) -> dict[str, str]:
    slug, language = path.stem.split(".")
    text = path.read_text(encoding="utf-8")
    heading = text.splitlines()[0].removeprefix("#").strip()
    name, _, role = heading.partition("—")
    return {
        "id": slug,
        "language": language,
        "name": name.strip(),
        "role": role.strip(),
        "text": text,
    }


def parsed(row: ResumeRow) -> Resume:
    """Return the résumé as it was read when it came in."""
    return msgspec.convert({"text": row.text, "language": row.language, "facts": row.facts}, Resume)


@lru_cache(maxsize=256)  # a third of a megabyte each at worst
def pinned(resume_id: UUID) -> Resume:
    """Return a résumé by id; rows never change, so a process reads each once."""
    return parsed(ResumeRow.objects.get(pk=resume_id))
