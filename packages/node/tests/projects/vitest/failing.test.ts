// Tests that fail on purpose: frameworks.test.ts checks what they show.

import { test } from 'smartpay-oauth-mock/vitest'
import { expect, test as plain } from 'vitest'

// In parts, since reporters show the lines of the test.
const SECRET = ['a', 'secret', 'value'].join('-')

async function send(mock: { tokenUrl: string }): Promise<number> {
  const body = new URLSearchParams({ client_id: 'v6TJH1IqhM', client_secert: SECRET })
  return (await fetch(mock.tokenUrl, { method: 'POST', body })).status
}

test('fails', async ({ mock }) => {
  expect(await send(mock)).toBe(200)
})

test('throws text', async ({ mock }) => {
  await send(mock)
  throw 'some text'
})

test('has an expectation that is not met', async ({ mock }) => {
  await mock.inject({ name: 'busy', error: 'server_error' }).expect(1)
})

test('fails before its expectation', async ({ mock }) => {
  await mock.inject({ name: 'other', error: 'server_error' }).expect(1)
  expect(1).toBe(2)
})

test('has a block with an expectation that is not met', async ({ mock }) => {
  await using _guard = await mock.inject({ name: 'in-a-block', error: 'server_error' }).expect(3)
})

test('fails in the block of an expectation', async ({ mock }) => {
  await using _guard = await mock.inject({ name: 'other', error: 'server_error' }).expect(3)
  expect('the error of the block').toBe('')
})

test.fails('fails as expected', async ({ mock }) => {
  expect(await send(mock)).toBe(201)
})

test('passes', async ({ mock }) => {
  expect(await send(mock)).toBe(400)
})

plain('does not use the mock', () => {
  expect(3).toBe(4)
})
