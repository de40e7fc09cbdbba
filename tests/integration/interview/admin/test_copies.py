"""Copies of content, and the files it is exported to."""

import io
import zipfile
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from interview.models import Persona, Question
from interview.services import content_files
from tests.factories.interview import make_question

pytestmark = pytest.mark.django_db


def act(client: Client, model: type[Any], action: str, *rows: Any) -> HttpResponse:
    page = reverse(f"admin:interview_{model._meta.model_name}_changelist")
    return client.post(page, {"action": action, "_selected_action": [row.pk for row in rows]})


def test_a_persona_is_duplicated_with_its_lines(author: Client, bank: None):
    row = Persona.objects.get(slug="ada_tester")

    act(author, Persona, "duplicate", row)

    copy = Persona.objects.get(slug="ada_tester_2")
    assert copy.lines.count() == row.lines.count()


def test_one_row_is_exported_as_a_file_that_loads(author: Client, bank: None, tmp_path: Any):
    row = Question.objects.get(slug="q.ben")

    response = act(author, Question, "export_yaml", row)

    (tmp_path / "questions").mkdir()
    (tmp_path / "questions/q.yaml").write_bytes(response.content)
    assert response.headers["Content-Disposition"] == 'attachment; filename="q.ben.yaml"'
    assert content_files.read(tmp_path).questions == {
        "q.ben": make_question(id="q.ben", personas=("ben_tester",))
    }


def test_several_rows_are_exported_as_an_archive(author: Client, bank: None):
    response = act(author, Persona, "export_yaml", *Persona.objects.all())

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert sorted(archive.namelist()) == ["ada_tester.yaml", "ben_tester.yaml"]
