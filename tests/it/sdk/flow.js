// The vendor's Node SDK, as published, against the mock over mutual TLS.
//
//   node flow.js NODE_MODULES HOST:PORT CERTS CODE
//
// CERTS has ca.pem, client.pem and client.key; CODE is an authorization code of v6TJH1IqhM.
'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { createRequire } = require('node:module');

const [modules, host, certs, code] = process.argv.slice(2);
const require_ = createRequire(path.resolve(modules) + '/');
const sdk = require_('cybersource-rest-client');
const version = require_('cybersource-rest-client/package.json').version;

const CORRELATION_ID = '9a341edd-3ceb-4b36-b423-9088e9bad5a0';
const CLIENT = { client_id: 'v6TJH1IqhM', client_secret: 'v6TJH1IqhM-secret' };

function configuration(authenticationType, more) {
  return {
    authenticationType,
    merchantID: 'rahulrama',
    runEnvironment: host,
    sslCaCert: path.join(certs, 'ca.pem'),
    enableClientCert: true,
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    clientCertDir: certs,
    sslClientCert: 'client.pem',
    privateKey: 'client.key',
    logConfiguration: { enableLog: false },
    ...more,
  };
}

// From 0.0.75 on, OAuthApi calls its client with one argument too few: the callback stands where
// `isResponseMLEForApi` should. A client that puts it right can be given to it.
class FixedClient extends sdk.ApiClient {
  callApi(...args) {
    if (typeof args[11] === 'function' && args.length === 12 && super.callApi.length === 13) {
      args.splice(11, 0, false);
    }
    return super.callApi(...args);
  }
}

function token(parameters, opts) {
  const api = new sdk.OAuthApi(configuration('mutual_auth'), new FixedClient());
  const request = Object.assign(new sdk.CreateAccessTokenRequest(), CLIENT, parameters);
  return new Promise((resolve) => {
    api.createAccessToken(request, opts || {}, (error, data, response) => resolve({ error, data, response }));
  });
}

function pay(accessToken, refreshToken) {
  const more = { accessToken, refreshToken };
  const api = new sdk.PaymentsApi(configuration('oauth', more), new sdk.ApiClient());
  const request = new sdk.CreatePaymentRequest();
  request.clientReferenceInformation = { code: 'test' };
  return new Promise((resolve) => {
    api.createPayment(request, (error, data, response) => resolve({ error, data, response }));
  });
}

async function main() {
  const opts = { vCClientCorrelationId: CORRELATION_ID };
  const first = await token({ grant_type: 'authorization_code', code }, opts);
  assert.ifError(first.error);
  assert.strictEqual(first.response.status, 200);
  assert.strictEqual(first.response.header['v-c-client-correlation-id'], CORRELATION_ID);
  assert.strictEqual(first.data.token_type ?? first.data.tokenType, 'bearer');
  assert.strictEqual(first.data.expires_in ?? first.data.expiresIn, 899);
  const access = first.data.access_token ?? first.data.accessToken;
  const refresh = first.data.refresh_token ?? first.data.refreshToken;
  assert.strictEqual(access.split('.').length, 3);

  const second = await token({ grant_type: 'refresh_token', refresh_token: refresh });
  assert.ifError(second.error);
  assert.strictEqual(second.data.refresh_token ?? second.data.refreshToken, refresh);

  const paid = await pay(second.data.access_token ?? second.data.accessToken, refresh);
  assert.ifError(paid.error);
  assert.strictEqual(paid.response.status, 201);
  assert.strictEqual(paid.data.status, 'AUTHORIZED');

  const statuses = {
    access_denied: 403, server_error: 500, invalid_scope: 400, invalid_client: 401,
    invalid_request: 400, unauthorized_client: 401, invalid_redirect_uri: 400,
    client_not_found: 404, invalid_client_type: 400, merchant_not_active: 403,
    client_not_active: 403,
  };
  for (const [name, status] of Object.entries(statuses)) {
    const failed = await token({ grant_type: 'refresh_token', refresh_token: `error-${name}` });
    assert.ok(failed.error, name);
    const response = failed.error.response ?? failed.response;
    assert.strictEqual(response.status, status, name);
    const body = response.data ?? JSON.parse(response.text);
    const model = sdk.BadRequestError.constructFromObject(body);
    assert.strictEqual(model.error, name);
    assert.ok(model.error_description.length > 10, name);
  }
  console.log(`ok: cybersource-rest-client ${version}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
