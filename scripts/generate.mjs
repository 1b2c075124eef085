// Compiles validators and search-key extractors from the FHIR definitions into server/.generated. Needs Node 24; `ready.mjs` calls it
// when its inputs have changed. As vitest's global set-up it does the same.
import { fileURLToPath } from 'node:url'

import { definitionsCompiled } from './ready.mjs'

export const setup = definitionsCompiled

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { generate } = await import('../server/src/fhir/generate/generate.ts')
  generate(fileURLToPath(new URL('../server/.generated', import.meta.url)))
}
