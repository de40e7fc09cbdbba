"""The domain's classes as authors' rows: the other direction of `content_rows`."""

from collections.abc import Iterable

import msgspec

from interview.domain.bilingual import Text
from interview.domain.persona import Persona
from interview.domain.questions import FollowUp, Question
from interview.domain.scenery import Scenery
from interview.models import FollowUp as FollowUpRow
from interview.models import KeyPoint as KeyPointRow
from interview.models import PanelSeat, PersonaLine
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Scenery as SceneryRow


def put_persona(row: PersonaRow, persona: Persona) -> None:
    """Write the persona and its lines into the row; the version is the caller's to set."""
    row.slug = persona.id
    row.archetype = persona.archetype
    _put_texts(
        row,
        name=persona.name,
        title=persona.title,
        tagline=persona.tagline,
        first_mes=persona.first_mes,
    )
    row.system_prompt = persona.system_prompt
    row.mes_example = persona.mes_example
    row.post_history_instructions = persona.post_history_instructions
    row.creator_notes = persona.creator_notes
    row.think_lang, row.speak_lang = persona.think_lang, persona.speak_lang
    row.pace_cps, row.temper = persona.pace_cps, persona.temper
    row.weights = {dimension.value: weight for dimension, weight in persona.weights.items()}
    row.goals, row.taboos = list(persona.goals), list(persona.taboos)
    row.tags, row.motif = list(persona.tags), list(persona.motif)
    row.portrait = msgspec.to_builtins(persona.portrait)
    row.extensions = dict(persona.extensions)
    row.save()
    row.lines.all().delete()
    PersonaLine.objects.bulk_create(
        PersonaLine(persona=row, band=band.value, order=order, zh=line.zh, en=line.en)
        for band, lines in persona.lines.items()
        for order, line in enumerate(lines)
    )


def put_scenery(row: SceneryRow, scenery: Scenery) -> None:
    """Write the scenery and its seats into the row; its personas must be there."""
    seated = {
        persona.slug: persona for persona in PersonaRow.objects.filter(slug__in=scenery.panel)
    }
    row.slug = scenery.id
    _put_texts(row, title=scenery.title, blurb=scenery.blurb)
    row.backdrop = scenery.backdrop
    row.chair = seated[scenery.chair]
    row.goal_rounds = scenery.goal_rounds
    row.question_tags = list(scenery.question_tags)
    row.modes = [mode.value for mode in scenery.modes]
    row.languages = list(scenery.languages)
    row.strategy_default = scenery.strategy.default.value
    row.strategies_allowed = [strategy.value for strategy in scenery.strategy.allowed]
    row.difficulty_start = scenery.difficulty.start
    row.difficulty_up_every_rounds = scenery.difficulty.up_every_rounds
    row.difficulty_max = scenery.difficulty.max
    row.approval_start = scenery.approval.start
    row.approval_convinced_at = scenery.approval.convinced_at
    row.approval_walkout_at = scenery.approval.walkout_at
    row.approval_rule = scenery.approval.rule.value
    row.approval_max_rounds = scenery.approval.max_rounds
    row.branches = msgspec.to_builtins(scenery.branches)
    row.save()
    row.seats.all().delete()
    PanelSeat.objects.bulk_create(
        PanelSeat(scenery=row, persona=seated[slug], order=order)
        for order, slug in enumerate(scenery.panel)
    )


def put_question(row: QuestionRow, question: Question) -> None:
    """Write all of a question but where its follow-ups go: those rows may not exist yet."""
    row.slug = question.id
    _put_texts(row, ask=question.ask, better=question.better)
    row.tags = list(question.tags)
    row.difficulty, row.best_q = question.difficulty, question.best_q
    row.any_fact, row.weakness = list(question.when.any_fact), list(question.when.weakness)
    row.expects = [expectation.value for expectation in question.expects]
    row.save()
    row.personas.set(PersonaRow.objects.filter(slug__in=question.personas))
    row.key_points.all().delete()
    KeyPointRow.objects.bulk_create(
        KeyPointRow(
            question=row,
            slug=point.id,
            order=order,
            weight=point.weight,
            terms=list(point.any),
            label_zh=point.label.zh,
            label_en=point.label.en,
        )
        for order, point in enumerate(question.key_points)
    )


def put_followups(questions: Iterable[Question]) -> None:
    """Write the follow-ups of questions whose rows, and those they go to, are all there."""
    questions = list(questions)
    ids = dict(QuestionRow.objects.values_list("slug", "pk"))
    FollowUpRow.objects.filter(question__slug__in=[question.id for question in questions]).delete()
    FollowUpRow.objects.bulk_create(
        _followup_row(followup, order, ids[question.id], ids)
        for question in questions
        for order, followup in enumerate(question.followups)
    )


def _followup_row(
    followup: FollowUp, order: int, question_pk: int, ids: dict[str, int]
) -> FollowUpRow:
    return FollowUpRow(
        question_id=question_pk,
        slug=followup.id,
        order=order,
        trigger=followup.trigger,
        priority=followup.priority,
        ask_zh=followup.ask.zh if followup.ask else "",
        ask_en=followup.ask.en if followup.ask else "",
        goto_id=ids[followup.goto] if followup.goto else None,
    )


def _put_texts(row: PersonaRow | SceneryRow | QuestionRow, **texts: Text) -> None:
    for name, text in texts.items():
        setattr(row, f"{name}_zh", text.zh)
        setattr(row, f"{name}_en", text.en)
