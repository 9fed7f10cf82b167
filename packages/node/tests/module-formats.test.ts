// The package as ESM, as CommonJS and in TypeScript, and its command.

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder, findTool, runNode, writeFile } from './files.js'

const PACKAGE = path.join(import.meta.dirname, 'node_modules', 'smartpay-oauth-mock')

const USE = `
MockAuthServer.start().then(async (server) => {
  await server.issueCode()
  await server.stop()
  console.log('done')
})`

test.each([
  ['ESM', 'use.mjs', `import { MockAuthServer } from 'smartpay-oauth-mock'${USE}`],
  ['CommonJS', 'use.cjs', `const { MockAuthServer } = require('smartpay-oauth-mock')${USE}`],
])('%s', async (_, name, text) => {
  const folder = createFolder()
  writeFile(name, text, folder)
  expect(await runNode(folder, [name])).toEqual({ code: 0, output: 'done\n' })
})

test('a release of Node 20 without Symbol.asyncDispose', async () => {
  const folder = createFolder()
  writeFile('remove.cjs', 'delete Symbol.asyncDispose', folder)
  const check = `
    import { MockAuthServer } from 'smartpay-oauth-mock'
    const server = await MockAuthServer.start()
    await server[Symbol.asyncDispose]()
    console.log(Object.keys(Object.getOwnPropertyDescriptors(Symbol)).includes('asyncDispose'))`
  writeFile('use.mjs', check, folder)

  // Where the symbol cannot be removed, Node has it natively, and there is nothing to test.
  const { code, output } = await runNode(folder, ['--require', './remove.cjs', 'use.mjs'])
  expect({ code, output }).toEqual({ code: 0, output: 'true\n' })
})

describe('TypeScript', () => {
  const folder = path.join(import.meta.dirname, 'projects', 'typescript')

  test('a strict file compiles, as ESM and as CommonJS, and runs', async () => {
    const compiled = await runNode(folder, [findTool('typescript/bin/tsc'), '-p', '.'])
    expect(compiled).toEqual({ code: 0, output: '' })

    for (const file of ['out/strict.mjs', 'out/strict.cjs']) {
      const expected = { code: 0, output: 'true 899 0 0 object\n' }
      expect(await runNode(folder, [file]), file).toEqual(expected)
    }
  })
})

describe('the package', () => {
  test('passes publint', async () => {
    const { code, output } = await runNode(PACKAGE, [findTool('publint/src/cli.js'), '--strict'])
    expect(code, output).toBe(0)
  })

  test('has the right types for each way to import it', async () => {
    const tool = findTool('@arethetypeswrong/cli/dist/index.js')
    // Vitest is ESM only, so its entry point is, too. The old resolution knows no subpaths.
    const args = ['--pack', PACKAGE, '--profile', 'node16', '--exclude-entrypoints', 'vitest']
    const { code, output } = await runNode(PACKAGE, [tool, ...args])
    expect(code, output).toBe(0)
  })

  test('has the command', async () => {
    const command = path.join(PACKAGE, 'bin', 'smartpay-oauth-mock.cjs')
    const { code, output } = await runNode(PACKAGE, [command, 'check', '/no/such/file'])

    expect(code).toBe(2)
    expect(output).toContain('/no/such/file')
    expect((await runNode(PACKAGE, [command, '--version'])).output).toContain('smartpay-oauth-mock')
  })
})
