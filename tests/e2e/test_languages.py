"""Chinese pages are Chinese to the last label, and the switch changes the page, not the room."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.candidate import PADDED
from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court, seat

# Names of persons, things and keys: the same in both languages.
SAME_IN_BOTH = {
    *("hotseat", "kay", "en", "english"),
    *("sre", "llm", "icu", "cpr", "pdf", "docx", "txt", "md", "mb", "ms"),
    *("esc", "enter", "shift", "h"),
    "scripted",  # the engine's name in the record
}
# Text as a player meets it: what is seen, and what is read out.
VISIBLE = """() => {
  const said = [];
  const skip = "script, style, code, [lang=en], .slip__text, .moment__answer, .resume-text, " +
    ".moment q, .quotes q, .claim, .fact, [aria-hidden=true] [lang]";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const holder = node.parentElement;
    if (node.data.trim() && !holder.closest(skip)) said.push(node.data.trim());
  }
  for (const one of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
    if (one.closest(skip)) continue;
    said.push(one.title, one.ariaLabel ?? "", one.placeholder ?? "");
  }
  return said.filter(Boolean);
}"""


def english_in(page):
    found = []
    for text in [page.title(), *page.evaluate(VISIBLE)]:
        for word in re.findall(r"[A-Za-zé]+", text):
            if word.lower() not in SAME_IN_BOTH:
                found.append((word, text))
    return found


@pytest.fixture
def reader(new_visitor: NewVisitor):
    return new_visitor(language="zh", reduced_motion="reduce")


@pytest.mark.parametrize("path", ["/", "/resume", "/nobody-sits-here"])
def test_a_chinese_page_has_no_english_word_on_it(reader, path, complaints):
    complaints.expect("404")
    page = reader.new_page()
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert english_in(page) == []


def test_a_read_resume_is_discussed_in_chinese(reader):
    page = reader.new_page()
    page.goto("/resume")
    page.locator("#resume-text").fill("圣安医院 护士\n- 给药零差错\n- 参与手卫生项目，感染下降 45%")
    page.get_by_role("button", name="让他们看").click()
    expect(page.locator("[data-findings]")).to_be_visible()
    assert english_in(page) == []


def test_a_chinese_game_has_no_english_word_from_the_first_question_to_the_verdict(reader):
    path = seat(
        reader, language="zh", mode="survive", scenery="any_trade", resume={"sample": "nurse"}
    )
    court = Court(reader.new_page()).enter(path)
    court.my_move()
    assert english_in(court.page) == []
    court.page.locator("#hint").click()
    expect(court.page.locator("#hint-words")).to_be_visible()
    court.answer(PADDED["zh"])
    court.page.locator(".verdict-strip__score").click()
    expect(court.page.locator(".why")).to_be_visible()
    assert english_in(court.page) == []
    court.play(well=False, padded="还行。")
    assert english_in(court.page) == []
    court.page.get_by_role("link", name="看判词").click()
    for summary in court.page.locator("details summary").all():
        summary.click()
    assert english_in(court.page) == []


def test_a_refusal_is_a_chinese_sentence(reader, complaints):
    complaints.expect("422")
    page = reader.new_page()
    page.goto("/resume")
    file = {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#writing-problem")).to_have_text(
        re.compile("^[^A-Za-z]+(PDF[^A-Za-z]+)?$")
    )


def test_the_switch_turns_the_page_and_is_remembered(page):
    page.goto("/")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("button", name="入座").first).to_be_visible()
    page.goto("/resume")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(re.compile("/resume$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Put your résumé on the table")


def test_the_room_keeps_its_language_when_the_page_turns(seated):
    question = seated.turn()["text"]
    seated.page.locator("[data-dialog=menu]").click()
    seated.page.get_by_role("dialog").get_by_role("button", name="中文").click()
    expect(seated.page.locator("html")).to_have_attribute("lang", "zh-hans")
    seated.my_move()
    assert seated.turn()["text"] == question
    expect(seated.status).to_have_text(re.compile("等"))


def test_the_panel_changes_its_language_when_asked_to(seated):
    seated.page.locator("[data-dialog=menu]").click()
    dialog = seated.page.get_by_role("dialog")
    with seated.page.expect_response(re.compile("/settings$")):
        dialog.locator("input[name=language][value=zh]").check(force=True)
    seated.page.keyboard.press("Escape")
    seated.answer(PADDED["en"])
    assert re.search("[一-鿿]", seated.turn()["text"])
    expect(seated.questions().last.locator(".line__lang")).to_have_text("中")
