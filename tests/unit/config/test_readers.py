"""Clients that do not read, as Twisted tells of them, without a socket."""

import asyncio

import pytest
from daphne.http_protocol import HTTPFactory
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from config import bodies, readers
from tests.unit.config.test_bodies import Server

START = {"type": "http.response.start", "status": 200, "headers": []}
MORE = {"type": "http.response.body", "body": b"word", "more_body": True}
LAST = {"type": "http.response.body", "body": b"", "more_body": False}


class Daphne(readers.Server):
    """Daphne with connections that are known to it."""

    def __init__(self, protocol):
        self.connections = {protocol: {}}


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def wire():
    return StringTransport()


@pytest.fixture
def connection(server, wire):
    factory = HTTPFactory(server)
    factory.timeOut = None
    bodies.bound(factory, readers.Request)
    protocol = factory.buildProtocol(None)
    protocol.makeConnection(wire)
    return protocol


def ask(connection, server, path: bytes):
    """Send a request; what Daphne made of it."""
    connection.dataReceived(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    server.server_name = ""
    server.log_action = lambda *_: None
    return server.request


async def test_a_send_under_v1_waits_until_the_client_reads(connection, server):
    request = ask(connection, server, b"/v1/models")
    daphne = Daphne(request)
    await daphne.handle_reply(request, START)
    request.channel.pauseProducing()
    sending = asyncio.create_task(daphne.handle_reply(request, MORE))
    await asyncio.sleep(0)
    assert not sending.done()
    request.channel.resumeProducing()
    await sending


async def test_a_send_to_a_client_that_has_left_does_not_wait(connection, server):
    request = ask(connection, server, b"/v1/models")
    daphne = Daphne(request)
    await daphne.handle_reply(request, START)
    request.channel.pauseProducing()
    sending = asyncio.create_task(daphne.handle_reply(request, MORE))
    await asyncio.sleep(0)
    connection.connectionLost(Failure(ConnectionDone()))
    await sending


async def test_a_connection_carries_another_request_after_an_answer(connection, server, wire):
    for _ in range(2):
        request = ask(connection, server, b"/v1/models")
        daphne = Daphne(request)
        for message in (START, MORE, LAST):
            await daphne.handle_reply(request, message)
    assert wire.value().count(b"HTTP/1.1 200") == 2


async def test_the_games_own_answers_do_not_wait(connection, server):
    request = ask(connection, server, b"/api/rooms")
    daphne = Daphne(request)
    await daphne.handle_reply(request, START)
    request.channel.pauseProducing()
    await daphne.handle_reply(request, MORE)
    assert request.reader is None
