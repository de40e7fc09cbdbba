"""What the admin's pages show."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from interview.models import Persona, Question, Room
from tests.integration.interview.admin.scene import url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("model", ["persona", "scenery", "question"])
def test_the_pages_draw_in_both_languages(author: Client, bank: None, model: str, language: str):
    author.cookies["language"] = language

    for page in ("changelist", "add"):
        response = author.get(reverse(f"admin:interview_{model}_{page}"))
        assert response.status_code == 200
    response = author.get(reverse(f"admin:interview_{model}_changelist"), {"q": "e"})
    assert response.status_code == 200


def test_questions_are_found_by_tag(author: Client, bank: None):
    response = author.get(reverse("admin:interview_question_changelist"), {"tag": "branch"})

    assert [row.slug for row in response.context["cl"].result_list] == ["q.branch"]


def test_the_portrait_is_drawn_from_the_parts_asked_for(author: Client):
    page = reverse("admin:interview_persona_portrait")

    bald = author.get(page, {"hair": "bald", "accent": "plum"}).content.decode()
    odd = author.get(page, {"hair": "<script>", "accent": "nope"}).content.decode()

    assert "accent-plum" in bald
    assert bald != odd
    assert "accent-slate" in odd
    assert "script" not in odd


def test_a_question_is_heard_in_both_languages_before_it_is_asked(author: Client, bank: None):
    row = Question.objects.get(slug="q.ben")

    soup = BeautifulSoup(author.get(url(row)).content, "html.parser")

    assert [node.get_text(" ", strip=True) for node in soup.select(".as-spoken")] == [
        "阿达 你怎么知道它有效？",
        "Ada How do you know it worked?",
    ]


def test_a_stranger_sees_nothing(client: Client, bank: None):
    row = Persona.objects.first()

    for page in (url(row), reverse("admin:interview_persona_portrait")):
        assert client.get(page).status_code == 302
    assert client.post(url(row, "try")).status_code == 302
    assert not Room.objects.exists()
