import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { LoggedChange, LoggedCommit, ResourceReader } from '../../store/port.ts'
import { compileCriteria, holds } from './criteria.ts'

/** One change as a sink tells it: a change gives one event for each topic that it meets. */
export interface TopicEvent {
  readonly topic: string
  /** Commit number. */
  readonly n: number
  /** Place of the change in its commit, from 0. */
  readonly index: number
  /** Milliseconds UTC of the commit. */
  readonly time: number
  readonly change: LoggedChange
  readonly facility?: string
}

export interface Topics {
  /** Names of the topics that have a definition. */
  readonly names: readonly string[]
  /** Events of one commit in the order of its changes: the generic `<type>.<interaction>` first, then the defined topics. */
  eventsOf(commit: LoggedCommit): Promise<readonly TopicEvent[]>
}

const ONCE_PER = 'https://mogran.org/fhir/StructureDefinition/once-per'
const CORE = 'http://hl7.org/fhir/StructureDefinition/'

/** The part of an R5 SubscriptionTopic that the hub reads. Its name is the last part of its `url`. */
const Definition = z.object({
  resourceType: z.literal('SubscriptionTopic'),
  url: z.url(),
  status: z.enum(['draft', 'active', 'retired', 'unknown']),
  resourceTrigger: z
    .array(
      z.object({
        resource: z.string().startsWith(CORE),
        supportedInteraction: z.array(z.enum(['create', 'update', 'delete'])).min(1),
        fhirPathCriteria: z.string().optional(),
        extension: z.array(z.object({ url: z.string(), valueString: z.string() })).optional(),
      }),
    )
    .min(1),
})

interface Trigger {
  readonly topic: string
  readonly interactions: readonly string[]
  readonly isMet: (resource: JsonObject) => boolean
  /** Of versions with the same text here, only the first is an event; absent: each is. */
  readonly oncePer?: (resource: JsonObject) => string
  /** Otherwise the resource is not even parsed. */
  readonly isConditional: boolean
}

/** Reads the topic definitions of a folder. @throws Fault `unprocessable` that names the file */
export function loadTopics(folder: string, resources: ResourceReader): Topics {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return createTopics(
    files.toSorted().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))),
    resources,
  )
}

function createTopics(definitions: readonly unknown[], resources: ResourceReader): Topics {
  const triggers = new Map<string, Trigger[]>()
  const names = new Set<string>()
  for (const definition of definitions)
    for (const { type, trigger } of triggersOf(definition)) {
      triggers.set(type, [...(triggers.get(type) ?? []), trigger])
      names.add(trigger.topic)
    }

  const topicsOf = async (change: LoggedChange): Promise<readonly string[]> => {
    const interaction = interactionOf(change)
    const topics = [`${change.type}.${interaction}`]
    for (const trigger of triggers.get(change.type) ?? [])
      if (trigger.interactions.includes(interaction) && (await isEvent(trigger, change, resources)))
        topics.push(trigger.topic)
    return topics
  }
  return {
    names: [...names],
    eventsOf: async ({ n, time, facility, changes }) => {
      const place = facility === undefined ? {} : { facility }
      const events: TopicEvent[] = []
      for (const [index, change] of changes.entries())
        for (const topic of await topicsOf(change)) events.push({ topic, n, index, time, change, ...place })
      return events
    },
  }
}

function triggersOf(definition: unknown): readonly { type: string; trigger: Trigger }[] {
  const parsed = Definition.safeParse(definition)
  if (!parsed.success)
    throw fault('unprocessable', {
      code: 'invalid',
      text: `A topic is wrong: ${z.prettifyError(parsed.error)}`,
    })
  const { url, status, resourceTrigger } = parsed.data
  if (status !== 'active') return []
  return resourceTrigger.map(({ resource, supportedInteraction, fhirPathCriteria, extension }) => {
    const criteria = fhirPathCriteria === undefined ? undefined : compileCriteria(fhirPathCriteria)
    const once = extension?.find((entry) => entry.url === ONCE_PER)?.valueString
    const value = once === undefined ? undefined : compileCriteria(once)
    const trigger: Trigger = {
      topic: url.slice(url.lastIndexOf('/') + 1),
      interactions: supportedInteraction,
      isMet: criteria ? (content) => holds(criteria(content)) : () => true,
      isConditional: criteria !== undefined || value !== undefined,
      ...(value ? { oncePer: (content: JsonObject) => JSON.stringify(value(content)) } : {}),
    }
    return { type: resource.slice(CORE.length), trigger }
  })
}

async function isEvent(trigger: Trigger, change: LoggedChange, resources: ResourceReader): Promise<boolean> {
  if (!trigger.isConditional || change.deleted) return true
  const content = contentOf(change.bytes)
  if (!trigger.isMet(content)) return false
  return trigger.oncePer === undefined || !(await wasEventBefore(trigger, change, resources))
}

/** Looks for the same event in the versions before, the newest first. Very long histories end the search: better told twice than never. */
async function wasEventBefore(
  { isMet, oncePer }: Trigger,
  change: LoggedChange,
  resources: ResourceReader,
): Promise<boolean> {
  if (change.version === 1 || !oncePer) return false
  const value = oncePer(contentOf(change.bytes))
  const least = Math.max(1, change.version - limits.events.versionsBack)
  for (let version = change.version - 1; version >= least; version -= 1) {
    const before = await resources.vread(change.type, change.id, version)
    const content = before && !before.deleted ? contentOf(before.bytes) : undefined
    if (content && isMet(content) && oncePer(content) === value) return true
  }
  return false
}

function contentOf(bytes: Uint8Array): JsonObject {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}

/** A version behind a deletion is an update here: the id was known before. */
function interactionOf({ deleted, version }: LoggedChange): 'create' | 'update' | 'delete' {
  if (deleted) return 'delete'
  return version === 1 ? 'create' : 'update'
}
