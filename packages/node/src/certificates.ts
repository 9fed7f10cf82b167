import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { MockServerError } from './errors.js'
import { findBinary } from './find-binary.js'
import { createFolder } from './temporary-folder.js'

/** A client certificate and its private key, as the paths of PEM files. */
export interface ClientCertificate {
  certificate: string
  key: string
}

/** Issues client certificates that are signed by the CA of a server's `--tls-dir`. */
export class CertificateIssuer {
  readonly #folder: string
  readonly #parent: string | undefined
  readonly #issued = new Map<string, Promise<ClientCertificate>>()

  /** Takes the `--tls-dir`, and the folder for the certificates. Default: temporary folders. */
  constructor(folder: string, parent?: string) {
    this.#folder = folder
    this.#parent = parent
  }

  /** The certificate of the CA. */
  get caFile(): string {
    return path.join(this.#folder, 'ca.pem')
  }

  /** Returns the certificate with this common name. It is issued once. */
  issue(name: string): Promise<ClientCertificate> {
    const issued = this.#issued.get(name) ?? this.#create(name)
    this.#issued.set(name, issued)
    return issued
  }

  async #create(name: string): Promise<ClientCertificate> {
    // The command writes client.pem, so each name has a folder of its own, with the same CA.
    const parent = this.#parent
    const folder = parent ? fs.mkdtempSync(path.join(parent, 'client-')) : createFolder()
    for (const file of ['ca.pem', 'ca.key']) {
      fs.copyFileSync(path.join(this.#folder, file), path.join(folder, file))
    }

    try {
      const command = ['certs', folder, '--client-name', name]
      await promisify(execFile)(findBinary(), command)
    } catch (cause) {
      const words = (cause as { stderr?: string }).stderr?.trim()
      throw new MockServerError(words || (cause as Error).message, { cause })
    }
    return { certificate: path.join(folder, 'client.pem'), key: path.join(folder, 'client.key') }
  }
}
