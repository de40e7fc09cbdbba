"""What they ask: the choice of a root question and the follow-up tree."""

from dataclasses import replace

from interview.domain import planning
from interview.domain.bilingual import Text
from interview.domain.planning import Planner
from interview.domain.position import Edition, Position
from interview.domain.questions import FollowUp, Question, When
from interview.domain.reading.resume import read_resume
from interview.domain.room import Room, Thread
from interview.domain.scenery import Branch, Difficulty
from tests.factories.games import (
    PANEL,
    make_persona,
    make_position,
    make_question,
    make_resume,
    make_scenery,
    make_text,
)


def _room(**changes: object) -> Room:
    room = Room(panel=list(PANEL), seed=7, language="en", round=1)
    for name, value in changes.items():
        setattr(room, name, value)
    return room


def _position(*questions: Question, **scenery: object) -> Position:
    return Position(
        edition=Edition(
            id="e",
            scenery=make_scenery(**scenery),
            personas={persona: make_persona(persona) for persona in PANEL},
            questions={question.id: question for question in questions},
        ),
        resume=make_resume(),
    )


def _topic(question_id: str, **changes: object) -> Question:
    return make_question(question_id, tags=(question_id, "topic"), **changes)


def _following(position: Position, question_id: str, **thread: object) -> Room:
    changes = {"question_id": question_id, "speaker": "ada", **thread}
    return _room(thread=Thread(**changes))  # type: ignore[arg-type]


def test_a_weak_claim_draws_the_first_question() -> None:
    plan = Planner(_room(), make_position()).root("ada")

    assert (plan.question_id, plan.fact_id) == ("q.claim", "F1")
    assert plan.text == "“Cut latency to 310ms”: measured how?"


def test_a_question_on_a_claim_is_not_asked_of_a_résumé_without_it() -> None:
    on_revenue = make_question("q.money", when=When(any_fact=("metric.revenue",)))
    position = _position(on_revenue, _topic("q.a"))

    assert Planner(_room(), position).root("ada").question_id == "q.a"


def test_a_question_that_holds_perfection_against_a_claim_needs_a_perfect_one() -> None:
    too_good = When(any_fact=("metric.*",), weakness=("perfect_number",))
    position = _position(make_question("q.perfect", when=too_good), _topic("q.a"))
    résumés = ("- Cut latency to 310 ms", "- Cut latency to 310 ms\n- Availability of 100%")

    asked = [
        Planner(_room(), replace(position, resume=read_resume(words))).root("ada")
        for words in résumés
    ]

    assert [plan.question_id for plan in asked] == ["q.a", "q.perfect"]
    assert asked[1].claim == "Availability of 100%"


def test_nobody_asks_about_the_years_of_a_degree() -> None:
    on_dates = make_question("q.calendar", when=When(any_fact=("date.range",)))
    position = replace(
        _position(on_dates, _topic("q.a")),
        resume=read_resume("BSc Information Management, 2016 – 2020\n"),
    )

    assert [fact.key for fact in position.resume.facts].count("date.range") == 1
    assert Planner(_room(), position).root("ada").question_id == "q.a"


def test_everybody_asks_their_own_questions_first() -> None:
    position = _position(_topic("q.a", personas=("ben",)), _topic("q.b", personas=("ada",)))

    assert Planner(_room(), position).root("ada").question_id == "q.b"
    assert Planner(_room(), position).root("ben").question_id == "q.a"


def test_with_nothing_of_their_own_left_they_borrow_and_at_last_repeat() -> None:
    position = _position(_topic("q.a", personas=("ben",)), _topic("q.b", personas=("ada",)))

    borrowed = Planner(_room(asked=["q.b"]), position).root("ada")
    repeated = Planner(_room(asked=["q.a", "q.b"]), position).root("ada")

    assert borrowed.question_id == "q.a"
    assert repeated.question_id in {"q.a", "q.b"}


def test_the_target_of_a_side_line_is_never_a_root_question() -> None:
    position = _position(
        _topic("q.boss", difficulty=2),
        _topic("q.a", difficulty=5),
        branches=(Branch("streak.3", "q.boss", make_text("Boss")),),
    )

    assert Planner(_room(), position).root("ada").question_id == "q.a"


def test_difficulty_rises_with_the_rounds_and_stops_at_the_top() -> None:
    position = _position(_topic("q.a"), difficulty=Difficulty(start=2, up_every_rounds=2, max=4))

    assert [planning.level(_room(round=n), position) for n in (0, 1, 2, 3, 5, 9)] == [
        2, 2, 2, 3, 4, 4,
    ]  # fmt: skip
    assert planning.pressure(_room(round=1), position) == 1
    assert planning.pressure(_room(round=9), position) == 2


