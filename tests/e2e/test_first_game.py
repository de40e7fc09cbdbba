"""The first game, from the lobby to the verdict, lost and won in each mode."""

import re

from playwright.sync_api import expect

from tests.e2e.candidate import PADDED
from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court


def test_one_press_in_the_lobby_leads_to_a_question_about_the_resume(court, page):
    page.goto("/")
    page.get_by_role("button", name="Take the seat").first.click()

    court.my_move()
    expect(page).to_have_title(re.compile("^The Group Grilling"))
    expect(court.composer).to_be_focused()
    claim = court.questions().first.locator(".claim")
    expect(page.locator("#resume-text .fact.is-target").first).to_be_visible()
    assert claim.inner_text().rstrip("…") in page.locator("#resume-text").inner_text()


def test_the_lobby_of_somebody_who_left_in_mid_game_offers_the_chair_again(court, page):
    court.take_seat().my_move()
    room = page.url
    page.goto("/")
    page.get_by_role("link", name=re.compile("Sit back down")).click()
    expect(page).to_have_url(room)


def test_padding_loses_the_nerve_and_the_verdict_adds_up_and_says_where(court, page):
    court.take_seat().my_move()
    court.hurry()
    court.answer(PADDED["en"])

    stamp = court.answers().first.locator(".stamp")
    expect(stamp).to_have_text(re.compile(r" −\d+$"))
    assert court.state("hp") < 100
    expect(court.answers().first.locator("mark.evidence--bad").first).to_be_visible()

    court.play(well=False, padded=PADDED["en"])
    expect(court.verdict).to_contain_text("Dismissed")
    assert (court.state("result"), court.state("hp")) == ("lost", 0)

    page.get_by_role("link", name="Read the verdict").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The panel has heard enough.")
    expect(page.locator(".moment")).not_to_have_count(0)
    expect(page.locator(".moment mark.is-against").first).to_be_visible()
    lines = page.locator(".score tbody td").all_inner_texts()
    total = sum(int(line.replace("+", "").replace("−", "-")) for line in lines)
    expect(page.locator(".score tfoot td")).to_have_text(str(total))


def test_padding_loses_the_panel_in_chinese(new_visitor: NewVisitor):
    page = new_visitor(language="zh", reduced_motion="reduce").new_page()
    court = Court(page).take_seat(mode="convince")
    court.my_move()
    court.play(well=False, padded=PADDED["zh"])
    expect(court.verdict).to_contain_text("驳回")
    page.get_by_role("link", name="看判词").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("堂上听够了。")


def test_good_answers_keep_the_seat_and_the_win_is_kept_through_overtime(court, page):
    court.take_seat(scenery="any_trade").my_move()
    court.hurry()
    court.play(well=True)

    goal = page.get_by_role("region", name=re.compile("the win is yours to keep"))
    goal.get_by_role("button", name="Stay for overtime").click()
    expect(goal).to_be_hidden()
    court.answer(PADDED["en"])
    page.locator("[data-dialog=menu]").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave the seat").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()

    expect(court.verdict).to_contain_text("You kept the seat")
    page.get_by_role("link", name="Read the verdict").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are still in the chair.")
    expect(page.get_by_role("img", name="Seal: survived")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("into overtime")


def test_good_answers_win_the_panel_seat_by_seat(court, page):
    court.take_seat(mode="convince").my_move()
    court.hurry()
    court.play(well=True)

    assert sorted(court.state("convinced")) == ["kay_sre", "lin_hr", "zhou_architect"]
    expect(court.verdict).to_contain_text("The panel is yours")
    page.get_by_role("link", name="Read the verdict").click()
    expect(page.get_by_role("img", name="Seal: convinced")).to_be_visible()


def test_good_answers_win_the_panel_in_chinese(new_visitor: NewVisitor):
    page = new_visitor(language="zh", reduced_motion="reduce").new_page()
    court = Court(page).take_seat(mode="convince", scenery="any_trade")
    court.my_move()
    court.play(well=True)
    expect(court.verdict).to_contain_text("满堂折服")
    page.get_by_role("link", name="看判词").click()
    expect(page.get_by_role("img", name="印：折服")).to_be_visible()


def test_leaving_the_seat_ends_the_game_without_a_verdict_on_the_answers(court, page):
    court.take_seat().my_move()
    page.locator("[data-dialog=menu]").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave the seat").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    expect(court.verdict).to_contain_text("You left the seat")
    page.get_by_role("link", name="Read the verdict").click()
    expect(page.locator(".curve")).to_contain_text("No answer was scored")
