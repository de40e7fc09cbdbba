"""Writing an answer: what the keys do, what the chips say, what is kept."""

import re

from playwright.sync_api import expect

from tests.e2e.candidate import PADDED

EVIDENCE = (
    "I cut it from 820 ms to 310 ms over 14 days, measured in Grafana; "
    "I gave up 400 MB of memory for it."
)


def test_a_draft_is_still_there_after_a_reload(seated):
    seated.composer.fill("half a sentence, 37 % of")
    seated.page.reload()
    expect(seated.composer).to_have_value("half a sentence, 37 % of")


def test_a_draft_is_gone_once_it_was_sent(seated):
    seated.say("It was fine.")
    expect(seated.answers()).to_have_count(1)
    expect(seated.composer).to_have_value("")
    seated.page.reload()
    expect(seated.composer).to_have_value("")
    expect(seated.answers()).to_have_count(1)


def test_shift_enter_breaks_the_line_and_enter_sends_both(seated):
    seated.composer.focus()
    seated.page.keyboard.type("First line,")
    seated.page.keyboard.press("Shift+Enter")
    seated.page.keyboard.type("second line.")
    expect(seated.answers()).to_have_count(0)
    seated.page.keyboard.press("Enter")
    expect(seated.answers()).to_have_count(1)
    seated.floor("answer")
    (said,) = [entry["text"] for entry in seated.transcript() if entry["who"] == "you"]
    assert said == "First line,\nsecond line."


def test_the_enter_that_ends_a_composition_sends_nothing(seated):
    keyboard = seated.page.context.new_cdp_session(seated.page)
    seated.composer.focus()
    composed = {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6}
    keyboard.send("Input.imeSetComposition", composed)
    expect(seated.composer).to_have_value("ni hao")
    seated.page.keyboard.press("Enter")
    keyboard.send("Input.insertText", {"text": "你好"})
    expect(seated.composer).to_have_value(re.compile("你好"))
    expect(seated.answers()).to_have_count(0)

    seated.composer.fill("你好")
    seated.composer.press("Enter")
    expect(seated.answers()).to_have_count(1)


def test_an_empty_answer_stays_here_with_a_word_of_advice(seated):
    seated.composer.press("Enter")
    expect(seated.status).to_contain_text("Say something first")
    expect(seated.answers()).to_have_count(0)


def test_nothing_can_be_sent_while_they_speak_and_the_words_stay(seated):
    seated.say("It was fine.")
    seated.floor("scoring", "waiting", "speaking")
    seated.say("One more thing.")
    expect(seated.composer).to_have_value("One more thing.")
    seated.my_move()
    expect(seated.answers()).to_have_count(1)


def test_the_chips_light_up_for_what_the_answer_has(seated):
    lit = re.compile("chip--lit")
    expect(seated.page.locator("#chip-numbers")).not_to_have_class(lit)
    seated.composer.fill(EVIDENCE)
    for chip in ("numbers", "ownership", "tradeoff"):
        expect(seated.page.locator(f"#chip-{chip}")).to_have_class(lit)
    expect(seated.page.locator("#length-word")).to_have_text("thin")
    seated.composer.fill(PADDED["en"])
    expect(seated.page.locator("#chip-ownership")).to_have_class(re.compile("chip--warn"))


def test_every_key_of_the_help_page_does_what_it_says(seated):
    seated.log.focus()
    seated.page.keyboard.press("?")
    help_page = seated.page.get_by_role("dialog", name="Keys and rules")
    expect(help_page).to_be_visible()
    seated.page.keyboard.press("Escape")
    expect(help_page).to_be_hidden()

    seated.page.keyboard.press("2")
    expect(seated.page.get_by_role("dialog", name="Lin")).to_be_visible()
    seated.page.keyboard.press("Escape")

    seated.page.keyboard.press("/")
    expect(seated.composer).to_be_focused()
    expect(seated.composer).to_have_value("")


def test_a_hint_costs_points_and_is_given_once_a_question(seated):
    seated.log.focus()
    seated.page.keyboard.press("h")
    hint = seated.page.locator("#hint-words")
    expect(hint).to_be_visible()
    expect(seated.page.locator("#log-lines")).to_contain_text(
        "You took a hint. It costs points at the end."
    )
    words = hint.inner_text()
    seated.page.keyboard.press("h")
    seated.page.reload()
    expect(hint).to_have_text(words)
    assert seated.state("hints") == 1


def test_keys_are_only_letters_inside_the_answer(seated):
    seated.composer.focus()
    seated.page.keyboard.type("h2?/")
    expect(seated.composer).to_have_value("h2?/")
    expect(seated.page.get_by_role("dialog")).to_have_count(0)
    assert seated.state("hints") == 0
