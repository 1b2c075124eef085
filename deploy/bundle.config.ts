import { defineConfig } from 'rolldown'

// Packages with native parts stay outside: they find their prebuilt binary beside themselves.
const NATIVE = [
  /^lmdb($|\/)/,
  /^serialport($|\/)/,
  /^@serialport\//,
  /^modbus-serial($|\/)/,
  /^@platformatic\/kafka/,
]

export default defineConfig({
  input: 'server/src/main.ts',
  platform: 'node',
  external: NATIVE,
  output: {
    dir: 'dist/server',
    format: 'esm',
    entryFileNames: 'hub.js',
    sourcemap: true,
    codeSplitting: false,
    minify: false,
  },
})
