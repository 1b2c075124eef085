import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
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
// The hub takes free ports and names them in its ready line; Playwright hands the named parts on as variables of the environment.
const READY =
  /"http":"(?<BROWSER_TEST_HTTP>http:[^"]+)".*"mllp":(?<BROWSER_TEST_MLLP>\d+).*"mqtt":(?<BROWSER_TEST_MQTT>\d+)/

// Settings of its own, which tests change while the hub runs. The workers read this file, too, and take the folder that is there.
const mappings = (process.env['BROWSER_TEST_MAPPINGS'] ??= ownMappings())

function ownMappings(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mogran-browser-mappings-'))
  cpSync('mappings', folder, { recursive: true, filter: (path) => !path.endsWith('tests') })
  mkdirSync(join(folder, 'destinations'), { recursive: true })
  // Nobody listens at the port: what is sent there waits, for the pages to show.
  const lines = ['host: 127.0.0.1', 'port: 9', 'messages: [Patient.ADT]', 'fromFeeds: [default]']
  writeFileSync(join(folder, 'destinations', 'pharmacy.yaml'), lines.join('\n'))
  return folder
}

export default defineConfig({
  testDir: 'console/e2e',
  fullyParallel: true,
  workers: 2,
  // What takes the time has the machine for itself: a teardown runs when all others are done, whether they passed or not.
  projects: [
    { name: 'pages', testIgnore: '*.measured.spec.ts', teardown: 'measured' },
    { name: 'measured', testMatch: '*.measured.spec.ts', workers: 1 },
  ],
  reporter: report ? [['list'], ['json', { outputFile: report }]] : 'list',
  use: {
    baseURL: process.env['BROWSER_TEST_HTTP'] ?? '',
    launchOptions,
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
  },
  webServer: {
    command: 'node server/src/main.ts --empty',
    wait: { stdout: READY },
    env: {
      HUB_HTTP_PORT: '0',
      HUB_MLLP_PORT: '0',
      HUB_MQTT_PORT: '0',
      HUB_DATA: mkdtempSync(join(tmpdir(), 'mogran-browser-')),
      HUB_MAPPINGS: mappings,
      HUB_ZONE: 'Africa/Khartoum',
      HUB_BOOTSTRAP_CLIENT: 'browser-tests:0123456789abcdefghij',
    },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
