"""The process of a server: its start, its end, and what it says when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import weakref

from ._binary import find_binary
from ._scratch import remove_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_START_TIMEOUT = 30.0
_POLL_INTERVAL = 0.001
# After the tests nobody waits for a response, so requests that hang are not waited for.
_STOP_TIMEOUT = 1.0
# The number of bytes of the log that an error quotes.
_LOG_TAIL = 4000
# The exit code of the program for invalid arguments or fixtures.
_USAGE = 2

_running: weakref.WeakSet[ServerProcess] = weakref.WeakSet()


class ServerProcess:
    """A server of our own. It ends when this process does, however that ends."""

    def __init__(self, arguments: Sequence[str], folder: str) -> None:
        """Start the program. `folder` is for its files, and is removed when it is ready."""
        self._folder = folder
        self._ready_file = os.path.join(folder, "ready.json")
        command = [find_binary(), "--ready-file", self._ready_file, "--exit-on-stdin-close"]

        self._log = open(os.path.join(folder, "log"), "w+b")  # noqa: SIM115 - it is read later
        try:
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                env=_environment(),
                # Ctrl-C ends the tests, which then end the server.
                start_new_session=True,
            )
        except BaseException:
            self._log.close()
            raise
        _running.add(self)

    def wait_until_ready(self) -> dict[str, str | None]:
        """Wait until the server accepts requests, and return its URLs."""
        # Counts the intervals, since a test may have frozen every clock.
        for _ in range(int(_START_TIMEOUT / _POLL_INTERVAL)):
            if os.path.exists(self._ready_file):
                return self._read_ready_file()
            if self._process.poll() is not None:
                raise self._start_error(self._process.returncode)
            time.sleep(_POLL_INTERVAL)

        raise TimeoutError(f"the server does not start within {_START_TIMEOUT:.0f} s\n{self.log()}")

    def explain(self, error: OSError) -> str:
        """Return why the server did not respond."""
        try:
            # A process that was just killed takes a moment to end.
            code = self._process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return f"the server does not respond: {error}"
        return f"the server has ended (exit code {code}). Its log ends with:\n{self.log()}"

    def log(self) -> str:
        """Return the end of the log."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LOG_TAIL))
        text = self._log.read().decode(errors="replace").strip()
        return text.replace(os.path.join(self._folder, ""), "")

    def stop(self) -> None:
        """End the server, wait until it has ended, and remove its files."""
        self.close_stdin()
        try:
            self._process.wait(timeout=_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _running.discard(self)
        self._log.close()
        remove_folder(self._folder)

    def close_stdin(self) -> None:
        """Close the pipe whose end the server waits for."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _read_ready_file(self) -> dict[str, str | None]:
        import json  # noqa: PLC0415

        with open(self._ready_file, encoding="utf-8") as file:
            urls: dict[str, str | None] = json.load(file)
        # So nothing is left behind if this process is killed. The log remains open.
        remove_folder(self._folder)
        return urls

    def _start_error(self, code: int) -> Exception:
        text = self.log()
        if code == _USAGE:
            return ValueError(text)
        return OSError(text or f"the server ended at once, with exit code {code}")


def _environment() -> Mapping[str, str]:
    """Return the environment of the server.

    Variables for its options are left out, but for those of the log: tests get the server that
    they ask for, on any machine.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SMARTPAY_MOCK_") or name.startswith("SMARTPAY_MOCK_LOG")
    }


def _close_in_fork() -> None:
    """Close the pipes in a forked process: otherwise the servers would wait for its end, too."""
    for process in _running:
        process.close_stdin()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_in_fork)
