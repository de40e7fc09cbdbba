"""Authors write personas, sceneries and questions in the admin, and are told what is wrong."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from gateway.models import User
from interview import runtime
from interview.domain.bilingual import Text
from interview.domain.scenery import Branch
from interview.models import Edition, Persona, Question, Resume, Room, RoomEvent, Scenery
from interview.services import content, content_files, editions, players
from tests.factories.interview import make_persona, make_question, make_scenery, make_shelf, store
from tests.fakes.interview import fake_ports

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> Client:
    """A browser with an author signed in."""
    user = User.objects.create_user("ada", password="x", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bank() -> None:
    """Content that breaks no rule."""
    store(make_shelf())


def url(row: Any, action: str = "change") -> str:
    return reverse(f"admin:interview_{row._meta.model_name}_{action}", args=[row.pk])


def form_of(client: Client, page: str) -> dict[str, Any]:
    """Return what a browser would send back if the author changed nothing."""
    soup = BeautifulSoup(client.get(page).content, "html.parser")
    form = soup.select_one("#content-main form[id$=_form], #changelist-form")
    assert form is not None
    data: dict[str, Any] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        name, value = str(field["name"]), _value(field)
        if value is not None and "__prefix__" not in name:
            data.setdefault(name, []).extend(value)
    return data


def _value(field: Any) -> list[str] | None:
    if field.name == "textarea":
        return [field.text.removeprefix("\r\n").removeprefix("\n").replace("\n", "\r\n")]
    if field.name == "select":
        chosen = [option.get("value", option.text) for option in field.select("option[selected]")]
        return chosen or ([] if field.has_attr("multiple") else [""])
    if field.get("type") in {"submit", "button"}:
        return None
    if field.get("type") in {"checkbox", "radio"}:
        return [field.get("value", "on")] if field.has_attr("checked") else None
    return [field.get("value", "")]


def save(client: Client, page: str, **changes: Any) -> HttpResponse:
    """Change some fields of a page and press Save."""
    data = form_of(client, page)
    return client.post(page, {**data, **changes, "_save": "Save"}, follow=True)


def complaints(response: HttpResponse) -> str:
    """Return the complaints on the page."""
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(
        node.get_text(" ", strip=True) for node in soup.select(".errorlist, .errornote")
    )


def messages(response: HttpResponse) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(node.get_text(" ", strip=True) for node in soup.select(".messagelist li"))


# --- writing ---


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


# --- looking ---


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


# --- trying ---


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The outside world, in memory."""
    ports = fake_ports()
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.mark.parametrize(
    "find",
    [
        lambda: Persona.objects.get(slug="ben_tester"),
        lambda: Scenery.objects.get(),
        lambda: Question.objects.get(slug="q.ben"),
    ],
    ids=["persona", "scenery", "question"],
)
def test_trying_opens_a_room_and_goes_there(
    author: Client, bank: None, stage: Any, find: Callable[[], Any]
):
    response = author.post(url(find(), "try"))

    room = Room.objects.get()
    assert response.headers["Location"] == reverse("room-page", args=[room.pk])
    assert room.owner == players.from_cookie(response.cookies[players.COOKIE].value)
    assert room.resume.sample


def test_a_question_that_is_tried_is_the_first_to_be_asked(author: Client, bank: None, stage: Any):
    author.post(url(Question.objects.get(slug="q.ben"), "try"))

    planned = RoomEvent.objects.get(type="turn.planned")
    assert planned.data["question_id"] == "q.ben"
    assert Room.objects.get().edition.scenery_version == 0


def test_a_closed_scenery_can_be_tried_by_its_author(author: Client, bank: None, stage: Any):
    Scenery.objects.update(is_open=False)

    author.post(url(Scenery.objects.get(), "try"))

    assert Room.objects.count() == 1


def test_a_persona_without_a_seat_is_told_what_to_do(author: Client, bank: None, stage: Any):
    store(type(make_shelf())(personas={"cy": make_persona(id="cy")}))

    response = author.post(url(Persona.objects.get(slug="cy"), "try"), follow=True)

    assert "Give the persona a seat in a scenery first" in messages(response)
    assert not Room.objects.exists()


def test_trying_takes_a_post_with_the_page_s_token(author: Client, bank: None, stage: Any):
    page = url(Scenery.objects.get(), "try")
    strict = Client(enforce_csrf_checks=True, headers={})
    strict.cookies = author.cookies

    assert author.get(page).status_code == 405
    assert strict.post(page).status_code == 403
    assert not Room.objects.exists()


# --- copies and files ---


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


# --- records ---


@pytest.fixture
def room() -> Room:
    """A room with a long log."""
    room = Room.objects.create(
        epoch="e1",
        owner=uuid4(),
        token_hash="5ecret" + "0" * 58,
        edition=Edition.objects.create(
            pk="0" * 64,
            scenery_slug="small_court",
            scenery_version=1,
            body={"scenery": {}, "personas": {}, "questions": {}},
        ),
        resume=Resume.objects.create(owner=uuid4(), language="en", text="Ada", facts=[]),
        mode="survive",
        language="en",
        status="interviewing",
        top_offset=250,
    )
    RoomEvent.objects.bulk_create(
        RoomEvent(
            room=room,
            offset=offset,
            type="turn.segment",
            at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
            data={"text": f"piece {offset}"},
        )
        for offset in range(1, 251)
    )
    return room


def test_a_room_shows_its_log_a_page_at_a_time(author: Client, room: Room):
    first = author.get(url(room)).content.decode()
    last = author.get(url(room), {"events": "3"}).content.decode()

    assert "piece 100" in first
    assert "piece 101" not in first
    assert "piece 250" in last
    assert room.token_hash not in first


@pytest.mark.parametrize("model", [Room, RoomEvent, Resume, Edition])
def test_records_are_read_and_never_changed(author: Client, room: Room, model: type[Any]):
    row = model.objects.first()
    name = model._meta.model_name

    assert author.get(reverse(f"admin:interview_{name}_changelist")).status_code == 200
    assert author.get(url(row)).status_code == 200
    assert author.get(reverse(f"admin:interview_{name}_add")).status_code == 403
    assert author.post(url(row), {}).status_code == 403
    assert author.post(url(row, "delete"), {"post": "yes"}).status_code == 403
