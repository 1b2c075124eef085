import type { Definitions, SearchParam, TypeModule } from '../definitions.ts'
import type { CustomParameter } from './custom-parameter.ts'

/** R4's definitions with the search parameters that were added to them. */
export interface CustomDefinitions extends Definitions {
  /** From now on these are the added ones. */
  replace(parameters: readonly CustomParameter[], progress: ProgressOf): void
}

type ProgressOf = (parameter: CustomParameter) => NonNullable<SearchParam['progress']>

export function customDefinitions(definitions: Definitions): CustomDefinitions {
  const added = new Map<string, CustomParameter[]>()
  const made = new Map<string, Promise<TypeModule>>()
  let progressOf: ProgressOf | undefined
  return {
    ...definitions,
    load: (type) => {
      const own = added.get(type)
      const module = definitions.load(type)
      if (!own || !module || !progressOf) return module
      const extended = made.get(type) ?? module.then((each) => withParameters(each, own, progressOf))
      made.set(type, extended)
      return extended
    },
    params: (type) => withAdded(definitions.params(type), added.get(type) ?? [], progressOf),
    replace: (parameters, progress) => {
      added.clear()
      made.clear()
      progressOf = progress
      for (const parameter of parameters)
        for (const type of parameter.types) added.set(type, [...(added.get(type) ?? []), parameter])
    },
  }
}

function withParameters(
  module: TypeModule,
  own: readonly CustomParameter[],
  progressOf: ProgressOf | undefined,
): TypeModule {
  return {
    ...module,
    params: withAdded(module.params, own, progressOf),
    extract: (resource, context, more) =>
      module.extract(resource, context, (keys) => {
        for (const parameter of own) parameter.collect(module.type, resource, keys)
        more?.(keys)
      }),
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
