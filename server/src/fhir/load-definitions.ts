import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { RUNTIME, type CompiledFile, type CompiledType, type DataTypes } from './compiled.ts'
import type { Definitions, TypeModule } from './definitions.ts'
import type { ElementTable } from './elements.ts'
import { KeyCollector } from './keys/collector.ts'
import { zoneOffset, type ZoneOffset } from './keys/zone.ts'
import { Check, type ObjectCheck } from './validation/check.ts'

const GENERATED = fileURLToPath(new URL('../../.generated', import.meta.url))

/**
 * Opens what `npm run generate` has written; each type is loaded at first use.
 *
 * @param zone IANA zone that dates without offset are meant in; another one means other keys
 */
export function loadDefinitions(zone = 'UTC', folder: string = GENERATED): Definitions {
  const { types, hash } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    types: readonly string[]
    hash: string
  }
  const known = new Set(types)
  const offset = zoneOffset(zone)
  const load = createRequire(join(folder, 'index.json'))
  const compiled = new Map<string, CompiledType>()
  const modules = new Map<string, TypeModule>()
  let dataTypes: DataTypes | undefined

  // Synchronous, because a check meets the types of contained resources only on its way.
  function compiledType(type: string): CompiledType {
    dataTypes ??= (load('./data-types.cjs') as CompiledFile<DataTypes>)(RUNTIME)
    const loaded = compiled.get(type) ?? (load(`./${type}.cjs`) as CompiledFile)(RUNTIME, dataTypes)
    compiled.set(type, loaded)
    return loaded
  }

  function moduleOf(type: string): TypeModule {
    const made = modules.get(type) ?? typeModule(compiledType(type), { types: known, zone: offset, checkOf })
    modules.set(type, made)
    return made
  }

  const checkOf = (type: string) => (known.has(type) ? compiledType(type).check : undefined)

  let elements: ElementTable | undefined
  return {
    types,
    hash: zone === 'UTC' ? hash : `${hash} ${zone}`,
    zone: offset,
    load: (type) => (known.has(type) ? Promise.resolve(moduleOf(type)) : undefined),
    elements: () =>
      (elements ??= JSON.parse(readFileSync(join(folder, 'elements.json'), 'utf8')) as ElementTable),
  }
}

interface TypeContext {
  readonly types: ReadonlySet<string>
  readonly zone: ZoneOffset
  readonly checkOf: (type: string) => ObjectCheck | undefined
}

function typeModule(compiled: CompiledType, { types, zone, checkOf }: TypeContext): TypeModule {
  const { type, params, summary, mandatory, mainDate, ordered } = compiled
  return {
    type,
    params,
    summary,
    mandatory,
    validate: (resource, most, { warnings = false, text } = {}) => {
      const check = new Check({ type, most, resource, warnings, text, types, checkOf })
      if (resource['resourceType'] === type) compiled.check(resource, check)
      else check.addAt('resourceType', 'structure', `This must be "${type}".`)
      return check.issues
    },
    extract: (resource, context) => {
      const keys = new KeyCollector({ context, zone, ...(mainDate === undefined ? {} : { mainDate }) })
      compiled.extract(resource, keys)
      return keys.finish()
    },
    elements: (resource, composite, base) => {
      const collectors: KeyCollector[] = []
      const context = { lastUpdated: 0, facilities: [], base }
      compiled.parts[composite]?.(resource, () => {
        const keys = new KeyCollector({ context, zone })
        collectors.push(keys)
        return keys
      })
      return collectors.map((keys) => keys.finish())
    },
    ...(ordered === undefined ? {} : { ordered }),
  }
}
