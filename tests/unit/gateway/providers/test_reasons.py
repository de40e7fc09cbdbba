"""Why an answer ends: every reason a vendor has, in our words."""

import json

import pytest

from gateway.adapters.providers.anthropic import reading as anthropic
from gateway.adapters.providers.gemini import reading as gemini
from gateway.adapters.providers.openai_chat import reading as openai_chat
from gateway.adapters.providers.sse import Frame
from gateway.adapters.providers.vendors import vendor_of
from gateway.domain.catalog import Provider, Target
from gateway.domain.messages import ChatRequest, Dialect, Finish, FinishReason

WHO = {"request_id": "q", "provider": "p", "model": "m"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.REFUSAL),
        ("pause_turn", FinishReason.PAUSE),
        ("something_new", FinishReason.UNKNOWN),
    ],
)
def test_anthropics_reasons(raw: str, reason: FinishReason) -> None:
    body = {"type": "message_delta", "delta": {"stop_reason": raw}}
    reading = anthropic.Reading(**WHO)

    list(reading.take([frame(body)]))

    assert reading.end() == Finish(reason, None, raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        *[
            (raw, FinishReason.CONTENT_FILTER)
            for raw in [
                *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
                *("MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
            ]
        ],
        *[
            (raw, FinishReason.ERROR)
            for raw in [
                *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"),
                *("TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"),
            ]
        ],
        ("OTHER", FinishReason.UNKNOWN),
        ("CONTINUATION", FinishReason.UNKNOWN),
    ],
)
def test_geminis_reasons(raw: str, reason: FinishReason) -> None:
    reading = gemini.Reading(**WHO)

    list(reading.take([frame({"candidates": [{"finishReason": raw}]})]))

    assert reading.end() == Finish(reason, None, raw)


@pytest.mark.parametrize("raw", ["SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "JAILBREAK", "OTHER"])
def test_a_prompt_gemini_blocks_is_filtered_whatever_it_calls_it(raw: str) -> None:
    reading = gemini.Reading(**WHO)

    with pytest.raises(gemini.ContentFilteredError) as caught:
        list(reading.take([frame({"promptFeedback": {"blockReason": raw}})]))

    assert caught.value.raw_code == raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("normal", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("sensitive", FinishReason.CONTENT_FILTER),
        ("refusal", FinishReason.REFUSAL),
        ("insufficient_system_resource", FinishReason.ERROR),
        ("network_error", FinishReason.ERROR),
        ("abort", FinishReason.ERROR),
        ("something_new", FinishReason.UNKNOWN),
    ],
)
def test_the_reasons_of_openais_wire(raw: str, reason: FinishReason) -> None:
    provider = Provider("p", "openai", Dialect.OPENAI)
    request = ChatRequest("q", "", "m")
    reading = openai_chat.Reading(request, Target(provider, "m"), vendor_of(provider))
    body = {"id": "1", "choices": [{"delta": {"content": "x"}, "finish_reason": raw}]}

    list(reading.take([frame(body), Frame(b"[DONE]", "", b"data: [DONE]\n\n")]))

    (finish,) = [delta for delta in reading.end() if isinstance(delta, Finish)]
    assert (finish.reason, finish.raw_reason) == (reason, raw)


def frame(body: object) -> Frame:
    data = json.dumps(body).encode()
    return Frame(data, "", b"data: " + data + b"\n\n")
