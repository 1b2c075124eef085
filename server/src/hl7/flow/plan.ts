import { writeJson } from '../../fhir/json/write.ts'
import type { Draft, Resources } from '../../fhir/resources.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Mapped } from '../mapping/image.ts'
import { planEffects } from '../merging/plan-effects.ts'
import type { Made } from './entry.ts'
import { isSame, leavesOf, parseExact, withLongTexts, withoutLongTexts } from './exact-json.ts'
import { identify, withReferences, type Identities, type Identity } from './identity.ts'
import { keepImage, readLastImage, sourcesOf, type LastImage } from './last-image.ts'
import { mergeThreeWay, nextImage } from './merge.ts'
import { identityItem, worklistItem, type WorkItem } from './worklist.ts'

export interface PlanRequest {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek'>
  readonly mapped: Mapped
  readonly feed: string
  /** Id of the message in the journal. */
  readonly message: string
  readonly nowMs: number
  readonly newId: () => string
}

export interface ElementChange {
  readonly reference: string
  readonly element: string
  readonly before?: JsonValue
  readonly after?: JsonValue
}

/** What a message would do to the record as it is now. Nothing is written by planning. */
export interface Plan {
  readonly drafts: readonly Draft[]
  readonly records: readonly RecordChange[]
  readonly made: readonly Made[]
  readonly changes: readonly ElementChange[]
  readonly conflicts: readonly WorkItem[]
  readonly patients: readonly string[]
  readonly identities: Identities
}

interface Step {
  readonly made: Made
  readonly draft?: Draft
  readonly records?: readonly RecordChange[]
  readonly changes?: readonly ElementChange[]
  readonly conflicts?: readonly WorkItem[]
}

/** Compares what a message says with what its feed said before and with the record, resource by resource. */
export async function planMessage(request: PlanRequest): Promise<Plan> {
  const { mapped, records, newId } = request
  const identities = await identify(records, mapped.images, newId)
  const steps: Step[] = []
  const done = new Set<string>()
  for (const identity of identities.values()) {
    const reference = referenceOf(identity)
    // Two parts of a message about one resource: the first speaks for it.
    if (reference === undefined || done.has(reference)) continue
    done.add(reference)
    steps.push(await planImage(request, identity, identities))
  }
  const conflicts = [
    ...steps.flatMap((step) => step.conflicts ?? []),
    ...[...identities.values()].flatMap((identity) => identityItem(request, identity)),
  ]
  const written = steps.flatMap(({ draft }) => (draft ? [draft] : []))
  const effects = await planEffects(request, identities, written)
  return {
    identities,
    conflicts,
    drafts: effects.drafts,
    records: [...steps.flatMap((step) => step.records ?? []), ...effects.records],
    made: steps.map(({ made }) => made),
    changes: steps.flatMap((step) => step.changes ?? []),
    patients: [...identities.values()].flatMap(({ image, id }) =>
      image.type === 'Patient' && id ? [id] : [],
    ),
  }
}

export function referenceOf({ image, id }: Identity): string | undefined {
  return id === undefined ? undefined : `${image.type}/${id}`
}

async function planImage(request: PlanRequest, identity: Identity, identities: Identities): Promise<Step> {
  const { image, id = '' } = identity
  const reference = `${image.type}/${id}`
  if (identity.isKnown && image.own !== 'update') return { made: { reference, action: 'linked' } }
  const [current, before] = await Promise.all([
    request.resources.peek(image.type, id),
    readLastImage(request.records, reference, request.feed),
  ])
  if (isStale(before, request.mapped.eventTime)) return { made: { reference, action: 'superseded' } }
  const vault = new Map<string, string>()
  const exact = (text: string) => withoutLongTexts(parseExact(text), vault)
  const next = withReferences(exact(writeJson(image.resource, image.literals)), identities)
  const subject = { ...request, identity, reference, before, vault }
  if (current === undefined) return creation(subject, next)
  return update(subject, next, {
    resource: exact(Buffer.from(current.bytes).toString('utf8')),
    version: current.version,
  })
}

function isStale(before: LastImage | undefined, eventTime: number | undefined): boolean {
  return before?.eventTime !== undefined && eventTime !== undefined && eventTime < before.eventTime
}

interface Subject extends PlanRequest {
  readonly identity: Identity
  readonly reference: string
  readonly before: LastImage | undefined
  readonly vault: ReadonlyMap<string, string>
}

function creation(subject: Subject, next: JsonObject): Step {
  const { identity, reference, vault } = subject
  const resource = { resourceType: identity.image.type, ...next }
  return {
    made: { reference, action: 'created' },
    // A deleted resource that the feed speaks of again goes on under its id.
    draft: draftOf(
      identity,
      withLongTexts(resource, vault),
      identity.isKnown ? { method: 'PUT' } : { method: 'POST', expected: 0 },
    ),
    records: [...identity.confirms, ...identity.claims, keep(subject, next)],
    changes: elementChanges(reference, {}, resource),
  }
}

function update(
  subject: Subject,
  sent: JsonObject,
  current: { readonly resource: JsonObject; readonly version: number },
): Step {
  const { identity, reference, before, vault } = subject
  const { initial = [], cleared = [] } = identity.image
  const next = Object.fromEntries(Object.entries(sent).filter(([name]) => !initial.includes(name)))
  const base = before?.image
  const merged = mergeThreeWay({ base, next, cleared, current: current.resource })
  const image = nextImage({ base, next, cleared })
  const conflicts = merged.conflicts.map((conflict) => worklistItem(subject, conflict))
  const isChanged = !isSame(merged.resource, current.resource)
  return {
    made: { reference, action: isChanged ? 'updated' : 'unchanged' },
    ...(isChanged
      ? {
          draft: draftOf(identity, withLongTexts(merged.resource, vault), {
            method: 'PUT',
            expected: current.version,
          }),
        }
      : {}),
    records: [...(isChanged ? identity.confirms : []), ...identity.claims, keep(subject, image)],
    changes: elementChanges(reference, current.resource, merged.resource),
    conflicts,
  }
}

function draftOf(
  { image, id = '' }: Identity,
  exact: JsonObject,
  how: Pick<Draft, 'method' | 'expected'>,
): Draft {
  const text = JSON.stringify(exact)
  return { type: image.type, id, ...how, resource: JSON.parse(text) as JsonObject, text }
}

function keep(
  { identity, reference, before, feed, message, mapped }: Subject,
  image: JsonObject,
): RecordChange {
  const sources = sourcesOf(identity.image.trace, message, { before, image })
  const eventTime = mapped.eventTime ?? before?.eventTime
  return keepImage(
    { reference, feed, before },
    { image, sources, ...(eventTime === undefined ? {} : { eventTime }) },
  )
}

function elementChanges(reference: string, before: JsonObject, after: JsonObject): readonly ElementChange[] {
  const [then, now] = [leavesOf(before), leavesOf(after)]
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((element) => {
    const [was, is] = [then.get(element), now.get(element)]
    if (isSame(was, is)) return []
    return [
      {
        reference,
        element,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      },
    ]
  })
}
