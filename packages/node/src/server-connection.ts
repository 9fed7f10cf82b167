import type { CertificateIssuer, ClientCertificate } from './certificates.js'
import { type ControlClient, json } from './control-client.js'
import { MockServerError } from './errors.js'
import { type Fixtures, toMember } from './fixtures.js'

/** A running server, which realms share. */
export interface ServerConnection {
  /** The base URL of the server. */
  url: string
  /** The token that the control API requires, if any. */
  token: string | undefined
  control: ControlClient
  /** Whether the URLs of realms are HTTPS. */
  isHttps: boolean
  caFile: string | undefined
  certificates: CertificateIssuer | undefined
}

/** The URLs of a realm. */
export interface RealmUrls {
  baseUrl: string
  tokenUrl: string
  authorizeUrl: string
}

/** A realm of a server, with its URLs. */
export interface RealmAddress extends RealmUrls {
  name: string
}

/** A realm, as the control API returns it. */
interface RealmView {
  name: string
  url: string
  authorize_url: string
  http: string | null
  https: string | null
}

/** Returns the URLs of a realm. The portal, if there is one, has the authorize endpoint. */
export function toUrls(baseUrl: string, portal?: string): RealmUrls {
  return {
    baseUrl,
    tokenUrl: `${baseUrl}/oauth2/v3/token`,
    authorizeUrl: `${portal ?? baseUrl}/ebc2/oauth/authorize`,
  }
}

/** Creates a realm with a port of its own. */
export async function createRealm(
  connection: ServerConnection,
  fixtures?: Fixtures,
): Promise<RealmAddress> {
  const name = `node-${crypto.randomUUID()}`
  const member = fixtures === undefined ? {} : { fixtures: toMember(fixtures) }
  const body = json({ ...member, listen: true })

  const path = `/_mock/realms/${name}`
  const view = await connection.control.call<RealmView>('PUT', path, body)
  const baseUrl = connection.isHttps ? view.https : view.http
  if (!baseUrl) throw new MockServerError('the mock gave the realm no port of its own')

  const urls = toUrls(baseUrl)
  const hasPortal = !view.authorize_url.startsWith(view.url)
  return { name, ...urls, ...(hasPortal ? { authorizeUrl: view.authorize_url } : {}) }
}

/** Returns the path of a realm's control API. */
export function controlPath(realm: string): string {
  return realm === 'default' ? '/_mock' : `/realms/${realm}/_mock`
}

/** Issues a client certificate. */
export async function issueCertificate(
  connection: ServerConnection,
  name: string,
): Promise<ClientCertificate> {
  if (connection.certificates) return await connection.certificates.issue(name)

  throw new MockServerError(
    connection.isHttps
      ? 'client certificates of a server that runs already need its --tls-dir: set ' +
          'SMARTPAY_MOCK_TLS_DIR to it'
      : 'client certificates need HTTPS: start the server with { tls: true }',
  )
}
