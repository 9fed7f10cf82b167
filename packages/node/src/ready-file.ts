import fs from 'node:fs'
import { delay, now } from './real-time.js'

/** The URLs of a server, from its ready file. */
export interface ReadyFile {
  http: string | null
  https: string | null
  portal?: string
}

/** Waits for a ready file until `deadline` (by `now`), or until `hasEnded`. */
export async function waitForReadyFile(
  file: string,
  deadline: number,
  hasEnded: () => boolean,
): Promise<ReadyFile | undefined> {
  while (!fs.existsSync(file)) {
    if (hasEnded() || now() > deadline) return undefined
    await delay(1)
  }
  return JSON.parse(fs.readFileSync(file, 'utf8')) as ReadyFile
}
