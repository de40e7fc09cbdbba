"""The better answer keeps the candidate's numbers and makes up none."""

import re
from dataclasses import replace

from interview.domain.better import better_answer
from interview.domain.bilingual import Text
from interview.domain.questions import KeyPoint, Question
from interview.domain.reading.resume import read_resume

from .gold_answers import read, text

QUESTION = Question(
    id="q",
    tags=(),
    difficulty=1,
    ask=text("?"),
    key_points=tuple(
        KeyPoint(name, weight, (name,), text(name))
        for name, weight in (("ttft", 3), ("baseline", 2), ("cause", 3), ("cost", 1), ("缓存", 2))
    ),
    followups=(),
    better=Text(
        zh="线上首字 P99 从 __ 降到 __（__ 天窗口）；主因是 __；用 __ 监控。",
        en="P99 went from __ ms to __ ms over __ days; main cause __, reviewed after __ weeks.",
    ),
)
FACT = next(f for f in read_resume("主导网关，P99 降到 310ms").facts if f.key == "metric.latency")


def test_the_number_of_the_page_stands_in_when_the_answer_named_none():
    better = better_answer(QUESTION, read("加了缓存。", QUESTION), language="zh", fact=FACT)

    assert better.text == "线上首字 P99 从 __ 降到 310ms（__ 天窗口）；主因是 __；用 __ 监控。"
    assert better.kept == ("310ms",)
    assert [label.zh for label in better.missing] == ["ttft", "cause", "baseline"]


def test_the_candidates_own_numbers_fill_the_blanks_they_fit():
    answer = read("P99 went from 820 ms to 310 ms over 14 days, after 2 hours of work.", QUESTION)
    better = better_answer(QUESTION, answer, language="en", fact=FACT)

    assert better.text == (
        "P99 went from 820 ms to 310 ms over 14 days; main cause __, reviewed after __ weeks."
    )
    assert better.kept == ("820", "310", "14")


def test_without_any_number_the_frame_stays_blank():
    better = better_answer(QUESTION, read("缓存", QUESTION), language="zh")

    assert better.text == QUESTION.better.zh
    assert better.kept == ()


def test_no_number_appears_that_the_candidate_did_not_say():
    answer = read("从 820ms 降到 310ms。", QUESTION)
    better = better_answer(QUESTION, answer, language="zh")

    assert set(re.findall(r"\d+", better.text)) == {"99", "820", "310"}


def test_only_a_pair_from_here_to_there_takes_a_start_and_a_result():
    question = replace(
        QUESTION, better=text("My part was __, degraded to __; it went from __ to __.")
    )
    answer = read("I cut the queue from 95 people to 16 people.", question)

    better = better_answer(question, answer, language="en")

    assert better.text == "My part was __, degraded to __; it went from 95 people to 16 people."
