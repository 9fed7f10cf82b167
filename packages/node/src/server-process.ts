import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { MockServerError } from './errors.js'
import { type ReadyFile, waitForReadyFile } from './ready-file.js'
import { delay, now } from './real-time.js'

/** The longest time that a server may take to start, in milliseconds. */
const START_TIME = 20_000

/** The number of characters of the server's log that an error shows at most. */
const LOG_SIZE = 4000

/**
 * A server's process. It ends with this process, however this one ends, since its standard input is
 * then closed. It does not keep this process from ending.
 */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #folder: string
  #log = ''
  #ending: string | undefined

  private constructor(binary: string, args: string[], folder: string) {
    this.#folder = folder
    this.#child = spawn(binary, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: environment(),
      windowsHide: true,
      // Ctrl-C in a terminal ends the tests, which still use the server until they end it.
      detached: process.platform !== 'win32',
    })
    const { stdin, stderr } = this.#child

    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_SIZE)
    })
    // A write to a server that has ended is no error of its own.
    stdin?.on('error', () => {})

    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#ending = `${binary}: ${error.message}`
        resolve()
      })
      // After `close`, the log is complete.
      this.#child.once('close', (code, signal) => {
        this.#ending ??= signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`
        resolve()
      })
    })
  }

  /** Starts the server and waits until it accepts requests. */
  static async start(binary: string, args: string[], folder: string): Promise<StartedProcess> {
    const file = path.join(folder, 'ready.json')
    const own = ['--ready-file', file, '--exit-on-stdin-close']
    const process = new ServerProcess(binary, [...args, ...own], folder)

    const ready = await waitForReadyFile(file, now() + START_TIME, () => process.hasEnded)
    if (ready === undefined) {
      const why = process.#ending ?? `no response for ${START_TIME / 1000} s`
      await process.kill()
      throw new MockServerError(`the mock did not start (${why})${process.#logLines()}`)
    }

    process.#unref()
    return { process, ready }
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined
  }

  /**
   * Says how the server has ended, with the end of its log; `undefined` if it is running. Waits a
   * moment, since a failed request can be the first sign.
   */
  async describeEnd(): Promise<string | undefined> {
    await Promise.race([this.#exited, delay(200)])
    return this.hasEnded
      ? `the mock is not running (${this.#ending})${this.#logLines()}`
      : undefined
  }

  /** Ends the process at once. Its state is in memory only, so there is nothing to save. */
  async kill(): Promise<void> {
    this.#ending ??= 'it was stopped'
    this.#child.ref()
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #unref(): void {
    const { stdin, stderr } = this.#child
    this.#child.unref()
    for (const stream of [stdin, stderr]) (stream as { unref?: () => void } | null)?.unref?.()
  }

  #logLines(): string {
    // Fixtures that were no file are written to the folder, whose name says nothing.
    const log = this.#log.replaceAll(this.#folder + path.sep, '').trim()
    return log === '' ? '' : `:\n${log}`
  }
}

/** A process that accepts requests, with its URLs. */
export interface StartedProcess {
  process: ServerProcess
  ready: ReadyFile
}

/**
 * Returns the environment of the server: without the variables that set options of a server, which
 * are meant for another one. Those for its log are kept, which by default has warnings only.
 */
function environment(): NodeJS.ProcessEnv {
  const kept = ['SMARTPAY_MOCK_LOG', 'SMARTPAY_MOCK_LOG_FORMAT']
  const variables = Object.entries(process.env)
  const inherited = variables.filter(
    ([name]) => !name.startsWith('SMARTPAY_MOCK_') || kept.includes(name),
  )
  return { SMARTPAY_MOCK_LOG: 'warn', ...Object.fromEntries(inherited) }
}
