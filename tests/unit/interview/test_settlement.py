"""The story of a settled room: rounds, moments, a sum that adds up."""

from interview.domain import events as ev
from interview.domain import game
from interview.domain.errors import GameError, QueueFullError, RateLimitedError
from interview.domain.events import Event, Result
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


def test_a_won_panel_is_paid_in_rounds_saved_and_in_surplus() -> None:
    room = Room(
        mode=Mode.CONVINCE, result=Result.WON, rounds_answered=4, n_hints=1, score=9_000 - 25
    )
    room.approval = {"ada": 76, "ben": 76}

    lines = settle(room, []).lines

    assert [(line.label, line.points, line.count) for line in lines] == [
        ("saved", 9_000, 9),
        ("surplus", 6, 0),
        ("hints", -31, 1),
    ]


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


def _round(number: int, *, q: float, par: float, after: float) -> list[Event]:
    """Return one round that starts where the verdict stands at fifty."""
    plan = ev.TurnPlanned(speaker="ada", intent="root", question_id="q", text="?")
    scored = ev.AnswerScored(
        q=q,
        par=par,
        tier="rules",
        dimensions={},
        evidence=[],
        caps=[],
        explain="",
        round=number,
        persona="ada",
        verdict_before=50.0,
        verdict_after=after,
    )
    return [
        Event(2 * number + place, opened().at, fact) for place, fact in enumerate((plan, scored))
    ]


def _kinds(*rounds: list[Event]) -> list[tuple[str, int]]:
    story = settle(Room(score=0, hp_at_last_round=0), [event for each in rounds for event in each])
    return [(moment.kind.value, moment.played.round) for moment in story.moments]


def test_of_two_weak_answers_the_better_one_is_not_called_the_worst() -> None:
    first, second = _round(1, q=40, par=55, after=9), _round(2, q=13, par=56, after=44)

    assert _kinds(first, second) == [("worst", 2), ("best", 1)]


def test_a_single_answer_is_the_best_or_the_worst_as_it_deserves() -> None:
    assert _kinds(_round(1, q=70, par=55, after=50)) == [("best", 1)]
    assert _kinds(_round(1, q=20, par=55, after=30)) == [("worst", 1)]


def test_where_nothing_moved_nothing_turned() -> None:
    rounds = [_round(number, q=70 + number, par=55, after=50.4) for number in (1, 2, 3)]

    assert _kinds(*rounds) == [("worst", 1), ("best", 3)]


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
