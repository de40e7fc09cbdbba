"""The story of a settled room: rounds, moments, a sum that adds up."""

from interview.domain import events as ev
from interview.domain import game
from interview.domain.errors import GameError, QueueFullError, RateLimitedError
from interview.domain.events import Event
from interview.domain.problems import problem
from interview.domain.room import Record, Room, Status
from interview.domain.scenery import Mode
from interview.domain.settlement import MomentKind, settle
from tests.factories.games import ask, make_position, opened

POSITION = make_position()
ANSWERS = (
    "I cut it from 900 ms to 310 ms at p99 over two weeks because I moved the cache; the price "
    "was stale reads, which I bounded with a TTL of 60 seconds and an alert.",
    "We did a lot and it went well.",
    "It was a team effort, basically world-class.",
)


def _played(mode: Mode, n_answers: int) -> Record:
    record = opened(POSITION, mode=mode)
    for number in range(n_answers):
        if record.room.status is Status.SETTLED:
            break
        text = f"{ANSWERS[number % 3]} Case {number}."
        game.take_answer(ask(record), POSITION, text=text, client_id=str(number))
    if record.room.status is not Status.SETTLED:
        game.leave(record)
    return record


def test_the_lines_of_the_score_add_up_in_both_modes() -> None:
    for mode in Mode:
        record = _played(mode, 4)
        story = settle(record.room, record.events)
        assert sum(line.points for line in story.lines) == record.room.score


def test_a_score_that_hints_would_push_below_zero_says_so() -> None:
    room = Room(mode=Mode.SURVIVE, n_hints=9, rounds_answered=0, hp_at_last_round=40, score=0)

    story = settle(room, [])

    assert [(line.label, line.points) for line in story.lines][-1] == ("floor", 95)
    assert sum(line.points for line in story.lines) == 0


def test_rounds_carry_what_was_heard_and_what_was_said() -> None:
    record = _played(Mode.SURVIVE, 2)

    story = settle(record.room, record.events)

    assert [played.round for played in story.rounds] == [1, 2]
    assert story.rounds[0].question == "“Cut latency to 310ms”: measured how?"
    assert story.rounds[0].answer == f"{ANSWERS[0]} Case 0."
    assert story.rounds[1].swing < 0


def test_moments_are_different_rounds_worst_first() -> None:
    record = _played(Mode.SURVIVE, 3)

    moments = settle(record.room, record.events).moments

    assert [moment.kind for moment in moments] == [
        MomentKind.WORST,
        MomentKind.BEST,
        MomentKind.TURNING,
    ]
    assert len({moment.played.round for moment in moments}) == 3
    assert moments[1].played.round == 1


def test_a_room_left_before_any_answer_has_no_moments() -> None:
    record = _played(Mode.SURVIVE, 0)

    story = settle(record.room, record.events)

    assert (story.rounds, story.moments) == ([], [])


def test_an_answer_to_an_interrupted_question_shows_what_had_been_heard() -> None:
    record = opened(POSITION)
    turn = record.room.turn
    assert turn is not None
    record.add(ev.TurnQueued(0, 1), turn.id)
    record.add(ev.TurnStarted("ada", "s", "m", "primary", 0.0, 1), turn.id)
    record.add(ev.TurnCancelled("candidate", "“Cut lat", ev.Usage(), True, 9), turn.id)
    game.take_answer(record, POSITION, text="Yes.", client_id="c")

    assert settle(record.room, record.events).rounds[0].question == "“Cut lat"


def test_facts_before_any_plan_are_passed_over() -> None:
    stray = Event(1, opened().at, ev.RoundStarted(1, 55.0))

    assert settle(Room(score=0, hp_at_last_round=0), [stray]).rounds == []


def test_a_refusal_is_a_problem_document() -> None:
    document = problem(QueueFullError("Busy.", retry_after_seconds=4), request_id="r1")

    assert document == {
        "type": "urn:hotseat:problem:queue_full",
        "title": "The panel is busy",
        "status": 503,
        "detail": "Busy.",
        "code": "queue_full",
        "request_id": "r1",
        "retry_after_s": 4,
    }
    assert problem(GameError(), request_id="")["detail"] == "Something broke on our side"
    assert RateLimitedError("Slow.", retry_after_seconds=9).retry_after_seconds == 9
