"""Cutting in: at once, with the words that were heard kept."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.court import send


@pytest.fixture
def speaking(seated):
    """A room where somebody is in the middle of a sentence."""
    settings = f"/api{seated.path}/settings"
    send(seated.page.context, settings, {"pace": "calm"}, method="PATCH")
    seated.say("It was fine, and the team was fine, and everything was fine in the end.")
    expect(seated.questions()).to_have_count(2)
    expect(seated.questions().last).to_have_attribute("data-state", "streaming")
    expect(seated.questions().last.locator(".speech")).to_have_text(re.compile(r"\w+ \w+"))
    return seated


def test_escape_stops_the_speaker_and_keeps_what_was_heard(speaking):
    heard = speaking.turn()["text"]
    speaking.page.keyboard.press("Escape")
    speaking.floor("interrupted")

    turn = speaking.turn()
    assert turn["state"] == "cancelled"
    assert turn["text"].startswith(heard)
    assert not turn["text"].rstrip().endswith("?")
    expect(speaking.questions().last).to_contain_text("Interrupted")
    expect(speaking.questions().last.locator(".speech")).to_have_text(turn["text"].rstrip())
    expect(speaking.composer).to_be_focused()


def test_what_was_interrupted_can_be_asked_again_in_full(speaking):
    speaking.page.get_by_role("button", name="Interrupt").click()
    speaking.floor("interrupted")
    heard = speaking.turn()["text"].rstrip()
    speaking.questions().last.get_by_role("button", name="Ask it again").click()
    speaking.my_move()
    expect(speaking.questions()).to_have_count(3)
    asked = speaking.turn()["text"]
    assert asked.startswith(heard)
    assert asked.endswith("?")


def test_nobody_can_read_a_question_before_it_is_asked(speaking):
    facts = speaking.page.evaluate(
        "hotseat.state().record.filter((event) => event.type === 'turn.planned')"
    )
    assert len(facts) == 2
    assert {fact["data"]["text"] for fact in facts} == {""}
    assert all(fact["data"]["speaker"] and fact["data"]["intent"] for fact in facts)


def test_half_a_question_can_be_answered(speaking):
    speaking.page.keyboard.press("Escape")
    speaking.floor("interrupted")
    speaking.answer("I heard enough: I cut it from 820 ms to 310 ms myself.")
    expect(speaking.answers()).to_have_count(2)


def test_a_second_escape_does_no_more_than_the_first(speaking):
    speaking.page.keyboard.press("Escape")
    speaking.page.keyboard.press("Escape")
    speaking.floor("interrupted")
    stops = speaking.page.evaluate(
        "hotseat.state().record.filter((event) => event.type === 'turn.cancelled').length"
    )
    assert stops == 1


def test_an_interruption_is_seen_in_the_other_tab(speaking):
    other = speaking.another_tab()
    speaking.page.keyboard.press("Escape")
    other.floor("interrupted")
    speaking.floor("interrupted")
    assert other.transcript() == speaking.transcript()
