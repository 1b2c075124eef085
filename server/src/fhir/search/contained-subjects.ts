import type { JsonObject } from '../../kernel/json.ts'
import type { SearchKeys } from '../../store/keys.ts'
import { containedIn } from '../contained.ts'
import type { TypeModule } from '../definitions.ts'
import { containedKey, containedMarker, isNarrowing } from '../keys/contained-keys.ts'
import type { BodyTest, Clause, Subject } from './clause.ts'
import type { Filter } from './request.ts'
import { draftSubject } from './subject.ts'

/** A contained resource as searches see it. */
export interface ContainedSubject extends Subject {
  /** Its place in `contained`. */
  readonly index: number
  readonly keys: SearchKeys
}

export interface Containing {
  /** The type of the contained resources. */
  readonly module: TypeModule
  /** Own absolute base. */
  readonly base: string
}

/** The contained resources of one type, each with keys of its own. */
export function containedSubjects(
  container: JsonObject,
  { module, base }: Containing,
): readonly ContainedSubject[] {
  const { meta } = container as { readonly meta?: { readonly lastUpdated?: string } }
  const lastUpdated = Date.parse(meta?.lastUpdated ?? '')
  return containedIn(container).flatMap(({ type, index, resource }) => {
    if (type !== module.type) return []
    const keys = module.extract(resource, { lastUpdated, facilities: [], base })
    const subject = draftSubject({ id: idOf(resource), keys, resource, module, base })
    return [
      {
        ...subject,
        index,
        keys,
        // What it refers to may be contained beside it: that is looked for in the body.
        has: (key: string) => key.startsWith('#') || subject.has(key),
        body: () => ({ ...resource, contained: container['contained'] }),
      },
    ]
  })
}

function idOf({ id }: JsonObject): string {
  return typeof id === 'string' ? id : ''
}

/** What a container has when one of its resources may meet the clause of a filter: one of these keys. */
export function containedKeys(type: string, filter: Filter, clause: Clause): readonly string[] {
  const { anyOf, negated, join } = clause
  // Keys of posted parameters stand only with resources of their own types.
  const isPosted = 'param' in filter && filter.param.progress !== undefined
  if (isPosted) return [containedMarker(type)]
  const keys = anyOf.map((test) => (test.by === 'key' || test.by === 'body' ? test.key : ''))
  const isNarrow = negated !== true && join === undefined && anyOf.length > 0 && keys.every(isIndexed)
  return isNarrow ? keys.map((key) => containedKey(type, key)) : [containedMarker(type)]
}

function isIndexed(key: string): boolean {
  return key !== '' && !key.startsWith('#') && isNarrowing(key)
}

/** Tests whether a reference names a contained resource for which `meets` holds. */
export function containedTargetTests(
  code: string,
  target: Containing & { readonly keys: readonly string[]; readonly meets: (subject: Subject) => boolean },
): readonly BodyTest[] {
  const holds = (container: JsonObject, referring: Subject): boolean =>
    containedSubjects(container, target).some(
      (each) => referring.has(`${code}=#${each.id}`) && target.meets(each),
    )
  return target.keys.map((key) => ({ by: 'body', key, holds }))
}
