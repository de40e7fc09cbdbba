"""A director, two providers and whole games, in which one or the other fails."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.domain.catalog import Ability
from gateway.domain.money import Entry
from interview.domain import attributes
from interview.domain import events as ev
from interview.domain.events import EventType
from interview.domain.orchestration import DIRECTED as DIRECTED_REASONS
from interview.domain.room import Engine, Status, fold
from interview.domain.room import Room as State
from interview.domain.scenery import Strategy
from interview.services import event_log, tracing
from tests.factories.models import play_on
from tests.factories.rooms import GOOD_ANSWERS, Play
from tests.fakes.upstream import Reply, Seen, Upstream, upstream_in_thread
from tests.integration.interview.conftest import Seat
from tests.integration.interview.models.scene import (
    DIRECTED,
    GOOD_LINE,
    JUDGE,
    JUDGED,
    ROUTE,
    ROUTES,
    directed,
    is_director,
    judged,
    play_rounds,
    real_ports,
    spoken,
    told,
    verdict,
)

pytestmark = pytest.mark.usefixtures("redis_client")


# --- The director ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "is_fallback"),
    [
        (Reply('{"speaker": "cy"}'), False),
        (Reply('Sure! {"speaker": "zed"}'), True),
        (Reply("cy"), True),
        (Reply(status=500), True),
        (Reply(never_answers=True), True),
    ],
)
def test_a_director_is_believed_in_one_name_of_the_list(
    take_seat: Callable[..., Play], upstream: Upstream, reply: Reply, is_fallback: bool
):
    directed(upstream, reply)
    policy = replace(DIRECTED, director_seconds=0.3)
    play = play_rounds(take_seat(policy, strategy=Strategy.DIRECTOR), 6)

    asked = [seen for seen in upstream.seen if is_director(seen)]
    choices = [c for c in told(play, ev.TurnSpeakerSelected) if c.reason in DIRECTED_REASONS]
    assert len(choices) == len(asked) >= 1
    for seen, choice in zip(asked, choices, strict=True):
        allowed = re.findall(r'"id": "(\w+)"', seen.json["messages"][1]["content"])
        is_named = "cy" in allowed and not is_fallback
        assert (choice.reason == "suggested", choice.fallback) == (is_named, not is_named)
        assert choice.speaker in allowed


# --- Two providers --------------------------------------------------------------------------


def test_another_provider_goes_on_in_mid_sentence_where_it_can_and_nobody_notices(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
):
    def go_on(seen: Seen) -> Reply:
        begun = seen.json["messages"][-1]
        assert begun["role"] == "assistant"
        return Reply(GOOD_LINE.removeprefix(begun["content"]))

    with upstream_in_thread() as first, upstream_in_thread() as second:
        first.always(Reply(GOOD_LINE, cut_after=7))
        second.decide = go_on
        able = {Ability.STREAM, Ability.PREFILL}
        play_on(first, second, monkeypatch=monkeypatch, routes=ROUTES, abilities=able)
        play = seat(engine=Engine.MODEL, ports=real_ports()).speak()

    assert spoken(play) == GOOD_LINE
    assert told(play, ev.TurnDegraded) == []
    assert len(second.seen) == 1


# --- A whole game ---------------------------------------------------------------------------


def test_a_game_is_played_to_its_end_though_one_provider_dies_in_the_middle(
    seat: Seat, monkeypatch: pytest.MonkeyPatch, entries: list[Entry]
):
    with upstream_in_thread() as first, upstream_in_thread() as second:
        for upstream in (first, second):
            upstream.always(Reply(GOOD_LINE))
            judged(upstream, verdict)
        play_on(first, second, monkeypatch=monkeypatch, routes=ROUTES)
        play = seat(engine=Engine.MODEL, ports=real_ports(JUDGED))
        n_rounds = 0
        while play.room.status is not Status.SETTLED:
            if n_rounds == 2:
                first.decide = lambda _: Reply(GOOD_LINE, cut_after=7)  # dies in mid sentence
            elif n_rounds == 3:
                first.decide = lambda _: Reply(hangs_up=True)
            play.speak()
            assert spoken(play)
            play.answer(GOOD_ANSWERS[n_rounds % len(GOOD_ANSWERS)])
            play.weigh()
            n_rounds += 1

    started = [fact.provider for fact in told(play, ev.TurnStarted)]
    assert started[0] == "house0"
    assert started[-1] == "house1"
    assert play.count(EventType.TURN_FAILED) == 0
    assert play.count(EventType.TURN_DONE) == n_rounds == play.count(EventType.ANSWER_SCORED)
    assert [d.reason for d in told(play, ev.TurnDegraded)] == ["stream_truncated"]
    assert {scored.tier for scored in told(play, ev.AnswerScored)} <= {"model", "rules"}
    assert play.room.result is not None
    assert fold(State(), event_log.read(play.room_id)) == play.room
    assert {entry.room_id for entry in entries} == {str(play.room_id)}
    assert {entry.route for entry in entries} == {ROUTE, JUDGE, "scripted"}
    assert len({entry.id for entry in entries}) == len(entries)


def test_the_trace_says_who_stood_in_and_what_became_of_the_judge(
    take_seat: Callable[..., Play], upstream: Upstream, monkeypatch: pytest.MonkeyPatch
):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("game"))
    upstream.always(Reply("Very well."))
    judged(upstream, lambda _: Reply("no idea"))

    play = take_seat(JUDGED).speak()
    play.answer(GOOD_ANSWERS[0])
    play.weigh()

    turn, weighed = exporter.get_finished_spans()
    assert dict(turn.attributes or {})[attributes.DEGRADED] == "no_question"
    assert dict(weighed.attributes or {})[attributes.JUDGE] == "garbled"
    assert {dict(span.attributes or {})[attributes.ROOM_ID] for span in (turn, weighed)} == {
        str(play.room_id)
    }
