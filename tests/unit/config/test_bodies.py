"""Bodies of requests, as Twisted hands them in, without a socket."""

import pytest
from daphne.http_protocol import HTTPFactory
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from config import bodies

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


class Server:
    """What a request of Daphne's wants of its server, noting the bodies that are handed on."""

    root_path = ""
    request_buffer_size = 8192
    proxy_forwarded_address_header = None

    def __init__(self):
        self.bodies = []

    def protocol_connected(self, protocol):
        self.request = protocol

    def protocol_disconnected(self, protocol):
        pass

    def create_application(self, protocol, scope):
        self.bodies.append(protocol.content.read())
        protocol.content.seek(0)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def wire():
    return StringTransport()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def connection(server, wire, clock, settings):
    """A connection whose requests may weigh ten bytes and take a minute."""
    settings.REQUEST_SECONDS = 60.0
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10 - bodies.SLACK_BYTES
    factory = HTTPFactory(server)
    factory.timeOut = None
    bodies.bound(factory)
    protocol = factory.buildProtocol(None)
    protocol.callLater = clock.callLater
    protocol.makeConnection(wire)
    yield protocol
    if server.request.content is not None:
        server.request.content.close()


def test_a_body_within_the_limit_is_handed_on_and_no_form_is_parsed_here(connection, server):
    connection.dataReceived(b"POST / HTTP/1.1\r\n" + FORM + b"Content-Length: 10\r\n\r\na=1&b=2&c=")

    assert server.bodies == [b"a=1&b=2&c="]
    assert server.request.args == {}


def test_a_length_past_the_limit_is_refused_before_the_body_comes(connection, wire, server):
    connection.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n")

    assert wire.value().startswith(b"HTTP/1.1 413 Content Too Large\r\n")
    assert wire.disconnecting
    connection.dataReceived(b"a" * 11)
    assert server.bodies == []


@pytest.mark.parametrize(
    ("length", "is_refused"), [(20, False), (20 + bodies.SLACK_BYTES, False), (2**21 + 1, True)]
)
def test_what_is_too_much_for_programs_is_left_to_their_own_door(
    connection, wire, settings, length, is_refused
):
    settings.DATA_PLANE_BODY_BYTES = 2**21 - bodies.SLACK_BYTES

    connection.dataReceived(b"POST /v1/messages HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length)

    assert wire.value().startswith(b"HTTP/1.1 413") == is_refused


def test_a_body_of_untold_length_is_refused_at_the_byte_too_many(connection, wire, server):
    connection.dataReceived(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.dataReceived(b"6\r\naaaaaa\r\n4\r\naaaa\r\n")
    assert wire.value() == b""

    connection.dataReceived(b"1\r\na\r\n")

    assert wire.value().startswith(b"HTTP/1.1 413 Content Too Large\r\n")
    assert wire.disconnecting
    connection.dataReceived(b"1\r\na\r\n0\r\n\r\n")
    assert server.bodies == []
    assert wire.value().count(b"HTTP/1.1") == 1


def test_a_body_that_drips_in_is_not_waited_for_past_the_minute(connection, wire, clock, server):
    connection.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
    for _ in range(5):
        clock.advance(11)
        connection.dataReceived(b"a")
    assert wire.value() == b""

    clock.advance(5)

    assert wire.value().startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert wire.disconnecting
    connection.dataReceived(b"aaaaa")
    assert server.bodies == []


def test_headers_that_drip_in_are_not_waited_for_either(connection, wire, clock):
    connection.dataReceived(b"POST / HTTP/1.1\r\nX-Slow: 1\r\n")

    clock.advance(60)

    assert wire.value().startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert wire.disconnecting


def test_a_request_that_has_come_may_be_answered_as_late_as_it_takes(connection, wire, clock):
    connection.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok")

    clock.advance(600)

    assert wire.value() == b""
    assert clock.getDelayedCalls() == []


def test_nobody_waits_for_a_client_that_has_left(connection, clock):
    connection.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n")

    connection.connectionLost(Failure(ConnectionDone()))

    assert clock.getDelayedCalls() == []
