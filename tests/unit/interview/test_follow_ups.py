"""Answers to follow-ups: an exact sentence is a full answer, and nothing else is."""

from pathlib import Path
from statistics import mean

import pytest

from interview.domain.bilingual import Language, Text
from interview.domain.game.hearing import hear
from interview.domain.persona import Dimension
from interview.domain.questions import FollowUp, KeyPoint, Question
from interview.domain.reading.aims import Want, aim_of
from interview.domain.reading.answers import read_answer
from interview.domain.reading.reaching import Outcome
from interview.domain.reading.resume import read_resume
from interview.domain.reading.triggers import Trigger
from interview.domain.room import Thread
from interview.domain.scoring import rule_labels
from tests.factories.games import make_position, make_question, opened

from .gold_answers import LANGUAGES
from .gold_follow_ups import EXACT, VAGUE, bank, follow_up, mark_reply, replied
from .test_scoring import ATTACKS, CLAIMING, FILLER, NAMING, REASONING, STOCK

ASKING = [(q, f) for q in bank().values() for f in q.followups if f.ask is not None]
GOLD = [(*key, language) for key in EXACT for language in LANGUAGES]
FIRST_PAR = 55
ERRORS = Question(
    id="q.errors",
    tags=("errors",),
    difficulty=2,
    ask=Text(zh="那次发布出了什么事？", en="What became of that release?"),
    key_points=(
        KeyPoint("share", 3, ("错误率", "error rate"), Text(zh="多少请求失败", en="the failures")),
        KeyPoint("cause", 2, ("连接池", "connection pool"), Text(zh="原因", en="the cause")),
    ),
    followups=(
        FollowUp("f1", "no_number", 90, Text(zh="有几成请求失败？", en="What share failed?")),
        FollowUp("f2", "we_no_i", 80, Text(zh="是谁回滚的？", en="Who rolled it back?")),
        FollowUp("f3", "no_tradeoff", 70, Text(zh="为什么不等？", en="Why not wait?")),
        FollowUp(
            "f4",
            "key_point_missing:cause",
            60,
            Text(zh="断的是什么？", en="What was it that broke?"),
        ),
        FollowUp("f5", "evasive", 50, Text(zh="你哪天知道的？", en="When did you know?")),
        FollowUp("f6", "too_short", 40, Text(zh="几个人在场？", en="How many people were in?")),
        FollowUp("f7", "rambling", 30, Text(zh="多少？", en="How much?")),
    ),
    better=Text(zh="__% 的请求失败。", en="__% of requests failed."),
)
FOLLOW_UPS = {followup.id: followup for followup in ERRORS.followups}


def _gold_q(question_id: str, trigger: str, language: Language) -> float:
    words = EXACT[question_id, trigger][language]
    return mark_reply(words, *follow_up(question_id, trigger), language=language).q


@pytest.mark.parametrize(("question_id", "trigger", "language"), GOLD)
def test_one_exact_sentence_is_worth_more_than_the_first_pars(
    question_id: str, trigger: str, language: Language
) -> None:
    assert _gold_q(question_id, trigger, language) >= 66


def test_the_example_in_the_documents_is_what_the_rules_say() -> None:
    words = "0.3 percent, all of them timeouts."
    question, followup = follow_up("q.be_throughput_claim", "key_point_missing:quality")
    told = (Path(__file__).parents[3] / "docs/scoring.md").read_text(encoding="utf-8")

    assert mark_reply(words, question, followup).explain in told
    assert words in told
    assert followup.ask is not None
    assert followup.ask.en in told


