"""What the speaker will ask: the question choice and the follow-up tree.

A plan comes before any word is spoken. The scripted panel says it as it stands; a model gets it
as guidance. Choice of a root question, highest first (product rules, section 6):
``3 * fact match + 2 * persona affinity + 2 * weakness hit + scenery + difficulty fit
- 4 * already asked tag``, ties by lot.
"""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Literal

from interview.domain.bilingual import Language, Text
from interview.domain.events import TurnPlanned
from interview.domain.lots import lot
from interview.domain.position import Position
from interview.domain.questions import FollowUp, Question
from interview.domain.reading.resume import Fact, Resume, Weakness
from interview.domain.reading.resume import claim as claim_of
from interview.domain.room import Room

MAX_DEPTH = 3
CLAIM_SLOT = "{claim}"

# A weakness makes a claim the better target; a question of this one alone holds it against the
# claim, and would be nonsense without it.
_PERFECTION = frozenset({Weakness.PERFECT_NUMBER})


def level(room: Room, position: Position) -> int:
    """Return the difficulty asked for now: 1 to the scenery's maximum."""
    rule = position.scenery.difficulty
    risen = (max(room.round, 1) - 1) // rule.up_every_rounds
    return max(1, min(rule.max, room.difficulty + risen + room.level_bonus))


