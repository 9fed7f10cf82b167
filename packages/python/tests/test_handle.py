"""What a test can do with a server or realm."""

from pathlib import Path

import pytest

from smartpay_oauth_mock import MockAuthServer


def test_a_code_is_issued_and_exchanged_for_tokens(smartpay_mock, exchange):
    code = smartpay_mock.issue_code()
    status, tokens = exchange(smartpay_mock, code)
    assert (status, tokens["expires_in"], tokens["token_type"]) == (200, 899, "bearer")


def test_a_code_can_be_chosen_with_its_scopes_and_redirect_url(smartpay_mock, exchange):
    code = smartpay_mock.issue_code(
        code="my-code", scopes=["transactions"], redirect_url="https://www.example.com"
    )
    assert code == "my-code"
    assert exchange(smartpay_mock, code)[0] == 200
    assert smartpay_mock.grants()[-1]["scopes"] == ["transactions"]


def test_tokens_are_issued_without_a_flow(smartpay_mock, refresh):
    tokens = smartpay_mock.issue_tokens(scopes=["transactions"])
    assert {"access_token", "refresh_token", "expires_in"} <= set(tokens)
    assert refresh(smartpay_mock, tokens["refresh_token"])[0] == 200


def test_urls_have_the_paths_of_the_real_server(smartpay_mock):
    base = smartpay_mock.base_url
    assert smartpay_mock.token_url == f"{base}/oauth2/v3/token"
    assert smartpay_mock.authorize_url == f"{base}/ebc2/oauth/authorize"


def test_a_merchant_revokes_a_grant(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    smartpay_mock.revoke_grant(smartpay_mock.grants()[-1]["id"])
    assert refresh(smartpay_mock, token)[1]["error"] == "access_denied"


def test_a_client_and_a_merchant_become_inactive(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    smartpay_mock.set_merchant_status(smartpay_mock.merchant_id, "inactive")
    assert refresh(smartpay_mock, token)[1]["error"] == "merchant_not_active"
    smartpay_mock.set_client_status(smartpay_mock.client_id, "inactive")
    assert refresh(smartpay_mock, token)[1]["error"] == "client_not_active"
    smartpay_mock.set_client_status(smartpay_mock.client_id, "active")


def test_reset_returns_to_the_initial_state(smartpay_mock, refresh):
    smartpay_mock.set_client_status(smartpay_mock.client_id, "inactive")
    refresh(smartpay_mock, "x")
    smartpay_mock.reset()
    assert smartpay_mock.requests() == []
    assert smartpay_mock.issue_code()


YAML = "extends: default\nclients:\n  - { id: my-app, secret: my-secret }\n"


@pytest.mark.parametrize("form", ["text", "dict", "path"])
def test_fixtures_are_text_a_dict_or_a_path(form, tmp_path):
    path = tmp_path / "fixtures.yaml"
    path.write_text(YAML)
    clients = [{"id": "my-app", "secret": "my-secret"}]
    fixtures = {"text": YAML, "dict": {"extends": "default", "clients": clients}, "path": path}[
        form
    ]

    with MockAuthServer(fixtures) as server:
        assert server.issue_code(client_id="my-app")
        with server.new_realm() as realm:
            assert realm.issue_code(client_id="my-app")
        with server.new_realm({"extends": "default"}) as realm:
            with pytest.raises(ValueError, match="my-app"):
                realm.issue_code(client_id="my-app")
            realm.set_fixtures(fixtures)
            assert realm.issue_code(client_id="my-app")


def test_a_folder_of_fixtures_is_for_a_server(tmp_path):
    (tmp_path / "one.yaml").write_text(YAML)
    with MockAuthServer(tmp_path) as server:
        assert server.issue_code(client_id="my-app")
        with pytest.raises(IsADirectoryError, match="is a folder"):
            server.new_realm(tmp_path)


def test_bad_fixtures_are_refused_with_their_place_and_nothing_changes(smartpay_server):
    with pytest.raises(ValueError, match=r'2:1: .*"clints", did you mean "clients"\?'):
        smartpay_server.new_realm("extends: default\nclints: []\n")

    with smartpay_server.new_realm() as realm:
        with pytest.raises(ValueError, match=r'/clients/0: "secret" is missing'):
            realm.set_fixtures({"clients": [{"id": "my-app"}]})
        assert realm.issue_code()


def test_a_path_that_is_given_as_text_is_explained(smartpay_server):
    with pytest.raises(ValueError, match=r"use pathlib.Path\('fixtures/mine.yaml'\)"):
        smartpay_server.new_realm("fixtures/mine.yaml")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml"):
        smartpay_server.new_realm(Path("nowhere.yaml"))


def test_what_is_not_there_is_a_lookup_error(smartpay_mock):
    with pytest.raises(LookupError, match="There is no grant with this ID"):
        smartpay_mock.revoke_grant("nobody")
    with pytest.raises(LookupError, match="There is no client with this ID"):
        smartpay_mock.set_client_status("nobody", "inactive")


def test_realms_are_isolated_and_have_ports_of_their_own(smartpay_server, exchange):
    with smartpay_server.new_realm(label="My Test[1]") as one, smartpay_server.new_realm() as other:
        assert one.name.startswith("my-test-1-")
        assert len({smartpay_server.base_url, one.base_url, other.base_url}) == 3
        assert exchange(other, one.issue_code())[0] == 400
        assert (len(one.requests()), len(other.requests())) == (0, 1)
        one.clock.advance("1h")
        assert (one.clock.now() - other.clock.now()).total_seconds() > 3500


def test_a_handle_that_does_not_run_says_so(smartpay_server):
    with pytest.raises(RuntimeError, match=r"MockAuthServer does not run; use `with`"):
        MockAuthServer().issue_code()
    realm = smartpay_server.new_realm()
    realm.stop()
    with pytest.raises(RuntimeError, match="MockRealm does not run"):
        _ = realm.base_url
    realm.stop()


def test_the_report_says_what_the_client_did(smartpay_mock, refresh):
    with smartpay_mock.inject(error="server_error", name="busy"):
        refresh(smartpay_mock, "x")
    report = smartpay_mock.report()
    assert report["requests"] == 1
    errors = {one["error"]: one["times"] for one in report["coverage"]["errors"]}
    assert errors["server_error"] == 1
    assert "plain-http" in {finding["rule"] for finding in report["findings"]}
