// Tests that fail on purpose: frameworks.test.ts checks what they show.

import { expect, test } from 'smartpay-oauth-mock/playwright'

// In parts, since reporters show the lines of the test.
const SECRET = ['a', 'secret', 'value'].join('-')

test('fails', async ({ mock, request }) => {
  const form = { client_id: 'v6TJH1IqhM', client_secert: SECRET }
  const response = await request.post(mock.tokenUrl, { form })
  expect(response.status()).toBe(200)
})

test('has an expectation that is not met', async ({ mock }) => {
  await mock.inject({ name: 'busy', error: 'server_error' }).expect(1)
})

test('has a block with an expectation that is not met', async ({ mock }) => {
  await using _guard = await mock.inject({ name: 'in-a-block', error: 'server_error' }).expect(3)
})

test('fails in the block of an expectation', async ({ mock }) => {
  await using _guard = await mock.inject({ name: 'other', error: 'server_error' }).expect(3)
  expect('the error of the block').toBe('')
})

test('passes', async ({ mock }) => {
  await mock.issueCode()
})
