"""A conversation in turns, and what vendors want of its parts."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers import conversations
from gateway.adapters.providers.conversations import Inline, Turn
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import ChatRequest, Image, Message, Role, Text, ToolResult

SYSTEM = Message.plain(Role.SYSTEM, "Be brief.")
HI = Message.plain(Role.USER, "Hi")
WELL = Message.plain(Role.ASSISTANT, "Well.")


def request(*messages: Message) -> ChatRequest:
    return ChatRequest("q", "p", "m", messages)


def test_neighbours_of_one_side_share_a_turn():
    turns = conversations.turns(request(SYSTEM, HI, HI, WELL, WELL, HI))

    assert turns == [
        Turn(False, (Text("Hi"), Text("Hi"))),
        Turn(True, (Text("Well."), Text("Well."))),
        Turn(False, (Text("Hi"),)),
    ]


def test_what_a_tool_answered_comes_first_in_the_users_turn():
    result = ToolResult("c", "7")
    told = Message(Role.TOOL, (result,))

    turns = conversations.turns(request(HI, WELL, HI, told))

    assert turns[-1] == Turn(False, (result, Text("Hi")))


@pytest.mark.parametrize(
    "messages", [(), (SYSTEM,), (SYSTEM, WELL), (Message(Role.USER, ()), WELL)]
)
def test_a_user_opens_the_conversation(messages: tuple[Message, ...]):
    assert conversations.turns(request(*messages))[0] == Turn(False, (Text("Begin."),))


def test_nothing_empty_is_said():
    turns = conversations.turns(request(HI, Message.plain(Role.ASSISTANT, ""), HI))

    assert turns == [Turn(False, (Text("Hi"), Text("Hi")))]


def test_the_system_speaks_apart_wherever_it_speaks():
    empty = Message.plain(Role.SYSTEM, "")

    assert conversations.instructions(request(SYSTEM, HI, empty, SYSTEM)) == ["Be brief."] * 2


@pytest.mark.parametrize(
    ("image", "held"),
    [
        (Image("https://example.com/a.png"), None),
        (Image("data:image/gif;base64,QUJD"), Inline("image/gif", "QUJD")),
        (Image("DATA:;base64,QUJD", media_type="image/webp"), Inline("image/webp", "QUJD")),
        (Image("data:,%41BC"), Inline("image/png", "QUJD")),
        (Image("data:image/svg+xml;charset=utf-8,ABC"), Inline("image/svg+xml", "QUJD")),
    ],
)
def test_a_picture_brings_its_bytes_along_or_says_where_they_are(image: Image, held: Inline | None):
    assert conversations.inline(image) == held


@pytest.mark.parametrize("url", ["data:image/png;base64,", "data:image/png;base64"])
def test_a_picture_without_bytes_is_refused(url: str):
    with pytest.raises(InvalidRequestError):
        conversations.inline(Image(url))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('{"a": 1}', b'{"a": 1}'),
        ("", b"{}"),
        (" \n", b"{}"),
        ('{"a": ', b'{"_invalid":"{\\"a\\": "}'),
        ("[1]", b'{"_invalid":"[1]"}'),
        ("null", b'{"_invalid":"null"}'),
    ],
)
def test_arguments_are_always_an_object(arguments: str, found: bytes):
    assert bytes(conversations.arguments_object(arguments)) == found


@given(st.text())
def test_arguments_are_valid_json_whatever_a_model_wrote(arguments: str):
    found = bytes(conversations.arguments_object(arguments))

    assert isinstance(msgspec.json.decode(found), dict)


@given(st.text(max_size=80), st.integers(0, 99))
def test_an_id_is_made_of_letters_every_vendor_takes(request_id: str, number: int):
    found = conversations.made_id(request_id, number)

    assert found.isascii()
    assert found == conversations.plain_id(found)
    assert found != conversations.made_id(request_id, number + 1)


def test_an_id_that_is_empty_or_strange_is_made_plain():
    assert [conversations.plain_id(given) for given in ("", "a:b/c", "toolu_1-x")] == [
        "call",
        "a_b_c",
        "toolu_1-x",
    ]
