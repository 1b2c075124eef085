import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace, eachPaced } from '../../kernel/pace.ts'
import { locationOf, versionHeaders, writtenBody } from '../calls/answers.ts'
import { ofType } from '../calls/call.ts'
import type { Answer, Call } from '../calls/call.ts'
import { refusal } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import type { Draft, TransactResult, Written } from '../resources.ts'
import { resolveReferences } from './conditional-references.ts'
import { linkMap, relinked } from './links.ts'
import { checkOnlyMatches } from './only-match.ts'
import { contentOf } from './read-bundle.ts'
import type { Entry } from './read-bundle.ts'
import { checkReads, readAnswer } from './reads.ts'
import { responseBundle } from './response.ts'
import type { Step } from './step.ts'
import { stepsOf } from './steps.ts'

type WriteStep = Extract<Step, { kind: 'write' }>

/** All entries in one commit or none: deletions, creates and updates first, reads see the result. */
export async function transaction(deps: RestDeps, call: Call, entries: readonly Entry[]): Promise<Answer> {
  for (let attempt = 0; attempt < limits.fhir.conditionalRetries; attempt += 1) {
    const done = await attemptTransaction(deps, call, entries)
    if (done) return responseBundle('transaction-response', await answersOf(deps, call, done))
  }
  throw fault('conflict', {
    code: 'conflict',
    text: 'Others kept writing what this transaction stands on: retry',
  })
}

interface Done {
  readonly steps: readonly Step[]
  readonly versions: ReadonlyMap<Step, Written>
}

/** `undefined` when something that the criteria found has changed meanwhile. */
async function attemptTransaction(
  deps: RestDeps,
  call: Call,
  entries: readonly Entry[],
): Promise<Done | undefined> {
  const { steps, guards, criteria } = await stepsOf(deps, call, entries)
  await checkReads(deps, call, steps)
  const writes = steps
    .filter((step) => step.kind === 'write')
    .toSorted((a, b) => ORDER[a.method] - ORDER[b.method])
  const links = linkMap(steps)
  const bodies = writes.filter(({ method }) => method !== 'DELETE')
  const linked = await eachPaced(bodies, (step) => ({
    type: step.type,
    id: step.id,
    at: `${step.entry.at}.resource`,
    text: relinked(contentToLink(step), links, () => deps.definitions.elements()),
  }))
  await checkOnlyMatches(deps, criteria, linked)
  const references = await resolveReferences(deps, call, {
    resources: linked,
    deleted: new Set(writes.flatMap((step) => (step.method === 'DELETE' ? `${step.type}/${step.id}` : []))),
  })
  const texts = new Map(bodies.map((step, index) => [step, references.texts[index]]))
  const drafts = await eachPaced(writes, (step) => draftOf(step, texts.get(step)))
  if (drafts.length === 0) return { steps, versions: new Map() }
  const result = await deps.resources.transact(call.caller, {
    drafts,
    guards: [...guards, ...references.guards],
  })
  if (result.outcome === 'stale') return staleOrThrow(result, writes, drafts)
  return { steps, versions: new Map(writes.flatMap((step, index) => pairOf(step, result.versions[index]))) }
}

/** @see FHIR R4, "RESTful API", transaction processing rules */
const ORDER: Readonly<Record<WriteStep['method'], number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2 }

function pairOf(step: Step, version: Written | undefined): readonly (readonly [Step, Written])[] {
  return version ? [[step, version]] : []
}

function contentToLink({ entry, text }: WriteStep): Pick<Entry, 'fullUrl' | 'text'> {
  if (text === undefined) return entry
  return entry.fullUrl === undefined ? { text } : { fullUrl: entry.fullUrl, text }
}

/** Without the parsed resource: each is parsed when its turn comes. @throws Fault `malformed` when it is of another type */
function draftOf(step: WriteStep, text: string | undefined): Draft {
  const { type, id, method, entry } = step
  const { precondition, read: expected } = step
  const target = {
    type,
    id,
    method,
    ...(expected === undefined ? {} : { expected }),
    ...(precondition ? { precondition } : {}),
  }
  if (text === undefined) return target
  const at = `${entry.at}.resource`
  ofType(step.text === undefined ? entry.head : parsed(text), type, at)
  return { ...target, text, isPlain: step.text === undefined, at }
}

function parsed(text: string): JsonObject {
  return contentOf({ text }).resource ?? {}
}

function staleOrThrow(
  result: Extract<TransactResult, { outcome: 'stale' }>,
  writes: readonly WriteStep[],
  drafts: readonly Draft[],
): undefined {
  if (result.why === 'guard') return undefined
  // A patch was made of a version that is no more: it is made again.
  if (result.why === 'version' && writes.some(({ read }) => read !== undefined)) return undefined
  throw refusal(result, drafts[0] ?? { type: 'Resource' })
}

async function answersOf(deps: RestDeps, call: Call, { steps, versions }: Done): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const pace = createPace()
  for (const step of steps) {
    answers.push(await answerOf(deps, call, { step, version: versions.get(step) }))
    await pace()
  }
  return answers
}

async function answerOf(
  deps: RestDeps,
  call: Call,
  { step, version }: { step: Step; version: Written | undefined },
): Promise<Answer> {
  if (step.kind === 'nothing') return { status: 204, headers: {} }
  if (step.kind === 'read') return readAnswer(deps, call, step.entry)
  if (step.kind === 'found')
    return foundAnswer(call, await deps.resources.read(call.caller, step.type, step.id))
  if (!version) throw new Error('a transaction step without its version')
  if (step.method === 'DELETE')
    return { status: 204, headers: version.version === 0 ? {} : { etag: `W/"${String(version.version)}"` } }
  return writtenAnswer(call, version, version.isCreated ? 201 : 200)
}

function foundAnswer(call: Call, version: Written): Answer {
  return writtenAnswer(call, version, 200)
}

function writtenAnswer(call: Call, version: Written, status: 200 | 201): Answer {
  const headers = { ...versionHeaders(version), location: locationOf(version) }
  return { status, headers, lastUpdated: version.lastUpdated, ...writtenBody(call, version) }
}
