"""A revoked key is refused by every process, told by one that is not theirs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from gateway import runtime, snapshot
from gateway.domain import keys as rules
from gateway.domain.audit import Actor
from gateway.services import keys, tenants
from gateway.services.keys import KeyWish, NewKey

FOLLOWER = Path(__file__).with_name("follower.py")
ROOT = FOLLOWER.parents[4]


@pytest.fixture
def made(database: None, ada: Actor) -> NewKey:
    """A key, made before anybody follows."""
    snapshot.use(runtime.notices)
    return keys.create(tenant=tenants.add(name="acme", actor=ada), wish=KeyWish(), actor=ada)


@pytest.fixture
def followers(made: NewKey) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that know the key."""
    own = connection.settings_dict
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": (f"postgresql://{own['USER']}@/{own['NAME']}?host={quote(own['HOST'])}"),
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_PREFIX": settings.REDIS_PREFIX,
        "SECRET_KEY": settings.SECRET_KEY,
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(FOLLOWER), rules.hash_of(made.secret)],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
            text=True,
        )
        for _ in range(2)
    ]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_a_revoked_key_is_gone_from_processes_that_never_look_by_themselves(
    made: NewKey, followers: list[subprocess.Popen[str]], ada: Actor
):
    for process in followers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    keys.revoke(key_id=made.row.pk, actor=ada)

    for process in followers:
        assert process.communicate(timeout=60)[0] == "gone 3\n"
