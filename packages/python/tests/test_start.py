"""The start and the end of a server, and what goes wrong there."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest

from smartpay_oauth_mock import MockAuthServer


def is_listening(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as connection:
        return connection.connect_ex((host, int(port))) == 0


def ends(url):
    """Wait until nothing listens at a URL any more."""
    for _ in range(1000):
        if not is_listening(url):
            return True
        time.sleep(0.01)
    return False


def test_a_server_starts_and_stops_without_with():
    server = MockAuthServer()
    assert server.start() is server
    url = server.base_url
    with pytest.raises(RuntimeError, match="runs already"):
        server.start()
    server.stop()
    server.stop()
    assert not is_listening(url)

    # It can be started again.
    with server:
        assert server.issue_code()


def test_bad_fixtures_are_a_value_error_with_the_place(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("extends: default\nclints: []\n")
    for fixtures, place in [
        (bad.read_text(), "fixtures.yaml:2:1: "),
        (bad, f"{bad}:2:1: "),
        ({"clints": []}, "fixtures.json:2:3: "),
    ]:
        with pytest.raises(ValueError, match='"clints", did you mean "clients"') as refused:
            MockAuthServer(fixtures).start()
        assert str(refused.value).startswith(place)


def test_bad_options_are_a_value_error():
    with pytest.raises(ValueError, match="unexpected argument '--listn'"):
        MockAuthServer(args=["--listn"]).start()
    with pytest.raises(ValueError, match="--client-auth requires --tls-listen"):
        MockAuthServer(client_auth="required").start()


def test_arguments_are_a_list():
    with pytest.raises(TypeError, match=r"such as \['--watch'\]"):
        MockAuthServer(args="--watch")


def test_a_port_that_is_taken_is_an_os_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError, match=f"cannot listen on {address}: Address already in use"):
            MockAuthServer(args=["--listen", address]).start()


def test_the_port_can_be_chosen():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with MockAuthServer(args=[f"--listen={address}"]) as server:
        assert server.base_url == f"http://{address}"


def test_a_missing_program_is_a_file_not_found_error(monkeypatch, tmp_path):
    monkeypatch.setenv("SMARTPAY_OAUTH_MOCK_BINARY", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"SMARTPAY_OAUTH_MOCK_BINARY: .*nowhere"):
        MockAuthServer().start()


def test_a_program_that_is_missing_from_the_package_is_explained(monkeypatch):
    monkeypatch.delenv("SMARTPAY_OAUTH_MOCK_BINARY", raising=False)
    monkeypatch.setattr(os.path, "isfile", lambda _: False)
    with pytest.raises(FileNotFoundError, match="install it again") as missing:
        MockAuthServer().start()
    assert sys.prefix in str(missing.value)


def test_another_program_can_be_named(monkeypatch, tmp_path):
    program = tmp_path / "other"
    program.write_text("#!/bin/sh\necho 'I am not the mock' >&2\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("SMARTPAY_OAUTH_MOCK_BINARY", str(program))
    with pytest.raises(OSError, match="I am not the mock"):
        MockAuthServer().start()
    program.chmod(0o644)
    with pytest.raises(PermissionError, match="other"):
        MockAuthServer().start()


def test_a_server_that_dies_is_a_connection_error_with_its_log():
    with MockAuthServer() as server:
        server.issue_code()
        os.kill(pid_of(server), signal.SIGKILL)
        with pytest.raises(
            ConnectionError, match=r"(?s)exit code -9.*Its log ends with.*listening"
        ):
            server.issue_code()


def test_the_environment_does_not_change_the_server(monkeypatch):
    monkeypatch.setenv("SMARTPAY_MOCK_FIXTURES", "/nowhere.yaml")
    monkeypatch.setenv("SMARTPAY_MOCK_LISTEN", "256.0.0.1:80")
    monkeypatch.setenv("SMARTPAY_MOCK_CONTROL_TOKEN", "a-token")
    with MockAuthServer() as server:
        assert server.issue_code()


def test_a_control_token_is_used():
    with MockAuthServer(args=["--control-token", "a-token"]) as server, server.new_realm() as realm:
        assert realm.issue_code()


SCRIPT = """
    import os, signal, sys, time
    from smartpay_oauth_mock import MockAuthServer
    server = MockAuthServer().start()
    print(server.base_url, flush=True)
"""


def run_script(more):
    """Run a script that starts a server. Return its process and the URL of the server."""
    script = textwrap.dedent(SCRIPT) + textwrap.dedent(more)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_runs_on_after_the_tests_are_killed(number):
    process, url = run_script("time.sleep(60)")
    assert is_listening(url)
    process.send_signal(number)
    process.communicate(timeout=10)
    assert ends(url)


@pytest.mark.parametrize("end", ["sys.exit(3)", "os._exit(0)", "1 / 0", ""])
def test_nothing_runs_on_after_the_tests_forget_the_server(end):
    process, url = run_script(end)
    process.communicate(timeout=10)
    assert ends(url)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_does_not_keep_the_server_alive():
    process, url = run_script(
        """
        child = os.fork()
        if child == 0:
            os.close(1)
            os.close(2)
            time.sleep(60)
        print(child, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    child = int(process.stdout.readline())
    try:
        process.communicate(timeout=10)
        assert ends(url)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_connections_of_its_own():
    with MockAuthServer() as server:
        server.issue_code()
        child = os.fork()
        for _ in range(50):
            code = server.issue_code()
        if child == 0:
            os._exit(0 if code else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_no_warning_and_no_file_is_left_behind(tmp_path):
    script = """
        from smartpay_oauth_mock import MockAuthServer
        for options in ({}, {"tls": True}, {"fixtures": "clints: []"}, {"args": ["--listn"]}):
            try:
                with MockAuthServer(**options) as server, server.new_realm() as realm:
                    realm.issue_code()
            except ValueError as error:
                print(error)
    """
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert "clints" in done.stdout
    assert "--listn" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_installed_with_the_package():
    version = subprocess.run(
        [sys.executable, "-m", "smartpay_oauth_mock", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.startswith("smartpay-oauth-mock ")


def pid_of(server):
    return server._process._process.pid
