"""What may be wrong with a persona."""

from typing import Any

import pytest

from interview.domain.bilingual import Text
from interview.domain.lint import (
    has_errors,
    lint_persona,
)
from interview.domain.persona import Band, Dimension, Portrait
from tests.factories.interview import (
    make_lines,
    make_persona,
)
from tests.unit.interview.lint.complaints import about_persona, told


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"id": "Ada!"},
            "Ada!: an id is made of lower-case letters, digits, dots and underscores",
        ),
        ({"name": Text(zh=" ", en="Ada")}, "ada_tester: name.zh is empty"),
        (
            {"title": Text(zh="官" * 41, en="Judge")},
            "ada_tester: title.zh has 41 characters; 40 fit",
        ),
        (
            {"name": Text(zh="阿达", en="Ada 达")},
            "ada_tester: name.en has Chinese characters in it",
        ),
        (
            {"tagline": Text(zh="{claim}", en="{claim}")},
            "ada_tester: tagline has the slot {claim}, which nothing fills",
        ),
        (
            {"system_prompt": " \n"},
            "ada_tester: system_prompt is empty; a model would not know who to be",
        ),
        (
            {"archetype": ""},
            "ada_tester: archetype is one short word, such as stress_architect",
        ),
        ({"pace_cps": 900.0}, "ada_tester: pace_cps is 900; it lies between 5 and 200"),
        ({"temper": 0.1}, "ada_tester: temper is 0.1; it lies between 0.5 and 1.5"),
        ({"motif": (0,) * 9}, "ada_tester: motif has 9 notes; at most 8"),
        ({"motif": (99,)}, "ada_tester: motif is 99; it lies between -24 and 24"),
        (
            {"portrait": Portrait(hair="mohawk")},
            "ada_tester: portrait.hair is mohawk; known are"
            " swept, cropped, bob, bun, bald, curls, long, cap",
        ),
    ],
)
def test_a_persona_with_a_mistake_is_told_which(changes: dict[str, Any], complaint: str):
    assert about_persona(**changes) == [complaint]


def test_weights_must_name_all_six_dimensions_and_weigh_something():
    assert about_persona(weights={Dimension.DEPTH: 0})[0] == "ada_tester: weights lacks relevance"
    assert about_persona(weights=dict.fromkeys(Dimension, 0)) == [
        "ada_tester: every weight is 0: nothing would count"
    ]
    assert about_persona(weights={**dict.fromkeys(Dimension, 1), Dimension.DEPTH: 6}) == [
        "ada_tester: weights.depth is 6; it lies between 0 and 5"
    ]


def test_every_band_needs_a_line_that_can_always_be_said():
    quoting = (Text(zh="「{quote}」？", en="“{quote}”?"),) * 8
    lines = make_persona().lines

    assert about_persona(lines={**lines, Band.LOW: quoting}) == [
        "ada_tester: the band low needs at least one line that quotes nothing"
    ]
    assert about_persona(lines={band: lines[band] for band in Band if band is not Band.IDLE}) == [
        "ada_tester: the band idle needs at least one line that quotes nothing"
    ]


def test_few_lines_are_advice_not_a_mistake():
    problems = lint_persona(make_persona(lines={**make_persona().lines, Band.LOW: make_lines(7)}))

    assert told(problems) == [
        "ada_tester: the band low has 7 lines; 8 keep it from repeating itself"
    ]
    assert not has_errors(problems)


def test_four_lines_are_enough_for_a_rare_occasion():
    assert about_persona(lines={**make_persona().lines, Band.WALKOUT: make_lines(4)}) == []


def test_only_the_caught_band_may_hold_the_two_claims_up():
    both = (*make_lines(7), Text(zh="{a}还是{b}？", en="{a} or {b}?"))

    assert about_persona(lines={**make_persona().lines, Band.CAUGHT: both}) == []
    assert about_persona(lines={**make_persona().lines, Band.LOW: both}) == [
        "ada_tester: lines.low.8 has the slot {a}, which nothing fills",
        "ada_tester: lines.low.8 has the slot {b}, which nothing fills",
    ]


def test_a_slot_stands_in_both_languages():
    lopsided = (*make_lines(7), Text(zh="「{quote}」", en="No quote here."))

    assert about_persona(lines={**make_persona().lines, Band.MID: lopsided}) == [
        "ada_tester: lines.mid.8 has {quote} in one language only"
    ]
