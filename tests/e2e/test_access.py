"""For readers by ear, for keyboards, for people who want less to move."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.candidate import PADDED
from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court

# What is moving: animations that run and are not over before anybody could see them.
MOVING = """document.getAnimations().filter((one) => {
  const { duration, iterations } = one.effect.getComputedTiming();
  return one.playState === "running" && duration * iterations > 50;
}).map((one) => one.animationName || one.transitionProperty)"""


def test_questions_and_scores_are_spoken_and_the_log_is_not(seated):
    announcer = seated.page.locator("#announcer")
    expect(seated.log).to_have_attribute("aria-live", "off")
    seated.say(PADDED["en"])
    expect(announcer).to_have_text(re.compile(r"Scored \d+ against a par of 55\. \w+"))
    expect(announcer).to_have_text(re.compile(r"(Lao Zhou|Lin|Kay) asked: .+\?"))
    seated.my_move()
    assert seated.turn()["text"].endswith("?")


def test_the_verdict_is_spoken_at_once(seated):
    page = seated.page
    page.locator("[data-dialog=menu]").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave the seat").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("You left the seat")
    expect(page.get_by_role("link", name="Read the verdict")).to_be_focused()


def test_a_lost_line_is_spoken_at_once(seated, complaints):
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    seated.page.context.set_offline(True)
    expect(seated.page.get_by_role("alert")).to_contain_text("The line to the room is down.")
    seated.page.context.set_offline(False)
    expect(seated.bar).to_be_hidden()


def test_the_meters_say_their_value_in_words(seated):
    nerve = seated.page.get_by_role("button", name=re.compile(r"^Nerve 100 of 100"))
    expect(nerve).to_be_visible()
    seated.answer(PADDED["en"])
    hp = seated.state("hp")
    button = seated.page.get_by_role("button", name=f"Nerve {hp} of 100. Show why")
    expect(button.locator("meter")).to_have_js_property("value", hp)
    button.click()
    expect(seated.page.get_by_role("dialog", name="Nerve")).to_contain_text(f"100 → {hp}")


def test_the_focus_stays_in_the_composer_from_question_to_question(seated):
    expect(seated.composer).to_be_focused()
    seated.answer(PADDED["en"])
    expect(seated.composer).to_be_focused()


def test_a_dialog_gives_the_focus_back(seated):
    opener = seated.page.locator("[data-dialog=menu]")
    opener.focus()
    seated.page.keyboard.press("Enter")
    expect(seated.page.get_by_role("dialog", name="Settings")).to_be_visible()
    seated.page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_whole_round_is_played_without_a_mouse(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    button = page.locator(".hero__buttons [data-take-seat]")
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("(one) => one === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/rooms/"))
    court = Court(page)
    court.my_move()
    page.keyboard.type("It was fine.")
    page.keyboard.press("Enter")
    expect(court.answers()).to_have_count(1)
    court.my_move()


def test_every_control_has_a_name(seated):
    unnamed = """() => [...document.querySelectorAll("button, a[href], input, select, textarea")]
      .filter((one) => one.checkVisibility() && !one.labels?.length)
      .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.title))
      .map((one) => one.outerHTML)"""
    for path in (seated.path, "/", "/resume"):
        seated.page.goto(path)
        assert seated.page.evaluate(unnamed) == [], path


@pytest.mark.parametrize("path", ["/", "/resume"])
def test_with_less_motion_nothing_moves_on_the_pages(page, path):
    page.goto(path)
    assert page.evaluate(MOVING) == []


def test_with_less_motion_a_blow_lands_without_travel(seated):
    seated.say(PADDED["en"])
    expect(seated.answers().first.locator(".stamp")).to_be_visible()
    assert seated.page.evaluate(MOVING) == []
    seated.my_move()
    assert seated.page.evaluate(MOVING) == []


def test_with_motion_the_greetings_come_one_by_one_and_the_words_are_typed(
    new_visitor: NewVisitor,
):
    court = Court(new_visitor().new_page()).take_seat()
    greetings = court.page.locator(".greetings .line")
    expect(greetings.nth(0)).to_be_visible()
    expect(greetings.nth(2)).to_be_hidden()
    court.my_move()
    expect(greetings.nth(2)).to_be_visible()


def test_sound_is_off_until_somebody_switches_it_on(seated):
    switch = seated.page.get_by_role("button", name="Sound")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    seated.page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
