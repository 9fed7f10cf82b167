"""The installed wheel: its platforms, its program and its metadata."""

import importlib.metadata
import re
import struct
import subprocess
import sys

import pytest

from smartpay_oauth_mock._binary import find_binary

PACKAGE = importlib.metadata.distribution("smartpay-oauth-mock")
PT_INTERP = 3


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has two C libraries")
def test_one_wheel_serves_glibc_and_musl():
    tags = re.findall(r"^Tag: py3-none-(\w+)$", PACKAGE.read_text("WHEEL"), re.MULTILINE)
    assert {tag.split("_")[0] for tag in tags} == {"manylinux", "manylinux2014", "musllinux"}

    # A program that is linked statically names no interpreter, which would load shared libraries.
    with open(find_binary(), "rb") as file:
        header = file.read(64)
        (offset,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(offset)
        types = {struct.unpack_from("<I", file.read(size))[0] for _ in range(count)}
    assert PT_INTERP not in types


def test_the_version_is_that_of_the_program():
    output = subprocess.run(
        [find_binary(), "--version"], capture_output=True, text=True, check=True
    )
    assert output.stdout.split()[1] == PACKAGE.version


def test_it_has_types_and_needs_no_other_package():
    assert PACKAGE.requires is None
    assert "smartpay_oauth_mock/py.typed" in {str(file) for file in PACKAGE.files}
