import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const folders = new Set<string>()

/** Creates a folder that is removed by `removeFolder`, or at the latest when the process exits. */
export function createFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'smartpay-oauth-mock-'))
  if (folders.size === 0) process.on('exit', removeAll)
  folders.add(folder)
  return folder
}

/** Removes a folder that `createFolder` has created. */
export function removeFolder(folder: string): void {
  folders.delete(folder)
  if (folders.size === 0) process.off('exit', removeAll)
  fs.rmSync(folder, { recursive: true, force: true })
}

function removeAll(): void {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
}
