// The integrations of Vitest, Jest and Playwright, in projects of their own. A failing test shows what
// the mock saw, without secrets; a passing test shows nothing.

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { findTool, type Result, runNode } from './files.js'

const PROJECTS = path.join(import.meta.dirname, 'projects')

/** The parts of the output that explain `POST` of a token request without its secret. */
const EXPLANATION = [
  'smartpay-oauth-mock received:',
  '#1 POST /oauth2/v3/token v6TJH1IqhM -> 400 invalid_request (row 7)',
  'Did you mean client_secret?',
]

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

/** Checks that the expectation `busy` failed, and that `other` did not hide another failure. */
function expectExpectations({ output }: Result): void {
  expect(output).toContain('the scenario "busy" was expected to match exactly 1 request')
  expect(output).toContain('the scenario "in-a-block" was expected to match exactly 3 requests')
  expect(output).toMatch(/(expected|Received:) +["']the error of the block/)
  expect(output).not.toContain('the scenario "other"')
  expect(output).not.toContain('SuppressedError')
  expect(output).not.toContain('a-secret-value')
}

describe('Vitest', () => {
  const folder = path.join(PROJECTS, 'vitest')
  const run = (...args: string[]) =>
    runNode(folder, [findTool('vitest/vitest.mjs'), 'run', ...args])

  test('a failing test explains itself', async () => {
    const result = await run('failing.test.ts')

    expect(result.code).toBe(1)
    expect(result.output).toMatch(/Tests\s+7 failed \| 1 passed \| 1 expected fail/)
    for (const part of EXPLANATION) expect(count(result.output, part), result.output).toBe(2)
    expectExpectations(result)
  })

  test('a passing test shows nothing', async () => {
    const { code, output } = await run('failing.test.ts', '-t', 'passes|as expected')

    expect(code, output).toBe(0)
    expect(output).not.toMatch(/smartpay|POST/)
  })
})

describe('Jest', () => {
  const folder = path.join(PROJECTS, 'jest')
  const jest = findTool('jest/bin/jest.js')
  const run = (name: string, ...args: string[]) =>
    runNode(folder, [jest, '--testMatch', `**/${name}.test.cjs`, ...args])

  test('each test has a realm, and travel moves its timers', async () => {
    const { code, output } = await run('passing')

    expect(code, output).toBe(0)
    expect(output).toContain('Tests:       4 passed')
    expect(output).not.toMatch(/received|did not exit/)
  })

  test('a failing test explains itself', async () => {
    const result = await run('failing')

    expect(result.code).toBe(1)
    expect(result.output).toContain('Tests:       6 failed, 1 passed')
    expect(result.output).not.toContain('Received:\n      undefined')
    for (const part of EXPLANATION) expect(count(result.output, part), result.output).toBe(2)
    expectExpectations(result)
  })

  test('without the global setup, a test file has a server of its own', async () => {
    const config = ['--config', '{ "transform": {} }']
    const { code, output } = await run('passing', ...config, '-t', 'realm of its own|fake timers')

    expect(code, output).toBe(0)
    expect(output).not.toContain('did not exit')
  })
})

describe('Playwright', () => {
  const folder = path.join(PROJECTS, 'playwright')
  const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const run = (name: string) => runNode(folder, [findTool('@playwright/test/cli.js'), 'test', name])

  test('the consent page and travel work in a browser', async ({ skip }) => {
    skip(!fs.existsSync(chromium), `skipped: there is no ${chromium}`)
    const { code, output } = await run('passing')

    expect(code, output).toBe(0)
    expect(output).toContain('7 passed')
    expect(output).not.toContain('received')
  })

  test('a failing test explains itself', async () => {
    const result = await run('failing')

    expect(result.code).toBe(1)
    expect(result.output).toContain('4 failed')
    for (const part of EXPLANATION) expect(count(result.output, part), result.output).toBe(1)
    expectExpectations(result)
  })
})