def test_exact_answers_are_worth_the_same_in_both_languages() -> None:
    qs = {language: [_gold_q(*key, language) for key in EXACT] for language in LANGUAGES}

    assert abs(mean(qs["en"]) - mean(qs["zh"])) <= 5
    assert all(abs(en - zh) <= 17 for en, zh in zip(qs["en"], qs["zh"], strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vague_answer_stays_vague_to_every_follow_up(language: Language) -> None:
    scores = [
        mark_reply(words, question, followup, language=language).q
        for question, followup in ASKING[::3]
        for words in VAGUE[language]
    ]

    assert len(scores) > 1_000
    assert max(scores) <= 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stock_speech_answers_next_to_no_follow_up(language: Language) -> None:
    scores = [
        mark_reply(STOCK[language], question, followup, language=language).q
        for question, followup in ASKING
    ]

    assert sum(q >= FIRST_PAR for q in scores) / len(scores) <= 0.03  # it may fit by chance


@pytest.mark.parametrize("frames", [NAMING, CLAIMING, REASONING])
@pytest.mark.parametrize("language", LANGUAGES)
def test_naming_what_a_follow_up_digs_at_says_nothing_of_it(
    frames: dict[Language, tuple[str, ...]], language: Language
) -> None:
    scores = []
    for question, followup in ASKING:
        wanted = followup.trigger.removeprefix("key_point_missing:")
        for point in (p for p in question.key_points if p.id == wanted):
            words = next((w for w in point.any if w.isascii() is (language == "en")), point.any[0])
            for frame in frames[language]:
                said = frame.format(words)
                scores.append(mark_reply(said, question, followup, language=language).q)

    assert sum(q >= FIRST_PAR for q in scores) / len(scores) <= 0.05
    assert mean(scores) <= 40


@pytest.mark.parametrize(("question_id", "trigger", "language"), GOLD)
def test_nothing_said_beside_an_exact_answer_gains_a_point(
    question_id: str, trigger: str, language: Language
) -> None:
    words, asked = EXACT[question_id, trigger][language], follow_up(question_id, trigger)
    filler, stock = " ".join(FILLER[language]), STOCK[language]
    padded = [f"{words} {words}", f"{words} {filler}", f"{filler} {words}", f"{words} {stock}"]
    padded += [f"{stock} {words}", *(f"{words}\n{a}" for a in ATTACKS)]
    padded += [f"{attack}\n{words}" for attack in ATTACKS]
    exact = _gold_q(question_id, trigger, language)

    gains = {more: mark_reply(more, *asked, language=language).q - exact for more in padded}

    assert {more: gain for more, gain in gains.items() if gain > 3} == {}


@pytest.mark.parametrize("words", ["I don't know.", "我不知道。", "No idea, I never measured it."])
def test_not_knowing_is_worth_twenty_to_a_follow_up_too(words: str) -> None:
    assert mark_reply(words, ERRORS, FOLLOW_UPS["f1"]).q == 20.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_to_find_out_is_no_answer_yet(language: Language) -> None:
    plan = {
        "en": "I don't know. I would look in the access log of that week and ask the two on call.",
        "zh": "不知道。我会先去查那一周的访问日志，再问当时值班的两个人。",
    }[language]

    assert 30 <= mark_reply(plan, ERRORS, FOLLOW_UPS["f1"], language=language).q <= 50


@pytest.mark.parametrize(
    ("followup", "words", "want", "outcome"),
    [
        ("f1", "0.3 percent.", Want.NUMBER, Outcome.MET),
        ("f1", "It was rather a lot of failures.", Want.NUMBER, Outcome.MISSED),
        ("f1", "Three days.", Want.NUMBER, Outcome.OPEN),
        ("f2", "Lena did.", Want.OWNER, Outcome.MET),
        ("f2", "小林回滚的。", Want.OWNER, Outcome.MET),
        ("f2", "Our manager, from the train.", Want.OWNER, Outcome.MET),
        ("f2", "It was rolled back after a while.", Want.OWNER, Outcome.MISSED),
        ("f2", "We all did, as a team.", Want.OWNER, Outcome.OPEN),
        ("f3", "Because each minute cost 40 orders.", Want.REASON, Outcome.MET),
        ("f3", "That is how it is.", Want.REASON, Outcome.OPEN),
        ("f4", "The connection pool: 20 threads held it all.", Want.DETAIL, Outcome.MET),
        ("f4", "Something in there.", Want.DETAIL, Outcome.OPEN),
        ("f5", "At 10:40, from a customer.", Want.MOMENT, Outcome.MET),
        ("f5", "After two hours.", Want.MOMENT, Outcome.MET),
        ("f5", "Rather late.", Want.MOMENT, Outcome.MISSED),
        ("f6", "Seven.", Want.NUMBER, Outcome.MET),
        ("f6", "Nobody.", Want.NUMBER, Outcome.MET),
        ("f7", "12", Want.NUMBER, Outcome.MET),
        ("f1", "Hard to say, 3 percent or so, it depends.", Want.NUMBER, Outcome.OPEN),
    ],
)
def test_what_was_asked_for_is_told_from_what_was_not(
    followup: str, words: str, want: Want, outcome: Outcome
) -> None:
    reached = replied(words, ERRORS, FOLLOW_UPS[followup]).reach

    assert reached is not None
    assert (reached.want, reached.outcome) == (want, outcome)


def test_only_what_was_asked_for_is_graded() -> None:
    score = mark_reply("0.3 percent, counted in the access log.", ERRORS, FOLLOW_UPS["f1"])

    assert score.levels == {
        Dimension.RELEVANCE: 4,
        Dimension.SPECIFICITY: 4,
        Dimension.CONSISTENCY: 2,
    }
    assert score.explain == (
        "q 83.3 = rules 83.3 (rel 4, spec 4, cons 2); asked_number: answers; "
        "caps: none; evidence: 3 spans"
    )
    assert score.evidence[0].quote == "0.3 percent, counted in the access log"
    assert "too_short" not in score.triggers


def test_what_was_asked_for_and_left_aside_stays_below_the_first_par() -> None:
    score = mark_reply(
        "I rolled it back myself because the connection pool was empty and the error rate rose, "
        "and the price was a release that came later than the product lead had been told. I wrote "
        "the steps down and trained a colleague, who did it alone when it happened again.",
        ERRORS,
        FOLLOW_UPS["f1"],
    )

    assert (score.q, score.caps, score.reason) == (50.0, ("beside_the_point",), "left_aside")


def test_a_short_answer_the_rules_cannot_place_is_not_too_short() -> None:
    score = mark_reply("Something in there gave way.", ERRORS, FOLLOW_UPS["f4"])

    assert "too_short" not in score.caps
    assert Dimension.STRUCTURE not in score.levels
    assert "asked_detail: untold" in score.explain


def test_an_empty_answer_reaches_nothing() -> None:
    assert mark_reply(" \n", ERRORS, FOLLOW_UPS["f1"]).q == 0.0


def test_each_want_and_outcome_has_its_words_for_the_player() -> None:
    assert {f"asked_{want}" for want in Want} <= set(rule_labels)
    assert {"answers", "left_aside", "untold"} <= set(rule_labels)


def test_a_follow_up_wants_what_either_of_its_languages_asks_for() -> None:
    followup = FollowUp("f", "strong", 10, Text(zh="谁拦它？", en="At what time does it stop?"))

    aim = aim_of(ERRORS, followup, claim="Cut errors to 3%")

    assert aim.wants == (Want.MOMENT, Want.OWNER)
    assert "%" in aim.usual


def test_every_follow_up_of_the_bank_has_an_aim() -> None:
    wants = [aim_of(question, followup).wants for question, followup in ASKING]

    assert all(wants)
    assert {want for each in wants for want in each} == set(Want)


def _thread(record, followup: str, **changes: object) -> None:
    thread = record.room.thread
    record.room.thread = Thread(
        question_id=thread.question_id,
        speaker=thread.speaker,
        depth=1,
        used_followups=[followup],
        **changes,
    )


def test_who_answers_a_follow_up_lacks_only_what_was_lacking_before() -> None:
    position = make_position()
    record = opened(position)
    _thread(record, "f1", covered=["cause"])
    record.room.last_triggers = ["no_number", "we_no_i"]

    hearing = hear(record.room, position, "40 percent, as we all saw.")

    assert hearing.answer.reach is not None
    assert hearing.answer.reach.outcome is Outcome.MET
    assert Trigger.WE_NO_I in hearing.score.triggers
    assert "key_point_missing:cause" not in hearing.score.triggers
    assert "key_point_missing:cost" in hearing.score.triggers

    record.room.last_triggers = ["no_number"]
    assert (
        Trigger.WE_NO_I
        not in hear(record.room, position, "40 percent, as we all saw.").score.triggers
    )


def test_the_point_a_follow_up_dug_at_is_made_by_the_answer() -> None:
    answer = replied(
        "A pool of 20 had run dry, and 20 more broke the release.", ERRORS, FOLLOW_UPS["f4"]
    )

    assert (answer.key_points, answer.argued) == (("cause",), ("cause",))


@pytest.mark.parametrize(("ask", "n_clashes"), [("What was it before?", 0), ("How much?", 1)])
def test_what_was_before_contradicts_nothing_that_is_now(ask: str, n_clashes: int) -> None:
    followup = FollowUp("f", "number_no_baseline", 10, Text(zh="多少？", en=ask))
    answer = read_answer(
        "P99 was 910 ms, over a week.",
        question=ERRORS,
        resume=read_resume("- Cut P99 latency to 280 ms"),
        language="en",
        earlier=(),
        claims={},
        aim=aim_of(ERRORS, followup),
    )

    assert len(answer.contradictions) == n_clashes
    assert bool(answer.claims) is bool(n_clashes)


def test_the_root_question_has_no_aim() -> None:
    position = make_position()
    record = opened(position)

    assert hear(record.room, position, "40 percent.").answer.reach is None
    assert make_question("q").followups[0].id == "f1"
