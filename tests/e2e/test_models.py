"""A panel of models before a real browser: who speaks, who stands in, and that the page says so."""

import json
import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from compose import local
from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court, seat
from tests.factories.operators import SERVERS_OF_ITS_OWN, operate
from tests.fakes.upstream import Reply, Seen, Upstream, upstream_in_thread

ROUTE, PREFIX = "panel", "models:"
LINES = {
    "en": "That is quite a claim. How exactly was it measured?",
    "zh": "口气不小。这个数到底是怎么量出来的？",
}
DIMENSIONS = ("relevance", "specificity", "depth", "ownership", "structure", "consistency")


def reply_to(seen: Seen) -> Reply:
    """Return a verdict to the judge's question, and a line of the right language to others."""
    orders, brief = (message["content"] for message in seen.json["messages"])
    marks = re.findall(r'"nonce": "(\w+)"', orders)
    if not marks:
        return Reply(LINES["zh" if "本场规矩" in orders else "en"])
    (answer,) = re.findall(r"kind=answer>\n\| (.+)", brief)
    each = {"level": 3, "quote": answer[:20], "why": "so it says"}
    return Reply(json.dumps({"nonce": marks[0], "dimensions": dict.fromkeys(DIMENSIONS, each)}))


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The model server."""
    with upstream_in_thread() as found:
        found.decide = reply_to
        yield found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[local.Stack]:
    """A game whose panel and judge are models, as an operator would have set it up."""
    own = {
        **SERVERS_OF_ITS_OWN,
        "REDIS_PREFIX": PREFIX,
        "ENV_FILE": os.devnull,
        "DRAIN_SECONDS": "2",
    }
    own |= {"ROOM_MODEL_ROUTE": ROUTE, "JUDGE_MODEL_ROUTE": ROUTE, "ROOM_FIRST_WORDS_SECONDS": "3"}
    data_dir = tmp_path_factory.mktemp("models")
    with local.Stack(data_dir=data_dir, port=local.free_port(), extra=own) as running:
        operate(data_dir, "provider", "add", "here", "--adapter", "openai", "--local",
                "--base-url", upstream.base_url, prefix=PREFIX)  # fmt: skip
        operate(data_dir, "route", "add", ROUTE, "--target", "here/m", prefix=PREFIX)
        yield running


@pytest.mark.parametrize(
    ("language", "badge", "lobby", "stood_in"),
    [
        ("en", "Model", "a model finds the panel's words", "Spoken by the understudy"),
        ("zh", "模型", "今晚的话由模型来说", "这句由替补代言"),
    ],
)
def test_a_model_plays_and_the_page_says_who_speaks_and_who_stood_in(
    new_visitor: NewVisitor,
    upstream: Upstream,
    language: str,
    badge: str,
    lobby: str,
    stood_in: str,
):
    visitor = new_visitor(language=language, reduced_motion="reduce")
    page = visitor.new_page()
    page.goto("/")
    expect(page.locator(".colophon")).to_contain_text(lobby)

    court = Court(page).enter(seat(visitor, engine="model", language=language))
    court.my_move()
    expect(page.locator(".roombar__engine")).to_have_text(badge)
    expect(court.questions().last).to_contain_text(LINES[language])

    court.answer_well()
    expect(court.questions().last).to_contain_text(LINES[language])
    court.answers().last.locator(".verdict-strip__score").click()
    expect(page.locator("[data-judged=weighed]")).to_be_visible()

    upstream.decide = lambda _: Reply(status=503)
    try:
        court.answer_well()
    finally:
        upstream.decide = reply_to
    expect(page.locator("[data-degraded]").last).to_contain_text(stood_in)
    expect(court.questions().last).not_to_contain_text(LINES[language])
    expect(court.composer).to_be_enabled()
