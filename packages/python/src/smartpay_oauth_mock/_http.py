"""A connection for control calls, which stays open.

The module `http.client` takes several times as long to import as the server takes to start.
"""

from __future__ import annotations

import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import BinaryIO

_NO_CONTENT = 204


class HttpConnection:
    """A connection for one request after the other (HTTP/1.1)."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        self._file: BinaryIO = self._socket.makefile("rb")
        # Whether it can take another request.
        self.is_open = True

    def request(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Send a request, and return the status and the body of its response.

        Raises ConnectionResetError if the server has closed the connection before the response.
        """
        length = len(content or b"")
        head = {"Host": self._host, "Content-Length": length, **headers}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {head[name]}" for name in head), "", ""]
        self._socket.sendall("\r\n".join(lines).encode("latin-1") + (content or b""))

        status = self._read_status()
        received = self._read_headers()
        body = b"" if status == _NO_CONTENT else self._read_body(received)
        if received.get("connection", "").lower() == "close":
            self.is_open = False
        return status, body

    def close(self) -> None:
        """Close the connection."""
        self.is_open = False
        self._file.close()
        self._socket.close()

    def _read_status(self) -> int:
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the connection was closed")
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise ConnectionError("what was received is not HTTP")
        return int(rest[:3])

    def _read_headers(self) -> dict[str, str]:
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _read_body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        if "content-length" in headers:
            return self._read(int(headers["content-length"]))
        self.is_open = False
        return self._file.read()

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self._file.readline().partition(b";")[0], 16):
            chunks.append(self._read(size))
            self._file.readline()
        self._read_headers()  # the trailer
        return b"".join(chunks)

    def _read(self, size: int) -> bytes:
        body = self._file.read(size)
        if len(body) < size:
            raise ConnectionError("the response is incomplete")
        return body
