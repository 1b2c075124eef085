import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Effect } from '../mapping/model/image.ts'
import type { Identities, Identity } from './identity.ts'
import { areOnePerson, movedBy, movesFrom, patientsOf, type SameThingDeps } from './same-thing.ts'

/** A thing that the message names under a patient from whom it was moved. */
export interface Away {
  readonly identity: Identity
  /** Event time of the move, where it said one: milliseconds UTC. */
  readonly time?: number
}

export interface Followed {
  readonly identities: Identities
  readonly away: readonly Away[]
}

const WITHIN = '#image:'

/**
 * What was moved stays where it is now, however often what was said of it before comes again, and what the message says to belong to it goes
 * along: a result of a moved visit is about the patient who has the visit.
 *
 * @see HL7 v2.5.1, 3.3.43 to 3.3.45: subordinate data sets move with what is above them
 */
export async function followMoves(
  deps: SameThingDeps,
  identities: Identities,
  effects: readonly Effect[] = [],
): Promise<Followed> {
  const movedNow = movedBy(effects)
  const away: (Away & { readonly to: string })[] = []
  for (const identity of identities.values()) {
    const { image, isKnown } = identity
    if (!isKnown || image.type === 'Patient' || movedNow.has(image.key)) continue
    const found = await whereItIs(deps, identity, patientsIn(identity, identities))
    if (found !== undefined) away.push({ identity, ...found })
  }
  if (away.length === 0) return { identities, away }
  const followed = [...identities].map(([key, identity]): [string, Identity] => {
    const own = away.filter((one) => one.identity === identity || names(identity, one.identity))
    return [key, own.reduce((all, { identity: moved, to }) => movedTo(all, moved, to), identity)]
  })
  return { identities: new Map(followed), away }
}

function patientsIn({ image }: Identity, identities: Identities): readonly string[] {
  return patientsOf(image.resource).flatMap((reference) => {
    const id = identities.get(reference.slice(WITHIN.length))?.id
    return id === undefined ? [] : [`Patient/${id}`]
  })
}

async function whereItIs(
  deps: SameThingDeps,
  { image, id = '' }: Identity,
  patients: readonly string[],
): Promise<{ readonly to: string; readonly time?: number } | undefined> {
  const stored = patients.length === 0 ? undefined : await deps.resources.peek(image.type, id)
  const text = stored && Buffer.from(stored.bytes).toString('utf8')
  if (text === undefined || patients.some((one) => text.includes(`"${one}"`))) return undefined
  const [to] = patientsOf(JSON.parse(text) as JsonObject)
  if (to === undefined) return undefined
  for (const { from, time } of await movesFrom(deps.records, `${image.type}/${id}`))
    if (await areOnePerson(deps, [from], patients)) return { to, ...(time === undefined ? {} : { time }) }
  return undefined
}

function names({ image }: Identity, moved: Identity): boolean {
  return JSON.stringify(image.resource).includes(`"${WITHIN}${moved.image.key}"`)
}

/** The same with the patient of now in the place of the one that the message names for what was moved. */
function movedTo(identity: Identity, moved: Identity, to: string): Identity {
  const from = new Set(patientsOf(moved.image.resource))
  const visit = (value: JsonValue): JsonValue => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item: JsonValue) => visit(item))
    const entries = Object.entries(value as JsonObject).map(([name, one]) => [
      name,
      name === 'reference' && typeof one === 'string' && from.has(one)
        ? to
        : one === undefined
          ? one
          : visit(one),
    ])
    return Object.fromEntries(entries) as JsonObject
  }
  const { image } = identity
  // The trace of an image is worked out when somebody asks: it is no member of its own.
  const resource = visit(image.resource) as JsonObject
  return { ...identity, image: { ...image, trace: image.trace, resource } }
}
