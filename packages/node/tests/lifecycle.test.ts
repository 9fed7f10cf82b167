// A server ends with the process that started it, and does not keep it from ending.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { MockAuthServer } from 'smartpay-oauth-mock'
import { expect, test } from 'vitest'
import { createFolder, runNode, writeFile } from './files.js'

/** Returns whether a server accepts requests. */
async function responds(url: string): Promise<boolean> {
  return await fetch(`${url}/_mock/health`).then(
    (response) => response.ok,
    () => false,
  )
}

/** Returns a program that starts a server, uses it, and prints its URL. */
function startProgram(options = ''): string {
  return `
    import { MockAuthServer } from 'smartpay-oauth-mock'
    const server = await MockAuthServer.start(${options})
    await server.issueCode()
    console.log((await server.environment()).SMARTPAY_MOCK_SERVER)
    `
}

test('an unstopped server does not keep the process alive', async () => {
  const folder = createFolder()
  writeFile('start.mjs', startProgram(), folder)

  const { code, output } = await runNode(folder, ['start.mjs'])

  expect(code).toBe(0)
  const url = output.trim()
  expect(url).toMatch(/^http:/)
  await expect.poll(() => responds(url)).toBe(false)
})

test('the server of a process that is killed ends', async () => {
  const folder = createFolder()
  const script = `${startProgram()}\nsetInterval(() => {}, 1000)\n`
  writeFile('start.mjs', script, folder)
  const child = spawn(process.execPath, ['start.mjs'], { cwd: folder })
  const [text] = await once(child.stdout, 'data')
  const url = String(text).trim()
  expect(await responds(url)).toBe(true)

  child.kill('SIGKILL')

  await expect.poll(() => responds(url)).toBe(false)
})

test('Ctrl-C reaches the tests alone, which still use the server', async () => {
  const folder = createFolder()
  const onInterrupt = `
    process.once('SIGINT', async () => {
      // Longer than a server that stops accepts requests.
      await new Promise((resolve) => setTimeout(resolve, 500))
      await server.issueCode()
      console.log('issued')
      process.exit()
    })
    setInterval(() => {}, 1000)`
  writeFile('start.mjs', onInterrupt + startProgram(), folder)
  // A terminal sends the signal to the whole process group.
  const child = spawn(process.execPath, ['start.mjs'], { cwd: folder, detached: true })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  await once(child.stdout, 'data')

  process.kill(-(child.pid ?? 0), 'SIGINT')
  await once(child, 'close')

  const [url = '', ...others] = output.trim().split('\n')
  expect(others).toEqual(['issued'])
  await expect.poll(() => responds(url)).toBe(false)
})

test('a process that is killed leaves no files behind', async () => {
  const folder = createFolder()
  const script = `${startProgram("{ fixtures: 'extends: default' }")}\nsetInterval(() => {}, 1000)\n`
  writeFile('start.mjs', script, folder)
  const child = spawn(process.execPath, ['start.mjs'], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
  })
  await once(child.stdout, 'data')

  child.kill('SIGKILL')
  await once(child, 'close')

  expect(fs.readdirSync(folder)).toEqual(['start.mjs'])
})

test('stop ends the server and removes its files', async () => {
  const server = await MockAuthServer.start({ tls: true, fixtures: 'extends: default' })
  const { caFile } = server
  expect(fs.existsSync(caFile ?? '')).toBe(true)

  await server.stop()

  expect(fs.existsSync(path.dirname(caFile ?? ''))).toBe(false)
})

test('the files of an unstopped server are removed when the process exits', async () => {
  const folder = createFolder()
  writeFile('start.mjs', `${startProgram('{ tls: true }')}\nconsole.log(server.caFile)`, folder)

  const { output } = await runNode(folder, ['start.mjs'])

  const caFile = output.trim().split('\n').at(-1) ?? ''
  expect(caFile).toContain(os.tmpdir())
  expect(fs.existsSync(path.dirname(caFile))).toBe(false)
})

test('the environment of the shell does not configure the server', async () => {
  const folder = createFolder()
  writeFile('start.mjs', startProgram(), folder)

  const { code, output } = await runNode(folder, ['start.mjs'], {
    SMARTPAY_MOCK_LISTEN: '127.0.0.1:1',
    SMARTPAY_MOCK_FIXTURES: '/no/such/file',
    SMARTPAY_MOCK_CONTROL: 'off',
  })

  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^http:/) })
})

test('several servers run side by side', async () => {
  const servers = await Promise.all(Array.from({ length: 12 }, () => MockAuthServer.start()))
  const urls = new Set(servers.map((server) => server.baseUrl))
  await Promise.all(servers.map((server) => server.stop()))

  expect(urls.size).toBe(12)
})
