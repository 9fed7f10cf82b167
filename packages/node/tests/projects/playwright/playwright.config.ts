import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  workers: 1,
  reporter: 'list',
  timeout: 30_000,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Without a DNS query for the partner's host.
      args: ['--no-sandbox', '--host-resolver-rules=MAP www.example.com 127.0.0.1:9'],
    },
  },
})
