"""Control calls over connections that a proxy or a server treats badly."""

import socket
import threading

import pytest

from smartpay_oauth_mock._control import Control


@pytest.fixture
def server():
    """Return a function that sends these bytes for each request, a connection for each list."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        received, threads, controls = [], [], []

        def serve(*connections):
            def run():
                for responses in connections:
                    connection, _ = listener.accept()
                    with connection:
                        for response in responses:
                            received.append(connection.recv(65536).decode())
                            connection.sendall(response)

            threads.append(threading.Thread(target=run))
            threads[-1].start()
            controls.append(Control(f"http://127.0.0.1:{listener.getsockname()[1]}/proxy/"))
            return controls[-1]

        serve.received = received
        yield serve
        for control in controls:
            control.close()
        for thread in threads:
            thread.join()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_connection_stays_open_and_one_that_was_closed_is_replaced(server):
    control = server([OK, OK], [OK])
    assert [control.call("GET", "/_mock/health") for _ in range(3)] == [{}, {}, {}]
    assert server.received[0].startswith("GET /proxy/_mock/health HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
    ],
)
def test_every_form_of_a_body_is_read(server, response):
    control = server([response], [OK])
    assert [control.call("POST", "/_mock/reset") for _ in range(2)] == [{}, {}]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"", "the connection was closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "the response is incomplete"),
        (b"SSH-2.0-OpenSSH\r\n", "what was received is not HTTP"),
    ],
)
def test_what_is_no_response_is_a_connection_error(server, response, reason):
    with pytest.raises(ConnectionError, match=reason):
        server([response]).call("GET", "/_mock/health")


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", ValueError),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", LookupError),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops", RuntimeError),
    ],
)
def test_the_response_of_another_server_is_named_as_such(server, response, error):
    with pytest.raises(error, match=r"not a response of the mock \(GET /_mock/health: \d+\)"):
        server([response]).call("GET", "/_mock/health")
