import http from 'node:http'
import type https from 'node:https'
import type { FieldError } from './api.js'
import { MockServerError } from './errors.js'
import { load } from './require.js'

/** How to reach a server's control API. */
export interface ControlOptions {
  /** The base URL of the server. */
  url: string
  /** The token of `--control-token`. */
  token?: string | undefined
  /** For HTTPS: the CA, and the client certificate, in PEM. */
  tls?: { ca?: string; cert?: string; key?: string } | undefined
  /** Returns why the server does not respond, if that is known. */
  describeFailure?: () => Promise<string | undefined>
}

/** A body of a control request. */
export interface ControlBody {
  type: 'application/json' | 'application/yaml'
  text: string
}

/** Returns a value as a JSON body. */
export function json(value: unknown): ControlBody {
  return { type: 'application/json', text: JSON.stringify(value) }
}

interface RawResponse {
  status: number
  type: string
  text: string
}

/**
 * Sends requests to the control API. It uses `node:http`, which loads faster than `fetch`, and which no
 * test replaces by accident.
 */
export class ControlClient {
  readonly #options: ControlOptions
  readonly #transport: typeof http | typeof https
  readonly #agent: http.Agent

  constructor(options: ControlOptions) {
    this.#options = options
    this.#transport = options.url.startsWith('https:') ? loadHttps() : http
    this.#agent = new this.#transport.Agent({ keepAlive: true, ...options.tls })
  }

  /** Sends a request, and returns the JSON of the response, if it has any. */
  async call<T>(method: string, path: string, body?: ControlBody): Promise<T> {
    const { status, type, text } = await this.#send(method, path, body)
    if (status >= 400) throw toError(status, type, text)
    return (type.includes('json') && text !== '' ? JSON.parse(text) : text) as T
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy()
  }

  async #send(method: string, path: string, body?: ControlBody): Promise<RawResponse> {
    try {
      return await this.#exchange(method, path, body)
    } catch (error) {
      const known = await this.#options.describeFailure?.()
      const message = (error as Error).message || (error as NodeJS.ErrnoException).code
      const text = known ?? `no response from the mock at ${this.#options.url}: ${message}`
      throw new MockServerError(text, { cause: error })
    }
  }

  #exchange(method: string, path: string, body?: ControlBody): Promise<RawResponse> {
    const headers: http.OutgoingHttpHeaders = {}
    if (this.#options.token) headers.authorization = `Bearer ${this.#options.token}`
    if (body) {
      headers['content-type'] = body.type
      headers['content-length'] = Buffer.byteLength(body.text)
    }

    return new Promise((resolve, reject) => {
      const url = this.#options.url + path
      const request = this.#transport.request(url, { method, headers, agent: this.#agent })

      request.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('error', reject)
        response.on('end', () => {
          const type = response.headers['content-type'] ?? ''
          resolve({ status: response.statusCode ?? 0, type, text })
        })
      })
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server had closed the idle connection, so it has not seen the request.
        const isStale = request.reusedSocket && error.code === 'ECONNRESET'
        if (isStale) this.#exchange(method, path, body).then(resolve, reject)
        else reject(error)
      })
      request.end(body?.text)
    })
  }
}

/** Loads TLS only where it is used, since that takes as long as the rest of the package. */
function loadHttps(): typeof https {
  return load('node:https')
}

/** Returns a problem document (RFC 9457) as an error. */
function toError(status: number, type: string, text: string): MockServerError {
  if (!type.includes('problem+json')) {
    return new MockServerError(`a response that is not the mock's: status ${status}`, { status })
  }

  const problem = JSON.parse(text) as { detail: string; errors?: FieldError[] }
  const fieldErrors = problem.errors ?? []
  const others = fieldErrors.length > 1 ? fieldErrors.map(toLine) : []
  return new MockServerError([problem.detail, ...others].join('\n'), { status, fieldErrors })
}

function toLine({ pointer, detail, line, column }: FieldError): string {
  const place = line === undefined ? pointer : `${line}:${column} ${pointer}`
  return `  ${place}: ${detail}`
}
