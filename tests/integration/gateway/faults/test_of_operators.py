"""A rule as an operator makes it: stored, read by every process, counted over all of them."""

from dataclasses import replace

from asgiref.sync import sync_to_async
from django.db import connection
from redis.asyncio import Redis

from gateway.adapters.redis.strikes import RedisStrikes
from gateway.domain.audit import Actor, Via
from gateway.domain.faults import FaultRule
from gateway.services import configuration
from gateway.snapshot import reading
from tests.fakes.upstream import Reply
from tests.integration.gateway.faults.house import SIXTY, STREAMED, House

STREAM = STREAMED[0]
OPERATOR = Actor("operator", Via.CLI)


def made(**fields: object) -> tuple[FaultRule, ...]:
    """Return the rules of the configuration after one was added."""
    configuration.add_fault(name="demo", fields=fields, actor=OPERATOR)
    return stored()


def removed() -> tuple[FaultRule, ...]:
    """Return the rules of the configuration after it was removed."""
    configuration.remove_fault(name="demo", actor=OPERATOR)
    return stored()


def stored() -> tuple[FaultRule, ...]:
    """Return the rules as every process reads them; the thread's connection goes with it."""
    found = reading.read().catalog.faults
    connection.close()
    return found


async def test_a_rule_strikes_as_often_as_the_operator_said_and_anew_when_it_is_made_anew(
    database: None, house: House, redis_url: str, redis_prefix: str
) -> None:
    house.upstream.always(Reply(text=SIXTY))
    once = {"profile": "status", "status": 500, "model": "one", "n_times": 1}
    rules = await sync_to_async(made)(**once)

    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        for _ in range(2):  # as two processes
            strikes = RedisStrikes(client, prefix=redis_prefix)
            house.ports = replace(house.ports, strikes=strikes)
            house.catalog = replace(house.catalog, faults=rules)
            assert (await house.ask(STREAM)).is_good
        assert house.events == ["gw.fault", "retry", "first_token", "first_token"]

        assert await sync_to_async(removed)() == ()
        rules = await sync_to_async(made)(**once)
        house.catalog = replace(house.catalog, faults=rules)
        house.forget()
        assert (await house.ask(STREAM)).is_good
        assert house.events == ["gw.fault", "retry", "first_token"]
