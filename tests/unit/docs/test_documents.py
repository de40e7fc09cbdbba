"""What the documents claim about the code, held against the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from interview.domain import errors, modes
from interview.domain.events import PAYLOADS, Payload
from interview.domain.reading.answers import read_answer
from interview.domain.reading.resume import read_resume
from interview.domain.scoring import score_answer
from interview.services import content_files, event_codec

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)?(?:#([^)\s]+))?\)")
_CODE = re.compile(r"`([^`]+)`")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str, *, heading: str) -> list[list[str]]:
    """The cells of the table that begins with this heading cell."""
    lines = text_of(name).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    cells = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        cells.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return cells


def test_the_event_log_page_lists_every_fact_with_the_fields_it_has_on_the_wire() -> None:
    listed = {
        _CODE.findall(kind)[0]: _CODE.findall(data)
        for kind, data, _meaning in rows("docs/event-log.md", heading="type")
    }

    assert listed == {
        kind.value: [public_name(payload, field.name) for field in fields(payload)]
        for kind, payload in PAYLOADS.items()
    }


def public_name(payload: type[Payload], field: str) -> str:
    return event_codec._PUBLIC_NAMES.get(payload, {}).get(field, field)


def problem_codes() -> dict[str, int]:
    """Every code a problem document may carry, with its status."""
    kinds = [errors.GameError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.code: kind.status for kind in kinds if kind.__module__ == errors.__name__}


def test_the_errors_page_explains_exactly_the_codes_there_are() -> None:
    listed = {
        _CODE.findall(code)[0]: int(status)
        for code, status, *_ in rows("docs/errors.md", heading="code")
    }

    assert listed == problem_codes()


def test_every_problem_has_a_heading_that_its_type_can_point_to() -> None:
    headings = set(re.findall(r"^### (\w+)$", text_of("docs/errors.md"), re.MULTILINE))

    assert headings == set(problem_codes())


def test_the_operations_page_lists_exactly_the_variables_of_the_example() -> None:
    example = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text_of(".env.example"), re.MULTILINE))
    listed = {_CODE.findall(row[0])[0] for row in rows("docs/operations.md", heading="variable")}

    assert listed == example


def test_the_scoring_page_quotes_what_the_rules_say() -> None:
    shelf = content_files.read()
    asker = shelf.personas["zhou_architect"]
    resume = read_resume(text_of("interview/content/resumes/backend.en.md"))
    question = shelf.questions["q.gw_stopwatch"]
    examples = re.findall(
        r"^> (.+)\n\n```text\n(.+)\n```$", text_of("docs/scoring.md"), re.MULTILINE
    )

    for answer, explained in examples:
        heard = read_answer(
            answer, question=question, resume=resume, language="en", earlier=[], claims={}
        )
        score = score_answer(heard, question=question, weights=asker.weights, par=55.0)
        assert score.explain == explained
    assert len(examples) == 3


def test_the_scoring_page_counts_damage_as_the_game_does() -> None:
    for number, par, base, *costs in rows("docs/scoring.md", heading="round"):
        counted = [
            modes.damage(int(number), q=q, temper=1.0, is_shielded=False) for q in (20, 40, 60)
        ]
        assert (modes.survive_par(int(number)), modes.survive_base(int(number))) == (
            float(par),
            float(base),
        )
        assert counted == [int(cost) for cost in costs]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, by the rule code hosts use."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            broken.append(f"{target}#{anchor}" if anchor else target)

    assert broken == []


def test_every_decision_is_a_rule_on_one_screen() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in records]
    longest = max(len(path.read_text(encoding="utf-8").splitlines()) for path in records)

    assert numbers == list(range(1, len(records) + 1))
    assert longest <= 60
