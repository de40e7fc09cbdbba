"""Any content at all reads back as it was written."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interview.domain.bilingual import Text
from interview.domain.lint import Shelf
from interview.domain.persona import Band
from interview.domain.questions import FollowUp, KeyPoint, When
from interview.domain.scenery import Approval, Branch, Difficulty, Mode, WinRule
from interview.services import content_files
from interview.services.content_files import Place
from tests.factories.interview import (
    make_followups,
    make_key_points,
    make_persona,
    make_question,
    make_scenery,
)
from tests.integration.interview.content.scene import write

_WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)),
    max_size=30,
).map(str.strip)
_TEXTS = st.builds(Text, _WORDS, _WORDS)
_SLUGS = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every example writes over."""
    return tmp_path_factory.mktemp("content")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=_TEXTS,
    prompt=st.lists(_WORDS, max_size=4).map("\n".join).map(str.strip),
    goals=st.lists(_WORDS.filter(bool), max_size=3).map(tuple),
    lines=st.lists(_TEXTS, min_size=1, max_size=3).map(tuple),
    temper=st.floats(0.5, 1.5),
    extensions=st.dictionaries(_SLUGS, _WORDS, max_size=2),
)
def test_any_persona_reads_back_as_it_was_written(
    scratch: Path, name, prompt, goals, lines, temper, extensions
):
    persona = make_persona(
        name=name,
        system_prompt=prompt,
        goals=goals,
        lines={Band.LOW: lines},
        temper=temper,
        extensions=extensions,
    )
    write(scratch, Shelf(personas={persona.id: persona}))

    assert content_files.read(scratch).personas == {persona.id: persona}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ask=_TEXTS,
    tags=st.lists(_SLUGS, max_size=3, unique=True).map(tuple),
    terms=st.lists(_WORDS | st.just("from ") | st.sampled_from(["33", "null", "on", "~"])).map(
        tuple
    ),
    reply=_TEXTS,
    facts=st.lists(st.sampled_from(["metric.*", "tech.redis"]), unique=True).map(tuple),
)
def test_any_question_reads_back_as_it_was_written(scratch: Path, ask, tags, terms, reply, facts):
    first, *rest = make_key_points()
    question = make_question(
        ask=ask,
        tags=tags,
        key_points=(KeyPoint("cause", 1, terms, first.label), *rest),
        followups=(
            *make_followups(),
            FollowUp("f4", "strong", 10, ask=reply),
            FollowUp("f5", "strong", 5, goto="q.other"),
        ),
        when=When(any_fact=facts),
    )
    write(scratch, Shelf(questions={question.id: question}))

    assert content_files.read(scratch).questions == {question.id: question}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    title=_TEXTS,
    label=_TEXTS,
    modes=st.sampled_from([(Mode.SURVIVE,), (Mode.CONVINCE, Mode.SURVIVE)]),
    start=st.integers(1, 5),
    rule=st.sampled_from(list(WinRule)),
    place=st.builds(Place, st.integers(0, 99), st.booleans()),
)
def test_any_scenery_reads_back_as_it_was_written(
    scratch: Path, title, label, modes, start, rule, place
):
    scenery = make_scenery(
        title=title,
        modes=modes,
        difficulty=Difficulty(start=start),
        approval=replace(Approval(), rule=rule),
        branches=(Branch("streak.3", "q.x", label),),
    )
    write(scratch, Shelf(sceneries={scenery.id: scenery}), {scenery.id: place})

    reading = content_files.read(scratch)

    assert reading.sceneries == {scenery.id: scenery}
    assert reading.places == {scenery.id: place}
