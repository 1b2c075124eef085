import { createHash } from 'node:crypto'

import type { Alias } from '../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { RecordChange } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { identifiersOf } from '../mapping/compile/other-number.ts'
import type { Image, Mapped } from '../mapping/model/image.ts'
import { isElements } from './exact-json.ts'
import type { Identities, Identity, Taken } from './identity.ts'
import type { Conflict } from './merge.ts'
import type { Away } from './moved.ts'

/** Something that only a person can decide. */
export interface WorkItem {
  readonly id: string
  /**
   * `element`: a feed and a person disagree about a value. `identity`: an identifier belongs to another resource, or is nobody's any more
   * (`current`). `place`: the bed and the other patients in it (`incoming`).
   */
  readonly kind: 'element' | 'identity' | 'place'
  readonly feed: string
  readonly message: string
  /** Milliseconds UTC. */
  readonly time: number
  readonly reference: string
  /** FHIRPath without the type. */
  readonly element: string
  /** JSON texts, so that every digit is kept. */
  readonly current?: string
  readonly incoming?: string
  /** What is wrong with the number, or the place. */
  readonly why?: Why | 'bed'
}

/**
 * The number belongs to another thing, to one that looks the same (`alike`), to `several` that nobody can tell, to nothing yet (`unknown`), is a
 * `former` one of the resource, was told of a place that the resource was moved from, has gone to another one while the resource keeps
 * others (`given`), or is nobody's any more.
 */
export type Why = 'other' | 'alike' | 'several' | 'unknown' | 'former' | 'moved' | 'given' | 'nobody'

interface About {
  readonly feed: string
  readonly message: string
  readonly nowMs: number
  readonly reference: string
}

export function worklistItem(about: About, { element, current, incoming }: Conflict): WorkItem {
  return item(about, 'element', {
    element,
    ...(current === undefined ? {} : { current: textOf(current) }),
    ...(incoming === undefined ? {} : { incoming: textOf(incoming) }),
  })
}

/** One item for each alias of an image that another resource holds, unless the message makes one of both. */
export function identityItems(
  about: Omit<About, 'reference'> & { readonly mapped: Pick<Mapped, 'effects'> },
  identities: Identities,
): readonly WorkItem[] {
  const { effects = [] } = about.mapped
  return [...identities.values()].flatMap(({ image, id, isKnown, taken }) => {
    const merged = new Set<string | undefined>()
    for (const { into, image: before } of effects)
      if (into === image.key) merged.add(identities.get(before)?.id)
    const [named] = image.aliases
    const missed =
      image.terms?.expected === true && !isKnown && named !== undefined
        ? [{ alias: named, holder: '', why: 'unknown' as const }]
        : []
    const held = taken
      .filter(({ alias, isOther, isTwin = false }) =>
        // What is known by its number may look like another thing.
        isOther
          ? isTwin || isNumber(alias, image)
          : alias === image.likely ||
            (image.own === 'update' && id !== undefined && (!isKnown || isNumber(alias, image))),
      )
      .filter(({ holder }) => !merged.has(holder))
      .map((one) => ({ alias: one.alias, holder: one.holder, why: whyTaken(one, image) }))
    return [...held, ...missed].map(({ alias: { system, value }, holder, why }) =>
      item({ ...about, reference: `${image.type}/${id ?? holder}` }, 'identity', {
        element: 'identifier',
        incoming: textOf({ system, value }),
        why,
      }),
    )
  })
}

function whyTaken({ alias, isTwin = false }: Taken, { likely }: Image): Why {
  if (isTwin) return 'several'
  return alias === likely ? 'alike' : 'other'
}

/** What is told apart by other things, as a result by its report, goes with them. */
function isNumber({ value }: Alias, { resource }: Image): boolean {
  const { masterIdentifier } = resource
  const numbers = [...identifiersOf(resource), ...(isElements(masterIdentifier) ? [masterIdentifier] : [])]
  return numbers.some((one) => value.split('|', 1)[0] === one['value'])
}

/** Somebody speaks of who was merged by the number of before: the survivor stays as it is. That others are merged into it needs nobody. */
export function formerItems(
  about: About & {
    readonly mapped: Pick<Mapped, 'effects'>
    readonly identities: Identities
    readonly identity: Identity
  },
): readonly WorkItem[] {
  const { identity, identities } = about
  const takes = (about.mapped.effects ?? []).filter(
    ({ kind, into }) => kind === 'merge' && into === identity.image.key,
  )
  if (takes.some(({ image }) => identities.get(image)?.id !== identity.id)) return []
  return takenItems(about, identity.by.slice(0, 1), 'former')
}

/** Somebody speaks of a thing under the patient of before, and later than it was moved: it stays where it is. */
export function movedItems(
  about: Omit<About, 'reference'> & { readonly mapped: Pick<Mapped, 'eventTime'> },
  away: readonly Away[],
): readonly WorkItem[] {
  const { eventTime } = about.mapped
  return away
    .filter(({ time }) => time === undefined || eventTime === undefined || eventTime > time)
    .flatMap(({ identity: { image, id = '', by } }) => {
      const numbers = by.filter((alias) => isNumber(alias, image)).slice(0, 1)
      return takenItems({ ...about, reference: `${image.type}/${id}` }, numbers, 'moved')
    })
}

/** These numbers are not, or not only, those of the resource. */
export function takenItems(about: About, numbers: readonly Alias[], why: Why): readonly WorkItem[] {
  return numbers.map(({ system, value }) =>
    item(about, 'identity', { element: 'identifier', incoming: textOf({ system, value }), why }),
  )
}

/** From now on these numbers name nobody, and the next message with one makes a new patient. */
export function givenUpItems(about: About, numbers: readonly Alias[]): readonly WorkItem[] {
  return numbers.map(({ system, value }) =>
    item(about, 'identity', { element: 'identifier', current: textOf({ system, value }), why: 'nobody' }),
  )
}

function item(
  { feed, message, nowMs, reference }: About,
  kind: WorkItem['kind'],
  what: Pick<WorkItem, 'element' | 'current' | 'incoming' | 'why'>,
): WorkItem {
  // The same disagreement is one item, however often the feed repeats it; a number that it gives to many things, too.
  const isNumberOfThings = kind === 'identity' && !reference.startsWith('Patient/')
  const parts = [
    kind,
    feed,
    isNumberOfThings ? reference.split('/')[0] : reference,
    what.element,
    ...(kind === 'identity' ? [what.incoming ?? what.current] : []),
  ]
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
  return { id, kind, feed, message, time: nowMs, reference, ...what }
}

function textOf(value: JsonValue): string {
  return JSON.stringify(value)
}

export function putItem(work: WorkItem): RecordChange {
  return { op: 'put', collection: FLOW.worklist, id: work.id, value: work as unknown as JsonObject }
}
