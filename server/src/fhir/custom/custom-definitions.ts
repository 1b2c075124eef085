import type { JsonObject } from '../../kernel/json.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Definitions, SearchParam, TypeModule } from '../definitions.ts'
import { KeyCollector } from '../keys/collector.ts'
import type { ExtractContext } from '../keys/extract-context.ts'
import type { ZoneOffset } from '../keys/zone.ts'
import { postedIssues } from './posted-issues.ts'
import type { Added } from './posted-issues.ts'
import { rebuildName } from './posted.ts'
import type { CustomParameter } from './posted.ts'

/** R4's definitions with the search parameters that were added to them. */
export interface CustomDefinitions extends Definitions {
  /** From now on these are the added ones. */
  replace(parameters: readonly CustomParameter[], progress: ProgressOf): void
}

type ProgressOf = (parameter: CustomParameter) => NonNullable<SearchParam['progress']>

export function customDefinitions(definitions: Definitions): CustomDefinitions {
  const added = new Map<string, CustomParameter[]>()
  const made = new Map<string, Soon<TypeModule>>()
  let progressOf: ProgressOf | undefined
  let revision = 0
  const extended = (module: TypeModule): TypeModule => {
    const checked = module.type === 'SearchParameter' ? withCheck(module, definitions, added) : module
    const own = added.get(module.type)
    return own ? withParameters(checked, own, { progressOf, zone: definitions.zone }) : checked
  }
  return {
    ...definitions,
    load: (type) => {
      const module = definitions.load(type)
      if (!module || !(added.has(type) || type === 'SearchParameter')) return module
      const known = made.get(type) ?? soon(module, extended)
      made.set(type, known)
      return known
    },
    params: (type) => withAdded(definitions.params(type), added.get(type) ?? [], progressOf),
    revision: () => revision,
    replace: (parameters, progress) => {
      revision += 1
      added.clear()
      made.clear()
      progressOf = progress
      for (const parameter of parameters)
        for (const type of parameter.types) added.set(type, [...(added.get(type) ?? []), parameter])
    },
  }
}

/** A SearchParameter that this server could not search by is refused, not stored and left out. */
function withCheck(module: TypeModule, definitions: Definitions, added: Added): TypeModule {
  return {
    ...module,
    validate: (resource, most, options) => {
      const issues = module.validate(resource, most, options)
      const isBroken = issues.some(({ severity }) => severity === 'error' || severity === 'fatal')
      return isBroken ? issues : [...issues, ...postedIssues(resource, definitions, added)].slice(0, most)
    },
  }
}

function withParameters(
  module: TypeModule,
  own: readonly CustomParameter[],
  { progressOf, zone }: { progressOf: ProgressOf | undefined; zone: ZoneOffset },
): TypeModule {
  return {
    ...module,
    params: withAdded(module.params, own, progressOf),
    extract: (resource, context, more) =>
      module.extract(resource, context, (keys) => {
        for (const parameter of own) collect(parameter, { type: module.type, resource, keys }, context)
        more?.(keys)
      }),
    elements: (resource, composite, base) => {
      const context = { lastUpdated: 0, facilities: [], base }
      const posted = own.find(({ param, elements }) => elements && param.code === composite)
      return (
        posted?.elements?.(module.type, resource, () => new KeyCollector({ context, zone })) ??
        module.elements(resource, composite, base)
      )
    },
  }
}

interface Collecting {
  readonly type: string
  readonly resource: JsonObject
  readonly keys: KeyCollector
}

/** One that is too much work in a resource must not keep the others from finding it. */
function collect(
  parameter: CustomParameter,
  { type, resource, keys }: Collecting,
  { unmade }: ExtractContext,
): void {
  try {
    parameter.collect(type, resource, keys)
  } catch (error) {
    if (!unmade) throw error
    unmade(rebuildName(parameter), error)
  }
}

function withAdded(
  params: readonly SearchParam[],
  own: readonly CustomParameter[],
  progressOf: ProgressOf | undefined,
): readonly SearchParam[] {
  if (own.length === 0) return params
  const added = own.map((each) => ({ ...each.param, ...(progressOf ? { progress: progressOf(each) } : {}) }))
  return [...params, ...added].toSorted((a, b) => (a.code < b.code ? -1 : 1))
}
