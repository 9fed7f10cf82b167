import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ControlBody, json } from './control-client.js'
import { MockServerError } from './errors.js'

/** A `file:` URL. */
export interface FileUrl {
  readonly protocol: string
  readonly href: string
  readonly pathname: string
}

/** Fixtures: YAML or JSON text, an object, or the `file:` URL of a file. */
export type Fixtures = string | FileUrl | { readonly [member: string]: unknown }

/** Returns the file to start a server with. Text and objects are written to `folder`. */
export function toFile(fixtures: Fixtures, folder: string): string {
  if (isFileUrl(fixtures)) return fileURLToPath(fixtures.href)

  const isText = typeof fixtures === 'string'
  const file = path.join(folder, isText ? 'fixtures.yaml' : 'fixtures.json')
  fs.writeFileSync(file, isText ? checkText(fixtures) : JSON.stringify(fixtures, null, 2))
  return file
}

/** Returns fixtures as the member `fixtures` of a control request: an object, or text. */
export function toMember(fixtures: Fixtures): unknown {
  return isFileUrl(fixtures) || typeof fixtures === 'string' ? toText(fixtures) : fixtures
}

/** Returns fixtures as the whole body of a control request. */
export function toBody(fixtures: Fixtures): ControlBody {
  if (isFileUrl(fixtures) || typeof fixtures === 'string') {
    return { type: 'application/yaml', text: toText(fixtures) }
  }
  return json(fixtures)
}

function toText(fixtures: string | FileUrl): string {
  if (typeof fixtures === 'string') return checkText(fixtures)

  const file = fileURLToPath(fixtures.href)
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MockServerError(`fixtures: ${(cause as Error).message}`, { cause })
  }
}

/** Refuses a path, which is easily passed instead of a URL. */
function checkText(text: string): string {
  if (/^\S+\.(ya?ml|json)$/.test(text)) {
    throw new MockServerError(
      `fixtures is the text of fixtures. For the file ${text}, pass a file: URL: ` +
        `pathToFileURL('${text}') of node:url`,
    )
  }
  return text
}

function isFileUrl(fixtures: Fixtures): fixtures is FileUrl {
  return typeof fixtures === 'object' && fixtures.protocol === 'file:' && 'href' in fixtures
}
