// CommonJS in both builds, since `require.resolve` finds the platform package wherever a package
// manager has put it.

import * as fs from 'node:fs'
import * as path from 'node:path'

/** The environment variable that names another binary. */
const VARIABLE = 'SMARTPAY_OAUTH_MOCK_BINARY'

/** Returns the path of the server's binary. Throws an error that says how to get one. */
export function findBinary(): string {
  const named = process.env[VARIABLE]
  if (named) {
    if (!fs.existsSync(named)) throw new Error(`${VARIABLE}: there is no file ${named}`)
    return named
  }

  const platform = `${process.platform}-${process.arch}`
  const name = `@smartpay-oauth-mock/${platform}`
  const file = process.platform === 'win32' ? 'smartpay-oauth-mock.exe' : 'smartpay-oauth-mock'
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), file)
  } catch {
    throw new Error(
      `the package ${name}, which has the binary for this platform, is not installed. ` +
        `Install smartpay-oauth-mock again with its optional dependencies, or set ${VARIABLE} to ` +
        'the path of a binary; `cargo install smartpay-oauth-mock` builds one',
    )
  }
}
