"""What a test of a model in the room asks for: a policy, a judge's reply, what was said."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from interview.adapters.gateway_counsel import GatewayCounsel
from interview.adapters.gateway_stage import GatewayStage
from interview.domain import events as ev
from interview.domain.ports import ModelPolicy, Ports
from interview.domain.room import Status
from tests.factories.rooms import GOOD_ANSWERS, Play
from tests.fakes.interview import FakeOutbox
from tests.fakes.upstream import Reply, Seen, Upstream

ROUTE, JUDGE, DIRECTOR = ROUTES = ("panel", "judge", "director")
GOOD_LINE = "That is a large number. How did you measure it in production?"
POLICY = ModelPolicy(speaker=ROUTE, first_words_seconds=5.0, line_seconds=10.0)


def real_ports(policy: ModelPolicy = POLICY) -> Ports:
    """Return the gateway as stage and counsel, with the jobs kept in memory."""
    return Ports(stage=GatewayStage(), outbox=FakeOutbox(), counsel=GatewayCounsel(), models=policy)


def told(play: Play, kind: type[ev.Payload]) -> list[Any]:
    """Return the facts of a kind."""
    return [event.payload for event in play.log if isinstance(event.payload, kind)]


def spoken(play: Play) -> str:
    """Return the words of the turn just spoken, after checking that every record of it agrees."""
    done = play.log[-1].payload
    assert isinstance(done, ev.TurnDone)
    turn_id = play.log[-1].turn_id
    pieces = [
        event.payload.text
        for event in play.log
        if event.turn_id == turn_id and isinstance(event.payload, ev.TurnSegment)
    ]
    assert "".join(pieces) == done.text
    return done.text


# --- The judge ------------------------------------------------------------------------------


JUDGED = replace(POLICY, judge=JUDGE)
QUOTE = "I rewrote the retry policy myself"
DIMENSIONS = ("relevance", "specificity", "depth", "ownership", "structure", "consistency")


def is_judge(seen: Seen) -> bool:
    """Return whether this request asks for a verdict."""
    return '"nonce"' in seen.json["messages"][0]["content"]


def is_director(seen: Seen) -> bool:
    """Return whether this request asks who speaks next."""
    return "You direct" in seen.json["messages"][0]["content"]


def verdict(seen: Seen, *, level: int = 4, quote: str = QUOTE) -> Reply:
    """Return a verdict that gives every dimension this level and quote."""
    (mark,) = set(re.findall(r'"nonce": "(\w+)"', seen.json["messages"][0]["content"]))
    each = {"level": level, "quote": quote, "why": "so"}
    return Reply(json.dumps({"nonce": mark, "dimensions": dict.fromkeys(DIMENSIONS, each)}))


def judged(upstream: Upstream, reply: Callable[[Seen], Reply]) -> None:
    """Let the model say this when it is asked to judge."""
    upstream.decide = lambda seen: reply(seen) if is_judge(seen) else None


# --- The director ---------------------------------------------------------------------------


DIRECTED = replace(POLICY, director=DIRECTOR)


def directed(upstream: Upstream, reply: Reply) -> None:
    """Let the model say this when it is asked who speaks next."""
    upstream.decide = lambda seen: reply if is_director(seen) else None


def play_rounds(play: Play, n: int) -> Play:
    """Play so many rounds."""
    for answer in GOOD_ANSWERS[:n]:
        assert play.room.status is not Status.SETTLED
        play.speak()
        play.answer(answer)
        play.weigh()
    return play
