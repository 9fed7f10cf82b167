// Where the packages under test are installed.

import fs from 'node:fs'
import path from 'node:path'

/** Returns the binary of the platform package. */
export function findInstalledBinary(): string {
  const platform = `${process.platform}-${process.arch}`
  const scope = path.join(import.meta.dirname, 'node_modules', '@smartpay-oauth-mock')
  const binary = path.join(scope, platform, 'smartpay-oauth-mock')
  if (!fs.existsSync(binary)) throw new Error(`${binary} is not installed`)
  return binary
}
