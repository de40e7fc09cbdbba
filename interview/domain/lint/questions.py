"""Rules of questions."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from interview.domain.lint.problem import Problem, Severity
from interview.domain.lint.texts import (
    lint_ask,
    lint_exists,
    lint_id,
    lint_once,
    lint_range,
    lint_slots,
    lint_text,
    lint_word,
    slots,
)
from interview.domain.persona import Persona
from interview.domain.questions import FollowUp, KeyPoint, Question
from interview.domain.vocabulary import FACT_KEYS, KEY_POINT_MISSING, TRIGGERS, WEAKNESSES

CLAIM = "{claim}"
FRAME_GAP = "__"
KEY_POINTS = (4, 6)
FOLLOW_UPS_WANTED = 3

_ASK_LIMITS = (200, 300)
_LABEL_LIMITS = (80, 120)
_FRAME_LIMITS = (2000, 2000)
_HAN = re.compile(r"[\u3400-\u9fff]")


def lint_question(
    question: Question,
    personas: Mapping[str, Persona],
    questions: Mapping[str, Question],
) -> list[Problem]:
    """Return what is wrong with a question; the mappings hold all personas and questions."""
    return [
        *lint_id(question.id, prefix="q."),
        *_lint_head(question, personas),
        *_lint_when(question),
        *_lint_claim(question),
        *_lint_better(question),
        *_lint_key_points(question),
        *_lint_follow_ups(question, questions),
    ]


def _lint_head(question: Question, personas: Mapping[str, Persona]) -> Iterator[Problem]:
    yield from lint_text(question.id, "ask", question.ask, limits=_ASK_LIMITS)
    yield from lint_ask(question.id, "ask", question.ask)
    yield from lint_range(question.id, "difficulty", question.difficulty, low=1, high=5)
    yield from lint_range(question.id, "best_q", question.best_q, low=60, high=100)
    if not question.tags:
        yield Problem(
            question.id, "tags", "tags is empty; no scenery would ever draw this question"
        )
    yield from lint_once(question.id, "tags", question.tags)
    yield from lint_once(question.id, "personas", question.personas)
    for persona in question.personas:
        yield from lint_exists(
            question.id,
            "personas",
            persona,
            personas,
            kind="%(field)s names %(name)s, a persona that does not exist",
        )


def _lint_when(question: Question) -> Iterator[Problem]:
    for pattern in question.when.any_fact:
        if not any(fnmatchcase(key, pattern) for key in FACT_KEYS):
            yield Problem(
                question.id,
                "when.any_fact",
                "when.any_fact has %(pattern)s, which no résumé is read for",
                {"pattern": pattern},
            )
    for weakness in question.when.weakness:
        yield from lint_word(question.id, "when.weakness", weakness, WEAKNESSES)


def _lint_claim(question: Question) -> Iterator[Problem]:
    yield from lint_slots(question.id, "ask", question.ask, allowed=(CLAIM,))
    if CLAIM in slots(question.ask) and not question.when.any_fact:
        yield Problem(
            question.id,
            "when.any_fact",
            "ask quotes {claim}, but when.any_fact does not say what is claimed",
        )
    allowed = (CLAIM,) if CLAIM in slots(question.ask) else ()
    for followup in question.followups:
        if followup.ask is not None:
            yield from lint_slots(
                question.id, f"followups.{followup.id}.ask", followup.ask, allowed=allowed
            )


def _lint_better(question: Question) -> Iterator[Problem]:
    yield from lint_text(question.id, "better", question.better, limits=_FRAME_LIMITS)
    if FRAME_GAP not in question.better.zh or FRAME_GAP not in question.better.en:
        yield Problem(
            question.id,
            "better",
            "better is a frame to fill in: leave __ for the player's numbers, in both languages",
        )


def _lint_key_points(question: Question) -> Iterator[Problem]:
    least, most = KEY_POINTS
    if not least <= len(question.key_points) <= most:
        yield Problem(
            question.id,
            "key_points",
            "there are %(length)s key points; a full answer has %(least)s to %(most)s",
            {"length": len(question.key_points), "least": least, "most": most},
        )
    yield from lint_once(question.id, "key_points", [point.id for point in question.key_points])
    for point in question.key_points:
        yield from _lint_key_point(question, point)


def _lint_key_point(question: Question, point: KeyPoint) -> Iterator[Problem]:
    field = f"key_points.{point.id}"
    yield from lint_text(question.id, f"{field}.label", point.label, limits=_LABEL_LIMITS)
    yield from lint_range(question.id, f"{field}.weight", point.weight, low=1, high=3)
    yield from lint_once(question.id, f"{field}.any", point.any)
    for term in point.any:
        yield from _lint_term(question, point, term)
    is_chinese = {bool(_HAN.search(term)) for term in point.any}
    if is_chinese != {True, False}:
        yield Problem(
            question.id,
            f"{field}.any",
            "key point %(point)s needs terms in both languages",
            {"point": point.id},
        )


def _lint_term(question: Question, point: KeyPoint, term: str) -> Iterator[Problem]:
    if term != term.lower():
        yield Problem(
            question.id,
            f"key_points.{point.id}.any",
            "key point %(point)s has the term %(term)s; terms are lower case",
            {"point": point.id, "term": term},
        )
    if len(term.strip()) < 2 and term not in {"$", "%", "¥", "€"}:
        yield Problem(
            question.id,
            f"key_points.{point.id}.any",
            "key point %(point)s has the term “%(term)s”; one character is found everywhere",
            {"point": point.id, "term": term},
            Severity.ADVICE,
        )


def _lint_follow_ups(question: Question, questions: Mapping[str, Question]) -> Iterator[Problem]:
    if len(question.followups) < FOLLOW_UPS_WANTED:
        yield Problem(
            question.id,
            "followups",
            "there are %(length)s follow-ups; a good thread has %(wanted)s or more",
            {"length": len(question.followups), "wanted": FOLLOW_UPS_WANTED},
            Severity.ADVICE,
        )
    yield from lint_once(question.id, "followups", [f.id for f in question.followups])
    for followup in question.followups:
        yield from _lint_trigger(question, followup)
        yield from _lint_reply(question, followup, questions)
    if _comes_back(question, questions):
        yield Problem(
            question.id,
            "followups",
            "the follow-ups lead back to this question; a thread must come to an end",
        )


def _lint_trigger(question: Question, followup: FollowUp) -> Iterator[Problem]:
    field = f"followups.{followup.id}"
    yield from lint_range(question.id, f"{field}.priority", followup.priority, low=1, high=100)
    if followup.trigger.startswith(KEY_POINT_MISSING):
        point = followup.trigger.removeprefix(KEY_POINT_MISSING)
        if point not in {key_point.id for key_point in question.key_points}:
            yield Problem(
                question.id,
                f"{field}.trigger",
                "follow-up %(followup)s waits for the key point %(point)s, which this question"
                " does not have",
                {"followup": followup.id, "point": point},
            )
        return
    yield from lint_word(question.id, f"{field}.trigger", followup.trigger, TRIGGERS)


def _lint_reply(
    question: Question, followup: FollowUp, questions: Mapping[str, Question]
) -> Iterator[Problem]:
    field = f"followups.{followup.id}"
    if (followup.ask is None) == (followup.goto is None):
        yield Problem(
            question.id,
            f"{field}.ask",
            "follow-up %(followup)s either asks on or goes to another question: one of the two",
            {"followup": followup.id},
        )
    if followup.ask is not None:
        yield from lint_text(question.id, f"{field}.ask", followup.ask, limits=_ASK_LIMITS)
        yield from lint_ask(question.id, f"{field}.ask", followup.ask)
    if followup.goto is not None and followup.goto not in questions:
        yield Problem(
            question.id,
            f"{field}.goto",
            "follow-up %(followup)s goes to %(goto)s, which does not exist",
            {"followup": followup.id, "goto": followup.goto},
        )


def _comes_back(question: Question, questions: Mapping[str, Question]) -> bool:
    """Return whether following ``goto`` from the question leads to it again."""
    ahead, seen = _targets(question), set[str]()
    while ahead:
        name = ahead.pop()
        if name == question.id:
            return True
        if name in questions and name not in seen:
            seen.add(name)
            ahead |= _targets(questions[name])
    return False


def _targets(question: Question) -> set[str]:
    return {followup.goto for followup in question.followups if followup.goto is not None}
