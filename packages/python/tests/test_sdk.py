"""The vendor's SDK for Python with the package, over mutual TLS, as the README configures it."""

import importlib
import json
import uuid

import pytest

from smartpay_oauth_mock import MockAuthServer

certifi = pytest.importorskip("certifi", reason="requirements-sdk.txt is not installed")


@pytest.fixture(scope="module")
def server():
    with MockAuthServer(tls=True, client_auth="required") as server:
        yield server


@pytest.fixture(scope="module")
def sdk(server):
    """Import the SDK, which reads the CA from certifi when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(server.ca_file))
        try:
            yield importlib.import_module("CyberSource")
        except ModuleNotFoundError:
            pytest.skip("the vendor's SDK is not installed (requirements-sdk.txt)")


@pytest.fixture
def mock(server):
    with server.new_realm(label="sdk") as realm:
        yield realm


@pytest.fixture
def configure(mock, tmp_path):
    """Return a function that returns the configuration of the SDK."""
    logs = importlib.import_module("CyberSource.logging.log_configuration").LogConfiguration()
    logs.set_enable_log(True)
    logs.set_log_directory(str(tmp_path))
    certificate, key = mock.client_certificate("my-company")

    def configure(authentication_type, **more):
        return {
            "authentication_type": authentication_type,
            "run_environment": mock.base_url.removeprefix("https://"),
            "enable_client_cert": True,
            "client_cert_dir": str(certificate.parent),
            "ssl_client_cert": certificate.name,
            "private_key": key.name,
            "client_id": mock.client_id,
            "client_secret": mock.client_secret,
            "merchantid": mock.merchant_id,
            "log_config": logs,
            **more,
        }

    return configure


def request_token(sdk, configuration, **parameters):
    """Return the token response. The method of OAuthApi itself fails in this release."""
    client = {name: configuration[name] for name in ("client_id", "client_secret")}
    data, _, _ = sdk.OAuthApi(configuration).api_client.call_api(
        "/oauth2/v3/token",
        "POST",
        {},
        [],
        {
            "Accept": "application/json;charset=utf-8",
            "Content-Type": "application/x-www-form-urlencoded",
            "v-c-client-correlation-id": str(uuid.uuid4()),
        },
        body=json.dumps(client | parameters),
        post_params=[],
        files={},
        response_type="AccessTokenResponse",
        auth_settings=[],
        _return_http_data_only=False,
        collection_formats={},
    )
    return data if isinstance(data, dict) else vars(data)


def get(tokens, name):
    return tokens.get(name) or tokens[f"_{name}"]


def test_a_payment_with_tokens_that_are_refreshed_after_an_error(sdk, mock, configure):
    configuration = configure("Mutual_Auth")
    tokens = request_token(
        sdk, configuration, grant_type="authorization_code", code=mock.issue_code()
    )
    refresh_token = get(tokens, "refresh_token")

    def refresh():
        return request_token(
            sdk, configuration, grant_type="refresh_token", refresh_token=refresh_token
        )

    # The code under test tries again after a server_error.
    with mock.inject(error="server_error", grant_type="refresh_token", times=1).expect(1):
        with pytest.raises(sdk.rest.ApiException) as failed:
            refresh()
        assert failed.value.status == 500
        tokens = refresh()

    payments = sdk.PaymentsApi(
        configure("OAuth", access_token=get(tokens, "access_token"), refresh_token=refresh_token)
    )
    body = json.dumps({"clientReferenceInformation": {"code": "test"}})
    _, status, _ = payments.create_payment(body)
    assert status == 201

    mock.verify_order(
        {"grant_type": "authorization_code", "status": 200},
        {"grant_type": "refresh_token", "error": "server_error"},
        {"grant_type": "refresh_token", "status": 200},
        {"path": "/pts/v2/payments", "status": 201},
    )
    assert {one["certificate"] for one in mock.requests()} == {"my-company"}
