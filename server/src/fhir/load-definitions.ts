import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Issue } from '../kernel/fault.ts'
import type { JsonObject } from '../kernel/json.ts'
import { RUNTIME, type CompiledFile, type CompiledType, type DataTypes } from './compiled.ts'
import { containedIn } from './contained.ts'
import type { Definitions, SearchParam, TypeModule } from './definitions.ts'
import type { ElementTable } from './elements.ts'
import { KeyCollector } from './keys/collector.ts'
import { zoneOffset, type ZoneOffset } from './keys/zone.ts'
import { codesBySyntax, codesOf } from './validation/bindings.ts'
import type { Known } from './validation/check-options.ts'
import { Check } from './validation/check.ts'
import type { CodeSystemRule } from './validation/codings.ts'
import { dangling } from './validation/dangling.ts'
import type { ExtensionRule } from './validation/extensions.ts'
import { checkAsked } from './validation/profiles/claims.ts'
import type { ProfilePlan } from './validation/profiles/plan.ts'
import { isVersion } from './validation/profiles/version.ts'
import { decimalWriting } from './validation/whole-numbers.ts'

const GENERATED = fileURLToPath(new URL('../../.generated', import.meta.url))

/**
 * Opens what `npm run generate` has written; each type is loaded at first use.
 *
 * @param zone IANA zone that dates without offset are meant in; another one means other keys
 */
export function loadDefinitions(zone = 'UTC', folder: string = GENERATED): Definitions {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const { types, profiles, versions, hash, walkHash } = read('index.json') as {
    types: readonly string[]
    /** Canonical url to the file of its plan. */
    profiles: Readonly<Record<string, string>>
    versions: Readonly<Record<string, string>>
    hash: string
    walkHash: string
  }
  const known = new Set(types)
  const offset = zoneOffset(zone)
  const load = createRequire(join(folder, 'index.json'))
  const compiled = new Map<string, CompiledType>()
  const modules = new Map<string, TypeModule>()
  const tables = tablesIn(read)
  let dataTypes: DataTypes | undefined

  // Synchronous, because a check meets the types of contained resources only on its way.
  function compiledType(type: string): CompiledType {
    dataTypes ??= (load('./data-types.cjs') as CompiledFile<DataTypes>)(RUNTIME)
    const loaded = compiled.get(type) ?? (load(`./${type}.cjs`) as CompiledFile)(RUNTIME, dataTypes)
    compiled.set(type, loaded)
    return loaded
  }

  function moduleOf(type: string): TypeModule {
    const context = { ...tables, types: known, zone: offset, checkOf, profileOf, profileIn, compiledOf }
    const made = modules.get(type) ?? typeModule(compiledType(type), context)
    modules.set(type, made)
    return made
  }

  const compiledOf = (type: string) => (known.has(type) ? compiledType(type) : undefined)

  const checkOf = (type: string) => compiledOf(type)?.check

  const held = heldIn(profiles, versions)
  const { profileOf, profileIn } = profilesIn(held, load)
  let byType: ReadonlyMap<string, readonly (readonly [url: string, file: string])[]> | undefined
  return {
    types,
    profiles: Object.keys(profiles),
    holdsProfile: (canonical) => held(canonical) !== undefined,
    profilesOf: (type) => {
      byType ??= Map.groupBy(Object.entries(profiles), ([, file]) => profileIn(file).type)
      return (byType.get(type) ?? []).map(([url]) => url).toSorted()
    },
    revision: () => 0,
    hash: zone === 'UTC' ? hash : `${hash} ${zone}`,
    walkHash: `${walkHash} ${zone}`,
    zone: offset,
    load: (type) => (known.has(type) ? moduleOf(type) : undefined),
    params: (type) => (known.has(type) ? tables.params(type) : []),
    elements: tables.elements,
    valueSetOf: tables.valueSetOf,
    terminologyOf: tables.terminologyOf,
  }
}

