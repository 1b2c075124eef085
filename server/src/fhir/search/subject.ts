import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { SearchKeys } from '../../store/keys.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { foldText } from '../keys/folding.ts'
import type { Subject } from './clause.ts'

/** A stored row as clauses see it. */
export function subjectOf(row: Row, module: TypeModule, base: string): Subject {
  return {
    id: row.id,
    has: (key) => row.has(key),
    ranges: () => row.ranges(),
    names: () => row.names(),
    isExactly: (param, text) => {
      const resource = JSON.parse(Buffer.from(row.bytes).toString('utf8')) as JsonObject
      return isExactly({ resource, module, base }, param, text)
    },
  }
}

/** A resource that is not stored yet. */
export function draftSubject(draft: DraftSubject): Subject {
  const { keys, resource, module, base } = draft
  const own = new Set(keys.k)
  return {
    id: draft.id,
    has: (key) => own.has(key),
    ranges: () => keys.r,
    names: () => keys.n,
    isExactly: (param, text) => isExactly({ resource, module, base }, param, text),
  }
}

export interface DraftSubject {
  readonly id: string
  readonly keys: SearchKeys
  readonly resource: JsonObject
  readonly module: TypeModule
  readonly base: string
}

/**
 * Keys are folded, so whether a value has the very letters is asked of the extractor once more: on a copy without all texts that look alike
 * but differ. What it still finds was written exactly so.
 */
function isExactly(draft: Omit<DraftSubject, 'id' | 'keys'>, param: string, text: string): boolean {
  const folded = foldText(text)
  const only = without(draft.resource, (value) => value !== text && foldText(value) === folded)
  const keys = draft.module.extract(only as JsonObject, { lastUpdated: 0, facilities: [], base: draft.base })
  return keys.n.some((name) => name.p === param && name.text === folded)
}

function without(value: JsonValue, isLookalike: (text: string) => boolean): JsonValue | undefined {
  if (typeof value === 'string') return isLookalike(value) ? undefined : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return items.flatMap((item) => without(item, isLookalike) ?? [])
  }
  const members = Object.entries(value as JsonObject).map(([name, member]) => [
    name,
    member === undefined ? undefined : without(member, isLookalike),
  ])
  return Object.fromEntries(members) as JsonObject
}
