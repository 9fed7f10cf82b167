// The requests that a client of the mock sends.

import type { MockRealm } from 'smartpay-oauth-mock'

/** Sends a token request with the credentials of the realm's client. */
export async function requestToken(
  mock: MockRealm,
  parameters: Record<string, string>,
): Promise<Response> {
  const credentials = { client_id: mock.clientId, client_secret: mock.clientSecret }
  const body = new URLSearchParams({ ...credentials, ...parameters })
  return await fetch(mock.tokenUrl, { method: 'POST', body })
}

/** Exchanges a code. */
export async function exchange(mock: MockRealm, code: string): Promise<Response> {
  return await requestToken(mock, { grant_type: 'authorization_code', code })
}

/** Refreshes tokens. */
export async function refresh(mock: MockRealm, refreshToken: string): Promise<Response> {
  return await requestToken(mock, { grant_type: 'refresh_token', refresh_token: refreshToken })
}

/** Sends a payment with an access token. */
export async function pay(mock: MockRealm, accessToken: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${accessToken}` }
  return await fetch(`${mock.baseUrl}/pts/v2/payments`, { method: 'POST', headers })
}
