"""What an attacker sends: foreign pages, broken encodings, floods; all is refused in a sentence."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from interview.domain.errors import RateLimitedError
from interview.domain.room import Pace
from interview.services import players, throttle
from tests.factories.rooms import Play

JSON = "application/json"
RESUME = "Cut latency to 310ms\nBuilt the Redis cache"
ROOM = {"scenery": "court", "mode": "survive", "language": "en", "resume": {"text": RESUME}}

PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\nx\r\n'


# --- foreign pages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver:81", "http://["]
)
def test_a_foreign_page_cannot_reseat_its_visitor_as_somebody_new(play: Play, origin: str):
    page = Client(enforce_csrf_checks=True, headers={"origin": origin})
    a_form_s_json = {"data": json.dumps({"text": RESUME}), "content_type": "text/plain"}
    a_form_s_file = {"data": {"file": SimpleUploadedFile("a.txt", RESUME.encode())}}
    a_form_s_room = {"data": json.dumps(ROOM), "content_type": "text/plain"}

    answers = [
        page.post("/api/resumes", **a_form_s_json),
        page.post("/api/resumes", **a_form_s_file),
        page.post("/api/rooms", **a_form_s_room),
    ]

    assert [answer.json()["code"] for answer in answers] == ["csrf_failed"] * 3
    assert players.COOKIE not in page.cookies


def test_a_page_of_ours_and_a_program_may_write_as_somebody_new(play: Play, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://hotseat.example"]
    callers = [
        Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"}),
        Client(enforce_csrf_checks=True, headers={"origin": "https://hotseat.example"}),
        Client(enforce_csrf_checks=True),
    ]

    answers = [
        caller.post("/api/resumes", data=json.dumps({"text": RESUME}), content_type=JSON)
        for caller in callers
    ]

    assert [answer.status_code for answer in answers] == [201] * 3


# --- broken encodings -----------------------------------------------------------------------


def test_a_form_without_a_file_is_refused(play: Play):
    form = {"file": "no file at all", "text": RESUME}
    nameless = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nx\r\n--b--\r\n'
    )
    kind = "multipart/form-data; boundary=b"

    answers = [
        Client().post("/api/resumes", data=form),
        Client().post("/api/resumes", data=nameless, content_type=kind),
        Client().post("/api/resumes", data=b"--b", content_type=kind),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=", b"--b--"),
        ("multipart/form-data; boundary=\xe9", b"--b--"),
        ("multipart/form-data; boundary=b; charset=nothing", b"--b--"),
        ("multipart/form-data; boundary=b", PART % b"a" * 3000 + b"--b--"),
        ("multipart/form-data; boundary=b", PART % b'file"; filename="a.txt' * 5 + b"--b--"),
    ],
    ids=["no boundary", "empty boundary", "odd boundary", "odd charset", "fields", "files"],
)
def test_a_broken_form_is_refused(play: Play, kind: str, body: bytes):
    answer = Client().generic("POST", "/api/resumes", body, content_type=kind)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\xff"}',
        b'{"text": "a", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"text": "\\ud800"}',
        b"[" * 50_000,
        b'{"text": "a", "text": 5}',
        b"",
    ],
    ids=["bytes", "deep", "half a character", "deep and cut", "twice", "nothing"],
)
def test_a_broken_resume_is_refused(play: Play, body: bytes):
    answer = Client().post("/api/resumes", data=body, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


# --- floods ---------------------------------------------------------------------------------


def test_a_setting_that_is_so_already_is_no_fact(play: Play):
    play.change(pace=Pace.BRISK, difficulty=4)
    before = play.row.top_offset

    play.change(pace=Pace.BRISK, difficulty=4, language="en", strategy=play.room.strategy)

    assert play.row.top_offset == before


def test_nobody_fills_the_log_by_turning_a_switch(play: Play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "MOST", 4)
    to_and_fro = [Pace.CALM, Pace.BRISK, Pace.CALM, Pace.BRISK]
    for pace in to_and_fro:
        play.change(pace=pace)
    before = play.row.top_offset

    with pytest.raises(RateLimitedError) as refusal:
        play.change(pace=Pace.CALM)

    assert refusal.value.retry_after_seconds == 60
    assert (play.row.top_offset, play.room.pace) == (before, Pace.BRISK)
    play.speak()
    play.answer()  # the game itself goes on


def test_nobody_has_a_question_asked_without_end(play: Play, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "MOST", 3)
    for _ in range(2):
        play.cancel()
        play.retry()
    play.cancel()
    before = play.row.top_offset

    with pytest.raises(RateLimitedError):
        play.retry()

    assert play.row.top_offset == before
    monkeypatch.setattr(throttle, "WINDOW", timedelta(0))
    assert play.retry().turn_id == "t4"
