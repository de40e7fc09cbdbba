"""One attribute has one name, whoever sets it."""

from config import telemetry_export
from gateway.domain import attributes as of_the_gateway
from interview.domain import attributes as of_the_game

GAME = {name: value for name, value in vars(of_the_game).items() if name.isupper()}


def test_the_game_and_the_gateway_call_what_both_set_by_one_name() -> None:
    gateway = {name: value for name, value in vars(of_the_gateway).items() if name.isupper()}

    assert {name: gateway[name] for name in GAME if name in gateway} == {
        name: value for name, value in GAME.items() if not value.startswith("game.")
    }


def test_room_and_turn_travel_as_baggage_under_the_names_they_have_on_spans() -> None:
    assert set(telemetry_export.BAGGAGE_KEYS) == {of_the_game.ROOM_ID, of_the_game.TURN_ID}
