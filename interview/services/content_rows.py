"""Authors' rows as the domain's classes, and the queries that bring along what they are made of."""

from django.db.models import QuerySet

from interview.domain.bilingual import Text
from interview.domain.persona import Band, Dimension, Persona, Portrait
from interview.domain.questions import Expectation, FollowUp, KeyPoint, Question, When
from interview.domain.scenery import (
    Approval,
    Branch,
    Difficulty,
    Mode,
    Scenery,
    Strategy,
    StrategyChoice,
    WinRule,
)
from interview.models import Persona as PersonaRow
from interview.models import Question as QuestionRow
from interview.models import Scenery as SceneryRow


def personas() -> QuerySet[PersonaRow]:
    """Return all personas with what `persona` reads."""
    return PersonaRow.objects.prefetch_related("lines")


def sceneries() -> QuerySet[SceneryRow]:
    """Return all sceneries with what `scenery` reads of one row."""
    return SceneryRow.objects.select_related("chair")


def questions() -> QuerySet[QuestionRow]:
    """Return all questions with what `question` reads."""
    return QuestionRow.objects.prefetch_related("key_points", "followups__goto", "personas")


def persona(row: PersonaRow) -> Persona:
    """Return the persona with its lines in order."""
    lines: dict[Band, list[Text]] = {}
    for line in row.lines.all():
        lines.setdefault(Band(line.band), []).append(Text(line.zh, line.en))
    return Persona(
        id=row.slug,
        version=row.version,
        archetype=row.archetype,
        name=Text(row.name_zh, row.name_en),
        title=Text(row.title_zh, row.title_en),
        tagline=Text(row.tagline_zh, row.tagline_en),
        first_mes=Text(row.first_mes_zh, row.first_mes_en),
        system_prompt=row.system_prompt,
        weights={Dimension(name): weight for name, weight in row.weights.items()},
        lines={band: tuple(texts) for band, texts in lines.items()},
        think_lang="zh" if row.think_lang == "zh" else "en",
        speak_lang="zh" if row.speak_lang == "zh" else "en" if row.speak_lang == "en" else "room",
        pace_cps=row.pace_cps,
        temper=row.temper,
        goals=tuple(row.goals),
        taboos=tuple(row.taboos),
        mes_example=row.mes_example,
        post_history_instructions=row.post_history_instructions,
        creator_notes=row.creator_notes,
        tags=tuple(row.tags),
        portrait=Portrait(**row.portrait),
        motif=tuple(row.motif),
        extensions=row.extensions,
    )


def scenery(row: SceneryRow) -> Scenery:
    """Return the scenery with its panel in order."""
    return Scenery(
        id=row.slug,
        version=row.version,
        title=Text(row.title_zh, row.title_en),
        blurb=Text(row.blurb_zh, row.blurb_en),
        panel=tuple(seat.persona.slug for seat in row.seats.select_related("persona")),
        chair=row.chair.slug,
        goal_rounds=row.goal_rounds,
        question_tags=tuple(row.question_tags),
        modes=tuple(Mode(mode) for mode in row.modes),
        languages=tuple("zh" if language == "zh" else "en" for language in row.languages),
        strategy=StrategyChoice(
            default=Strategy(row.strategy_default),
            allowed=tuple(Strategy(name) for name in row.strategies_allowed),
        ),
        difficulty=Difficulty(
            start=row.difficulty_start,
            up_every_rounds=row.difficulty_up_every_rounds,
            max=row.difficulty_max,
        ),
        approval=Approval(
            start=row.approval_start,
            convinced_at=row.approval_convinced_at,
            walkout_at=row.approval_walkout_at,
            rule=WinRule(row.approval_rule),
            max_rounds=row.approval_max_rounds,
        ),
        branches=tuple(
            Branch(branch["trigger"], branch["goto"], Text(**branch["label"]))
            for branch in row.branches
        ),
        backdrop=row.backdrop,
    )


def question(row: QuestionRow) -> Question:
    """Return the question with its key points and follow-ups in order."""
    return Question(
        id=row.slug,
        tags=tuple(row.tags),
        difficulty=row.difficulty,
        ask=Text(row.ask_zh, row.ask_en),
        key_points=tuple(
            KeyPoint(
                id=point.slug,
                weight=point.weight,
                any=tuple(point.terms),
                label=Text(point.label_zh, point.label_en),
            )
            for point in row.key_points.all()
        ),
        followups=tuple(
            FollowUp(
                id=followup.slug,
                trigger=followup.trigger,
                priority=followup.priority,
                ask=Text(followup.ask_zh, followup.ask_en) if followup.goto is None else None,
                goto=followup.goto.slug if followup.goto else None,
            )
            for followup in row.followups.all()
        ),
        better=Text(row.better_zh, row.better_en),
        best_q=row.best_q,
        when=When(any_fact=tuple(row.any_fact), weakness=tuple(row.weakness)),
        personas=tuple(persona.slug for persona in row.personas.all()),
        expects=tuple(Expectation(name) for name in row.expects),
    )
