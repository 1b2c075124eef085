import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['server/src/**', 'console/src/**'],
      exclude: ['**/s40/**', '**/s300/**'],
      reporter: ['text-summary', 'lcov'],
    },
    globalSetup: './scripts/generate.mjs',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['server/src/**/*.test.ts', 'device-drivers/**/*.test.ts'],
          isolate: false,
        },
      },
      {
        test: {
          name: 'flows',
          include: ['server/test/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        extends: './console/vite.config.ts',
        test: {
          name: 'console',
          root: './console',
          environment: 'jsdom',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, 'e2e/**'],
        },
      },
    ],
  },
})