/** What is the same for all types, read at first use. */
function tablesIn(read: (name: string) => unknown) {
  let elements: ElementTable | undefined
  let extensions: ReadonlyMap<string, ExtensionRule> | undefined
  let codeSystems: ReadonlyMap<string, CodeSystemRule> | undefined
  let valueSets: ReadonlyMap<string, string | Readonly<Record<string, readonly string[]>>> | undefined
  let terminology: ReadonlyMap<string, JsonObject> | undefined
  let params: Readonly<Record<string, readonly SearchParam[]>> | undefined
  const readCodeSystems = () =>
    new Map(Object.entries(read('code-systems.json') as Readonly<Record<string, CodeSystemRule>>))
  const readExtensions = () =>
    new Map(Object.entries(read('extensions.json') as Readonly<Record<string, ExtensionRule>>))
  return {
    elements: () => (elements ??= read('elements.json') as ElementTable),
    codeSystemOf: (url: string) => (codeSystems ??= readCodeSystems()).get(url),
    extensionOf: (url: string) => (extensions ??= readExtensions()).get(url),
    valueSetOf: (url: string) => {
      valueSets ??= new Map(Object.entries(read('value-sets.json') as Readonly<Record<string, string>>))
      const codes = valueSets.get(url)
      if (codes === undefined) return undefined
      return typeof codes === 'string' ? codesBySyntax(url, codes) : codesOf(url, codes)
    },
    terminologyOf: (type: string, url: string) => {
      terminology ??= new Map(
        Object.entries(read('terminology.json') as Readonly<Record<string, JsonObject>>),
      )
      return terminology.get(`${type} ${url}`)
    },
    params: (type: string) => (params ??= read('params.json') as typeof params)?.[type] ?? [],
  }
}

/** The file of the plan of a profile, by its canonical. */
function heldIn(
  profiles: Readonly<Record<string, string>>,
  versions: Readonly<Record<string, string>>,
): (canonical: string) => string | undefined {
  const files = new Map(Object.entries(profiles))
  return (canonical) => {
    const bar = canonical.indexOf('|')
    if (bar === -1) return files.get(canonical)
    const url = canonical.slice(0, bar)
    return isVersion(versions[url] ?? '', canonical.slice(bar + 1)) ? files.get(url) : undefined
  }
}

function profilesIn(
  held: (canonical: string) => string | undefined,
  load: NodeJS.Require,
): Pick<Known, 'profileOf' | 'profileIn'> {
  const plans = new Map<string, ProfilePlan>()
  const profileIn = (file: string): ProfilePlan => {
    const plan = plans.get(file) ?? (load(`./${file}`) as CompiledFile<ProfilePlan>)(RUNTIME)
    plans.set(file, plan)
    return plan
  }
  return {
    profileIn,
    profileOf: (canonical) => {
      const file = held(canonical)
      return file === undefined ? undefined : profileIn(file)
    },
  }
}

interface TypeContext extends Known {
  readonly zone: ZoneOffset
  readonly compiledOf: (type: string) => CompiledType | undefined
}

/** Mostly there are no others. */
function merged(before: Issues, issues: Issues, behind: Issues): Issues {
  return before.length + behind.length === 0 ? issues : [...before, ...issues, ...behind]
}

type Issues = readonly Issue[]

function typeModule(compiled: CompiledType, { zone, compiledOf, ...known }: TypeContext): TypeModule {
  const { type, params, summary, mandatory, mainDate, ordered } = compiled
  const dated = mainDate === undefined ? {} : { mainDate }
  return {
    type,
    params,
    summary,
    mandatory,
    validate: (
      resource,
      most,
      { warnings = false, stored = false, text, profiles = [], posted, targetOf } = {},
    ) => {
      const profileOf = (url: string) => known.profileOf(url) ?? posted?.get(url)
      const check = new Check(
        { type, most, resource, warnings, stored, text },
        posted ? { ...known, profileOf, ...(targetOf && { targetOf }) } : known,
      )
      if (resource['resourceType'] === type) {
        check.whole(resource, compiled.check)
        checkAsked(profiles, resource, check)
      } else check.addAt('resourceType', 'structure', `This must be "${type}".`)
      if (text === undefined) return check.issues
      const { integers } = check
      const odd = integers ? decimalWriting({ text, type, integers }, known.elements) : []
      const lost = warnings || stored ? dangling(resource, { type, text }) : []
      return merged(odd, check.issues, lost).slice(0, most)
    },
    extract: (resource, context, more) => {
      const keys = new KeyCollector({ context, zone, ...dated })
      compiled.extract(resource, keys)
      more?.(keys)
      for (const each of containedIn(resource)) {
        const own = new KeyCollector({ context, zone })
        compiledOf(each.type)?.extract(each.resource, own)
        keys.contained(each.type, own)
      }
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
    ...dated,
    ...(ordered === undefined ? {} : { ordered }),
  }
}