def pressure(room: Room, position: Position) -> int:
    """Return how many follow-ups one root question may draw now: 1 to MAX_DEPTH."""
    return min(MAX_DEPTH, 1 + (level(room, position) - 1) // 2)


def language_of(room: Room, position: Position, speaker: str) -> Language:
    """Return the language the persona speaks in this room."""
    own = position.persona(speaker).speak_lang
    return room.language if own == "room" else own


class Planner:
    """What the panel of one room may ask now; made for one plan, while the room stands still.

    Questions are matched to the résumé's facts once, whatever is asked of the planner: this runs
    while the room's row is locked.
    """

    def __init__(self, room: Room, position: Position) -> None:
        self._room = room
        self._position = position
        self._facts = _attackable(position.resume)
        self._keys = frozenset(key for fact in self._facts for key in _keys_of(fact))
        self._targets: dict[str, Fact | None] = {}
        self._fitting: dict[str, list[Fact]] = {}

    def root(self, speaker: str) -> TurnPlanned:
        """Return the root question this speaker asks next, the best match to the résumé first."""
        question = max(
            self._candidates(speaker),
            key=lambda q: (self._worth(speaker, q), _tie(self._room, speaker, q)),
        )
        return self._root_plan(speaker, question, intent="root")

    def best_worth(self, speaker: str) -> float:
        """Return how good the speaker's best question would be; for the director."""
        return max(self._worth(speaker, question) for question in self._candidates(speaker))

    def branch(self, speaker: str, trigger: str) -> TurnPlanned | None:
        """Return the side line that ``trigger`` opens, once per room; None where there is none."""
        for branch in self._position.scenery.branches:
            if branch.trigger != trigger or trigger in self._room.fired_branches:
                continue
            question = self._position.edition.questions[branch.goto]
            if question.id not in self._room.asked and self._is_askable(question):
                plan = self._root_plan(speaker, question, intent="branch")
                return replace(plan, trigger=trigger, followup_id=f"branch:{trigger}")
        return None

    def follow_up(self, triggers: Sequence[str]) -> TurnPlanned | None:
        """Return the armed follow-up of highest priority, or None when the panel moves on."""
        thread = self._room.thread
        if thread.depth >= pressure(self._room, self._position):
            return None
        question = self._position.edition.questions[thread.question_id]
        armed = [
            followup
            for followup in question.followups
            if followup.trigger in triggers and followup.id not in thread.used_followups
        ]
        for followup in sorted(armed, key=lambda f: -f.priority):
            plan = self._follow(question, followup)
            if plan is not None:
                return plan
        return None

    def _follow(self, question: Question, followup: FollowUp) -> TurnPlanned | None:
        thread = self._room.thread
        if followup.goto is not None:
            target = self._position.edition.questions[followup.goto]
            if target.id in self._room.asked or not self._is_askable(target):
                return None
            plan = self._root_plan(thread.speaker, target, intent="escalate")
            return replace(plan, trigger=followup.trigger, followup_id=followup.id)
        if followup.ask is None:
            return None
        return TurnPlanned(
            speaker=thread.speaker,
            intent="follow_up",
            question_id=question.id,
            text=self._filled(followup.ask, thread.speaker, thread.claim),
            trigger=followup.trigger,
            followup_id=followup.id,
            fact_id=thread.fact_id,
            claim=thread.claim,
            depth=thread.depth + 1,
        )

    def _root_plan(
        self, speaker: str, question: Question, *, intent: Literal["root", "escalate", "branch"]
    ) -> TurnPlanned:
        fact = self._target(question)
        claim = claim_of(fact) if fact is not None else None
        return TurnPlanned(
            speaker=speaker,
            intent=intent,
            question_id=question.id,
            text=self._filled(question.ask, speaker, claim),
            fact_id=fact.id if fact is not None else None,
            claim=claim,
            tags=list(question.tags),
        )

    def _filled(self, ask: Text, speaker: str, claim: str | None) -> str:
        language = language_of(self._room, self._position, speaker)
        return ask.pick(language).replace(CLAIM_SLOT, claim or "")

    def _candidates(self, speaker: str) -> list[Question]:
        """Return what they may ask: their own questions, else anybody's, else all once more."""
        fresh = [q for q in self._open if q.id not in self._room.asked]
        own = [q for q in fresh if not q.personas or speaker in q.personas]
        return own or fresh or self._open

    @cached_property
    def _open(self) -> list[Question]:
        """The questions that fit this résumé and scenery and are no side line's target."""
        scenery = self._position.scenery
        aside = {branch.goto for branch in scenery.branches}
        return [
            question
            for question in self._position.edition.questions.values()
            if question.id not in aside and self._fits(question)
        ]

    def _fits(self, question: Question) -> bool:
        return self._is_askable(question) if question.when.any_fact else self._is_on_topic(question)

    def _is_on_topic(self, question: Question) -> bool:
        return not set(question.tags).isdisjoint(self._position.scenery.question_tags)

    def _is_askable(self, question: Question) -> bool:
        """Return whether the question's slots can be filled from this résumé."""
        return not question.when.any_fact or bool(self._attackable_by(question))

    def _target(self, question: Question) -> Fact | None:
        """Return the fact to attack: a weak spot first, then one not spent yet, then by lot."""
        if question.id not in self._targets:
            self._targets[question.id] = self._chosen(question)
        return self._targets[question.id]

    def _chosen(self, question: Question) -> Fact | None:
        wanted = set(question.when.weakness)
        return max(
            self._attackable_by(question),
            key=lambda fact: (
                bool(wanted.intersection(fact.weaknesses)),
                fact.id not in self._room.spent_facts,
                bool(fact.weaknesses),
                lot(self._room.seed, "fact", question.id, fact.id),
            ),
            default=None,
        )

    def _attackable_by(self, question: Question) -> list[Fact]:
        """Return the facts the question fits: of its kinds, and too perfect where it says so."""
        if question.id not in self._fitting:
            keys = _called_for(question.when.any_fact, self._keys)
            wanted = frozenset(question.when.weakness)
            needed = wanted if wanted == _PERFECTION else frozenset()
            self._fitting[question.id] = [
                fact
                for fact in self._facts
                if not keys.isdisjoint(_keys_of(fact)) and needed.issubset(fact.weaknesses)
            ]
        return self._fitting[question.id]

    def _worth(self, speaker: str, question: Question) -> float:
        fact = self._target(question)
        is_fresh = fact is not None and fact.id not in self._room.spent_facts
        hits = fact is not None and bool(set(question.when.weakness).intersection(fact.weaknesses))
        suits = speaker in question.personas
        in_scenery = self._is_on_topic(question)
        fit = 2 - abs(question.difficulty - level(self._room, self._position))
        repeated = question.tags[:1] and question.tags[0] in self._room.asked_tags
        return 3 * is_fresh + 2 * suits + 2 * hits + 2 * in_scenery + fit - 4 * bool(repeated)


def _attackable(resume: Resume) -> tuple[Fact, ...]:
    """Return the facts somebody on the panel may ask about."""
    return tuple(
        fact for fact in resume.facts if not (fact.key == "date.range" and _is_study(fact, resume))
    )


def _is_study(dates: Fact, resume: Resume) -> bool:
    """Return whether the dates are those of a degree, which nobody on the panel asks about."""
    return dates.section == "education" or any(
        fact.key == "edu"
        and "\n" not in resume.text[min(fact.start, dates.start) : max(fact.end, dates.end)]
        for fact in resume.facts
    )


def _keys_of(fact: Fact) -> tuple[str, ...]:
    return (fact.key, *fact.keys)


@lru_cache(maxsize=4096)
def _called_for(patterns: tuple[str, ...], keys: frozenset[str]) -> frozenset[str]:
    """Return the keys that any of the patterns asks for."""
    return frozenset(key for key in keys if any(fnmatchcase(key, pattern) for pattern in patterns))


def _tie(room: Room, speaker: str, question: Question) -> int:
    return lot(room.seed, room.round, speaker, question.id)
