import path from 'node:path'
import { CertificateIssuer } from './certificates.js'
import { ControlClient } from './control-client.js'
import { findRunningServer, type RunningServer } from './environment.js'
import { MockServerError } from './errors.js'
import { findBinary } from './find-binary.js'
import { type Fixtures, toFile } from './fixtures.js'
import { MockRealm } from './mock-realm.js'
import {
  createRealm,
  type RealmAddress,
  type ServerConnection,
  toUrls,
} from './server-connection.js'
import { ServerProcess } from './server-process.js'
import { createFolder, removeFolder } from './temporary-folder.js'

/** How to start a server. */
export interface StartOptions {
  /** YAML or JSON text, an object, or the `file:` URL of a file. Default: the built-in fixtures. */
  fixtures?: Fixtures | undefined
  /** Whether the server's URLs are HTTPS. Default: `false`. */
  tls?: boolean | undefined
  /** Whether clients must present a certificate. Requires `tls`. Default: `off`. */
  clientAuth?: 'off' | 'optional' | 'required' | undefined
  /** Further arguments of `smartpay-oauth-mock serve`. */
  args?: readonly string[] | undefined
}

/**
 * A mock server, and the handle of its default realm. With the environment variable
 * `SMARTPAY_MOCK_SERVER`, no server is started: the handle is that of a new realm of the server there.
 */
export class MockAuthServer extends MockRealm {
  readonly #onClose: () => Promise<void>

  private constructor(
    connection: ServerConnection,
    address: RealmAddress,
    onClose: () => Promise<void>,
  ) {
    super(connection, address)
    this.#onClose = onClose
  }

  /** Starts a server on a free port of this machine. */
  static async start(options: StartOptions = {}): Promise<MockAuthServer> {
    const running = findRunningServer()
    if (running) return await MockAuthServer.#attach(running, options)

    const folder = createFolder()
    try {
      return await MockAuthServer.#spawn(folder, options)
    } catch (error) {
      removeFolder(folder)
      throw error
    }
  }

  static async #spawn(folder: string, options: StartOptions): Promise<MockAuthServer> {
    const { process, ready } = await startProcess(folder, options)
    // Removed now, so that it is not left behind if this process is killed.
    const isNeeded = options.tls || options.args?.includes('--watch')
    if (!isNeeded) removeFolder(folder)

    const tlsFolder = findOption(options.args, '--tls-dir') ?? folder
    const certificates = options.tls ? new CertificateIssuer(tlsFolder, folder) : undefined
    const baseUrl = (options.tls ? ready.https : ready.http) ?? ready.https ?? ready.http ?? ''

    const token = findOption(options.args, '--control-token')
    const connection: ServerConnection = {
      url: baseUrl,
      token,
      control: new ControlClient({
        url: ready.http ?? baseUrl,
        token,
        describeFailure: () => process.describeEnd(),
      }),
      isHttps: baseUrl.startsWith('https:'),
      caFile: certificates?.caFile,
      certificates,
    }
    const address = { name: 'default', ...toUrls(baseUrl, ready.portal) }
    return new MockAuthServer(connection, address, async () => {
      await process.kill()
      removeFolder(folder)
    })
  }

  static async #attach(running: RunningServer, options: StartOptions): Promise<MockAuthServer> {
    for (const name of ['tls', 'clientAuth', 'args'] as const) {
      if (options[name] === undefined) continue
      throw new MockServerError(
        `the option ${name} is for a new server, but SMARTPAY_MOCK_SERVER is set: the server at ` +
          `${running.url} runs already`,
      )
    }

    const { url, token, tls, caFile, tlsFolder } = running
    const connection: ServerConnection = {
      url,
      token,
      control: new ControlClient({ url, token, tls }),
      isHttps: url.startsWith('https:'),
      caFile,
      certificates: tlsFolder === undefined ? undefined : new CertificateIssuer(tlsFolder),
    }
    const address = await createRealm(connection, options.fixtures)
    return new MockAuthServer(connection, address, async () => {
      await connection.control.call('DELETE', `/_mock/realms/${address.name}`)
    })
  }

  /**
   * Returns the environment variables with which `MockAuthServer.start` in other processes takes a
   * realm of this server. They are also those of the command line.
   */
  async environment(): Promise<Record<string, string>> {
    const { url, token } = this.connection
    const variables: Record<string, string> = { SMARTPAY_MOCK_SERVER: url }
    if (token !== undefined) variables.SMARTPAY_MOCK_CONTROL_TOKEN = token
    if (this.caFile === undefined) return variables

    variables.SMARTPAY_MOCK_CA = this.caFile
    variables.SMARTPAY_MOCK_TLS_DIR = path.dirname(this.caFile)
    const { certificate, key } = await this.clientCertificate('smartpay-oauth-mock')
    return { ...variables, SMARTPAY_MOCK_CERT: certificate, SMARTPAY_MOCK_KEY: key }
  }

  /** @internal */
  protected override async close(): Promise<void> {
    try {
      await this.#onClose()
    } finally {
      this.connection.control.close()
    }
  }
}

async function startProcess(folder: string, options: StartOptions) {
  const { fixtures, tls, clientAuth, args = [] } = options
  if (typeof args === 'string') {
    throw new MockServerError(`args: expected an array, such as ['${args}']`)
  }

  const all = [...args]
  // An address of the caller's own replaces the free port.
  if (findOption(args, '--listen') === undefined) all.unshift('--listen', '127.0.0.1:0')
  if (tls) {
    if (findOption(args, '--tls-listen') === undefined) all.push('--tls-listen', '127.0.0.1:0')
    if (findOption(args, '--tls-dir') === undefined) all.push('--tls-dir', folder)
  }
  if (clientAuth !== undefined) all.push('--client-auth', clientAuth)
  if (fixtures !== undefined) all.push('--fixtures', toFile(fixtures, folder))

  return await ServerProcess.start(findBinary(), all, folder)
}

/** Returns the value of an option, if it is given. */
function findOption(args: readonly string[] | undefined, name: string): string | undefined {
  if (args === undefined) return undefined

  const at = args.indexOf(name)
  if (at >= 0) return args[at + 1]
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1)
}
