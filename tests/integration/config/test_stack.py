"""The throw-away stack of a test run."""

import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_queries_reach_a_database_of_this_worker():
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_database(), current_setting('server_version_num')::int / 10000"
        )
        name, major = cursor.fetchone()
    assert name.startswith("test_hotseat")
    assert major == 18


def test_redis_is_empty_for_every_test(redis_client: redis.Redis):
    assert redis_client.dbsize() == 0
    redis_client.set("left", "behind")


@pytest.mark.asyncio
async def test_redis_answers_on_the_loop(aredis_client):
    assert await aredis_client.ping() is True
