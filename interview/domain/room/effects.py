"""What each fact changes in a room."""

from dataclasses import replace
from functools import singledispatch
from typing import cast

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.events import Payload
from interview.domain.room.state import Pace, Room, Thread
from interview.domain.turn import Turn

KEPT_SKETCHES = 24


def _current(room: Room) -> Turn:
    return cast("Turn", room.turn)  # `next_turn` let no fact of a turn pass without one


@singledispatch
def apply(_event: Payload, _room: Room) -> None:
    """Change the room by one fact; a fact without a handler is for readers only."""


@apply.register
def _speaker_selected(event: ev.TurnSpeakerSelected, room: Room) -> None:
    room.n_turns += 1
    if event.speaker not in room.has_asked:
        room.has_asked.append(event.speaker)


@apply.register
def _room_created(event: ev.RoomCreated, room: Room) -> None:
    room.scenery, room.scenery_version = event.scenery, event.scenery_version
    room.mode, room.language, room.strategy = event.mode, event.language, event.strategy
    room.seed, room.engine, room.ruleset = event.seed, event.engine, event.ruleset
    room.edition, room.nickname = event.edition, event.nickname
    room.panel, room.approval = list(event.panel), dict(event.approval)
    room.hp = room.hp_at_last_round = event.hp
    room.difficulty = event.difficulty
    room.max_rounds, room.convinced_at = event.max_rounds, event.convinced_at


@apply.register
def _room_settled(event: ev.RoomSettled, room: Room) -> None:
    room.result, room.reason, room.score = event.result, event.reason, event.score


@apply.register
def _settings_changed(event: ev.SettingsChanged, room: Room) -> None:
    room.strategy = event.strategy or room.strategy
    room.pace = Pace(event.pace) if event.pace else room.pace
    room.difficulty = event.difficulty or room.difficulty
    room.language = event.language or room.language


@apply.register
def _round_started(event: ev.RoundStarted, room: Room) -> None:
    room.round, room.par = event.round, event.par


@apply.register
def _goal_reached(event: ev.GoalReached, room: Room) -> None:
    room.goal_reached = True


@apply.register
def _planned(event: ev.TurnPlanned, room: Room) -> None:
    room.planned_text = event.text
    if event.intent == "repeat":
        return
    if event.intent == "follow_up" and event.followup_id is not None:
        room.thread.depth, room.thread.trigger = event.depth, event.trigger
        room.thread.used_followups.append(event.followup_id)
        return
    room.thread = Thread(
        question_id=event.question_id,
        speaker=event.speaker,
        fact_id=event.fact_id,
        claim=event.claim,
        trigger=event.trigger,
    )
    room.asked.append(event.question_id)
    room.asked_tags.extend(tag for tag in event.tags if tag not in room.asked_tags)
    room.pool = [event.speaker] if event.speaker in room.pool else [*room.pool, event.speaker]
    room.n_roots += 1
    room.root_asked_at[event.speaker] = room.n_roots
    if event.fact_id is not None:
        room.spent_facts.append(event.fact_id)
    if event.intent == "escalate":
        room.level_bonus += 1


@apply.register
def _queued(event: ev.TurnQueued, room: Room) -> None:
    room.turn = replace(_current(room), epoch=event.epoch)


@apply.register
def _started(event: ev.TurnStarted, room: Room) -> None:
    room.turn = replace(_current(room), provider=event.provider)


@apply.register
def _degraded(_event: ev.TurnDegraded, room: Room) -> None:
    room.turn = replace(_current(room), is_degraded=True)


@apply.register
def _segment(event: ev.TurnSegment, room: Room) -> None:
    turn = _current(room)
    room.turn = replace(turn, text=turn.text + event.text, upto_seq=event.upto_seq)


@apply.register
def _done(event: ev.TurnDone, room: Room) -> None:
    room.turn = replace(_current(room), text=event.text)


@apply.register
def _broken_off(event: ev.TurnCancelled | ev.TurnFailed, room: Room) -> None:
    room.turn = replace(_current(room), text=event.kept_text)


@apply.register
def _answer_scored(event: ev.AnswerScored, room: Room) -> None:
    room.rounds_answered += 1
    room.last_triggers = list(event.triggers)
    room.thread.covered = sorted({*room.thread.covered, *event.key_points})
    room.claims = room.claims | event.claims
    room.sketches = [*room.sketches, event.sketch][-KEPT_SKETCHES:]
    room.n_contradictions += event.contradictions
    room.n_good += event.glyph.startswith("!")
    room.streak = modes.next_streak(room.streak, q=event.q, par=event.par)
    room.shielded = room.shielded or modes.earns_shield(room.streak)
    if event.reaction is not None:
        bag = f"{event.reaction.persona}/{event.reaction.band}"
        used = room.bags.get(bag, [])
        line = event.reaction.line
        room.bags[bag] = [line] if line in used else [*used, line]


@apply.register
def _followup_fired(event: ev.FollowupFired, room: Room) -> None:
    if event.id.startswith("branch:"):
        room.fired_branches.append(event.id.removeprefix("branch:"))


@apply.register
def _hint_taken(event: ev.HintTaken, room: Room) -> None:
    room.n_hints += 1
    room.hinted.append(event.question_id)


@apply.register
def _hp_changed(event: ev.HpChanged, room: Room) -> None:
    room.hp = event.new
    if event.new > 0:
        room.hp_at_last_round = event.new
    if event.shielded:
        room.shielded = False


@apply.register
def _approval_changed(event: ev.ApprovalChanged, room: Room) -> None:
    room.approval[event.persona] = event.new


@apply.register
def _convinced(event: ev.PersonaConvinced, room: Room) -> None:
    room.convinced.append(event.persona)


@apply.register
def _unconvinced(event: ev.PersonaUnconvinced, room: Room) -> None:
    room.convinced.remove(event.persona)


@apply.register
def _walked_out(event: ev.PersonaWalkedOut, room: Room) -> None:
    room.walked_out.append(event.persona)


@apply.register
def _injection(event: ev.IntegrityInjection, room: Room) -> None:
    room.n_injections = event.n_seen
