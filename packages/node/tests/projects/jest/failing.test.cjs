// Tests that fail on purpose: frameworks.test.ts checks what they show.

const { setupMock } = require('smartpay-oauth-mock/jest')

const mock = setupMock()

// In parts, since reporters show the lines of the test.
const SECRET = ['a', 'secret', 'value'].join('-')

async function send() {
  const body = new URLSearchParams({ client_id: 'v6TJH1IqhM', client_secert: SECRET })
  return (await fetch(mock().tokenUrl, { method: 'POST', body })).status
}

test('fails', async () => {
  expect(await send()).toBe(200)
})

test('throws text', async () => {
  await send()
  throw 'some text'
})

test('has an expectation that is not met', async () => {
  await mock().inject({ name: 'busy', error: 'server_error' }).expect(1)
})

test('fails before its expectation', async () => {
  await mock().inject({ name: 'other', error: 'server_error' }).expect(1)
  expect(1).toBe(2)
})

test('has a block with an expectation that is not met', async () => {
  const guard = await mock().inject({ name: 'in-a-block', error: 'server_error' }).expect(3)
  await guard[Symbol.asyncDispose]()
})

test('fails in the block of an expectation', async () => {
  const guard = await mock().inject({ name: 'other', error: 'server_error' }).expect(3)
  try {
    expect('the error of the block').toBe('')
  } finally {
    await guard[Symbol.asyncDispose]()
  }
})

test('passes', async () => {
  expect(await send()).toBe(400)
})
