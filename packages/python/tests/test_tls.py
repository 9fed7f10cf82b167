"""HTTPS and client certificates."""

import ssl
import urllib.error
import urllib.request

import pytest

from smartpay_oauth_mock import MockAuthServer


@pytest.fixture(scope="module")
def server():
    with MockAuthServer(tls=True, client_auth="required") as server:
        yield server


def get(url, ca, certificate=None):
    context = ssl.create_default_context(cafile=ca)
    if certificate:
        context.load_cert_chain(*certificate)
    with urllib.request.urlopen(url, context=context, timeout=10) as response:
        return response.status


def test_urls_are_https_and_control_calls_need_no_certificate(server):
    with server.new_realm() as realm:
        for mock in (server, realm):
            urls = mock.base_url, mock.token_url, mock.authorize_url
            assert all(url.startswith("https://127.0.0.1:") for url in urls)
            assert mock.issue_code()


def test_a_client_certificate_is_recorded_by_its_name(server):
    with server.new_realm() as realm:
        certificate = realm.client_certificate("my-company")
        assert get(f"{realm.base_url}/.well-known/jwks.json", realm.ca_file, certificate) == 200
        assert realm.requests()[-1]["certificate"] == "my-company"


def test_each_name_has_files_of_its_own(server):
    one, other = server.client_certificate("one"), server.client_certificate("other/../name")
    assert one != other
    assert one == server.client_certificate("one")
    assert all(file.is_file() for file in (*one, *other))
    with pytest.raises(ValueError, match="--client-name: expected 1 to 64 characters"):
        server.client_certificate("x" * 65)


def test_without_a_certificate_the_handshake_fails(server):
    with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
        get(f"{server.base_url}/_mock/health", server.ca_file)


def test_the_portal_for_browsers_needs_no_certificate():
    args = ["--portal-listen", "127.0.0.1:0"]
    with MockAuthServer(tls=True, client_auth="required", args=args) as server:
        with server.new_realm() as realm:
            query = "?sub=oauth&client_id=v6TJH1IqhM&redirect_url=https://www.example.com&state=1"
            for mock in (server, realm):
                assert not mock.authorize_url.startswith(mock.base_url)
                assert get(mock.authorize_url + query, mock.ca_file) == 200


def test_the_files_are_removed_at_the_end():
    with MockAuthServer(tls=True) as server:
        ca_file = server.ca_file
        assert ca_file.is_file()
    assert not ca_file.exists()


def test_without_tls_there_are_no_files(smartpay_server):
    with pytest.raises(RuntimeError, match="start it with tls=True"):
        _ = smartpay_server.ca_file
    with pytest.raises(RuntimeError, match="start it with tls=True"):
        smartpay_server.client_certificate("my-company")
