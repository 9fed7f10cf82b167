"""The pytest plugin, with whole test suites."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

# The code under test of these suites.
CLIENT = """
import json, urllib.error, urllib.parse, urllib.request

def refresh(mock, token="error-server_error"):
    form = {"grant_type": "refresh_token", "refresh_token": token,
            "client_id": mock.client_id, "client_secret": mock.client_secret}
    try:
        body = urllib.parse.urlencode(form).encode()
        return urllib.request.urlopen(mock.token_url, body).status
    except urllib.error.HTTPError as error:
        return error.code
"""

SECTION = "*- smartpay-oauth-mock -*"


@pytest.fixture
def suite(pytester):
    pytester.makepyfile(client=CLIENT)
    return pytester


def test_a_test_that_fails_shows_what_the_mock_saw(suite):
    suite.makepyfile(
        """
        from client import refresh

        def test_fails(smartpay_mock):
            refresh(smartpay_mock)
            refresh(smartpay_mock, "my-refresh-token")
            assert False
        """
    )
    result = suite.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            SECTION,
            "Requests received (2):",
            "  #1 POST /oauth2/v3/token refresh_token v6TJH1IqhM -> 500 server_error *",
            "  #2 POST /oauth2/v3/token refresh_token v6TJH1IqhM -> 400 invalid_request (row 16)",
            "note (#1, #2): The request used plain HTTP. *",
        ]
    )
    text = result.stdout.str()
    assert "my-refresh-token" not in text.split("- smartpay-oauth-mock -")[1]
    assert "v6TJH1IqhM-secret" not in text


def test_a_test_that_passes_or_is_skipped_shows_nothing(suite):
    suite.makepyfile(
        """
        import pytest
        from client import refresh

        def test_passes(smartpay_mock):
            assert refresh(smartpay_mock) == 500

        def test_is_skipped(smartpay_mock):
            pytest.skip("later")

        @pytest.mark.xfail
        def test_fails_as_expected(smartpay_mock):
            assert refresh(smartpay_mock) == 200
        """
    )
    result = suite.runpytest("-rA")
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    result.stdout.no_fnmatch_line(SECTION)


def test_an_expectation_is_judged_at_the_end_of_the_test(suite):
    suite.makepyfile(
        """
        from client import refresh

        def test_gives_up(smartpay_mock):
            smartpay_mock.inject(error="server_error").expect(2)
            refresh(smartpay_mock)

        def test_fails_anyway(smartpay_mock):
            smartpay_mock.inject(error="server_error").expect(2)
            assert refresh(smartpay_mock) == 200
        """
    )
    result = suite.runpytest()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["the scenario * was expected to match exactly 2 requests, but matched 1.", SECTION]
    )
    result.stdout.no_fnmatch_line("*_realm_client.py*")


def test_an_expectation_of_a_wider_scope_is_judged_at_its_end(suite):
    suite.makepyfile(
        """
        import pytest
        from client import refresh

        @pytest.fixture(scope="module")
        def bank(smartpay_server):
            with smartpay_server.new_realm() as realm:
                realm.inject(error="server_error").expect(2)
                yield realm

        def test_one(bank): refresh(bank)
        def test_two(bank):
            bank.inject(error="access_denied", times=1).expect(1)
            assert (refresh(bank), refresh(bank)) == (403, 500)
        def test_ends_its_realm(smartpay_mock):
            smartpay_mock.stop()
        """
    )
    suite.runpytest().assert_outcomes(passed=3)


def test_each_test_has_a_realm_of_its_own(suite):
    suite.makepyfile(
        """
        from client import refresh
        ports = set()

        def check(mock):
            refresh(mock)
            assert len(mock.requests()) == 1
            mock.clock.advance("1h")
            ports.add(mock.base_url)

        def test_one(smartpay_mock): check(smartpay_mock)
        def test_two(smartpay_mock): check(smartpay_mock)
        def test_three(smartpay_mock, smartpay_server):
            check(smartpay_mock)
            assert smartpay_server.requests() == []
            assert (smartpay_mock.clock.now() - smartpay_server.clock.now()).total_seconds() > 3500
            assert smartpay_mock.name.startswith("test_three-")
        """
    )
    suite.runpytest().assert_outcomes(passed=3)


def test_a_marker_gives_a_test_fixtures(suite):
    suite.makepyfile(
        """
        import pytest

        MINE = {"extends": "default", "clients": [{"id": "mine", "secret": "s"}]}

        @pytest.mark.smartpay(fixtures=MINE)
        def test_with(smartpay_mock):
            assert smartpay_mock.issue_code(client_id="mine")

        def test_without(smartpay_mock):
            with pytest.raises(ValueError, match="mine"):
                smartpay_mock.issue_code(client_id="mine")

        @pytest.mark.smartpay(fixtures="clints: []")
        def test_bad(smartpay_mock): ...

        @pytest.mark.smartpay(fixture=MINE)
        def test_wrong(smartpay_mock): ...
        """
    )
    result = suite.runpytest("--strict-markers")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*ValueError: 1:1: /fixtures/clints: unknown member*"])
    result.stdout.fnmatch_lines(["*write @pytest.mark.smartpay(fixtures=...)*"])


def test_the_server_is_configured_in_a_conftest(suite):
    suite.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def smartpay_fixtures():
            return "extends: default\\nclients:\\n  - { id: mine, secret: s }\\n"

        @pytest.fixture(scope="session")
        def smartpay_options():
            return {"tls": True}
        """
    )
    suite.makepyfile(
        """
        def test_configured(smartpay_mock):
            assert smartpay_mock.token_url.startswith("https:")
            assert smartpay_mock.issue_code(client_id="mine")
        """
    )
    suite.runpytest().assert_outcomes(passed=1)


