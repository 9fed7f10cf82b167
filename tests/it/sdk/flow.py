"""The vendor's Python SDK, as published, against the mock over mutual TLS.

    python flow.py HOST:PORT CERTS CODE

CERTS has ca.pem, client.pem and client.key; CODE is an authorization code of v6TJH1IqhM.
"""

import json
import os
import sys
from importlib.metadata import version

import certifi

HOST, CERTS, CODE = sys.argv[1:]
RELEASE = version("cybersource-rest-client-python")
CA = os.path.join(CERTS, "ca.pem")
CORRELATION_ID = "9a341edd-3ceb-4b36-b423-9088e9bad5a0"
CLIENT = {"client_id": "v6TJH1IqhM", "client_secret": "v6TJH1IqhM-secret"}

# The newest releases take the CA from certifi only, so it has to say where ours is.
certifi.where = lambda: CA

import CyberSource  # noqa: E402
from CyberSource.logging.log_configuration import LogConfiguration  # noqa: E402
from CyberSource.rest import ApiException  # noqa: E402

CyberSource.Configuration().ssl_ca_cert = CA


def configuration(authentication_type, **more):
    # Without a log, the newest releases fail on writing their own configuration down.
    log = LogConfiguration()
    log.set_enable_log(True)
    log.set_log_directory(CERTS)
    return {
        "authentication_type": authentication_type,
        "merchantid": "rahulrama",
        "run_environment": HOST,
        "enable_client_cert": True,
        "client_cert_dir": CERTS,
        "ssl_client_cert": "client.pem",
        "private_key": "client.key",
        "log_config": log,
        "client_id": CLIENT["client_id"],
        "client_secret": CLIENT["client_secret"],
        **more,
    }


def token(**parameters):
    """The data, the status, and the headers of a token request by OAuthApi."""
    api = CyberSource.OAuthApi(configuration("Mutual_Auth"))
    request = {**CLIENT, **parameters}
    if RELEASE == "0.0.48":
        model = CyberSource.CreateAccessTokenRequest(**request)
        body = json.dumps({k: v for k, v in vars(model).items() if v is not None})
        return api.create_access_token_with_http_info(
            body, v_c_client_correlation_id=CORRELATION_ID, _return_http_data_only=False
        )
    # From 0.0.60 on create_access_token raises a TypeError before it sends anything; the client
    # beneath it works.
    headers = {
        "Accept": "application/json;charset=utf-8",
        "Content-Type": "application/x-www-form-urlencoded",
        "v-c-client-correlation-id": CORRELATION_ID,
    }
    return api.api_client.call_api(
        "/oauth2/v3/token",
        "POST",
        {},
        [],
        headers,
        body=json.dumps(request),
        post_params=[],
        files={},
        response_type="AccessTokenResponse",
        auth_settings=[],
        _return_http_data_only=False,
        collection_formats={},
    )


def pay(access_token, refresh_token):
    api = CyberSource.PaymentsApi(
        configuration("OAuth", access_token=access_token, refresh_token=refresh_token)
    )
    body = json.dumps({"clientReferenceInformation": {"code": "test"}})
    return api.create_payment(body)


def field(data, name):
    return data.get(name) if isinstance(data, dict) else getattr(data, name)


def main():
    data, status, headers = token(grant_type="authorization_code", code=CODE)
    assert status == 200, status
    assert headers["v-c-client-correlation-id"] == CORRELATION_ID, headers
    assert field(data, "token_type") == "bearer", data
    assert int(field(data, "expires_in")) == 899, data
    refresh_token = field(data, "refresh_token")

    data, status, _ = token(grant_type="refresh_token", refresh_token=refresh_token)
    assert status == 200 and field(data, "refresh_token") == refresh_token

    paid, status, _ = pay(field(data, "access_token"), refresh_token)
    assert status == 201, status
    assert field(paid, "status") == "AUTHORIZED", paid

    statuses = {
        "access_denied": 403, "server_error": 500, "invalid_scope": 400, "invalid_client": 401,
        "invalid_request": 400, "unauthorized_client": 401, "invalid_redirect_uri": 400,
        "client_not_found": 404, "invalid_client_type": 400, "merchant_not_active": 403,
        "client_not_active": 403,
    }
    for name, status in statuses.items():
        try:
            token(grant_type="refresh_token", refresh_token=f"error-{name}")
        except ApiException as error:
            assert error.status == status, (name, error.status)
            assert error.headers["v-c-client-correlation-id"] == CORRELATION_ID
            model = CyberSource.BadRequestError(**json.loads(error.body))
            assert model.error == name and len(model.error_description) > 10
        else:
            raise AssertionError(f"{name} was no error")
    print(f"ok: cybersource-rest-client-python {RELEASE}")


main()
