// Writes the package.json of the main package and of the platform packages, and copies their files.
//
//   node stage.mjs ROOT STAGE PLATFORM=BINARY...

import fs from 'node:fs'
import path from 'node:path'

const [root, stage, ...binaries] = process.argv.slice(2)
const here = path.join(import.meta.dirname, '..')
const platforms = readJson(path.join(here, 'platforms.json'))
const { devDependencies, ...source } = readJson(path.join(here, 'package.json'))

// The package has the version of the binary, and the platform packages have that of the package.
const cargo = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8')
const [, version] = /^version = "(.+)"$/m.exec(cargo)
const [, repository] = /^repository = "(.+)"$/m.exec(cargo)
const common = {
  version,
  license: source.license,
  homepage: repository,
  repository: { type: 'git', url: `git+${repository}.git`, directory: 'packages/node' },
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

function writePackage(folder, content) {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
  for (const license of ['LICENSE-APACHE', 'LICENSE-MIT']) {
    fs.copyFileSync(path.join(root, license), path.join(folder, license))
  }
}

const main = path.join(stage, 'main')
const names = platforms.map((platform) => [`@smartpay-oauth-mock/${platform}`, version])
writePackage(main, { ...source, ...common, optionalDependencies: Object.fromEntries(names) })
fs.cpSync(path.join(here, 'bin'), path.join(main, 'bin'), { recursive: true })
// A page on npm needs absolute links.
const readme = fs.readFileSync(path.join(here, 'README.md'), 'utf8')
const links = readme.replaceAll('](../../', `](${repository}/blob/main/`)
fs.writeFileSync(path.join(main, 'README.md'), links)

for (const [platform, binary] of binaries.map((argument) => argument.split('='))) {
  if (!platforms.includes(platform)) throw new Error(`${platform} is not in platforms.json`)

  const [os, cpu] = platform.split('-')
  const folder = path.join(stage, 'platforms', platform)
  const file = os === 'win32' ? 'smartpay-oauth-mock.exe' : 'smartpay-oauth-mock'
  writePackage(folder, {
    name: `@smartpay-oauth-mock/${platform}`,
    description: `The binary of smartpay-oauth-mock for ${platform}`,
    ...common,
    os: [os],
    cpu: [cpu],
    files: [file, 'LICENSE-*'],
    // A package manager that keeps packages zipped must unpack this one, to run the binary.
    preferUnplugged: true,
  })
  fs.copyFileSync(path.resolve(root, binary), path.join(folder, file))
  fs.chmodSync(path.join(folder, file), 0o755)
}
