import { readFile, readdir, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

const HUB = process.env['HUB_URL'] ?? 'http://127.0.0.1:8080'
const pieces = [
  { name: 'react', test: /node_modules\/(react|react-dom|scheduler|react-router)\// },
  { name: 'mui', test: /node_modules\/(@mui|@emotion|stylis)\// },
]

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), precompress()],
  // Contracts that the server defines (zod schemas, the permission table) are imported from where they stand.
  resolve: { alias: { '@hub': new URL('../server/src', import.meta.url).pathname } },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'baseline-widely-available',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rolldownOptions: { output: { codeSplitting: { groups: pieces } } },
  },
  server: {
    port: 5173,
    proxy: {
      '/api': HUB,
      '/fhir': HUB,
      '/auth': HUB,
      '/ws': { target: HUB, ws: true },
    },
  },
})

/** Writes `.br` and `.gz` beside every asset, so that the server never compresses the same bytes twice. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      const assets = `${dir}/assets`
      const names = (await readdir(assets)).filter((name) => /\.(js|css|svg|json)$/.test(name))
      await Promise.all(
        names.map(async (name) => {
          const bytes = await readFile(`${assets}/${name}`)
          await writeFile(`${assets}/${name}.br`, await promisify(brotliCompress)(bytes))
          await writeFile(`${assets}/${name}.gz`, await promisify(gzip)(bytes, { level: 9 }))
        }),
      )
    },
  }
}
