"""`SMARTPAY_MOCK_SERVER` names a server that runs already."""

import pytest

from smartpay_oauth_mock import MockAuthServer


@pytest.fixture(scope="module")
def running():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SMARTPAY_MOCK_SERVER", raising=False)
        with MockAuthServer() as server:
            yield server


@pytest.fixture
def attached(running, monkeypatch):
    monkeypatch.setenv("SMARTPAY_MOCK_SERVER", running.base_url)
    return running


def realms(server):
    return server._running.control.call("GET", "/_mock/realms")["realms"]


def test_a_server_is_a_realm_there(attached, exchange):
    before = len(realms(attached))
    with MockAuthServer() as server, server.new_realm() as realm:
        assert len({attached.base_url, server.base_url, realm.base_url}) == 3
        assert exchange(server, server.issue_code())[0] == 200
        assert exchange(realm, realm.issue_code())[0] == 200
        realm.new_realm()
        server.new_realm()
        assert len(realms(attached)) == before + 4
    assert len(realms(attached)) == before
    assert attached.requests() == []


def test_the_url_of_a_realm_means_its_server(attached, monkeypatch):
    with attached.new_realm() as realm:
        url = f"{attached.base_url}/realms/{realm.name}"
        monkeypatch.setenv("SMARTPAY_MOCK_SERVER", url)
        with MockAuthServer() as server:
            assert server.issue_code()


def test_realms_begin_with_the_fixtures_of_the_tests(attached):
    assert attached
    fixtures = "extends: default\nclients:\n  - { id: my-app, secret: my-secret }\n"
    with MockAuthServer(fixtures) as server, server.new_realm() as realm:
        assert server.issue_code(client_id="my-app")
        assert realm.issue_code(client_id="my-app")
        with (
            realm.new_realm("extends: default") as other,
            pytest.raises(ValueError, match="my-app"),
        ):
            other.issue_code(client_id="my-app")


@pytest.mark.parametrize(
    "option", [{"tls": True}, {"client_auth": "optional"}, {"args": ["--watch"]}]
)
def test_options_for_a_new_server_are_refused_by_name(attached, option):
    assert attached
    (name,) = option
    with pytest.raises(ValueError, match=f"{name}: only a new server"):
        MockAuthServer(**option).start()


def test_a_server_that_is_not_there_is_a_connection_error(monkeypatch):
    monkeypatch.setenv("SMARTPAY_MOCK_SERVER", "http://127.0.0.1:1")
    with pytest.raises(ConnectionError, match=r"SMARTPAY_MOCK_SERVER: .*http://127.0.0.1:1"):
        MockAuthServer().start()
    monkeypatch.setenv("SMARTPAY_MOCK_SERVER", "localhost:8080")
    with pytest.raises(ValueError, match="is not a URL"):
        MockAuthServer().start()


def test_a_control_token_comes_from_the_environment(monkeypatch):
    with MockAuthServer(args=["--control-token=a-token"]) as server:
        monkeypatch.setenv("SMARTPAY_MOCK_SERVER", server.base_url)
        with pytest.raises(ValueError, match="401"):
            MockAuthServer().start()
        monkeypatch.setenv("SMARTPAY_MOCK_CONTROL_TOKEN", "a-token")
        with MockAuthServer() as attached:
            assert attached.issue_code()
