"""Rules of sceneries."""

from collections.abc import Iterator, Mapping

from interview.domain.lint.problem import Problem, Severity
from interview.domain.lint.texts import (
    lint_exists,
    lint_id,
    lint_once,
    lint_range,
    lint_slots,
    lint_text,
    lint_word,
)
from interview.domain.persona import Persona
from interview.domain.questions import Question
from interview.domain.scenery import Branch, Scenery
from interview.domain.vocabulary import BACKDROPS, STREAK, TRIGGERS

PANEL = (2, 5)
MAX_STREAK = 9
_LIMITS = {"title": (60, 80), "blurb": (200, 300)}
_LABEL_LIMITS = (40, 60)


def lint_scenery(
    scenery: Scenery,
    personas: Mapping[str, Persona],
    questions: Mapping[str, Question],
) -> list[Problem]:
    """Return what is wrong with a scenery; the mappings hold all personas and questions."""
    return [
        *lint_id(scenery.id),
        *_lint_card(scenery),
        *_lint_panel(scenery, personas),
        *_lint_play(scenery),
        *_lint_approval(scenery),
        *_lint_bank(scenery, questions),
        *_lint_branches(scenery, questions),
    ]


def _lint_card(scenery: Scenery) -> Iterator[Problem]:
    for field, text in (("title", scenery.title), ("blurb", scenery.blurb)):
        yield from lint_text(scenery.id, field, text, limits=_LIMITS[field])
        yield from lint_slots(scenery.id, field, text, allowed=())
    yield from lint_word(scenery.id, "backdrop", scenery.backdrop, BACKDROPS)


def _lint_panel(scenery: Scenery, personas: Mapping[str, Persona]) -> Iterator[Problem]:
    least, most = PANEL
    if not least <= len(scenery.panel) <= most:
        yield Problem(
            scenery.id,
            "panel",
            "the panel has %(length)s seats; a tribunal has %(least)s to %(most)s",
            {"length": len(scenery.panel), "least": least, "most": most},
        )
    yield from lint_once(scenery.id, "panel", scenery.panel)
    for persona in scenery.panel:
        yield from lint_exists(
            scenery.id,
            "panel",
            persona,
            personas,
            kind="%(field)s seats %(name)s, a persona that does not exist",
        )
    if scenery.chair not in scenery.panel:
        yield Problem(
            scenery.id,
            "chair",
            "%(name)s is in the chair but does not sit on the panel",
            {"name": scenery.chair},
        )


def _lint_play(scenery: Scenery) -> Iterator[Problem]:
    for field, choices in (("modes", scenery.modes), ("languages", scenery.languages)):
        if not choices:
            yield Problem(
                scenery.id,
                field,
                "%(field)s is empty; the scenery could not be played",
                {"field": field},
            )
    if scenery.strategy.default not in scenery.strategy.allowed:
        yield Problem(
            scenery.id,
            "strategy.default",
            "strategy.default is %(strategy)s, which strategy.allowed does not list",
            {"strategy": scenery.strategy.default.value},
        )
    rule = scenery.difficulty
    yield from lint_range(scenery.id, "goal_rounds", scenery.goal_rounds, low=3, high=40)
    yield from lint_range(scenery.id, "difficulty.start", rule.start, low=1, high=5)
    yield from lint_range(scenery.id, "difficulty.max", rule.max, low=rule.start, high=5)
    yield from lint_range(
        scenery.id, "difficulty.up_every_rounds", rule.up_every_rounds, low=1, high=40
    )


def _lint_approval(scenery: Scenery) -> Iterator[Problem]:
    rule = scenery.approval
    if not 0 <= rule.walkout_at < rule.start < rule.convinced_at <= 100:
        yield Problem(
            scenery.id,
            "approval",
            "approval runs from walkout_at over start to convinced_at, within 0 and 100",
        )
    yield from lint_range(
        scenery.id,
        "approval.max_rounds",
        rule.max_rounds,
        low=max(len(scenery.panel), 1),
        high=40,
    )


def _lint_bank(scenery: Scenery, questions: Mapping[str, Question]) -> Iterator[Problem]:
    yield from lint_once(scenery.id, "question_tags", scenery.question_tags)
    known = {tag for question in questions.values() for tag in question.tags}
    for tag in scenery.question_tags:
        if tag not in known:
            yield Problem(
                scenery.id,
                "question_tags",
                "question_tags has %(tag)s, which no question carries",
                {"tag": tag},
                Severity.ADVICE,
            )
    n_open = len(_for_anybody(scenery, questions))
    if n_open == 0:
        yield Problem(
            scenery.id,
            "question_tags",
            "with these question_tags there is nothing to ask somebody whose résumé claims nothing",
        )
    elif n_open < scenery.goal_rounds:
        yield Problem(
            scenery.id,
            "question_tags",
            "only %(length)s questions here need no claim in the résumé; %(wanted)s rounds may"
            " come to repeat them",
            {"length": n_open, "wanted": scenery.goal_rounds},
            Severity.ADVICE,
        )


def _for_anybody(scenery: Scenery, questions: Mapping[str, Question]) -> list[Question]:
    """Return the questions that can be asked whatever the résumé says."""
    kept_for_branches = {branch.goto for branch in scenery.branches}
    return [
        question
        for question in questions.values()
        if not question.when.any_fact
        and question.id not in kept_for_branches
        and set(question.tags) & set(scenery.question_tags)
    ]


def _lint_branches(scenery: Scenery, questions: Mapping[str, Question]) -> Iterator[Problem]:
    yield from lint_once(scenery.id, "branches", [branch.trigger for branch in scenery.branches])
    for branch in scenery.branches:
        field = f"branches.{branch.trigger}"
        yield from lint_text(scenery.id, f"{field}.label", branch.label, limits=_LABEL_LIMITS)
        if not _is_branch_trigger(branch):
            yield from lint_word(
                scenery.id, f"{field}.trigger", branch.trigger, (*TRIGGERS, "streak.3")
            )
        if branch.goto not in questions:
            yield Problem(
                scenery.id,
                f"{field}.goto",
                "the branch at %(trigger)s goes to %(goto)s, which does not exist",
                {"trigger": branch.trigger, "goto": branch.goto},
            )


def _is_branch_trigger(branch: Branch) -> bool:
    count = branch.trigger.removeprefix(STREAK)
    is_streak = branch.trigger.startswith(STREAK) and count.isdecimal()
    return branch.trigger in TRIGGERS or (is_streak and 1 <= int(count) <= MAX_STREAK)
