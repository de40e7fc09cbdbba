"""A candidate who prepared: a good answer to any question of the shelf, built from its key points.

The question's own key points say what a good answer touches; around them stand the things every
examiner wants: a number with where it started, who did it, what it cost and how it broke.
"""

from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml

_SHELF = Path(__file__).resolve().parents[2] / "interview" / "content" / "questions"

PADDED = {
    "en": "We did a lot of optimization across the board, leveraging synergy and best practice.",
    "zh": "我们团队做了大量优化，全方位赋能业务，形成闭环，整体效果非常好。",
}

# One story a round, so that nobody hears the same sentence twice. The numbers differ by story
# and each stands beside a thing of its own: a candidate who contradicts himself is caught.
_OPENINGS = {
    "en": (
        "In short, I decided it myself and it went from {a} to {b} hours a week over {c} weeks.",
        "The answer first: I led it, and the backlog fell from {a} to {b} tickets in {c} days.",
        "Briefly: I owned that change, and rework went down from {a} to {b} cases in {c} weeks.",
        "To begin with the result: I cut the queue from {a} to {b} minutes within {c} weeks.",
        "The short version: I moved the error count from {a} to {b} a week over {c} months.",
        "Result first: I brought the waiting list down from {a} to {b} people in {c} weeks.",
    ),
    "zh": (
        "先说结论：是我定的，每周的加班从 {a} 小时降到 {b} 小时，用了 {c} 周。",
        "先说结果：我负责这件事，积压的工单从 {a} 张降到 {b} 张，一共 {c} 天。",
        "一句话：这个改动是我做的，返工从 {a} 次降到 {b} 次，花了 {c} 周。",
        "先讲结果：我把排队时间从 {a} 分钟压到 {b} 分钟，前后 {c} 周。",
        "结论在前：我让每周的差错从 {a} 起降到 {b} 起，走了 {c} 个月。",
        "先报数：等待的人由我从 {a} 位减到 {b} 位，一共 {c} 周。",
    ),
}
_POINTS = {
    "en": (
        "I checked {word} myself before anything else.",
        "Then I wrote {word} down because the next person needs it.",
        "I also measured {word} on real days, not on good ones.",
        "When it was unclear I went back to {word} and asked whose call it was.",
        "Last, I left {word} in the record so that it can be read again.",
    ),
    "zh": (
        "动手之前我先自己查了{word}。",
        "然后我把{word}写下来，因为接手的人用得上。",
        "我还在普通的日子里量过{word}，没有挑好日子。",
        "说不清的地方，我回到{word}，问清楚是谁拍的板。",
        "最后我把{word}留在记录里，谁都能再看一遍。",
    ),
}
_ENDINGS = {
    "en": (
        "The price was {d} extra days of work, and we gave up the second feature for it. "
        "It failed once: on day {c} an alert went off, so I rolled back and added a check.",
        "It cost us {d} more reviews a month; I chose that instead of a faster start. "
        "In the first week it broke at night, I reverted it and added a limit.",
        "The trade-off was {d} slower mornings, which I accepted rather than a larger team. "
        "Once it went wrong after a holiday; I rolled back and wrote a test.",
    ),
    "zh": (
        "代价是多花了 {d} 天，为此放弃了第二个功能。"
        "第 {c} 天出过一次故障，告警响了，我回滚之后补了检查。",
        "代价是每月多 {d} 次评审，我宁可这样，而不是赶进度。"
        "头一周夜里坏过一次，我回滚，又加了上限。",
        "取舍是有 {d} 个早上会慢一些，我没有选加人。节后出过一次问题，我回滚，然后补了测试。",
    ),
}


@cache
def _questions() -> dict[str, dict[str, Any]]:
    shelf = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in _SHELF.glob("*.yaml")]
    return {question["id"]: question for page in shelf for question in page["questions"]}


def good_answer(question_id: str, *, round_number: int, language: str) -> str:
    """Return a good answer to this question, in words not used in the rounds before."""
    numbers = {
        "a": 60 + 7 * round_number,
        "b": 11 + round_number,
        "c": 3 + round_number,
        "d": 2 + round_number,
    }
    openings, endings = _OPENINGS[language], _ENDINGS[language]
    words = [_term(point["any"], language) for point in _questions()[question_id]["key_points"]]
    frames = islice(cycle(_POINTS[language]), round_number, round_number + len(words))
    space = "" if language == "zh" else " "
    said = [frame.format(word=word) for frame, word in zip(frames, words, strict=True)]
    opening = openings[round_number % len(openings)].format(**numbers)
    ending = endings[round_number % len(endings)].format(**numbers)
    return space.join([opening, *said, ending])


def _term(terms: list[str], language: str) -> str:
    """Return a word the key point listens for, in the candidate's language where there is one."""
    wants_han = language == "zh"
    fitting = [str(t) for t in terms if any("一" <= c <= "鿿" for c in str(t)) is wants_han]
    return max(fitting or [str(term) for term in terms], key=len)
