"""What the game may rely on when it asks a model; on the fake and on the gateway."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from interview.adapters.gateway_counsel import GatewayCounsel
from interview.domain.ports import Counsel, Inquiry, NoCounselError
from interview.domain.speaking.prompt import Prompt, Utterance
from tests.factories.models import play_on
from tests.fakes.interview import FakeCounsel
from tests.fakes.upstream import upstream_in_thread

ROUTE = "panel"


@dataclass(frozen=True, slots=True)
class CounselTwin:
    """A counsel with one model, and ways to let it say something, or refuse."""

    port: Counsel
    say: Callable[[str], None]
    refuse: Callable[[], None]


@pytest.fixture
def counsel(twin: str, request: pytest.FixtureRequest) -> Iterator[CounselTwin]:
    """The counsel under test."""
    if twin == "memory":
        fake = FakeCounsel({ROUTE: "ada"})

        def say(text: str) -> None:
            fake.replies[ROUTE] = text

        def refuse() -> None:
            fake.replies[ROUTE] = NoCounselError("upstream_credentials")

        yield CounselTwin(fake, say, refuse)
        return
    request.getfixturevalue("redis_client")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    with upstream_in_thread() as upstream:
        play_on(upstream, monkeypatch=monkeypatch, routes=[ROUTE])
        yield CounselTwin(
            GatewayCounsel(),
            upstream.say,
            lambda: upstream.fail(401),
        )


def inquiry(*, route: str = ROUTE) -> Inquiry:
    """Return a question of its own."""
    prompt = Prompt((Utterance("system", "Choose."), Utterance("user", "Who?")), max_tokens=20)
    return Inquiry(f"test.{uuid4()}", route, prompt, seconds=10.0, room_id=uuid4())


def test_the_routes_are_those_that_lead_to_a_model(counsel: CounselTwin):
    assert ROUTE in counsel.port.routes()
    assert "nowhere" not in counsel.port.routes()


def test_an_inquiry_is_answered_whole(counsel: CounselTwin):
    counsel.say("It is ada, of course.")

    assert counsel.port.ask(inquiry()) == "It is ada, of course."


def test_a_model_that_refuses_is_no_counsel_and_says_why(counsel: CounselTwin):
    counsel.refuse()

    with pytest.raises(NoCounselError) as caught:
        counsel.port.ask(inquiry())

    assert caught.value.code == "upstream_credentials"


def test_a_route_that_leads_nowhere_is_no_counsel(counsel: CounselTwin):
    with pytest.raises(NoCounselError) as caught:
        counsel.port.ask(inquiry(route="nowhere"))

    assert caught.value.code == "unknown_model"


def test_several_are_asked_together_and_answer_in_order(counsel: CounselTwin):
    counsel.say("ada")
    counsel.say("ada")

    first, second, third = counsel.port.ask_together(
        [inquiry(), inquiry(route="nowhere"), inquiry()]
    )

    assert (first, third) == ("ada", "ada")
    assert isinstance(second, NoCounselError)
    assert second.code == "unknown_model"


def test_asked_nothing_nobody_answers(counsel: CounselTwin):
    assert counsel.port.ask_together([]) == []
