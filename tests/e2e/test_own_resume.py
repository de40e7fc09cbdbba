"""Bringing a résumé: by hand or as a file, in any trade, in both languages."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court
from tests.e2e.papers import FILES, RESUMES

TRADES = ("backend", "frontend", "data", "product", "nurse")
READ = {"en": "Let them read it", "zh": "让他们看"}


def read(page, text, language="en"):
    page.locator("#resume-text").fill(text)
    page.get_by_role("button", name=READ[language]).click()
    expect(page.locator("[data-findings]")).to_be_visible()


def attacked(page):
    return page.locator(".attacks__quote").all_inner_texts()


def upload(page, name, content):
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_trade_has_lines_to_attack_each_in_its_own_words(new_visitor: NewVisitor, language):
    page = new_visitor(language=language, reduced_motion="reduce").new_page()
    page.goto("/resume")
    for trade in TRADES:
        text = RESUMES[trade, language]
        read(page, text, language)
        quotes = attacked(page)
        assert 1 <= len(quotes) <= 3, (trade, quotes)
        assert [quote for quote in quotes if quote not in text] == [], trade
        expect(page.locator(".attacks__why .tag").first).to_be_visible()
        expect(page.locator("[data-marked] .claim--attacked")).to_have_count(len(quotes))
        page.locator("[data-edit]").click()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_nurse_is_asked_about_nursing(new_visitor: NewVisitor, language):
    page = new_visitor(language=language, reduced_motion="reduce").new_page()
    page.goto("/resume?scenery=any_trade")
    read(page, RESUMES["nurse", language], language)
    page.locator("[data-sit]").click()
    page.wait_for_url(re.compile("/rooms/"))
    court = Court(page)
    court.my_move()
    assert court.turn()["plan"]["claim"] in RESUMES["nurse", language]
    assert court.turn()["text"]
    expect(page.locator("#resume-text .fact.is-target").first).to_be_visible()


def test_a_page_without_software_gets_the_panel_for_any_trade_unless_one_was_chosen(page):
    page.goto("/resume")
    read(page, RESUMES["backend", "en"])
    expect(page.get_by_role("combobox", name="Panel")).to_have_value("group_grilling")
    page.locator("[data-edit]").click()
    read(page, RESUMES["nurse", "en"])
    expect(page.get_by_role("combobox", name="Panel")).to_have_value("any_trade")
    expect(page.locator("[data-line]")).to_have_text(re.compile("any trade"))
    page.get_by_role("combobox", name="Panel").select_option("group_grilling")
    page.locator("[data-edit]").click()
    read(page, RESUMES["nurse", "en"])
    expect(page.get_by_role("combobox", name="Panel")).to_have_value("group_grilling")


def test_the_line_under_fire_is_brought_into_sight(new_visitor: NewVisitor):
    page = new_visitor(reduced_motion="reduce").new_page()
    page.goto("/resume")
    read(page, "Ada Bell, gardener\n" + "\n" * 60 + "- Planted 3,000 trees")
    page.locator("[data-sit]").click()
    page.wait_for_url(re.compile("/rooms/"))
    Court(page).my_move()
    expect(page.locator("#resume-text .fact.is-target").first).to_be_in_viewport()


@pytest.mark.parametrize("kind", FILES)
def test_a_file_says_the_same_as_its_text(page, kind):
    text = RESUMES["frontend", "en"]
    page.goto("/resume")
    read(page, text)
    pasted = attacked(page)
    page.locator("[data-edit]").click()
    upload(page, f"ben.{kind}", FILES[kind](text))
    expect(page.locator("[data-findings]")).to_be_visible()
    assert attacked(page) == pasted


def test_a_chinese_word_file_is_read_in_chinese(page):
    page.goto("/resume")
    upload(page, "秦素.docx", FILES["docx"](RESUMES["nurse", "zh"]))
    expect(page.locator("[data-findings]")).to_be_visible()
    expect(page.locator("input[name=language][value=zh]")).to_be_checked()
    assert "零差错" in " ".join(attacked(page))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("photo.png", b"\x89PNG", "They can read txt, md, pdf and docx"),
        ("long.txt", b"a line\n" * 400_000, "over 2 MB"),
        ("broken.pdf", b"%PDF-1.7 and then nothing", None),
        ("empty.txt", b"   \n", None),
    ],
)
def test_a_file_they_cannot_read_gets_a_sentence_and_the_page_stays(
    page, complaints, name, content, sentence
):
    complaints.expect("422")
    page.goto("/resume")
    upload(page, name, content)
    problem = page.locator("#writing-problem")
    expect(problem).to_be_visible()
    expect(problem).to_have_text(re.compile(sentence or r"^[A-Z].+\.$"))
    expect(page.get_by_role("button", name=READ["en"])).to_be_enabled()


def test_an_empty_page_is_not_sent(page):
    page.goto("/resume")
    page.get_by_role("button", name=READ["en"]).click()
    expect(page.locator("#writing-problem")).to_contain_text("nothing on the page yet")


def test_mail_and_phone_are_blacked_out_before_they_leave(page):
    page.goto("/resume")
    with page.expect_request("**/api/resumes") as sent:
        read(page, RESUMES["backend", "en"])
    body = sent.value.post_data_json["text"]
    assert "iris.holm@example.org" not in body
    assert "123 45 67" not in body
    assert "2021.04 - 2024.09" in body


def test_the_text_can_be_changed_and_read_again(page):
    page.goto("/resume")
    read(page, RESUMES["nurse", "en"])
    page.get_by_role("button", name="Change the text").click()
    text = page.locator("#resume-text")
    text.fill(text.input_value().replace("45 %", "46 %"))
    page.get_by_role("button", name=READ["en"]).click()
    expect(page.locator("[data-marked]")).to_contain_text("46 %")


def test_an_unread_page_survives_a_reload(page):
    page.goto("/resume")
    page.locator("#resume-text").fill("Half a life")
    page.reload()
    expect(page.locator("#resume-text")).to_have_value("Half a life")


def test_a_borrowed_life_can_be_played(page):
    page.goto("/resume?scenery=product_court&mode=convince")
    page.get_by_role("group", name="Borrow a life").get_by_role("button").first.click()
    page.get_by_role("button", name=READ["en"]).click()
    expect(page.locator("[data-findings]")).to_be_visible()
    page.locator("[data-sit]").click()
    page.wait_for_url(re.compile("/rooms/"))
    court = Court(page)
    court.my_move()
    assert page.locator(".roombar__mode").first.inner_text() == "Convince"
    expect(page).to_have_title(re.compile("Growth on Trial"))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "That is too much at once."), ("zh", "一次太多，收不下。")],
)
def test_more_than_the_door_lets_through_is_told_as_that(
    new_visitor: NewVisitor, complaints, language, sentence
):
    complaints.expect("413")
    page = new_visitor(language=language, reduced_motion="reduce").new_page()
    problem = '{"code": "request_too_large", "detail": "This request is larger than any we take."}'
    page.route(
        "**/api/resumes",
        lambda route: route.fulfill(
            status=413, content_type="application/problem+json", body=problem
        ),
    )
    page.goto("/resume")
    page.locator("#resume-text").fill(RESUMES["backend", language])
    page.get_by_role("button", name=READ[language]).click()
    expect(page.get_by_role("alert")).to_contain_text(sentence)
