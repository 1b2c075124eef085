import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineConfig } from '@playwright/test'

// Debian's Chromium where it is installed, else the one of `npx playwright install chromium`.
const debian = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const launchOptions = existsSync(debian)
  ? { executablePath: debian, args: ['--no-sandbox', '--disable-gpu'] }
  : {}
// `.ci/run` names a file for the machine-readable report of each step.
const report = process.env['TEST_REPORT']
const HTTP = '18080'
const MLLP = '18575'

export default defineConfig({
  testDir: 'console/e2e',
  fullyParallel: true,
  workers: 2,
  reporter: report ? [['list'], ['json', { outputFile: report }]] : 'list',
  use: {
    baseURL: `http://127.0.0.1:${HTTP}`,
    launchOptions,
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
  },
  webServer: {
    command: 'node server/src/main.ts --empty',
    url: `http://127.0.0.1:${HTTP}/readyz`,
    env: {
      HUB_HTTP_PORT: HTTP,
      HUB_MLLP_PORT: MLLP,
      HUB_MQTT_PORT: '18883',
      HUB_DATA: mkdtempSync(join(tmpdir(), 'mogran-browser-')),
      HUB_ZONE: 'Africa/Khartoum',
      HUB_BOOTSTRAP_CLIENT: 'browser-tests:0123456789abcdefghij',
    },
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
