import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

import { configDefaults, defineConfig } from 'vitest/config'

// `.ci/run` names a file for the machine-readable report of each step.
const report = process.env['TEST_REPORT']
const suite = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout },
})

// The same suite on both stores; a setup file provides the address of the MongoDB server.
const onStore = (name: string, folder: string, globalSetup: string[]) => ({
  test: {
    name,
    include: [`server/test/${folder}/**/*.test.ts`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup,
    provide: { mongodb: '' },
  },
})

export default defineConfig({
  test: {
    // Much of a flow is waiting: the default leaves one of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    coverage: {
      provider: 'v8',
      include: ['server/src/**', 'console/src/**'],
      reporter: ['text-summary', 'lcov'],
    },
    globalSetup: './scripts/generate.mjs',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['server/src/**/*.test.ts', 'device-drivers/**/*.test.ts'],
          isolate: false,
          // A busy machine takes longer; no test waits for time to pass.
          testTimeout: 30_000,
        },
      },
      suite('tidy', ['server/test/*.test.ts'], 20_000),
      suite('flows', ['server/test/flows/**/*.test.ts'], 30_000),
      suite('services', ['server/test/services/**/*.test.ts'], 300_000),
      onStore('conformance', 'conformance', []),
      onStore('conformance-mongo', 'conformance', ['server/test/conformance/mongo.setup.ts']),
      onStore('model', 'model', []),
      onStore('model-mongo', 'model', ['server/test/conformance/mongo.setup.ts']),
      suite('long', ['server/test/long/**/*.test.ts'], 900_000),
      suite('corpus', ['server/test/corpus/**/*.test.ts'], 300_000),
      {
        extends: './console/vite.config.ts',
        test: {
          name: 'console',
          root: './console',
          environment: 'jsdom',
          setupFiles: [fileURLToPath(new URL('console/src/test-setup.ts', import.meta.url))],
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, 'e2e/**'],
        },
      },
    ],
  },
})
