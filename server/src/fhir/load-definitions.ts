import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { RUNTIME, type CompiledFile, type CompiledType } from './compiled.ts'
import type { Definitions, TypeModule } from './definitions.ts'
import { KeyCollector } from './keys/collector.ts'

const GENERATED = fileURLToPath(new URL('../../.generated', import.meta.url))

/** Opens what `npm run generate` has written; each type is loaded at first use. */
export function loadDefinitions(folder: string = GENERATED): Definitions {
  const { types, hash } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    types: readonly string[]
    hash: string
  }
  const known = new Set(types)
  const load = createRequire(join(folder, 'index.json'))
  const modules = new Map<string, TypeModule>()

  function moduleOf(type: string): TypeModule {
    const loaded = modules.get(type) ?? typeModule((load(`./${type}.cjs`) as CompiledFile)(RUNTIME))
    modules.set(type, loaded)
    return loaded
  }

  return {
    types,
    hash,
    load: (type) => (known.has(type) ? Promise.resolve(moduleOf(type)) : undefined),
  }
}

function typeModule(compiled: CompiledType): TypeModule {
  const { type, params, summary, mandatory, mainDate } = compiled
  return {
    type,
    params,
    summary,
    mandatory,
    validate: () => [],
    extract: (resource, context) => {
      const keys = new KeyCollector({ type, context, ...(mainDate === undefined ? {} : { mainDate }) })
      compiled.extract(resource, keys)
      return keys.finish()
    },
  }
}
