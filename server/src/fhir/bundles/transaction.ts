import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createPace } from '../../kernel/pace.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import { untilWon } from '../../kernel/turns.ts'
import type { Lost } from '../../kernel/turns.ts'
import { deletionAnswer, etagOf, locationOf, writtenBody } from '../calls/answers.ts'
import { ofType } from '../calls/call.ts'
import type { Answer, Call } from '../calls/call.ts'
import { lostOf, refusal } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import type { Place } from '../json/plain-text.hot.ts'
import type { Content, Draft, TransactResult, Written } from '../resources.ts'
import { createConditionalReferences } from './conditional-references.ts'
import type { ConditionalReferences, Linked, LinkedOf } from './conditional-references.ts'
import { contentOf, parsedOf, placedIn } from './entry.ts'
import type { Entry } from './entry.ts'
import { createLinker, linkMap } from './links.ts'
import type { Linker } from './links.ts'
import { checkOnlyMatches } from './only-match.ts'
import { checkReads, readAnswer } from './reads.ts'
import { responseBundle } from './response.ts'
import type { Step } from './step.ts'
import { stepsOf } from './steps.ts'

type WriteStep = Extract<Step, { kind: 'write' }>

/** All entries in one commit or none: deletions, creates and updates first, reads see the result. */
export async function transaction(deps: RestDeps, call: Call, entries: readonly Entry[]): Promise<Answer> {
  const done = await untilWon(deps.turns, (inTurn) => attemptTransaction(deps, call, { entries, inTurn }))
  return responseBundle('transaction-response', await answersOf(deps, call, done))
}

interface Done {
  readonly steps: readonly Step[]
  readonly versions: ReadonlyMap<Entry, readonly Written[]>
}

/** Lost when something that the criteria found has changed meanwhile. */
async function attemptTransaction(
  deps: RestDeps,
  call: Call,
  { entries, inTurn }: { readonly entries: readonly Entry[]; readonly inTurn: boolean },
): Promise<Done | Lost> {
  const { steps, guards, criteria } = await stepsOf(deps, call, entries)
  await checkReads(deps, call, steps)
  const writes = steps
    .filter((step) => step.kind === 'write')
    .toSorted((a, b) => ORDER[a.method] - ORDER[b.method])
  const linker = createLinker(linkMap(steps), () => deps.definitions.elements())
  const bodies = writes.filter(({ method }) => method !== 'DELETE')
  const resources = linkedByType(linker, bodies)
  await checkOnlyMatches(deps, criteria, resources)
  const references = createConditionalReferences(deps, call, {
    guards,
    resources,
    deleted: new Set(writes.flatMap((step) => (step.method === 'DELETE' ? `${step.type}/${step.id}` : []))),
  })
  await checkUnwritten(steps)
  const linking = { linker, references }
  const drafts = writes.map((step) => draftOf(linking, step))
  if (drafts.length === 0) return { steps, versions: new Map() }
  // What its references mean is known, and guarded, once all drafts were read.
  const asked = { drafts, guards: references.guards, inTurn }
  const result = await deps.resources.transact(call.caller, asked)
  if (result.outcome === 'stale') return lostOrThrow(result, writes, lostOf(asked))
  return { steps, versions: byEntry(writes, result.versions) }
}

/** @see FHIR R4, "RESTful API", transaction processing rules */
const ORDER: Readonly<Record<WriteStep['method'], number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2 }

function byEntry(
  writes: readonly WriteStep[],
  versions: readonly Written[],
): ReadonlyMap<Entry, readonly Written[]> {
  const made = new Map<Entry, Written[]>()
  for (const [index, version] of versions.entries()) {
    const entry = writes[index]?.entry
    const before = entry && made.get(entry)
    if (before) before.push(version)
    else if (entry) made.set(entry, [version])
  }
  return made
}

/** Entries that write nothing must be JSON all the same. @throws Fault `malformed` */
async function checkUnwritten(steps: readonly Step[]): Promise<void> {
  const pace = createPace()
  for (const { kind, entry } of steps) {
    if (kind === 'found' && entry.place !== undefined) await placedIn(entry, async () => contentOf(entry))
    await pace()
  }
}

function placeOf({ entry, text }: WriteStep): Place {
  if (text === undefined) return entry.place ?? NOTHING
  const bytes = Buffer.from(text, 'utf8')
  return { bytes, from: 0, to: bytes.length }
}

const NOTHING: Place = { bytes: Buffer.alloc(0), from: 0, to: 0 }

