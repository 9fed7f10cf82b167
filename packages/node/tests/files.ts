// Files of a test, and programs that a test runs.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

let folders = 0

/** Creates a folder inside the clean folder, so that programs in it find the installed packages. */
export function createFolder(): string {
  folders += 1
  const folder = path.join(import.meta.dirname, `run-${process.pid}-${folders}`)
  fs.mkdirSync(folder)
  return folder
}

/** Writes a file to a folder, or to a new one. Returns its path. */
export function writeFile(name: string, text: string, folder: string = createFolder()): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text)
  return file
}

/** The result of a program. */
export interface Result {
  code: number | null
  output: string
}

/** Runs Node with these arguments, and returns the exit code and the output without colors. */
export async function runNode(
  folder: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<Result> {
  const { VITEST, NODE_ENV, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...inherited, NO_COLOR: '1', CI: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output }
}

/** Returns the path of a program of the tools, such as `jest/bin/jest.js`. */
export function findTool(name: string): string {
  return path.join(import.meta.dirname, '..', 'node_modules', name)
}
