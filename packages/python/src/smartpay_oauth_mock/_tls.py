"""Certificates of a server as files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ._binary import find_binary


class TlsFiles:
    """The CA of a server, and client certificates that it signs."""

    def __init__(self, folder: str) -> None:
        """`folder` is the --tls-dir of the server."""
        self._folder = Path(folder)
        self._clients: dict[str, Path] = {}

    def ca_file(self) -> Path:
        """Return the certificate of the CA."""
        return self._folder / "ca.pem"

    def client_certificate(self, name: str) -> tuple[Path, Path]:
        """Return the certificate for a common name, and its key."""
        if name not in self._clients:
            self._clients[name] = self._create(name, self._folder / f"client-{len(self._clients)}")
        folder = self._clients[name]
        return folder / "client.pem", folder / "client.key"

    def _create(self, name: str, folder: Path) -> Path:
        # The program signs with the CA of the folder, and keeps one client certificate in each.
        folder.mkdir()
        for file in ("ca.pem", "ca.key"):
            shutil.copy2(self._folder / file, folder / file)

        command = [find_binary(), "certs", os.fspath(folder), f"--client-name={name}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(folder)
            raise ValueError(done.stderr.strip())
        return folder


class GivenTlsFiles:
    """The files that belong to a server that somebody else started."""

    def __init__(self, ca: str, certificate: str | None, key: str | None) -> None:
        self._ca, self._certificate, self._key = ca, certificate, key

    def ca_file(self) -> Path:
        """Return the certificate of the CA."""
        return Path(self._ca)

    def client_certificate(self, name: str) -> tuple[Path, Path]:
        """Return the certificate of the environment, whatever its name."""
        if not self._certificate or not self._key:
            raise ValueError(f"there is no certificate for {name!r}: only a new server issues them")
        return Path(self._certificate), Path(self._key)
