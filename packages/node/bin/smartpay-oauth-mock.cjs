#!/usr/bin/env node
// Runs the binary of this platform with the same arguments: npx smartpay-oauth-mock.
'use strict'

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { findBinary } = require('../dist/cjs/main.js')

function fail(error) {
  console.error(error.message)
  process.exit(1)
}

let binary
try {
  binary = findBinary()
} catch (error) {
  fail(error)
}

const child = spawn(binary, process.argv.slice(2), { stdio: 'inherit' })
child.on('error', fail)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends SIGINT to both processes, and a second one would skip the graceful stop.
  process.on(signal, () => signal === 'SIGINT' || child.kill(signal))
}
child.on('exit', (code, signal) => {
  process.exit(signal ? 128 + constants.signals[signal] : code)
})
