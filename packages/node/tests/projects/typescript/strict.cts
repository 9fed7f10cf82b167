// A user's file: compiled with --strict and no other types, as ESM and as CommonJS, and then run.

import { MockAuthServer, type RecordedRequest, type Scenario } from 'smartpay-oauth-mock'

async function main(): Promise<void> {
  await using server = await MockAuthServer.start({ fixtures: 'extends: default' })
  const code: string = await server.issueCode({ scopes: ['transactions'] })
  const { expires_in } = await server.issueTokens()

  const scenario: Scenario = {
    error: 'server_error',
    times: 2,
    when: { grant_type: 'refresh_token' },
  }
  await using busy = await server.inject(scenario)
  const matched: number = await busy.matched()

  const requests: RecordedRequest[] = await server.requests({ 'header.x-test': '*', status: 200 })
  await server.verify({ error: 'server_error' }, { exactly: 0, wait: '1s' })

  // @ts-expect-error A scenario has either one outcome or a list of them.
  const mistake: Scenario = { error: 'server_error', respond: ['pass'] }

  console.log([code.length > 5, expires_in, matched, requests.length, typeof mistake].join(' '))
}

main()

declare const console: { log(text: string): void }
