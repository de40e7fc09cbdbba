"""Celery's way to Redis: channels of ours, each with one client for its short commands."""

import pytest
from celery import current_app
from kombu.transport.virtual import Channel as AnyChannel

from config import broker

pytestmark = pytest.mark.usefixtures("redis_client")


@pytest.fixture
def channel() -> AnyChannel:
    """A channel as a worker has it."""
    broker.correct()
    with current_app.connection_for_write() as connection:
        yield connection.channel()


def test_commands_of_a_channel_share_a_client(channel: AnyChannel):
    assert isinstance(channel, broker.Channel)
    with channel.conn_or_acquire() as one, channel.conn_or_acquire() as other:
        assert one is other
        assert one.ping()


def test_a_given_client_is_the_one_that_is_used(channel: AnyChannel):
    with channel.conn_or_acquire() as own, channel.conn_or_acquire("given") as given:
        assert given == "given" != own


def test_a_channel_with_new_connections_has_a_new_client(channel: AnyChannel):
    with channel.conn_or_acquire() as before:
        pass
    channel._disconnect_pools()

    with channel.conn_or_acquire() as after:
        assert after is not before
        assert after.ping()
