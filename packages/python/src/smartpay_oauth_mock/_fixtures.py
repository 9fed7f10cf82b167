"""The forms that fixtures have: YAML text, a dict, or a path."""

from __future__ import annotations

import os
from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fixtures = str | Mapping[str, Any] | os.PathLike[str]


def as_file(fixtures: Fixtures, folder: str) -> str:
    """Return the path of a file or folder with the fixtures.

    Text and dicts are written to a file in `folder`.
    """
    if isinstance(fixtures, os.PathLike):
        return _existing(fixtures)

    text, suffix = (fixtures, "yaml") if isinstance(fixtures, str) else (_json(fixtures), "json")
    _refuse_path(text)
    path = os.path.join(folder, f"fixtures.{suffix}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def as_member(fixtures: Fixtures) -> str | Mapping[str, Any]:
    """Return fixtures as a member of a JSON body: text, or an object."""
    if isinstance(fixtures, Mapping):
        return fixtures
    if isinstance(fixtures, str):
        _refuse_path(fixtures)
        return fixtures

    path = _existing(fixtures)
    if os.path.isdir(path):
        raise IsADirectoryError(
            f"{path} is a folder; the fixtures of a realm are one file. A folder can be given to "
            "MockAuthServer, whose realms begin with its fixtures."
        )
    with open(path, encoding="utf-8") as file:
        return file.read()


def _existing(path: os.PathLike[str]) -> str:
    absolute = os.path.abspath(path)
    if not os.path.exists(absolute):
        raise FileNotFoundError(f"fixtures: there is no file or folder {absolute}")
    return absolute


def _json(fixtures: Mapping[str, Any]) -> str:
    import json  # noqa: PLC0415

    return json.dumps(fixtures, indent=2)


def _refuse_path(text: str) -> None:
    """Explain the likely mistake of a path that is given as text."""
    if "\n" not in text and text.endswith((".yaml", ".yml", ".json")):
        raise ValueError(f"fixtures: {text!r} is a path; use pathlib.Path({text!r})")