def test_the_server_of_the_session_and_other_realms_have_sections_too(suite):
    suite.makepyfile(
        """
        import pytest
        from client import refresh

        @pytest.fixture
        def bank(smartpay_server):
            with smartpay_server.new_realm() as realm:
                yield realm

        def test_before(smartpay_server):
            refresh(smartpay_server, "error-access_denied")

        def test_server(smartpay_server):
            refresh(smartpay_server)
            assert not "server"

        def test_realm(bank):
            refresh(bank, "error-invalid_client")
            assert not "bank"
        """
    )
    result = suite.runpytest()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [SECTION, "  #2 * 500 server_error *", SECTION, "  #1 * invalid_client *"]
    )
    result.stdout.no_fnmatch_line("  #1 * access_denied*")


def test_errors_of_setup_and_teardown_have_a_section(suite):
    suite.makepyfile(
        """
        import pytest
        from client import refresh

        @pytest.fixture
        def sets_up(smartpay_mock):
            refresh(smartpay_mock)
            raise ZeroDivisionError

        @pytest.fixture
        def tears_down(smartpay_mock):
            yield
            smartpay_mock.verify(exactly=2)

        def test_setup(sets_up): ...
        def test_teardown(smartpay_mock, tears_down): refresh(smartpay_mock, "error-access_denied")
        """
    )
    result = suite.runpytest()
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(
        [SECTION, "  #1 * server_error *", SECTION, "  #1 * access_denied *"]
    )


def test_a_server_that_dies_explains_the_failure(suite):
    suite.makepyfile(
        """
        import os, signal

        def test_dies(smartpay_mock, smartpay_server):
            os.kill(smartpay_server._process._process.pid, signal.SIGKILL)
            smartpay_mock.issue_code()
        """
    )
    result = suite.runpytest()
    result.stdout.fnmatch_lines(
        ["*ConnectionError: the server has ended (exit code -9). *", SECTION]
    )


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_the_summary_says_what_the_client_met_and_did_wrong(suite, workers):
    if workers:
        pytest.importorskip("xdist")
    suite.makepyfile(
        """
        from client import refresh

        def test_server_error(smartpay_mock):
            refresh(smartpay_mock)

        def test_denied(smartpay_mock):
            for _ in range(3):
                refresh(smartpay_mock, "error-access_denied")

        def test_without_a_request(smartpay_mock):
            pass
        """
    )
    result = suite.runpytest_subprocess(*workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["smartpay-oauth-mock: 2 of 11 documented errors met, * retried-permanent-error*"]
    )


def test_a_run_without_requests_has_no_summary(suite):
    suite.makepyfile("def test_nothing(smartpay_mock): pass")
    assert "documented errors" not in suite.runpytest().stdout.str()


def test_each_worker_of_xdist_has_a_server(suite):
    pytest.importorskip("xdist")
    suite.makepyfile(
        """
        import pytest
        from client import refresh

        @pytest.mark.parametrize("number", range(20))
        def test_alone(smartpay_mock, number):
            refresh(smartpay_mock)
            assert len(smartpay_mock.requests()) == 1
            assert number != 7
        """
    )
    result = suite.runpytest_subprocess("-n2")
    result.assert_outcomes(passed=19, failed=1)
    result.stdout.fnmatch_lines([SECTION, "  #1 * 500 server_error *"])


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_nothing_runs_on_after_pytest_is_killed(suite, workers):
    if workers:
        pytest.importorskip("xdist")
    suite.makepyfile(
        """
        import os, pathlib, time, pytest

        @pytest.mark.parametrize("number", range(2))
        def test_takes_long(smartpay_mock, number):
            path = pathlib.Path(__file__).with_name(f"{os.getpid()}.url")
            path.with_suffix(".tmp").write_text(smartpay_mock.base_url)
            path.with_suffix(".tmp").rename(path)
            time.sleep(60)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *workers], stdout=subprocess.DEVNULL, cwd=suite.path
    )
    expected = 2 if workers else 1
    while len(files := list(suite.path.glob("*.url"))) < expected:
        time.sleep(0.02)
        assert process.poll() is None
    urls = [file.read_text() for file in files]

    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(1000):
        if not any(is_listening(url) for url in urls):
            return
        time.sleep(0.01)
    pytest.fail("a server is still running")


def is_listening(url):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", int(url.rsplit(":")[-1]))) == 0
