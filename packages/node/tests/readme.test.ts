// The examples of the README run as they are printed.

import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolder, findTool, runNode, writeFile } from './files.js'

const README = fs.readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8')

/** Writes the examples with these file names, which are their first lines, to a new folder. */
function writeExamples(...names: string[]): string {
  const folder = createFolder()
  for (const name of names) {
    const start = README.indexOf(`// ${name}\n`)
    if (start < 0) throw new Error(`the README has no example ${name}`)
    writeFile(name, README.slice(start, README.indexOf('\n```', start)), folder)
  }
  return folder
}

test('the first example', async () => {
  const [first] = README.match(/(?<=```js\n\/\/ )\S+/) ?? []
  expect(first).toBe('example.mjs')

  const { code, output } = await runNode(writeExamples('example.mjs'), ['example.mjs'])
  expect(code, output).toBe(0)
  expect(output).toMatch(/^200 \{\n {2}access_token: 'eyJ/)
})

test('the example of Vitest', async () => {
  const folder = writeExamples('refresh.test.ts')
  const { code, output } = await runNode(folder, [
    findTool('vitest/vitest.mjs'),
    'run',
    '--root',
    '.',
  ])
  expect(code, output).toBe(0)
  expect(output).toContain('1 passed')
})

test('the examples in TypeScript are strict', async () => {
  const folder = writeExamples('refresh.test.ts', 'with-options.ts', 'consent.spec.ts')
  const options = '--strict --noEmit --skipLibCheck --module nodenext --target es2022'.split(' ')
  const files = ['refresh.test.ts', 'with-options.ts', 'consent.spec.ts']
  const result = await runNode(folder, [findTool('typescript/bin/tsc'), ...options, ...files])
  expect(result).toEqual({ code: 0, output: '' })
})

test('the example of Jest', async () => {
  const folder = writeExamples('jest.config.js', 'token.test.js')
  writeFile('package.json', '{ "type": "commonjs" }', folder)
  const { code, output } = await runNode(folder, [findTool('jest/bin/jest.js')])
  expect(code, output).toBe(0)
  expect(output).toContain('1 passed')
})

test('the example of Playwright', async ({ skip }) => {
  const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
  skip(!fs.existsSync(chromium), `skipped: there is no ${chromium}`)
  const folder = writeExamples('consent.spec.ts')
  const projects = path.join(import.meta.dirname, 'projects', 'playwright')
  fs.copyFileSync(path.join(projects, 'playwright.config.ts'), `${folder}/playwright.config.ts`)

  const { code, output } = await runNode(folder, [findTool('@playwright/test/cli.js'), 'test'])
  expect(code, output).toBe(0)
  expect(output).toContain('1 passed')
})

test('the example of the vendor SDK', async () => {
  const { code, output } = await runNode(writeExamples('sdk.mjs'), ['sdk.mjs'])
  expect(code, output).toBe(0)
  expect(output).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/m)
})