def test_the_hardest_question_comes_when_the_level_asks_for_it() -> None:
    position = _position(_topic("q.easy", difficulty=1), _topic("q.hard", difficulty=5))

    assert Planner(_room(difficulty=5), position).root("ada").question_id == "q.hard"
    assert Planner(_room(difficulty=1), position).root("ada").question_id == "q.easy"


def test_a_topic_just_asked_waits() -> None:
    position = _position(
        make_question("q.a", tags=("cache", "topic")), make_question("q.b", tags=("queue", "topic"))
    )

    plan = Planner(_room(asked_tags=["cache"]), position).root("ada")

    assert plan.question_id == "q.b"


def test_the_armed_follow_up_of_highest_priority_is_asked() -> None:
    position = _position(_topic("q.a"))
    room = _following(position, "q.a", claim="Cut latency")

    plan = Planner(room, position).follow_up(["key_point_missing:cost", "no_number"])

    assert plan is not None
    assert (plan.followup_id, plan.trigger, plan.depth) == ("f1", "no_number", 1)


def test_no_follow_up_is_asked_twice_or_past_the_pressure() -> None:
    position = _position(_topic("q.a"))
    spent = _following(position, "q.a", used_followups=["f1"])
    deep = _following(position, "q.a", depth=1)

    plan = Planner(spent, position).follow_up(["no_number", "key_point_missing:cost"])

    assert plan is not None
    assert plan.followup_id == "f2"
    assert Planner(deep, position).follow_up(["no_number"]) is None
    assert Planner(spent, position).follow_up(["strong"]) is None


def test_a_follow_up_that_goes_somewhere_is_passed_over_when_it_cannot() -> None:
    going = (
        FollowUp("g1", "no_number", 95, goto="q.b"),
        FollowUp("g2", "no_number", 90, goto="q.money"),
        FollowUp("g3", "no_number", 80),
        FollowUp("g4", "no_number", 70, ask=make_text("So how much?")),
    )
    position = _position(
        _topic("q.a", followups=going),
        _topic("q.b"),
        make_question("q.money", when=When(any_fact=("metric.revenue",))),
    )
    room = _following(position, "q.a")

    gone = Planner(room, position).follow_up(["no_number"])
    room.asked = ["q.b"]
    asked = Planner(room, position).follow_up(["no_number"])

    assert gone is not None
    assert asked is not None
    assert (gone.intent, gone.question_id, gone.followup_id) == ("escalate", "q.b", "g1")
    assert (asked.intent, asked.followup_id) == ("follow_up", "g4")


def test_a_side_line_opens_once_and_only_when_it_can_be_asked() -> None:
    branches = (
        Branch("streak.3", "q.money", make_text("Money")),
        Branch("streak.3", "q.b", make_text("Boss")),
    )
    position = _position(
        _topic("q.a"),
        _topic("q.b"),
        make_question("q.money", when=When(any_fact=("metric.revenue",))),
        branches=branches,
    )

    plan = Planner(_room(), position).branch("ben", "streak.3")

    assert plan is not None
    assert (plan.question_id, plan.intent, plan.followup_id) == ("q.b", "branch", "branch:streak.3")
    assert Planner(_room(asked=["q.b"]), position).branch("ben", "streak.3") is None
    assert Planner(_room(), position).branch("ben", "contradiction") is None
    fired = _room(fired_branches=["streak.3"])
    assert Planner(fired, position).branch("ben", "streak.3") is None


def test_a_persona_with_a_language_of_its_own_keeps_it() -> None:
    position = _position(_topic("q.a", ask=Text(zh="问？", en="Ask?")))
    personas = {
        **position.edition.personas,
        "ben": replace(make_persona("ben"), speak_lang="zh"),
    }
    position = replace(position, edition=replace(position.edition, personas=personas))

    assert Planner(_room(), position).root("ada").text == "Ask?"
    assert Planner(_room(), position).root("ben").text == "问？"


def test_the_same_seed_breaks_ties_the_same_way_and_another_may_not() -> None:
    position = _position(*(_topic(f"q.{n}") for n in range(20)))

    def chosen(seed: int) -> str:
        return Planner(_room(seed=seed), position).root("ada").question_id

    assert chosen(1) == chosen(1)
    assert len({chosen(seed) for seed in range(12)}) > 3
