"""The misbehaving model server itself, seen by OpenAI's own client."""

from collections.abc import Iterator

import openai
import pytest

from tests.fakes.upstream import Reply, Upstream, upstream_in_thread

ASKED = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with upstream_in_thread() as found:
        yield found


@pytest.fixture
def client(upstream: Upstream) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=upstream.base_url, api_key="k", max_retries=0) as found:
        yield found


def test_an_answer_is_one_to_openais_client(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.say("Show me.", tool_calls=(("roll", '{"n":6}'),))

    found = client.chat.completions.create(model="m", messages=ASKED)

    message = found.choices[0].message
    assert (message.content, found.choices[0].finish_reason) == ("Show me.", "tool_calls")
    assert message.tool_calls[0].function.arguments == '{"n":6}'
    assert found.usage.total_tokens == 9


def test_so_is_a_stream(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.say("Show me.", n_comments=1)

    options = {"include_usage": True}
    with client.chat.completions.create(
        model="m", messages=ASKED, stream=True, stream_options=options
    ) as chunks:
        found = list(chunks)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in found if chunk.choices)
    assert text == "Show me."
    assert found[-1].usage.total_tokens == 9


def test_so_are_vectors(client: openai.OpenAI) -> None:
    found = client.embeddings.create(model="m", input=["a", "b"], encoding_format="float")

    assert [row.embedding for row in found.data] == [[0.5, -0.25, 0.0], [0.5, -0.25, 1.0]]


def test_so_is_a_refusal(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.fail(429, retry_after="2", code="rate_limit_exceeded")

    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model="m", messages=ASKED)
    assert raised.value.code == "rate_limit_exceeded"
    assert raised.value.response.headers["retry-after"] == "2"


def test_replies_are_taken_in_order_and_by_model(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.say("first")
    upstream.say("for b", model="b")
    upstream.always(Reply("always"), model="a")
    upstream.otherwise = Reply("otherwise")

    def answer(model: str) -> str:
        found = client.chat.completions.create(model=model, messages=ASKED)
        return found.choices[0].message.content

    assert [answer(model) for model in ("b", "a", "a", "c")] == [
        "for b",
        "first",
        "always",
        "otherwise",
    ]
    assert [seen.model for seen in upstream.seen] == ["b", "a", "a", "c"]
    upstream.forget()
    assert upstream.seen == []
    assert answer("a") == "otherwise"


def test_nobody_is_at_home_elsewhere(upstream: Upstream, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.models.list()
