"""An author writes content in the admin, and is told of mistakes beside their fields."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from interview.domain.bilingual import Text
from interview.domain.scenery import Branch
from interview.models import Persona, Question, Scenery
from interview.services import content, editions
from tests.factories.interview import make_persona, make_scenery, make_shelf, store
from tests.integration.interview.admin.scene import complaints, form_of, messages, save, url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Persona, Scenery, Question])
def test_saving_without_a_change_changes_nothing(author: Client, bank: None, model: type[Any]):
    before = content.shelf()
    row = model.objects.first()

    response = save(author, url(row))

    assert complaints(response) == ""
    assert response.redirect_chain
    assert content.shelf() == before


def test_saving_the_game_s_own_content_without_a_change_changes_nothing(author: Client):
    content.load()
    before = content.shelf()

    for row in (
        Persona.objects.get(slug="zhou_architect"),
        Scenery.objects.get(slug="group_grilling"),
        Question.objects.get(slug="q.gw_stopwatch"),
    ):
        response = save(author, url(row))
        assert complaints(response) == "", row.slug

    assert content.shelf() == before


def test_an_edit_counts_in_the_version(author: Client, bank: None):
    row = Persona.objects.get(slug="ada_tester")

    save(author, url(row), tagline_en="Show me.", weights_depth="3", portrait_hair="bald")

    row.refresh_from_db()
    assert (row.tagline_en, row.version) == ("Show me.", 2)
    assert row.weights["depth"] == 3
    assert row.portrait["hair"] == "bald"


def test_a_line_that_is_edited_counts_in_the_version_too(author: Client, bank: None):
    row = Persona.objects.get(slug="ada_tester")
    page = url(row)
    name = next(n for n, v in form_of(author, page).items() if n.endswith("-en") and v[0])

    save(author, page, **{name: "A new line."})

    row.refresh_from_db()
    assert row.version == 2
    assert row.lines.filter(en="A new line.").count() == 1


def test_a_new_line_goes_into_the_band_of_its_table(author: Client, bank: None):
    row = Persona.objects.get(slug="ada_tester")
    page = url(row)
    soup = BeautifulSoup(author.get(page).content, "html.parser")
    group = next(
        g for g in soup.select(".inline-group") if "walkout" in g.select_one("h2").get_text()
    )
    prefix = group["id"].removesuffix("-group")

    save(
        author,
        page,
        **{
            f"{prefix}-TOTAL_FORMS": "9",
            f"{prefix}-8-zh": "我走了。",
            f"{prefix}-8-en": "I am leaving.",
            f"{prefix}-8-order": "8",
            f"{prefix}-8-persona": str(row.pk),
            f"{prefix}-8-id": "",
        },
    )

    assert row.lines.get(en="I am leaving.").band == "walkout"


def test_a_mistake_is_told_beside_its_field_and_nothing_is_saved(author: Client, bank: None):
    row = Question.objects.get(slug="q.ben")

    response = save(author, url(row), ask_en="Why? And how?", best_q="91")

    assert "ask.en asks one thing and ends with its only question mark" in complaints(response)
    soup = BeautifulSoup(response.content, "html.parser")
    assert soup.select_one(".field-ask_en .errorlist") is not None
    assert "Why? And how?" in soup.select_one("#id_ask_en").text
    row.refresh_from_db()
    assert (row.ask_en, row.best_q) == ("How do you know it worked?", 90)


def test_a_mistake_in_an_inline_is_told_too(author: Client, bank: None):
    row = Question.objects.get(slug="q.ben")

    response = save(author, url(row), **{"followups-2-trigger": "key_point_missing:wit"})

    assert (
        "follow-up f3 waits for the key point wit, which this question does not have"
        in complaints(response)
    )


def test_complaints_speak_the_author_s_language(author: Client, bank: None):
    author.cookies["language"] = "zh-hans"
    row = Scenery.objects.get()

    response = save(author, url(row), **{"branches-0-goto": ""})

    assert re.search("[\u4e00-\u9fff]", complaints(response))


def test_a_scenery_s_table_of_branches_writes_branches(author: Client, bank: None):
    row = Scenery.objects.get()

    response = save(
        author,
        url(row),
        **{
            "branches-1-trigger": "strong",
            "branches-1-goto": "q.ben",
            "branches-1-zh": "加码",
            "branches-1-en": "Raised",
        },
    )

    assert complaints(response) == ""
    assert content.item_of(row).branches == (
        *make_scenery().branches,
        Branch("strong", "q.ben", Text(zh="加码", en="Raised")),
    )


def test_a_scenery_whose_chair_has_no_seat_is_refused(author: Client, bank: None):
    store_persona = make_persona(id="cy_tester")
    store(type(make_shelf())(personas={"cy_tester": store_persona}))
    row = Scenery.objects.get()

    response = save(author, url(row), chair=str(Persona.objects.get(slug="cy_tester").pk))

    assert "cy_tester is in the chair but does not sit on the panel" in complaints(response)


def test_advice_is_said_and_the_row_is_saved(author: Client, bank: None):
    row = Scenery.objects.get()

    response = save(author, url(row), goal_rounds="9")

    assert "nly 4 questions here need no claim" in messages(response)
    row.refresh_from_db()
    assert (row.goal_rounds, row.version) == (9, 2)


def test_the_list_opens_and_orders_sceneries_without_counting_an_edit(author: Client, bank: None):
    page = reverse("admin:interview_scenery_changelist")
    data = form_of(author, page)
    data.pop("form-0-is_open")

    author.post(page, {**data, "form-0-order": "7", "_save": "Save"})

    row = Scenery.objects.get()
    assert (row.is_open, row.order, row.version) == (False, 7, 1)


def test_a_fourth_persona_can_be_written_with_borrowed_lines_and_seated(author: Client, bank: None):
    lender = Persona.objects.get(slug="ben_tester")
    words = {
        "slug": "dee_tester",
        "archetype": "judge",
        "name_zh": "小迪",
        "name_en": "Dee",
        "title_zh": "法官",
        "title_en": "Judge",
        "tagline_zh": "先说结论。",
        "tagline_en": "Conclusion first.",
        "first_mes_zh": "开始吧。",
        "first_mes_en": "Begin.",
        "system_prompt": "You judge.",
    }
    page = reverse("admin:interview_persona_add")

    refused = save(author, page, **words)
    saved = save(author, page, **words, borrow_from=str(lender.pk))

    assert "the band low needs at least one line" in complaints(refused)
    assert complaints(saved) == ""
    dee = Persona.objects.get(slug="dee_tester")
    assert dee.lines.count() == lender.lines.count()
    scenery = Scenery.objects.get()
    save(
        author,
        url(scenery),
        **{
            "seats-TOTAL_FORMS": "3",
            "seats-2-persona": str(dee.pk),
            "seats-2-order": "2",
            "seats-2-scenery": str(scenery.pk),
            "seats-2-id": "",
        },
    )
    assert editions.publish("small_court").scenery.panel == (
        "ada_tester",
        "ben_tester",
        "dee_tester",
    )


def test_a_question_a_scenery_branches_to_cannot_be_deleted(author: Client, bank: None):
    row = Question.objects.get(slug="q.branch")

    page = author.get(url(row, "delete"))
    author.post(url(row, "delete"), {"post": "yes"})

    assert "small_court branches to q.branch" in page.content.decode()
    assert Question.objects.filter(slug="q.branch").exists()


def test_the_id_stays_once_it_is_given(author: Client, bank: None):
    row = Persona.objects.get(slug="ada_tester")

    save(author, url(row), slug="eve", name_en="Eve")

    row.refresh_from_db()
    assert (row.slug, row.name_en) == ("ada_tester", "Eve")