/** What is written of a type, made for the first who asks. */
function linkedByType(linker: Linker, writes: readonly WriteStep[]): LinkedOf {
  const known = new Map<string, readonly Linked[]>()
  return (type) => {
    const made =
      known.get(type) ?? writes.flatMap((step) => (step.type === type ? linkedOf(linker, step) : []))
    known.set(type, made)
    return made
  }
}

function linkedOf(linker: Linker, step: WriteStep): Linked {
  const { type, id, entry } = step
  return {
    type,
    id,
    at: `${entry.at}.resource`,
    read: async () => {
      const text = linker.relinked({ type, fullUrl: entry.fullUrl, place: placeOf(step) })
      return (await parsedOf(entry, text)).resource
    },
  }
}

/** What all drafts of a transaction share. */
interface Linking {
  readonly linker: Linker
  readonly references: ConditionalReferences
}

/** Thousands of drafts wait for their turns: they hold no more than they need. */
function draftOf(linking: Linking, step: WriteStep): Draft {
  const { type, id, method, entry } = step
  const { precondition, read: expected } = step
  return {
    type,
    id,
    method,
    ...(expected === undefined ? {} : { expected }),
    ...(precondition ? { precondition } : {}),
    ...(method === 'DELETE' ? {} : { read: () => readStep(linking, step), at: `${entry.at}.resource` }),
  }
}

/** What a draft is when its turn comes. @throws Fault `malformed` when it is no JSON, or not of its type and id */
function readStep({ linker, references }: Linking, step: WriteStep): Soon<Content> {
  const { entry } = step
  const at = `${entry.at}.resource`
  const relinked = (): string =>
    linker.relinked({
      type: step.type,
      fullUrl: entry.fullUrl,
      place: placeOf(step),
      otherwise: (each) => references.target(each),
    })
  const parsed = (text: string): Soon<Content> =>
    soon(parsedOf(entry, text), (content) => {
      checkTarget(step, ofType(content.resource, step.type, at), at)
      return content
    })
  return placedIn(entry, () => {
    const text = relinked()
    const resolving = references.resolveNoted(at)
    return resolving === undefined ? parsed(text) : resolving.then(() => parsed(relinked()))
  })
}

/** @throws Fault `malformed` */
function checkTarget({ entry, id }: WriteStep, resource: JsonObject, at: string): void {
  if (entry.method !== 'PUT' || entry.path.length !== 2 || resource['id'] === id) return
  const text = 'The resource must have the id of its url'
  throw fault('malformed', { code: 'invalid', text, at: `${at}.id` })
}

function lostOrThrow(
  result: Extract<TransactResult, { outcome: 'stale' }>,
  writes: readonly WriteStep[],
  lost: Lost,
): Lost {
  // A patch was made of a version that is no more: it is made again.
  const isPatch = writes.some(({ read }) => read !== undefined)
  if (result.why === 'guard' || (result.why === 'version' && isPatch)) return lost
  throw refusal(result, writes[0] ?? { type: 'Resource' })
}

async function answersOf(deps: RestDeps, call: Call, { steps, versions }: Done): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const pace = createPace()
  let answered: Entry | undefined
  for (const step of steps) {
    // What one entry deletes is one answer.
    if (step.entry !== answered)
      answers.push(await answerOf(deps, call, { step, versions: versions.get(step.entry) ?? [] }))
    answered = step.entry
    await pace()
  }
  return answers
}

async function answerOf(
  deps: RestDeps,
  call: Call,
  { step, versions }: { step: Step; versions: readonly Written[] },
): Promise<Answer> {
  if (step.kind === 'nothing') return deletionAnswer(call, [])
  if (step.kind === 'read') return readAnswer(deps, call, step.entry)
  if (step.kind === 'found')
    return foundAnswer(call, await deps.resources.read(call.caller, step.type, step.id))
  const [version] = versions
  if (!version) throw new Error('a transaction step without its version')
  if (step.method === 'DELETE') return deletionAnswer(call, versions)
  return writtenAnswer(call, version, version.isCreated ? 201 : 200)
}

function foundAnswer(call: Call, version: Written): Answer {
  return writtenAnswer(call, version, 200)
}

function writtenAnswer(call: Call, version: Written, status: 200 | 201): Answer {
  const headers = { etag: etagOf(version.version), location: locationOf(version) }
  return { status, headers, lastUpdated: version.lastUpdated, ...writtenBody(call, version) }
}
