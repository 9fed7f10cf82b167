"""Calls of the control API, and the exceptions for those that fail."""

from __future__ import annotations

import contextlib
import json
import os
from urllib.parse import quote, urlencode, urlsplit

from ._durations import to_text
from ._http import HttpConnection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Query = Mapping[str, object]

_JSON = "application/json"

_BAD_REQUEST = 400
_NOT_FOUND = 404
_INTERNAL_SERVER_ERROR = 500
# The server closes a connection that has been idle for a minute, and a server that ends closes all.
_CLOSED = (ConnectionResetError, BrokenPipeError)


class Control:
    """Sends calls to the control API of a server. Threads may share it."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        ca_file: str | None = None,
        certificate: tuple[str, str | None] | None = None,
        explain: Callable[[OSError], str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not a URL such as http://127.0.0.1:8080")
        self.url = url.rstrip("/")
        self._is_https = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port or (443 if self._is_https else 80)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._ca_file = ca_file
        self._certificate = certificate
        # What a call that found no server says about it.
        self._explain = explain or (lambda error: f"{url}: {error}")
        self._idle: list[HttpConnection] = []
        self._process_id = os.getpid()

    def call(self, method: str, path: str, body: object = None, query: Query | None = None) -> Any:  # noqa: ANN401 - whatever JSON the call returns
        """Send a call with a JSON body, and return the JSON of its response.

        Raises ValueError if the server refuses it, LookupError if what it names is not there, and
        ConnectionError if there is no server.
        """
        content = None if body is None else json.dumps(body, default=_encode).encode()
        return self.send(method, path, content, _JSON, query)

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        content_type: str = _JSON,
        query: Query | None = None,
    ) -> Any:  # noqa: ANN401 - whatever JSON the call returns
        """Send a call with a body of any type, and return the JSON of its response."""
        target = quote(path)
        if query:
            target += "?" + urlencode(query)
        headers = dict(self._headers)
        if content is not None:
            headers["Content-Type"] = content_type

        try:
            status, received = self._exchange(method, self._prefix + target, content, headers)
        except OSError as error:
            raise ConnectionError(self._explain(error)) from error
        return _read(f"{method} {target}", status, received)

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        if self._process_id != os.getpid():
            # A forked process must not share connections with its parent.
            self._idle, self._process_id = [], os.getpid()
        while self._idle:
            connection = self._idle.pop()
            with contextlib.suppress(*_CLOSED):
                return self._request(connection, method, target, content, headers)
        return self._request(self._connect(), method, target, content, headers)

    def _request(
        self,
        connection: HttpConnection,
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        try:
            response = connection.request(method, target, content, headers)
        except BaseException:
            connection.close()
            raise
        if connection.is_open:
            self._idle.append(connection)
        else:
            connection.close()
        return response

    def _connect(self) -> HttpConnection:
        if not self._is_https:
            return HttpConnection(self._host, self._port, None)

        import ssl  # noqa: PLC0415 - only a server that is not our own needs it

        context = ssl.create_default_context(cafile=self._ca_file)
        if self._certificate:
            context.load_cert_chain(*self._certificate)
        return HttpConnection(self._host, self._port, context)


def _encode(value: object) -> str:
    from datetime import timedelta  # noqa: PLC0415

    if isinstance(value, timedelta):
        return to_text(value)
    raise TypeError(f"{value!r} cannot be sent as JSON")


def _read(call: str, status: int, received: bytes) -> Any:  # noqa: ANN401
    try:
        content = json.loads(received) if received else None
    except ValueError:
        content = None
        status = max(status, _BAD_REQUEST)
    if status < _BAD_REQUEST:
        return content

    detail = _describe(content) if isinstance(content, dict) else "not a response of the mock"
    text = f"{detail} ({call}: {status})"
    if status == _NOT_FOUND:
        raise LookupError(text)
    raise RuntimeError(text) if status >= _INTERNAL_SERVER_ERROR else ValueError(text)


def _describe(problem: Mapping[str, Any]) -> str:
    """Return what a problem document (RFC 9457) says, with each invalid member on a line."""
    detail = str(problem.get("detail") or problem.get("title") or problem)
    errors = problem.get("errors") or []
    lines = [_describe_member(error) for error in errors]
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join([detail, *lines])


def _describe_member(error: Mapping[str, Any]) -> str:
    pointer = error["pointer"] or "the body"
    # Fixtures that are text have a line and a column.
    place = f"{error['line']}:{error['column']}: " if error.get("line") else ""
    return f"{place}{pointer}: {error['detail']}"
