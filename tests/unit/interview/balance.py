"""Simulated candidates for the balance table: the real engine, scores drawn instead of read.

A candidate of skill m answers every question with q drawn from a normal distribution (mean m,
deviation 12), clamped to 0..100. Everything else, who asks, par, damage, approval, the end, is the
game's own.
"""

import random
from dataclasses import dataclass
from statistics import median

from interview.domain import game
from interview.domain.events import Result
from interview.domain.game import Hearing
from interview.domain.judgement import Marks
from interview.domain.persona import Dimension
from interview.domain.position import Position
from interview.domain.reading.answers import Answer
from interview.domain.reading.lengths import LengthBand
from interview.domain.room import Room, Status
from interview.domain.scenery import Mode
from interview.domain.scoring import Score
from tests.factories.games import ask, make_position, opened

DEVIATION = 12.0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of a number of runs by one skill."""

    win_rate: float
    median_rounds: float
    median_winning_rounds: float | None


def simulate(
    mode: Mode, *, skill: float, n_runs: int, position: Position | None = None
) -> Outcomes:
    """Play ``n_runs`` games with q around ``skill`` and return what became of them."""
    played = [_play(mode, skill, run, position or make_position()) for run in range(n_runs)]
    won = [room.rounds_answered for room in played if room.result is Result.WON]
    return Outcomes(
        win_rate=len(won) / n_runs,
        median_rounds=median(room.rounds_answered for room in played),
        median_winning_rounds=median(won) if won else None,
    )


def _play(mode: Mode, skill: float, run: int, position: Position) -> Room:
    chance = random.Random(f"{mode} {skill} {run}")
    record = opened(position, mode=mode, seed=run)
    while record.room.status is not Status.SETTLED:
        ask(record)
        q = round(max(0.0, min(100.0, chance.gauss(skill, DEVIATION))), 1)
        hearing = _hearing(record.room, position, q)
        game.take_hearing(record, position, hearing, text="...", client_id=str(record.room.offset))
        record.events.clear()
    return record.room


def _hearing(room: Room, position: Position, q: float) -> Hearing:
    is_strong = q >= room.par + 15
    score = Score(
        q=q,
        levels=dict.fromkeys(Dimension, 2),
        evidence=(),
        caps=(),
        explain=f"q {q}",
        triggers=("strong",) if is_strong else ("no_number",),
        reason="no_number",
    )
    return Hearing(
        question=position.edition.questions[room.thread.question_id],
        answer=Answer(original="...", text="...", language="en", length=80, band=LengthBand.GOOD),
        scores=dict.fromkeys(room.panel, score),
        marks=Marks(asker=room.thread.speaker, by_persona=dict.fromkeys(room.panel, q)),
    )
