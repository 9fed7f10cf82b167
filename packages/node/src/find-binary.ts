import fs from 'node:fs'
import path from 'node:path'
import { MockServerError } from './errors.js'
import { load } from './require.js'

/** The environment variable that names another binary. */
const VARIABLE = 'SMARTPAY_OAUTH_MOCK_BINARY'

/** Returns the path of the server's binary. Throws an error that says how to get one. */
export function findBinary(): string {
  const named = process.env[VARIABLE]
  if (named) {
    if (fs.existsSync(named)) return named
    throw new MockServerError(`${VARIABLE}: there is no file ${named}`)
  }

  const name = `@smartpay-oauth-mock/${process.platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'smartpay-oauth-mock.exe' : 'smartpay-oauth-mock'
  try {
    // Wherever a package manager has put the package.
    return path.join(path.dirname(load.resolve(`${name}/package.json`)), file)
  } catch {
    throw new MockServerError(
      `the package ${name}, which has the binary for this platform, is not installed. Install ` +
        `smartpay-oauth-mock again with its optional dependencies, or set ${VARIABLE} to the path ` +
        'of a binary; `cargo install smartpay-oauth-mock` builds one',
    )
  }
}
