"""The README: its first program runs as printed, and every call that it lists is there."""

import re
import subprocess
import sys
from pathlib import Path

from smartpay_oauth_mock import Clock, MockAuthServer

README = (Path(__file__).parent.parent / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_example_runs_as_printed(tmp_path):
    program = tmp_path / "example.py"
    program.write_text(EXAMPLES[0])
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("a new access token for 899 seconds\n", "")


def test_the_other_examples_are_python():
    for example in EXAMPLES:
        compile(example, "README.md", "exec")


def test_every_call_that_it_lists_is_there():
    names = re.findall(r"server\.(\w+)", "".join(EXAMPLES))
    assert len(names) > 20
    assert [name for name in names if not hasattr(MockAuthServer, name)] == []
    names = re.findall(r"clock\.(\w+)", "".join(EXAMPLES))
    assert [name for name in names if not hasattr(Clock, name)] == []
