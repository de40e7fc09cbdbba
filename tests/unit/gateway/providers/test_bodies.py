"""What of a client's own body is passed on, and what may not decide."""

import json

import pytest

from gateway.adapters.providers.anthropic import request as messages
from gateway.adapters.providers.bodies import fields_of
from gateway.adapters.providers.openai_chat import request as chat
from gateway.adapters.providers.vendors import vendor_of
from gateway.domain.catalog import Provider, Target
from gateway.domain.messages import ChatRequest, Dialect, Original

ACME = Target(Provider("acme", "openai", Dialect.OPENAI), "m-1")
CLIO = Target(Provider("clio", "anthropic", Dialect.ANTHROPIC), "c-1")
ASKED = ChatRequest("q", "", "open", max_output_tokens=9)


@pytest.mark.parametrize(
    "name",
    [
        *("Model", "MODEL", "modeL", "Max_Tokens", "max_to\u212aens", "\u017ftream", "meSSages"),
        *("N", "Stream_Options", "TOOLS", "User", "Response_Format", "MAX_COMPLETION_TOKENS"),
        *(
            "models",
            "fallbacks",
            "api_base",
            "base_url",
            "api_key",
            "custom_llm_provider",
            "Models",
        ),
    ],
)
def test_a_field_that_would_decide_anew_is_left_out_by_every_way(name):
    body = json.dumps({"model": "open", "messages": [], name: "other", "x": 1}).encode()
    sent = [
        chat.passed_on(ASKED, body, ACME, vendor_of(ACME.provider))[0],
        chat.embedding(body, ACME, vendor_of(ACME.provider)),
        messages.passed_on(ASKED, body, CLIO),
        chat.translated(
            ChatRequest(
                "q", "", "open", extra={name: '"other"'}, original=Original(Dialect.OPENAI, body)
            ),
            ACME,
            vendor_of(ACME.provider),
        ),
    ]
    assert [name in json.loads(each) for each in sent] == [False] * 4


def test_every_other_field_is_passed_on_as_it_came():
    body = b'{"model":"open","n":2,"stream":false,"Strange":{"Model":1.50},"logit_bias":{}}'
    assert {name: bytes(value) for name, value in fields_of(body).items()} == {
        "model": b'"open"',
        "n": b"2",
        "stream": b"false",
        "Strange": b'{"Model":1.50}',
        "logit_bias": b"{}",
    }


def test_of_a_name_that_comes_twice_one_is_passed_on():
    body = b'{"model":"open","model":"other","max_tokens":1,"max_tokens":99999}'
    sent, _ = chat.passed_on(ASKED, body, ACME, vendor_of(ACME.provider))
    assert sent == b'{"model":"m-1","max_tokens":9,"stream_options":{"include_usage":true}}'


@pytest.mark.parametrize(
    ("options", "is_hidden"),
    [
        (b'{"include_usage":true,"include_usage":false}', True),
        (b'{"include_usage":false,"include_usage":true}', False),
        (b'{"include_usage":true,"Include_Usage":false}', False),
        (b'{"INCLUDE_USAGE":true}', True),
    ],
)
def test_usage_is_asked_for_once_whatever_the_client_says_of_it(options, is_hidden):
    body = b'{"model":"open","stream":true,"stream_options":' + options + b"}"
    sent, hides_usage = chat.passed_on(ASKED, body, ACME, vendor_of(ACME.provider))
    assert b'"stream_options":{"include_usage":true}' in sent
    assert hides_usage is is_hidden
