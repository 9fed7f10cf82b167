import fs from 'node:fs'
import { MockServerError } from './errors.js'

/** A server that runs already, as environment variables describe it. */
export interface RunningServer {
  url: string
  token: string | undefined
  caFile: string | undefined
  tls: { ca?: string; cert?: string; key?: string }
  /** The server's `--tls-dir`, which can sign client certificates. */
  tlsFolder: string | undefined
}

/** Returns the server of `SMARTPAY_MOCK_SERVER`, if it is set. */
export function findRunningServer(): RunningServer | undefined {
  const url = read('SERVER')
  if (url === undefined) return undefined
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new MockServerError(`SMARTPAY_MOCK_SERVER: expected an http or https URL, found ${url}`)
  }

  const [ca, cert, key] = [readFile('CA'), readFile('CERT'), readFile('KEY')]
  return {
    // Commands also take the URL of a realm, but realms are created at the server.
    url: url.replace(/\/+$/, '').replace(/\/realms\/[^/]+$/, ''),
    token: read('CONTROL_TOKEN'),
    caFile: url.startsWith('https:') ? read('CA') : undefined,
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
    tlsFolder: read('TLS_DIR'),
  }
}

function read(name: string): string | undefined {
  return process.env[`SMARTPAY_MOCK_${name}`] || undefined
}

function readFile(name: string): string | undefined {
  const file = read(name)
  if (file === undefined) return undefined
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MockServerError(`SMARTPAY_MOCK_${name}: ${(cause as Error).message}`, { cause })
  }
}
