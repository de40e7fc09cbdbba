"""Phones and desktops, light and dark: everything in reach, nothing off the edge."""

import re
from itertools import pairwise
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.candidate import PADDED
from tests.e2e.conftest import PHONE, EarlyRooms, NewVisitor
from tests.e2e.court import Court, send

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BOX = "(one) => { const { top, bottom } = one.getBoundingClientRect(); return [top, bottom]; }"
# Pairs of neighbours in the room that must not lie over each other.
STACKED = ("#stage", "#nerve", ".room__middle", "#composer")


@pytest.fixture
def on_the_phone(new_visitor: NewVisitor, early_rooms: EarlyRooms) -> Court:
    path, cookies = early_rooms.take()
    visitor = new_visitor(is_phone=True, reduced_motion="reduce", storage_state=cookies)
    court = Court(visitor.new_page()).enter(path)
    court.my_move()
    return court


def stacked(page):
    """Return the edges, from above, of the parts of the room."""
    return [page.locator(part).evaluate(BOX) for part in STACKED]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_scrolls_sideways(new_visitor: NewVisitor, language):
    page = new_visitor(language=language).new_page()
    for path in ("/", "/resume"):
        page.goto(path)
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(SIDEWAYS) == 0, (path, width)


def test_the_room_fits_a_phone_with_the_composer_in_sight(on_the_phone):
    page = on_the_phone.page
    assert page.evaluate(SIDEWAYS) == 0
    edges = stacked(page)
    for (_, bottom), (top, _) in pairwise(edges):
        assert bottom <= top + 1
    assert edges[-1][1] <= PHONE["height"]
    seats = page.locator("#stage").bounding_box()
    assert 44 <= seats["height"] <= 56
    size = on_the_phone.composer.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 16  # smaller, and a phone zooms in when the field is touched


def test_on_a_phone_the_papers_slide_up_and_go_away(on_the_phone):
    page = on_the_phone.page
    papers = page.get_by_role("complementary", name="Papers")
    expect(papers).to_be_hidden()
    page.get_by_role("button", name="Résumé").first.tap()
    expect(papers).to_be_visible()
    expect(papers.locator("#resume-text")).to_contain_text("Experience")
    page.get_by_role("button", name="Put the papers away").tap()
    expect(papers).to_be_hidden()
    page.get_by_role("button", name="Record").first.tap()
    expect(papers.locator(".record__row").first).to_be_visible()


def test_on_a_phone_enter_breaks_the_line_and_the_button_sends(on_the_phone):
    on_the_phone.composer.tap()
    on_the_phone.page.keyboard.type("One.")
    on_the_phone.page.keyboard.press("Enter")
    on_the_phone.page.keyboard.type("Two.")
    expect(on_the_phone.composer).to_have_value("One.\nTwo.")
    on_the_phone.page.get_by_role("button", name="Send the answer").tap()
    expect(on_the_phone.answers()).to_have_count(1)


@pytest.mark.parametrize("device", ["seated", "on_the_phone"])
def test_however_long_the_draft_the_last_line_is_in_sight_and_nothing_lies_over_it(request, device):
    court = request.getfixturevalue(device)
    court.answer(PADDED["en"])
    court.page.locator("#hint").click()
    expect(court.page.locator("#hint-words")).to_be_visible()
    for draft in ("a word", "a line\n" * 30):
        court.composer.fill(draft)
        for (_, bottom), (top, _) in pairwise(stacked(court.page)):
            assert bottom <= top + 1
        expect(court.last_line).to_be_in_viewport()
        log_end = court.log.evaluate(BOX)[1]
        last_end = court.last_line.evaluate(BOX)[1]
        assert last_end <= log_end + 1


def test_the_log_stays_where_the_reader_is_and_says_what_came_below(seated):
    for words in (PADDED["en"], "It was fine."):
        seated.answer(words)
    send(
        seated.page.context,
        f"/api{seated.path}/settings",
        {"pace": "brisk"},
        method="PATCH",
    )
    seated.log.evaluate("(one) => one.scrollTo({ top: 0, behavior: 'instant' })")
    body = {"text": "From another device.", "client_id": str(uuid4())}
    send(seated.page.context, f"/api{seated.path}/answer", body)
    pill = seated.page.get_by_role("button", name=re.compile(r"new lines? below"))
    expect(pill).to_be_visible()
    assert seated.log.evaluate("(one) => one.scrollTop") == 0
    pill.click()
    expect(pill).to_be_hidden()
    expect(seated.last_line).to_be_in_viewport()


def test_the_theme_follows_the_system_until_it_is_switched_and_is_then_kept(
    new_visitor: NewVisitor,
):
    page = new_visitor(color_scheme="dark").new_page()
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    light = page.evaluate(ground)
    assert dark != light
    page.goto("/resume")
    assert page.evaluate(ground) == light
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "false")


def test_a_room_can_be_darkened_from_inside(seated):
    seated.page.locator("[data-dialog=menu]").click()
    seated.page.get_by_role("dialog").get_by_role("button", name="Light or dark").click()
    expect(seated.page.locator("html")).to_have_attribute("data-theme", "dark")
