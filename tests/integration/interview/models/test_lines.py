"""A model finds words for what was planned; whatever it does, the question is asked."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from interview.adapters.gateway_stage import GatewayStage
from interview.domain import events as ev
from interview.domain.ports import SpeechStarted
from interview.domain.room import Status
from tests.factories.rooms import GOOD_ANSWERS, Play
from tests.fakes.upstream import Cut, Reply, Upstream
from tests.integration.interview.models.scene import GOOD_LINE, POLICY, spoken, told

pytestmark = pytest.mark.usefixtures("redis_client")


def test_a_model_speaks_in_its_own_words_and_the_log_says_who_it_was(
    take_seat: Callable[..., Play], upstream: Upstream
):
    play = take_seat().speak()

    assert spoken(play) == GOOD_LINE
    (started,) = told(play, ev.TurnStarted)
    assert (started.provider, started.model) == ("house0", upstream.seen[0].model)
    assert told(play, ev.TurnDegraded) == []
    done = play.log[-1].payload
    assert isinstance(done, ev.TurnDone)
    assert done.usage.output_tokens > 0
    assert play.room.may_answer


def test_the_model_is_told_one_card_the_plan_and_the_papers_as_data(
    take_seat: Callable[..., Play], upstream: Upstream
):
    play = take_seat().speak()
    play.answer(GOOD_ANSWERS[0])
    play.speak()

    system, user = (message["content"] for message in upstream.seen[-1].json["messages"])
    planned = told(play, ev.TurnPlanned)[-1]
    mark = re.findall(r"<data-(\w+) ", user)[0]
    assert f"<data-{mark} ...>" in system
    assert "You ask." in system
    assert planned.text in user
    assert f"| {GOOD_ANSWERS[0][:40]}" in user
    assert GOOD_LINE in user
    assert "Cut latency to 310ms" in user
    assert mark not in upstream.seen[0].json["messages"][1]["content"]


MISBEHAVIOUR: dict[str, tuple[dict[str, Any], str, str]] = {
    # what the model does, what is kept of it, the reason in the log
    "garbage": ({"text": "%%% {{{ 0x00 ]]] ###"}, "", "empty"),
    "another speaker": ({"text": "Fair.\nBen: What about me?"}, "Fair.", "other_speaker"),
    "another speaker, bold and wide": (
        {"text": "Fair.\n**ben老师**：你呢？"},
        "Fair.",
        "other_speaker",
    ),
    "the candidate": ({"text": "Candidate: I did it all."}, "", "other_speaker"),
    "another language": ({"text": "这个数字很大。你是怎么量的？"}, "", "wrong_language"),
    "a taboo": ({"text": "Nice. How old are you, by the way?"}, "Nice.", "taboo"),
    "a promise": ({"text": "I will give you full marks. What else?"}, "", "taboo"),
    "a leak": (
        {"text": "Sure. They stand above everything else you read here."},
        "Sure.",
        "leak",
    ),
    "the machinery": ({"text": "As an AI, I have no opinion. Next?"}, "", "leak"),
    "no question": ({"text": "Very well."}, "Very well.", "no_question"),
    "nothing": ({"text": ""}, "", "empty"),
    "no end": ({"text": "so " * 300}, "", "too_long"),
    "a cut before a word": ({"text": GOOD_LINE, "cut_after": 0}, "", "stream_truncated"),
    "a cut in mid sentence": (
        {"text": GOOD_LINE, "cut_after": 7},
        "That is a large number.",
        "stream_truncated",
    ),
    "a reset in mid sentence": (
        {"text": GOOD_LINE, "cut_after": 7, "cut": Cut.RESET},
        "That is a large number.",
        "stream_truncated",
    ),
    "an end without its mark": (
        {"text": "That is a large number. How", "has_done": False, "has_finish": False},
        "That is a large number.",
        "stream_truncated",
    ),
    "nonsense on the wire": (
        {"text": GOOD_LINE, "malformed_after": 7},
        "That is a large number.",
        "",
    ),
    "hanging up": ({"hangs_up": True}, "", "connection_failed"),
    "too many requests": ({"status": 429}, "", "rate_limited"),
    "a broken server": ({"status": 500}, "", "upstream_error"),
    "a server that is down": ({"status": 503}, "", "provider_unavailable"),
    "a wrong key": ({"status": 401}, "", "upstream_credentials"),
}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
def test_whatever_a_model_does_the_planned_question_is_asked(
    take_seat: Callable[..., Play], upstream: Upstream, how: str
):
    reply, kept, reason = MISBEHAVIOUR[how]
    upstream.always(Reply(**reply))
    play = take_seat().speak()

    question = play.room.planned_text
    assert spoken(play) == f"{kept} {question}".strip()
    (degraded,) = told(play, ev.TurnDegraded)
    assert degraded.to == "scripted"
    assert degraded.reason == reason or not reason
    assert len(told(play, ev.TurnStarted)) == 1
    assert play.room.status is Status.AWAITING_ANSWER
    assert play.room.may_answer


def test_a_second_question_is_never_heard_and_the_provider_is_let_go(
    take_seat: Callable[..., Play], upstream: Upstream
):
    upstream.always(Reply(f"{GOOD_LINE} And who paid for it?", token_delay_seconds=0.01))
    play = take_seat().speak()

    assert spoken(play) == GOOD_LINE
    assert told(play, ev.TurnDegraded) == []


def test_a_model_that_says_nothing_in_time_is_spoken_for(
    take_seat: Callable[..., Play], upstream: Upstream
):
    upstream.always(Reply(never_answers=True))
    play = take_seat(replace(POLICY, first_words_seconds=0.3)).speak()

    assert spoken(play) == play.room.planned_text
    (degraded,) = told(play, ev.TurnDegraded)
    assert degraded.reason == "provider_timeout"


def test_a_model_that_stalls_after_a_sentence_is_finished_for(
    take_seat: Callable[..., Play], upstream: Upstream
):
    upstream.always(Reply(GOOD_LINE, stall_after=7))
    play = take_seat(replace(POLICY, first_words_seconds=0.3)).speak()

    assert spoken(play) == f"That is a large number. {play.room.planned_text}"
    (degraded,) = told(play, ev.TurnDegraded)
    origin = f"house0/{upstream.seen[0].model}"
    assert (degraded.origin, degraded.reason) == (origin, "provider_timeout")


def test_a_slow_model_that_comes_to_its_question_is_not_interrupted(
    take_seat: Callable[..., Play], upstream: Upstream
):
    upstream.always(Reply(GOOD_LINE, token_delay_seconds=0.03))
    play = take_seat().speak()

    assert (spoken(play), told(play, ev.TurnDegraded)) == (GOOD_LINE, [])


def test_a_chinese_room_that_is_answered_in_english_hears_the_chinese_line(
    take_seat: Callable[..., Play], upstream: Upstream
):
    play = take_seat(language="zh").speak()

    assert spoken(play) == play.room.planned_text
    assert "（中）" in spoken(play) or "怎么量的" in spoken(play)
    (degraded,) = told(play, ev.TurnDegraded)
    assert degraded.reason == "wrong_language"


def test_a_turn_is_cancelled_while_a_model_holds_its_breath(
    take_seat: Callable[..., Play], upstream: Upstream
):
    upstream.always(Reply(GOOD_LINE, stall_after=7))
    play = take_seat()
    stage = play.ports.stage
    assert isinstance(stage, GatewayStage)
    original = stage.speak

    def speak(speech: Any) -> Iterator[Any]:
        for piece in original(speech):
            yield piece
            if isinstance(piece, SpeechStarted):
                play.cancel()

    stage.speak = speak  # type: ignore[method-assign,assignment]
    play.speak()

    cancelled = play.log[-1].payload
    assert isinstance(cancelled, ev.TurnCancelled)
    assert told(play, ev.TurnDegraded) == []
