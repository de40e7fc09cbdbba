"""Gold answers to follow-ups of the shipped bank: one exact sentence each, in both languages."""

from functools import cache

from interview.domain.bilingual import Language
from interview.domain.persona import Dimension
from interview.domain.questions import FollowUp, Question
from interview.domain.reading.aims import Aim, aim_of
from interview.domain.reading.answers import Answer, read_answer
from interview.domain.scoring import Score, score_answer
from interview.services import content_files

from .gold_answers import EVEN_WEIGHTS, NO_RESUME

# (question, trigger of the follow-up): what an honest person would say to it, and no more
EXACT: dict[tuple[str, str], dict[Language, str]] = {
    ("q.be_throughput_claim", "key_point_missing:quality"): {
        "en": "0.3 percent, all of them timeouts.",
        "zh": "0.3%，全是超时。",
    },
    ("q.be_throughput_claim", "we_no_i"): {
        "en": "Lena did, with a profiler; I only fixed the query she pointed at.",
        "zh": "小林用火焰图找到的，我只改了她指给我的那条查询。",
    },
    ("q.be_throughput_claim", "no_number"): {
        "en": "8,200 requests, on Sunday at 21:00.",
        "zh": "8200 次请求，周日晚上九点。",
    },
    ("q.be_throughput_claim", "number_no_baseline"): {
        "en": "3,100 a second on the same six machines.",
        "zh": "同样六台机器，原来每秒 3100 次。",
    },
    ("q.be_cache_claim", "no_number"): {
        "en": "Thirty seconds, and five for prices.",
        "zh": "三十秒，价格是五秒。",
    },
    ("q.be_size_claim", "we_no_i"): {
        "en": "I did, in March, against the advice of our DBA.",
        "zh": "我拍的板，三月份，当时 DBA 反对。",
    },
    ("q.biz_price_tag", "honest_unknown"): {
        "en": "Three people for about 20 days.",
        "zh": "三个人，干了大约二十天。",
    },
    ("q.biz_late", "no_number"): {
        "en": "Nine days: I knew on the 3rd of May and said so on the 12th.",
        "zh": "九天：五月三号我就知道，十二号才说。",
    },
    ("q.be_not_null", "no_tradeoff"): {
        "en": "Because copying the table takes 6 hours and each write in that time must go twice.",
        "zh": "因为把三亿行拷进新表要 6 个小时，这期间每次写入都得写两遍。",
    },
    ("q.be_microservices_claim", "key_point_missing:result"): {
        "en": "From one release a week to five.",
        "zh": "从一周 1 次到一周 5 次。",
    },
    ("q.be_delete_one", "key_point_missing:usage"): {
        "en": "The access log has had zero calls to it for 90 days.",
        "zh": "访问日志里 90 天没有一次调用。",
    },
    ("q.people_delegate", "no_tradeoff"): {
        "en": "Four days, twice what I would have needed.",
        "zh": "四天，是我自己做的两倍。",
    },
    ("q.biz_supplier_gone", "no_number"): {
        "en": "Eleven days, nine with the holiday.",
        "zh": "十一天，碰上放假就是九天。",
    },
    ("q.be_slow_query", "key_point_missing:waiting"): {
        "en": "Waiting for a row lock that a forgotten migration has held since 12:05.",
        "zh": "在等行锁，一个忘了提交的迁移从 12:05 起就占着它。",
    },
    ("q.be_split_brain", "evasive"): {
        "en": "The fence on Frankfurt, because Dublin has 1,200 newer writes.",
        "zh": "隔离法兰克福，因为都柏林多了 1200 次写入。",
    },
    ("q.people_boss_disagree", "we_no_i"): {
        "en": "Mine; Hua followed a minute later.",
        "zh": "是我先举的，一分钟后小华也举了。",
    },
    ("q.be_stampede", "key_point_missing:spread"): {
        "en": "The 1st of each month, because the import ran on the 1st with a 30 day expiry.",
        "zh": "每月 1 号，因为导入是 1 号跑的，过期时间 30 天。",
    },
    ("q.biz_bargain", "no_number"): {
        "en": "From 48,000 to 39,500 euros.",
        "zh": "从 48000 元谈到 39500 元。",
    },
}
VAGUE: dict[Language, tuple[str, ...]] = {
    "en": (
        "It was quite a lot, really, and everybody worked very hard on it.",
        "That depends, it is hard to say exactly.",
        "We handled that very well as a team.",
        "It went fine in the end.",
        "It is a very important topic for us and we take it seriously every day.",
    ),
    "zh": (
        "挺多的，大家都很努力。",
        "这个要看情况，不好说。",
        "这件事我们团队处理得很好。",
        "最后都挺顺利的。",
        "这是我们非常重视的方面，每天都在认真做。",
    ),
}


@cache
def bank() -> dict[str, Question]:
    """Return the shipped questions."""
    return dict(content_files.read().questions)


def follow_up(question_id: str, trigger: str) -> tuple[Question, FollowUp]:
    """Return a question of the bank and its follow-up by trigger."""
    question = bank()[question_id]
    return question, next(f for f in question.followups if f.trigger == trigger)


def replied(
    words: str, question: Question, followup: FollowUp, *, language: Language = "en"
) -> Answer:
    """Return the answer to a follow-up as the rules read it."""
    return read_answer(
        words,
        question=question,
        resume=NO_RESUME,
        language=language,
        earlier=(),
        claims={},
        aim=_aim(question.id, followup.id) if question.id in bank() else aim_of(question, followup),
    )


@cache
def _aim(question_id: str, followup_id: str) -> Aim:
    question = bank()[question_id]
    return aim_of(question, next(f for f in question.followups if f.id == followup_id))


def mark_reply(
    words: str,
    question: Question,
    followup: FollowUp,
    *,
    language: Language = "en",
    weights: dict[Dimension, int] | None = None,
) -> Score:
    """Return the score of an answer to a follow-up, against a par of 55."""
    answer = replied(words, question, followup, language=language)
    return score_answer(answer, question=question, weights=weights or EVEN_WEIGHTS, par=55.0)
