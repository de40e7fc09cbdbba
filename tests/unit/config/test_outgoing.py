"""What is written to a connection, on a socket and a reactor that only take notes."""

import asyncio

import pytest
from twisted.internet.tcp import Connection
from twisted.internet.testing import StringTransport

from config.outgoing import Outgoing


class Socket:
    """A socket that takes so many bytes at a time, or none."""

    def __init__(self):
        self.sent = []
        self.room = 1_000_000

    def setblocking(self, _flag):
        pass

    def fileno(self):
        return 7

    def send(self, data):
        if not self.room:
            raise BlockingIOError
        taken = bytes(data[: self.room])
        self.sent.append(taken)
        return len(taken)


class Reactor:
    """A reactor that notes who waits to write and to read."""

    def __init__(self):
        self.writers = []

    def addWriter(self, writer):  # noqa: N802  Twisted's name
        self.writers.append(writer)

    def removeWriter(self, _writer):  # noqa: N802
        pass

    def removeReader(self, _reader):  # noqa: N802
        pass

    def callLater(self, _seconds, call, *arguments):  # noqa: N802
        pass


@pytest.fixture
def reactor():
    return Reactor()


@pytest.fixture
def transport(reactor):
    connection = Connection(Socket(), None, reactor)
    connection.connected = 1
    Outgoing().carry(connection)
    return connection


async def test_what_is_written_in_one_turn_of_the_loop_leaves_as_one_without_the_reactor(
    transport, reactor
):
    transport.writeSequence([b"one ", b"two "])
    transport.write(b"three")
    assert transport.socket.sent == []

    await asyncio.sleep(0)

    assert transport.socket.sent == [b"one two three"]
    assert reactor.writers == []

    transport.write(b"four")
    await asyncio.sleep(0)

    assert transport.socket.sent[1:] == [b"four"]


async def test_what_a_socket_does_not_take_is_left_to_the_reactor_in_order(transport, reactor):
    transport.socket.room = 3
    transport.write(b"one two")
    await asyncio.sleep(0)
    transport.write(b" three")
    await asyncio.sleep(0)
    assert transport.socket.sent == [b"one"]
    assert reactor.writers == [transport, transport]

    transport.socket.room = 100
    transport.doWrite()

    assert b"".join(transport.socket.sent) == b"one two three"


async def test_what_a_full_socket_refuses_is_sent_once_by_the_reactor(transport, reactor):
    transport.socket.room = 0
    transport.write(b"words")
    await asyncio.sleep(0)
    assert reactor.writers == [transport]

    transport.socket.room = 100
    transport.doWrite()

    assert transport.socket.sent == [b"words"]


async def test_a_connection_that_is_to_close_is_closed_by_the_reactor(transport, reactor):
    transport.write(b"the last words")
    transport.loseConnection()
    await asyncio.sleep(0)

    assert transport.socket.sent == []
    assert reactor.writers == [transport]


async def test_nothing_is_sent_to_a_connection_that_was_cut(transport, reactor):
    transport.write(b"words")
    transport.abortConnection()
    await asyncio.sleep(0)

    assert transport.socket.sent == []
    assert reactor.writers == []


def test_what_is_no_connection_is_left_alone():
    wire = StringTransport()
    Outgoing().carry(wire)
    wire.write(b"words")
    assert wire.value() == b"words"
