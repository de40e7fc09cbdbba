"""The page after the verdict: it fits, its words are whole, and it can be shown to others."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, NewVisitor
from tests.e2e.court import Court, seat

NOTHING = "Nothing comes to mind about that, sorry."


def dismissed(visitor) -> Court:
    """Play a game to its end by saying nothing much, and open the verdict."""
    court = Court(visitor.new_page())
    court.enter(seat(visitor, mode="convince", scenery="any_trade"))
    court.my_move()
    court.play(well=False, padded=NOTHING)
    court.page.locator("#verdict-link").click()
    court.page.wait_for_url(re.compile("/settlement$"))
    return court


@pytest.mark.parametrize("is_phone", [True, False], ids=["phone", "desktop"])
def test_the_seal_falls_and_the_page_keeps_its_width(new_visitor: NewVisitor, is_phone):
    page = dismissed(new_visitor(is_phone=is_phone)).page
    page.wait_for_function(
        "() => document.getAnimations().every((one) => one.playState !== 'running')"
    )
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if is_phone:
        assert page.evaluate("innerWidth") == PHONE["width"]  # a phone zooms out to fit what falls


def test_who_got_up_has_left_an_empty_chair(context):
    page = dismissed(context).page
    gone = page.locator(".bench-row .is-gone").first
    expect(gone.locator(".portrait__chair").first).to_be_visible()
    expect(gone.locator(".portrait__figure").first).to_be_hidden()
    expect(page.locator(".moment__face .portrait__figure").first).to_be_visible()


def test_everything_said_against_an_answer_is_marked_as_that(context):
    page = dismissed(context).page
    marks = page.locator("[data-rule=off_topic]")
    expect(marks.first).to_have_text(re.compile("^−"))
    for mark in page.locator(".moment__evidence li").all():
        is_against = mark.get_attribute("data-against") is not None
        assert mark.inner_text().startswith("−" if is_against else "+")


def test_the_verdict_can_be_shown_to_somebody_else(context, new_visitor: NewVisitor):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = dismissed(context).page
    page.get_by_role("button", name="Share the verdict").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("Link copied"))
    link = page.evaluate("navigator.clipboard.readText()")

    stranger = new_visitor(language="zh").new_page()
    stranger.goto(link)
    expect(stranger.get_by_text(NOTHING).first).to_be_visible()
    expect(stranger.locator("[data-share]")).to_have_count(0)
