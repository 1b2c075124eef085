import { existsSync } from 'node:fs'

import { defineConfig } from '@playwright/test'

// Debian's Chromium where it is installed, else the one of `npx playwright install chromium`.
const debian = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const launchOptions = existsSync(debian)
  ? { executablePath: debian, args: ['--no-sandbox', '--disable-gpu'] }
  : {}

export default defineConfig({
  testDir: 'console/e2e',
  fullyParallel: true,
  workers: 2,
  reporter: 'list',
  use: {
    baseURL: 'http://127.0.0.1:18080',
    launchOptions,
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
  },
  webServer: {
    command: 'node server/src/main.ts',
    url: 'http://127.0.0.1:18080/',
    env: { HUB_HTTP_PORT: '18080' },
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
