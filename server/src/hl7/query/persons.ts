import type { Caller } from '../../auth/caller.ts'
import { foldText } from '../../fhir/keys/folding.ts'
import type { Resources } from '../../fhir/resources.ts'
import type { Search } from '../../fhir/search/search.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { escaped, type Criteria, type Criterion, type Domain } from './read-query.ts'

export interface PersonsDeps {
  readonly search: Pick<Search, 'find'>
  readonly resources: Pick<Resources, 'read'>
}

/** A person who has what was asked for. */
export interface Candidate {
  readonly id: string
  readonly person: JsonObject
  /** 1 to 100. */
  readonly confidence: number
  /** HL7 table 0392. */
  readonly reasons: readonly string[]
}

export interface Identifier {
  readonly system?: string
  readonly value?: string
  readonly use?: string
}

/** The best first, each once; of merged persons the survivor. @throws Fault `too-costly` when there are too many to compare */
export async function findCandidates(
  deps: PersonsDeps,
  caller: Caller,
  { criteria, pairs }: Criteria,
): Promise<readonly Candidate[]> {
  const found = await findAll(deps, caller, pairs)
  const best = new Map<string, Candidate>()
  for (const row of found) {
    const match = matchOf(criteria, row)
    if (match === undefined) continue
    const person = await survivorOf(deps, caller, row)
    if (person === undefined) continue
    const id = idOf(person)
    if ((best.get(id)?.confidence ?? 0) < match.confidence) best.set(id, { id, person, ...match })
  }
  return [...best.values()].toSorted(
    (a, b) => b.confidence - a.confidence || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  )
}

type Match = Pick<Candidate, 'confidence' | 'reasons'>

/** Each text counts the same: 100 for a whole one, for the beginning of one the part of it that was known. */
function matchOf(criteria: readonly Criterion[], person: JsonObject): Match | undefined {
  const scores = criteria.map((criterion) => scoreOf(criterion, person))
  if (scores.some((score) => score === 0)) return undefined
  const confidence = Math.floor(scores.reduce((sum, score) => sum + score, 0) / scores.length)
  return { confidence, reasons: [...new Set(criteria.flatMap(({ parameter }) => parameter.reason ?? []))] }
}

function scoreOf({ parameter, texts }: Criterion, person: JsonObject): number {
  if (parameter.values === undefined) return 100
  const values = parameter.values(person).map(foldText)
  return Math.max(0, ...texts.flatMap((text) => values.map((value) => likeness(text, value))))
}

function likeness(asked: string, value: string): number {
  if (!asked.endsWith('*')) return foldText(asked) === value ? 100 : 0
  const start = foldText(asked.slice(0, -1))
  return value.startsWith(start) ? Math.max(1, Math.floor((100 * start.length) / value.length)) : 0
}

/** The one person who has the number. @throws Fault `multiple-matches` */
export async function findPerson(
  deps: PersonsDeps,
  caller: Caller,
  { system, value, at }: Domain & { readonly value: string },
): Promise<JsonObject | undefined> {
  const rows = await findAll(deps, caller, [['identifier', `${escaped(system)}|${escaped(value)}`]])
  const persons = new Map<string, JsonObject>()
  for (const row of rows) {
    const person = await survivorOf(deps, caller, row)
    if (person !== undefined) persons.set(idOf(person), person)
  }
  if (persons.size <= 1) return [...persons.values()][0]
  const text = 'More than one person has this number.'
  throw fault('multiple-matches', { code: 'multiple-matches', at, text })
}

/** Somebody whom the caller may see has an identifier of the system. */
export async function isInUse(deps: PersonsDeps, caller: Caller, system: string): Promise<boolean> {
  const pairs = [
    ['identifier', `${escaped(system)}|`],
    ['_count', '1'],
  ] as const
  const { matches } = await deps.search.find(caller, { type: 'Patient', pairs, handling: 'strict' })
  return matches.length > 0
}

async function findAll(
  { search }: PersonsDeps,
  caller: Caller,
  criteria: Criteria['pairs'],
): Promise<readonly JsonObject[]> {
  const pairs = [...criteria, ['_count', String(limits.hl7.queryCandidates)] as const]
  const { matches, next } = await search.find(caller, { type: 'Patient', pairs, handling: 'strict' })
  if (next !== undefined) {
    const text = `More than ${limits.hl7.queryCandidates} persons may be meant; ask for more of what is known.`
    throw fault('too-costly', { code: 'too-costly', at: 'QPD-3', text })
  }
  return matches.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject)
}

interface Link {
  readonly type?: string
  readonly other?: { readonly reference?: string }
}

/** A merged person is known as who they became; one who is out of use is not known any more. */
async function survivorOf(
  { resources }: PersonsDeps,
  caller: Caller,
  found: JsonObject,
): Promise<JsonObject | undefined> {
  let person = found
  for (let hop = 0; hop < MERGES_MOST; hop++) {
    const links = (person['link'] ?? []) as readonly Link[]
    const by = links.find(({ type }) => type === 'replaced-by')?.other?.reference
    if (by === undefined) return person['active'] === false ? undefined : person
    const next = await readVisible(resources, caller, by.slice(by.lastIndexOf('/') + 1))
    if (next === undefined) return undefined
    person = next
  }
  return undefined
}

/** Persons who were merged one into the next. */
const MERGES_MOST = 10

async function readVisible(
  resources: PersonsDeps['resources'],
  caller: Caller,
  id: string,
): Promise<JsonObject | undefined> {
  try {
    const { bytes } = await resources.read(caller, 'Patient', id)
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject
  } catch (error) {
    if (error instanceof Fault && HIDDEN.has(error.kind)) return undefined
    throw error
  }
}

const HIDDEN: ReadonlySet<Fault['kind']> = new Set(['not-found', 'gone', 'forbidden'])

export function idOf(person: JsonObject): string {
  const { id } = person
  return typeof id === 'string' ? id : ''
}
