"""The admin's door, and how it shuts."""

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as RedisAwayError

from config import shared_cache, sign_in
from gateway.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_client")]
DOOR = "/admin/login/"


@pytest.fixture(autouse=True)
def limits(settings, monkeypatch):
    settings.SIGN_INS_PER_ADDRESS, settings.SIGN_INS_PER_NAME = 4, 2
    settings.SIGN_IN_WINDOW_SECONDS = 600
    monkeypatch.setattr(sign_in.time, "time", lambda: 6000.0 + 61.0)


@pytest.fixture
def operator():
    return User.objects.create_superuser("ops", password="right horse")


def knock(name, password, *, address="203.0.113.9", language="en"):
    return Client().post(
        DOOR,
        {"username": name, "password": password},
        REMOTE_ADDR=address,
        headers={"accept-language": language},
    )


def is_shut(answer):
    return "Too many failed sign-ins. Try again in 9 min." in answer.content.decode()


def test_past_the_limit_of_a_name_even_the_right_password_waits(operator, monkeypatch):
    tries = [knock("ops", "wrong", address=f"203.0.113.{n}") for n in range(2)]
    late = knock("OPS", "right horse", address="203.0.113.7")

    assert [is_shut(answer) for answer in (*tries, late)] == [False, False, True]
    monkeypatch.setattr(sign_in.time, "time", lambda: 6600.0)
    assert knock("ops", "right horse").status_code == 302


def test_past_the_limit_of_an_address_any_name_waits_and_others_do_not(operator):
    tries = [knock(f"guess{n}", "wrong") for n in range(5)]

    assert [is_shut(answer) for answer in tries] == [False, False, False, False, True]
    assert knock("ops", "right horse", address="203.0.113.10").status_code == 302


def test_signing_in_well_uses_nothing_up(operator):
    statuses = [knock("ops", "right horse").status_code for _ in range(6)]

    assert statuses == [302] * 6


def test_the_shut_door_says_so_in_chinese_too(operator):
    answers = [knock("ops", "wrong", language="zh-hans") for _ in range(3)]

    assert "登录失败次数太多，9 分钟后再试。" in answers[-1].content.decode()


def test_an_empty_form_is_no_try(operator):
    for _ in range(5):
        knock("ops", "")

    assert knock("ops", "right horse").status_code == 302


def test_while_the_store_is_away_an_operator_still_gets_in(operator, monkeypatch):
    def away(*_args, **_options):
        raise RedisAwayError

    for name in ("add", "delete"):
        monkeypatch.setattr(shared_cache.SharedCache, name, away)

    assert [knock("ops", "right horse").status_code for _ in range(3)] == [302] * 3
