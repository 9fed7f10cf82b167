"""Authlib, as published, completes the flow by discovery: python3 authlib_flow.py ISSUER"""

import sys

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client, OAuthError

issuer = sys.argv[1]
metadata = httpx.get(f"{issuer}/.well-known/oauth-authorization-server").raise_for_status().json()
assert metadata["issuer"] == issuer, metadata

client = OAuth2Client(
    client_id="v6TJH1IqhM",
    client_secret="v6TJH1IqhM-secret",
    token_endpoint_auth_method=metadata["token_endpoint_auth_methods_supported"][-1],
    redirect_uri="https://www.example.com",
    scope="reporting transactions",
    code_challenge_method="S256",
    revocation_endpoint_auth_method=metadata["revocation_endpoint_auth_methods_supported"][-1],
)
verifier = generate_token(48)
url, state = client.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier
)
redirect = httpx.get(url, params=None, follow_redirects=False)
assert redirect.status_code == 302, redirect.text
location = redirect.headers["location"]
assert location.startswith("https://www.example.com?"), location

token = client.fetch_token(
    metadata["token_endpoint"],
    authorization_response=location,
    state=state,
    code_verifier=verifier,
)
assert token["token_type"] == "bearer" and token["expires_in"] == 899, token
api = f"{issuer}/pts/v2/payments"
assert client.post(api, json={}).status_code == 201

again = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
assert again["refresh_token"] == token["refresh_token"]
active = client.introspect_token(metadata["introspection_endpoint"], token=again["access_token"])
assert active.json()["active"] is True, active.text
assert client.revoke_token(metadata["revocation_endpoint"], token=again["refresh_token"]).status_code == 200
assert httpx.post(api, headers={"Authorization": f"Bearer {again['access_token']}"}).status_code == 401

# Under the RFC's dialect, Authlib reads the errors, too.
if "client_secret_basic" in metadata["token_endpoint_auth_methods_supported"]:
    try:
        client.refresh_token(metadata["token_endpoint"], refresh_token=again["refresh_token"])
        raise AssertionError("a revoked grant was refreshed")
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    for method in metadata["token_endpoint_auth_methods_supported"]:
        stranger = OAuth2Client("v6TJH1IqhM", "wrong", token_endpoint_auth_method=method)
        try:
            stranger.fetch_token(metadata["token_endpoint"], code="x", grant_type="authorization_code")
            raise AssertionError("a wrong secret was accepted")
        except OAuthError as error:
            assert error.error == "invalid_client", error
print("completed")
