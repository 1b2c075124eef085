import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { readReference } from '../keys/references.ts'
import type { Clause } from './clause.ts'
import type { ParamFilter } from './compile.ts'
import { PARENTS } from './hierarchies.ts'
import { collectIds } from './hits.ts'
import { referencesIn } from './references.ts'
import { lookUp } from './scope.ts'
import type { Scope, SearchDeps } from './scope.ts'
import { unescaped } from './values.ts'

/**
 * `location:below=Location/1`: references to that place or one within it; `above`: to that place or one that it lies in.
 *
 * @throws Fault `malformed` when the target has no hierarchy, `too-costly` over `limits.fhir.chainIds` members
 */
export async function hierarchyClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, modifier }: { filter: ParamFilter; modifier: 'above' | 'below' },
): Promise<Clause> {
  const { label, values, param } = filter
  const keys = new Set<string>()
  for (const value of values) {
    const { type, id, module } = await startOf(deps, filter, value)
    const line = { module, parent: PARENTS[type] ?? '', id }
    const ids = modifier === 'below' ? await below(deps, scope, line) : await above(deps, scope, line)
    for (const each of ids) keys.add(boundedKey(`${param.code}=${type}/${each}`))
  }
  return { label, anyOf: [...keys].map((key) => ({ by: 'key', key })) }
}

async function startOf(
  deps: SearchDeps,
  { param }: ParamFilter,
  value: string,
): Promise<{ type: string; id: string; module: TypeModule }> {
  const { type, id, text } = readReference(unescaped(value), deps.base)
  const hierarchical = (param.target ?? []).filter((target) => Object.hasOwn(PARENTS, target))
  const only = hierarchical.length === 1 ? hierarchical[0] : undefined
  const named = type ?? only
  const module =
    named !== undefined && Object.hasOwn(PARENTS, named) ? await deps.definitions.load(named) : undefined
  if (named === undefined || !module) {
    throw fault('malformed', {
      code: 'not-supported',
      text: `${param.code}: above and below need a hierarchy; write [type]/[id] of: ${Object.keys(PARENTS).join(', ')}`,
    })
  }
  return { type: named, id: id ?? text, module }
}

interface Line {
  readonly module: TypeModule
  readonly parent: string
  readonly id: string
}

async function below(
  deps: SearchDeps,
  scope: Scope,
  { module, parent, id }: Line,
): Promise<ReadonlySet<string>> {
  const seen = new Set([id])
  let level = [id]
  while (level.length > 0) {
    const anyOf = level.map((each) => ({
      by: 'key' as const,
      key: boundedKey(`${parent}=${module.type}/${each}`),
    }))
    const query = await lookUp(deps, scope, { module, clause: { label: parent, anyOf } })
    const children = await collectIds(query, limits.fhir.chainIds - seen.size)
    if (!children) throw tooLarge(module.type)
    level = children.filter((child) => !seen.has(child))
    for (const child of level) seen.add(child)
  }
  return seen
}

async function above(
  deps: SearchDeps,
  scope: Scope,
  { module, parent, id }: Line,
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  let next: string | undefined = id
  while (next !== undefined && !seen.has(next)) {
    if (seen.size >= limits.fhir.chainIds) throw tooLarge(module.type)
    seen.add(next)
    next = await parentOf(deps, scope, { module, parent, id: next })
  }
  return seen
}

async function parentOf(
  deps: SearchDeps,
  scope: Scope,
  { module, parent, id }: Line,
): Promise<string | undefined> {
  const clause: Clause = { label: parent, anyOf: [{ by: 'id', id }] }
  const query = await lookUp(deps, scope, { module, clause })
  const [visible] = (await collectIds(query, 1)) ?? []
  const [row] = visible === undefined ? [] : await deps.reader.fetch(module.type, [id])
  const target = referencesIn(row?.bytes ?? new Uint8Array(), deps.base).find(
    (each) => each.type === module.type && row?.has(boundedKey(`${parent}=${each.type}/${each.id}`)),
  )
  return target?.id
}

function tooLarge(type: string): Error {
  return fault('too-costly', {
    code: 'too-costly',
    text: `The hierarchy of ${type} has more than ${String(limits.fhir.chainIds)} members here: start further down`,
  })
}
