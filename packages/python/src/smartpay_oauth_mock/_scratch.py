"""Temporary folders. The module tempfile takes longer to import than the server to start."""

from __future__ import annotations

import contextlib
import os


def make_folder() -> str:
    """Create a folder that only this user can read, and return its path."""
    parent = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the name is not predictable
    if not os.path.isdir(parent):
        import tempfile  # noqa: PLC0415

        parent = tempfile.gettempdir()

    folder = os.path.join(parent, f"smartpay-oauth-mock-{os.urandom(8).hex()}")
    os.mkdir(folder, 0o700)
    return folder


def remove_folder(folder: str) -> None:
    """Remove a folder with everything in it, as far as that is possible.

    On Windows, a file that is open remains, until this is called again.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                remove_folder(entry.path)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
        os.rmdir(folder)
