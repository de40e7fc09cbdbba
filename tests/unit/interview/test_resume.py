"""A résumé read into claims, in both languages and several trades."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.domain.reading.excerpts import longest
from interview.domain.reading.redaction import redact
from interview.domain.reading.resume import (
    MAX_CHARACTERS,
    MAX_FACTS,
    Weakness,
    claim,
    read_resume,
)

BACKEND = """张三  138-1234-5678  zhang@example.com
## 工作经历
**某公司** 后端工程师 2022.03 - 2022.06
- 主导大模型网关，接入 6 家供应商，P99 降到 310ms，可用性 100%
- 参与订单系统重构，使用 Redis、Kafka
- 带领 8 人团队，赋能业务闭环
## 教育背景
2015-2019 浙江大学 本科
## 技能
Python, Go, Redis, Kubernetes
"""
NURSE = """Jane Roe, RN  (415) 555-0134  jane@example.org
EXPERIENCE
Charge Nurse, ICU, St. Mary (Jan 2019 – Present)
• Led a team of 12 nurses on a 24-bed ICU; cut CLABSI from 2.1 to 0.4 per 1,000 line days
• Participated in EHR rollout; improved patient satisfaction by 18%
* Zero medication errors in 2022
Education
BSN, University of Ohio, 2014-2018
Licenses
Registered Nurse, ACLS
"""


def _by_key(text: str) -> dict[str, list]:
    facts: dict[str, list] = {}
    for fact in read_resume(text).facts:
        facts.setdefault(fact.key, []).append(fact)
    return facts


def test_the_worked_example_yields_its_four_claims_with_their_weaknesses():
    facts = read_resume("主导大模型网关，接入 6 家供应商，P99 降到 310ms，可用性 100%").facts

    assert [(f.id, f.key, f.value, claim(f), f.weaknesses) for f in facts[1:4]] == [
        ("F2", "metric.other", 6.0, "接入 6 家供应商", ()),
        ("F3", "metric.latency", 310.0, "P99 降到 310ms", (Weakness.NO_BASELINE,)),
        ("F4", "metric.availability", 100.0, "可用性 100%", (Weakness.PERFECT_NUMBER,)),
    ]
    assert (facts[0].key, facts[0].role, facts[0].keys) == (
        "tech.llm_gateway",
        "role.led",
        ("tech.llm_gateway", "tech.llm"),
    )


def test_a_backend_resume_in_chinese_is_read_by_section_and_line():
    facts = _by_key(BACKEND)

    assert facts["tech.redis"][0].section == "experience"  # not the list of skills
    assert facts["tech.redis"][0].weaknesses == (Weakness.NO_OWNER, Weakness.SCALE_UNKNOWN)
    assert facts["role.participated"][0].quote == "参与订单系统重构"
    assert (facts["team.size"][0].value, facts["team.size"][0].weaknesses) == (
        8.0,
        (Weakness.BUZZWORD,),
    )
    assert [f.value for f in facts["date.range"]] == [4.0, 60.0]
    assert Weakness.DURATION_VS_CLAIM in facts["date.range"][0].weaknesses
    assert facts["edu"][0].quote == "2015-2019 浙江大学 本科"
    assert (facts["tech.python"][0].section, facts["tech.python"][0].weaknesses) == ("skills", ())
    assert facts["tech.go"][0].name == "Go"
    assert read_resume(BACKEND).language == "zh"


def test_a_nurses_resume_in_english_is_read_as_well():
    facts = _by_key(NURSE)

    assert (facts["metric.error_rate"][0].value, facts["metric.error_rate"][0].baseline) == (
        0.4,
        2.1,
    )
    assert facts["metric.patients"][0].value == 24.0
    assert facts["team.size"][0].value == 12.0
    assert facts["metric.satisfaction"][0].weaknesses == (Weakness.NO_OWNER, Weakness.NO_BASELINE)
    assert Weakness.PERFECT_NUMBER in facts["metric.incidents"][0].weaknesses
    assert facts["date.range"][0].value is None  # still there
    assert facts["cert"][0].quote == "Registered Nurse"
    assert {"skill.icu", "skill.ehr", "skill.medication", "skill.infection_control"} <= facts.keys()
    assert read_resume(NURSE).language == "en"


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        (
            "- 负责会员定价，月活从 12 万涨到 30 万，付费率提升 3 个百分点",
            {"skill.pricing", "metric.users", "metric.conversion"},
        ),
        (
            "- Closed $4.5 million in ARR across 60 accounts; quota 118%",
            {"metric.revenue", "skill.sales"},
        ),
        (
            "- Taught 120 students a year; pass rate from 71% to 88%",
            {"skill.teaching", "metric.users"},
        ),
        (
            "- 用 React 和 TypeScript 重写后台，首屏时间从 4 秒降到 1.2 秒",
            {"tech.react", "tech.typescript", "metric.latency"},
        ),
        (
            "- Built an Airflow pipeline on Snowflake; saved 15 hours a week",
            {"tech.airflow", "tech.warehouse", "metric.time_saved"},
        ),
        ("- Went to react quickly and express views", set()),
        ("- 连续 3 天加班，另有 5", set()),
    ],
)
def test_lines_of_many_trades_yield_their_topics_and_numbers(line, keys):
    assert keys <= set(_by_key(line))


def test_plain_words_are_not_taken_for_technologies():
    assert not {"tech.react", "tech.node", "tech.go"} & set(
        _by_key("- Had to react fast and go to each node")
    )


def test_headings_claim_nothing_but_their_dates_and_may_have_a_tail():
    facts = _by_key(
        "# 某支付公司 2020.01 - 2021.01\n## 技能与其他\n- Redis\n- 软件工程，本科\n"
        "## Experience abroad\n- 用 Kafka 处理 20 万条消息"
    )
    assert "tech.payments" not in facts
    assert facts["date.range"][0].value == 13.0
    assert (facts["tech.redis"][0].section, facts["tech.redis"][0].weaknesses) == ("skills", ())
    assert facts["edu"][0].quote == "本科"
    assert facts["tech.kafka"][0].section == "skills"


@pytest.mark.parametrize(
    "line", ["圣安医院 重症监护室 2016.02 - 2024.10", "Larder, frontend lead, 2020.01 - 2024.06"]
)
def test_a_line_of_plain_text_that_names_an_employer_claims_only_its_dates(line):
    assert set(_by_key(line)) == {"date.range"}


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("- Led the payments rewrite, 2020.01 - 2024.06", "role.led"),
        ("2020.01 - 2024.06 支付接口延迟降到 140 毫秒", "metric.latency"),
    ],
)
def test_a_line_with_dates_still_claims_what_was_done(line, claim):
    assert claim in _by_key(line)


def test_a_quote_does_not_end_on_a_word_that_leads_nowhere():
    line = "- Led the migration of the oldest part of the very old billing engine nobody knew"
    assert claim(read_resume(line).facts[0]) == (
        "Led the migration of the oldest part of the very old billing"
    )


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("- 打通线上线下的活动", set()),
        ("- 负责线上线下活动", {"role.owned"}),
        ("- Wrote for our own product line", {"role.built"}),
        ("- 服务 300 名客户", {"metric.users"}),
        ("- 覆盖 20 个城市", {"metric.other"}),
        ("- 组件复用 40%", {"metric.other"}),
        ("- 测试覆盖率 85%", {"metric.coverage"}),
        ("- Health insurance coverage of 90%", {"metric.other"}),
        ("- 维护 12 个接口", {"metric.size"}),
    ],
)
def test_a_word_inside_another_one_claims_nothing(line, keys):
    assert set(_by_key(line)) == keys


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("Made the build three times faster", "x"),
        ("Orders grew 4 times", "x"),
        ("2 times the traffic", "x"),
        ("Called customers three times a week", "count"),
        ("Spoke at the meetup 4 times", "count"),
    ],
)
def test_times_says_how_much_more_or_how_often(words, unit):
    assert [f.unit for f in read_resume(f"- {words}").facts if f.value] == [unit]


def test_a_short_stay_puts_big_claims_in_doubt_until_the_next_one():
    facts = read_resume(
        "2022.01 - 2022.03 甲公司\n- 转化率提升 80%\n"
        "- 吞吐提升 3 倍，一般\n- 增长 5%\n教育背景\n- 牵头 90% 的活动\n"
        "2019.01 - 2021.12 乙公司\n- 转化率提升 90%"
    ).facts

    doubted = [f.quote for f in facts if Weakness.DURATION_VS_CLAIM in f.weaknesses]
    assert doubted == ["2022.01 - 2022.03", "转化率提升 80%", "吞吐提升 3 倍"]


@pytest.mark.parametrize(
    ("words", "months"),
    [
        ("2019.03 - 2020.02", 12.0),
        ("2019年3月至2020年2月", 12.0),
        ("Mar 2019 – Feb 2020", 12.0),
        ("2019-2020", 24.0),
        ("March 2019 to present", None),
        ("2020.05 - 2019.01", 0.0),
    ],
)
def test_date_ranges_count_their_months(words, months):
    assert read_resume(words).facts[0].value == months


def test_long_lines_are_quoted_in_sixty_characters_on_word_boundaries():
    line = "Owned the redesign of an extraordinarily long process that reduced delivery cost by 23%"
    fact = next(f for f in read_resume(line).facts if f.key == "metric.cost")

    assert claim(fact).endswith("cost by 23%")
    assert not claim(fact)[0].isspace()
    assert f" {claim(fact)}" in line
    assert 40 < len(claim(fact)) <= 60


def test_a_topic_early_in_a_long_line_keeps_the_words_after_it():
    line = "用 Redis 做了一套要很多很多字才能够说得清楚的限流与排队的方案来保护下游的各种服务"
    fact = read_resume(line).facts[0]

    assert (fact.key, len(claim(fact))) == ("tech.redis", 40)


def test_phone_numbers_and_addresses_are_masked_and_make_no_claims():
    masked = redact(BACKEND + NURSE)

    assert "138" not in masked.split("\n")[0]
    assert "example" not in masked
    assert "555-0134" not in masked
    assert len(masked) == len(BACKEND + NURSE)
    assert (
        redact("P99 310ms, 2019.03 - 2020.02, +86 13812345678")
        == "P99 310ms, 2019.03 - 2020.02, " + "•" * 15
    )
    assert "metric.other" not in _by_key("Jane Roe 415-555-0134")
    for number in ("07700 900123", "020 7946 0958", "010-12345678", "0571-8888 8888"):
        assert redact(f"Tom, {number}, 12 acres") == f"Tom, {'•' * len(number)}, 12 acres"


def test_an_empty_resume_has_no_facts_and_a_huge_one_is_bounded():
    assert read_resume("").facts == ()
    assert read_resume(" \n\u200b\n").facts == ()
    huge = read_resume("- cost cut by 20%, latency 30 ms, 5 nodes\n" * 4000)
    assert (len(huge.text), len(huge.facts) <= MAX_FACTS) == (MAX_CHARACTERS, True)
    many = "\n".join(
        f"- Led {i + 2} engineers; cost {i}%; latency {i} ms; dau {i}; arr ${i}; "
        f"nps {i} points; {i} beds; sla {i}%; ctr {i}%; churn {i}%; auc {i}%; bugs {i}%"
        for i in range(20)
    )
    assert len(read_resume(many).facts) == MAX_FACTS


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_complaint_and_quotes_are_verbatim(words):
    resume = read_resume(words)

    assert resume == read_resume(words)
    for number, fact in enumerate(resume.facts, start=1):
        assert fact.id == f"F{number}"
        assert words[fact.start : fact.end] == fact.quote
        assert claim(fact) in words
        assert 0 < len(claim(fact)) <= longest(fact.quote)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*BACKEND.splitlines(), *NURSE.splitlines(), "１２％", "\u202e", "→", "2019-"]
        ),
        max_size=8,
    )
)
def test_any_shuffle_of_lines_is_read_and_quoted(lines):
    resume = read_resume("\n".join(lines))
    assert all(resume.text[f.start : f.end] == f.quote and claim(f) for f in resume.facts)


@pytest.mark.parametrize(
    "line",
    [
        "- Planted 3,000 trees along the river path",
        "- Look after 14 acres of walled garden",
        "- Drafted 60 leases a year",
        "- 带出 6 个徒弟",
        "- 养护 40 亩月季园",
    ],
)
def test_a_line_that_says_who_did_it_in_any_trade_is_not_asked_whose_work_it_was(line):
    facts = read_resume(line).facts

    assert facts
    assert all(Weakness.NO_OWNER not in fact.weaknesses for fact in facts)


@pytest.mark.parametrize(
    "line", ["- 病虫害用药量减少六成", "- Looked after 40 rose beds", "- 管理 12 个苗床"]
)
def test_a_gardener_is_not_taken_for_a_nurse(line):
    keys = {key for fact in read_resume(line).facts for key in (fact.key, *fact.keys)}

    assert keys.isdisjoint({"metric.patients", "skill.medication"})
