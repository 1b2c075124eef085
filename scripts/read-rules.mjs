// Reads, checks and keeps the rule files of mappings/ in server/.generated, so that the first start of a hub need not do it. Needs Node 24;
// `ready.mjs` calls it when they have changed.
import { fileURLToPath } from 'node:url'

import { loadDefinitions } from '../server/src/fhir/load-definitions.ts'
import { createMapper } from '../server/src/hl7/mapping/mapper.ts'

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))

try {
  await createMapper(path('mappings'), [path('server/.generated/rules.json')], () =>
    loadDefinitions().elements(),
  )
} catch (error) {
  // A hub says what is wrong with its rules when it starts, and the check of the rules says it to who changes them.
  process.stderr.write(`the mapping rules cannot be used yet: ${error.message.split('\n')[0]}; `)
}
