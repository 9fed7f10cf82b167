// Expectations fail with an AssertionError that shows what the mock received.

import { AssertionError } from 'node:assert'
import { MockAuthServer } from 'smartpay-oauth-mock'
import { test } from 'smartpay-oauth-mock/vitest'
import { expect } from 'vitest'
import { exchange } from './client.js'

/** Returns the AssertionError of an expectation. */
async function catchFailure(promise: Promise<unknown>): Promise<AssertionError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AssertionError)
  return error as AssertionError
}

test('verify shows the closest requests', async ({ mock }) => {
  await exchange(mock, 'error-access_denied')

  const failure = await catchFailure(mock.verify({ error: 'server_error' }, { exactly: 2 }))
  expect(failure.message).toBe(
    'expected exactly 2 requests with {"error":"server_error"}, but 0 matched.\n' +
      'Closest:\n' +
      '  #1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 403 access_denied ' +
      'by scenario error-access_denied\n' +
      '     error: expected server_error, found access_denied',
  )
})

test('verify without a number expects at least one request', async ({ mock }) => {
  const failure = await catchFailure(mock.verify({ status: 200 }))
  expect(failure.message).toMatch(
    /^expected at least 1 request with .*\nNo request was received\.$/,
  )

  await exchange(mock, await mock.issueCode())
  await mock.verify({ status: 200 })
  await mock.verify()
})

test('verify takes a range', async ({ mock }) => {
  await exchange(mock, await mock.issueCode())

  await mock.verify({}, { atLeast: 1, atMost: 1 })
  const failure = await catchFailure(mock.verify({}, { atLeast: 2, atMost: 3 }))
  expect(failure.message).toContain('expected at least 2 and at most 3 requests')
  await catchFailure(mock.verify({}, { atMost: 0 }))
})

test('verifyOrder shows the request that is missing', async ({ mock }) => {
  await exchange(mock, await mock.issueCode())

  const order = [{ grant_type: 'authorization_code' }, { grant_type: 'refresh_token' }] as const
  const failure = await catchFailure(mock.verifyOrder(...order))
  expect(failure.message).toContain('number 2, with {"grant_type":"refresh_token"}')
  expect(failure.message).toContain('#1 POST /oauth2/v3/token authorization_code')
})

test('an expectation is checked when its block is left', async ({ mock }) => {
  await using realm = await mock.newRealm()
  async function block(): Promise<void> {
    const scenario = { name: 'busy', error: 'server_error', when: { grant_type: 'refresh_token' } }
    await using _busy = await realm.inject(scenario).expect(2)
    await exchange(realm, 'unknown')
  }

  const failure = await catchFailure(block())
  const [expected, title, request, note] = failure.message.split('\n')
  expect(expected).toBe(
    'the scenario "busy" was expected to match exactly 2 requests, but matched 0.',
  )
  expect(title).toBe('Requests received since it was injected:')
  expect(request).toBe(
    '  #1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 400 invalid_request (row 16)',
  )
  expect(note).toMatch(/^ {2}note \(#1\): The request used plain HTTP/)
})

test('an expectation can be checked when the realm is stopped instead', async ({ mock }) => {
  const realm = await mock.newRealm({ checkAtStop: true })
  {
    await using _busy = await realm.inject({ error: 'server_error' }).expect(2)
  }

  await catchFailure(realm.stop())
})

test('an expectation that is met passes', async ({ mock }) => {
  await using busy = await mock.inject({ error: 'server_error', times: 1 })
  busy.expect(1)
  await exchange(mock, 'any')
})

test('an expectation without a block is checked when the realm is stopped', async ({ mock }) => {
  const realm = await mock.newRealm()
  ;(await realm.inject({ name: 'busy', error: 'server_error' })).expect({ atLeast: 1 })

  const failure = await catchFailure(realm.stop())
  // The first line of the stack is that of the expectation.
  expect(failure.stack).toMatch(
    /^AssertionError: [\s\S]*received since it was injected\.\n.*expectations\.test/,
  )
  expect(failure.message).toBe(
    'the scenario "busy" was expected to match at least 1 request, but matched 0.\n' +
      'No request was received since it was injected.',
  )
})

test('an expectation without a block is checked when the server is stopped', async () => {
  const server = await MockAuthServer.start()
  const realm = await server.newRealm()
  await realm.inject({ error: 'server_error' }).expect(1)
  await server.inject({ error: 'server_error' }).expect(3)

  const failure = await catchFailure(server.stop())
  expect(failure.message).toContain('was expected to match exactly 3 requests')
  expect(failure.message).toContain('was expected to match exactly 1 request,')
})

test('an expectation is not checked after another failure', async ({ mock }) => {
  const realm = await mock.newRealm()
  await realm.inject({ error: 'server_error' }).expect(1)
  await realm.stop({ check: false })
})

test('an expectation of a scenario that a reset removed fails', async ({ mock }) => {
  await using realm = await mock.newRealm()
  const guard = await realm.inject({ error: 'server_error' }).expect(1)
  await realm.reset()

  const failure = await catchFailure(guard[Symbol.asyncDispose]())
  expect(failure.message).toContain('it was removed before this could be checked')
})
