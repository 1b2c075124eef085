import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { SearchParam, TypeModule } from '../definitions.ts'
import { memberClause } from './compartments.ts'
import type { Pair } from './request.ts'
import type { SearchDeps } from './scope.ts'

/** The types that a search goes through, and what is left of its parameters. */
export interface SearchedTypes {
  readonly modules: readonly TypeModule[]
  /** The parameters that all of them have. */
  readonly common: TypeModule
  readonly pairs: readonly Pair[]
  /** `_type`, for the self link. */
  readonly used: readonly Pair[]
}

/** @throws Fault `not-found` for an unknown type, `malformed` for one in `_type`, `forbidden` for one that was named but may not be searched */
export function typesOf(deps: SearchDeps, caller: Caller, call: TypesCall): Soon<SearchedTypes> {
  const { type, pairs } = call
  if (type === undefined) return severalTypes(deps, caller, call)
  deps.access.authorise(caller, 'search', type)
  return soon(moduleFor(deps, type), (module) => ({ modules: [module], common: module, pairs, used: [] }))
}

interface TypesCall {
  readonly type?: string
  readonly pairs: readonly Pair[]
  readonly compartment?: string
}

async function severalTypes(deps: SearchDeps, caller: Caller, call: TypesCall): Promise<SearchedTypes> {
  const used = call.pairs.filter(([name]) => name === '_type')
  const pairs = call.pairs.filter(([name]) => name !== '_type')
  const named = [...new Set(used.flatMap(([, value]) => value.split(',')))].filter((type) => type !== '')
  for (const type of named) deps.access.authorise(caller, 'search', checked(deps, type))
  const types =
    named.length > 0
      ? named
      : (await deps.reader.types()).filter((type) => deps.access.allows(caller, 'search', type))
  const modules: TypeModule[] = []
  for (const type of types.toSorted()) {
    const module = await deps.definitions.load(type)
    if (module && (call.compartment === undefined || memberClause(module, call.compartment)))
      modules.push(module)
  }
  return { modules, common: await commonModule(deps, modules), pairs, used }
}

function checked({ definitions }: SearchDeps, type: string): string {
  if (definitions.types.includes(type)) return type
  throw fault('malformed', {
    code: 'value',
    text: `_type: "${type.slice(0, 64)}" is no resource type of FHIR R4`,
  })
}

export function moduleFor({ definitions }: SearchDeps, type: string): Soon<TypeModule> {
  const module = definitions.load(type)
  if (!module)
    throw fault('not-found', {
      code: 'not-supported',
      text: `"${type.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  return module
}

/** Has the parameters that every type has; those of every resource when there is no type at all. */
async function commonModule(deps: SearchDeps, modules: readonly TypeModule[]): Promise<TypeModule> {
  const [first, ...more] = modules
  if (!first) {
    const basic = await moduleFor(deps, 'Basic')
    return { ...basic, type: 'all types', params: basic.params.filter(({ code }) => code.startsWith('_')) }
  }
  if (more.length === 0) return first
  const params = first.params.filter((param) => more.every((module) => has(module, param)))
  return { ...first, type: modules.map(({ type }) => type).join(', '), params }
}

function has({ params }: TypeModule, { code, type }: SearchParam): boolean {
  return params.some((param) => param.code === code && param.type === type)
}

/** A type with those of its parameters that the others have, too. */
export function narrowed(module: TypeModule, common: TypeModule): TypeModule {
  if (module === common) return module
  return { ...module, params: module.params.filter((param) => has(common, param)) }
}
