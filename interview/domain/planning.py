"""What the speaker will ask: the question choice and the follow-up tree, as pure functions.

A plan comes before any word is spoken. The scripted panel says it as it stands; a model gets it
as guidance. Choice of a root question, highest first (product rules, section 6):
``3 * fact match + 2 * persona affinity + 2 * weakness hit + scenery + difficulty fit
- 4 * already asked tag``, ties by lot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Literal

from interview.domain.bilingual import Language, Text
from interview.domain.events import TurnPlanned
from interview.domain.lots import lot
from interview.domain.position import Position
from interview.domain.questions import FollowUp, Question
from interview.domain.resume import Fact, Resume
from interview.domain.resume import claim as claim_of
from interview.domain.room import Room

MAX_DEPTH = 3
CLAIM_SLOT = "{claim}"


def level(room: Room, position: Position) -> int:
    """Return the difficulty asked for now: 1 to the scenery's maximum."""
    rule = position.scenery.difficulty
    risen = (max(room.round, 1) - 1) // rule.up_every_rounds
    return max(1, min(rule.max, room.difficulty + risen + room.level_bonus))


def pressure(room: Room, position: Position) -> int:
    """Return how many follow-ups one root question may draw now: 1 to MAX_DEPTH."""
    return min(MAX_DEPTH, 1 + (level(room, position) - 1) // 2)


def plan_root(room: Room, position: Position, speaker: str) -> TurnPlanned:
    """Return the root question this speaker asks next, the best match to the résumé first."""
    question = max(
        _candidates(room, position, speaker),
        key=lambda q: (_worth(room, position, speaker, q), _tie(room, speaker, q)),
    )
    return _root_plan(room, position, speaker, question, intent="root")


def best_worth(room: Room, position: Position, speaker: str) -> float:
    """Return how good the speaker's best question would be; for the director."""
    candidates = _candidates(room, position, speaker)
    return max(_worth(room, position, speaker, q) for q in candidates)


def plan_branch(room: Room, position: Position, speaker: str, trigger: str) -> TurnPlanned | None:
    """Return the side line that ``trigger`` opens, once per room; None where there is none."""
    for branch in position.scenery.branches:
        if branch.trigger != trigger or trigger in room.fired_branches:
            continue
        question = position.edition.questions[branch.goto]
        if question.id not in room.asked and _is_askable(question, position):
            plan = _root_plan(room, position, speaker, question, intent="branch")
            return replace(plan, trigger=trigger, followup_id=f"branch:{trigger}")
    return None


def plan_follow_up(room: Room, position: Position, triggers: Sequence[str]) -> TurnPlanned | None:
    """Return the armed follow-up of highest priority, or None when the panel moves on."""
    thread = room.thread
    if thread.depth >= pressure(room, position):
        return None
    question = position.edition.questions[thread.question_id]
    armed = [
        followup
        for followup in question.followups
        if followup.trigger in triggers and followup.id not in thread.used_followups
    ]
    for followup in sorted(armed, key=lambda f: -f.priority):
        plan = _follow(room, position, question, followup)
        if plan is not None:
            return plan
    return None


def _follow(
    room: Room, position: Position, question: Question, followup: FollowUp
) -> TurnPlanned | None:
    if followup.goto is not None:
        target = position.edition.questions[followup.goto]
        if target.id in room.asked or not _is_askable(target, position):
            return None
        plan = _root_plan(room, position, room.thread.speaker, target, intent="escalate")
        return replace(plan, trigger=followup.trigger, followup_id=followup.id)
    if followup.ask is None:
        return None
    return TurnPlanned(
        speaker=room.thread.speaker,
        intent="follow_up",
        question_id=question.id,
        text=_fill(
            followup.ask, language_of(room, position, room.thread.speaker), room.thread.claim
        ),
        trigger=followup.trigger,
        followup_id=followup.id,
        fact_id=room.thread.fact_id,
        claim=room.thread.claim,
        depth=room.thread.depth + 1,
    )


def language_of(room: Room, position: Position, speaker: str) -> Language:
    """Return the language the persona speaks in this room."""
    own = position.persona(speaker).speak_lang
    return room.language if own == "room" else own


def _root_plan(
    room: Room,
    position: Position,
    speaker: str,
    question: Question,
    *,
    intent: Literal["root", "escalate", "branch"],
) -> TurnPlanned:
    fact = _fact_for(room, position, question)
    claim = claim_of(fact) if fact is not None else None
    return TurnPlanned(
        speaker=speaker,
        intent=intent,
        question_id=question.id,
        text=_fill(question.ask, language_of(room, position, speaker), claim),
        fact_id=fact.id if fact is not None else None,
        claim=claim,
        tags=list(question.tags),
    )


def _fill(ask: Text, language: Language, claim: str | None) -> str:
    return ask.pick(language).replace(CLAIM_SLOT, claim or "")


def _candidates(room: Room, position: Position, speaker: str) -> list[Question]:
    """Return what the speaker may ask: their own questions, else anybody's, else all once more."""
    open_now = [q for q in position.edition.questions.values() if _is_open(q, position)]
    fresh = [q for q in open_now if q.id not in room.asked]
    own = [q for q in fresh if not q.personas or speaker in q.personas]
    return own or fresh or open_now


def _is_open(question: Question, position: Position) -> bool:
    """Return whether the question fits this résumé and scenery and is no side line's target."""
    if any(branch.goto == question.id for branch in position.scenery.branches):
        return False
    if question.when.any_fact:
        return _is_askable(question, position)
    return bool(set(question.tags) & set(position.scenery.question_tags))


def _is_askable(question: Question, position: Position) -> bool:
    """Return whether the question's slots can be filled from this résumé."""
    return not question.when.any_fact or any(_matching(question, position))


def _matching(question: Question, position: Position) -> Iterable[Fact]:
    patterns = question.when.any_fact
    for fact in position.resume.facts:
        if fact.key == "date.range" and _is_study(fact, position.resume):
            continue
        if any(fnmatchcase(key, pattern) for pattern in patterns for key in (fact.key, *fact.keys)):
            yield fact


def _is_study(dates: Fact, resume: Resume) -> bool:
    """Return whether the dates are those of a degree, which nobody on the panel asks about."""
    return dates.section == "education" or any(
        fact.key == "edu"
        and "\n" not in resume.text[min(fact.start, dates.start) : max(fact.end, dates.end)]
        for fact in resume.facts
    )


def _fact_for(room: Room, position: Position, question: Question) -> Fact | None:
    """Return the fact to attack: a weak spot first, then one not spent yet, then by lot."""
    wanted = set(question.when.weakness)
    return max(
        _matching(question, position),
        key=lambda fact: (
            bool(wanted.intersection(fact.weaknesses)),
            fact.id not in room.spent_facts,
            bool(fact.weaknesses),
            lot(room.seed, "fact", question.id, fact.id),
        ),
        default=None,
    )


def _worth(room: Room, position: Position, speaker: str, question: Question) -> float:
    fact = _fact_for(room, position, question)
    is_fresh = fact is not None and fact.id not in room.spent_facts
    hits = fact is not None and bool(set(question.when.weakness).intersection(fact.weaknesses))
    suits = speaker in question.personas
    in_scenery = bool(set(question.tags) & set(position.scenery.question_tags))
    fit = 2 - abs(question.difficulty - level(room, position))
    repeated = question.tags[:1] and question.tags[0] in room.asked_tags
    return 3 * is_fresh + 2 * suits + 2 * hits + 2 * in_scenery + fit - 4 * bool(repeated)


def _tie(room: Room, speaker: str, question: Question) -> int:
    return lot(room.seed, room.round, speaker, question.id)
