"""Fixtures of the package's own tests, which run against the installed wheel."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from smartpay_oauth_mock import MockHandle

pytest_plugins = ["pytester"]

Send = Callable[..., tuple[int, dict[str, Any]]]


def _send(mock: MockHandle, **parameters: str) -> tuple[int, dict[str, Any]]:
    credentials = {"client_id": mock.client_id, "client_secret": mock.client_secret}
    form = urllib.parse.urlencode(credentials | parameters).encode()
    try:
        with urllib.request.urlopen(mock.token_url, form, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def exchange() -> Send:
    """Return the code under test: it exchanges a code for tokens."""
    return lambda mock, code: _send(mock, grant_type="authorization_code", code=code)


@pytest.fixture
def refresh() -> Send:
    """Return the code under test: it refreshes tokens."""
    return lambda mock, token: _send(mock, grant_type="refresh_token", refresh_token=token)
