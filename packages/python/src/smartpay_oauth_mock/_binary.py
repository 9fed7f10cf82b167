"""Finds the program in the installed package."""

from __future__ import annotations

import os
import sys

# Names another program.
VARIABLE = "SMARTPAY_OAUTH_MOCK_BINARY"

_IS_WINDOWS = sys.platform == "win32"
_NAME = "smartpay-oauth-mock.exe" if _IS_WINDOWS else "smartpay-oauth-mock"


def find_binary() -> str:
    """Return the path of the program.

    Raises FileNotFoundError if it is not there.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not os.path.isfile(named):
            raise FileNotFoundError(f"{VARIABLE}: there is no file {named}")
        return os.path.abspath(named)

    # The second list takes longer to find out, and is seldom needed.
    searched = []
    for folders in (_folders_near, _folders_of_python):
        for folder in folders():
            path = os.path.normpath(os.path.join(folder, _NAME))
            if os.path.isfile(path):
                return path
            searched.append(path)
    raise FileNotFoundError(
        f"the program {_NAME} is missing from the installed package; install it again, or name the "
        f"program in {VARIABLE}. Searched: {', '.join(searched)}"
    )


def _folders_near() -> list[str]:
    """Return where installers put scripts, relative to this package."""
    package = os.path.dirname(os.path.abspath(__file__))
    scripts = "Scripts" if _IS_WINDOWS else "bin"
    # A virtual environment has lib/python3.x/site-packages on Linux, Lib/site-packages on Windows.
    levels = 3 if _IS_WINDOWS else 4
    return [
        os.path.join(package, *[os.pardir] * levels, scripts),
        # pip install --target
        os.path.join(package, os.pardir, scripts),
    ]


def _folders_of_python() -> list[str]:
    """Return where this Python puts scripts."""
    import sysconfig  # noqa: PLC0415

    user_scheme = sysconfig.get_preferred_scheme("user")
    return [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", scheme=user_scheme)]
