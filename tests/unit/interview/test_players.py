"""Who asks: the bearer of a token, or the player of a cookie."""

from uuid import uuid4

import pytest

from interview.services import players
from interview.services.players import Visitor

PLAYER = uuid4()
COOKIE = players.cookie_value(PLAYER)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"cookie": COOKIE}, Visitor(player=PLAYER)),
        ({"cookie": COOKIE, "token": "watch"}, Visitor(player=PLAYER, token="watch")),
        ({"cookie": None, "token": "watch"}, Visitor(token="watch")),
        ({"cookie": None}, Visitor()),
        ({"cookie": f"{uuid4()}:forged"}, Visitor()),
        (
            {"cookie": COOKIE, "token": "watch", "authorization": "Bearer secret"},
            Visitor(token="secret", is_bearer=True),
        ),
        ({"cookie": COOKIE, "authorization": "Bearer "}, Visitor(player=PLAYER)),
        ({"cookie": COOKIE, "authorization": "Basic secret"}, Visitor(player=PLAYER)),
    ],
)
def test_a_bearer_is_nobody_else_and_everybody_else_is_their_cookie(
    given: dict[str, str], found: Visitor
) -> None:
    assert players.visitor(**given) == found


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites() -> None:
    cookie = players.cookie_of(PLAYER)

    assert players.from_cookie(cookie["value"]) == PLAYER
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
