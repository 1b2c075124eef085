import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import { jsonBody } from '../calls/answers.ts'
import type { Answer, Call } from '../calls/call.ts'
import { criteriaOf } from '../calls/conditions.ts'
import { answerTo } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { dispatch } from '../interactions/dispatch.ts'
import { isOperation } from '../operations/run-operation.ts'
import { contentOf, placed } from './entry.ts'
import type { Entry } from './entry.ts'
import { patchBody } from './patch-step.ts'
import type { Broken, ReadBundle } from './read-bundle.ts'
import { responseBundle } from './response.ts'

/**
 * Each entry stands for itself: one that fails gets its outcome, the others go on. Plain writes next to each other are made at once, so that they
 * share a sync; everything else comes behind what stands before it.
 *
 * @see FHIR R4, "RESTful API", batch: no entry may depend on what another one changes
 */
export async function batch(deps: RestDeps, call: Call, entries: ReadBundle['entries']): Promise<Answer> {
  const answers: Answer[] = []
  const pace = createPace()
  for (const run of runsOf(entries)) {
    answers.push(...(await Promise.all(run.map(async (entry) => answerEntry(deps, call, entry)))))
    await pace()
  }
  return responseBundle('batch-response', answers)
}

type AnyEntry = Entry | Broken

/** The entries in order, cut into those that are made at once. */
function* runsOf(entries: readonly AnyEntry[]): Generator<readonly AnyEntry[]> {
  let run = new Run()
  for (const entry of entries) {
    const write = 'fault' in entry ? undefined : plainWrite(entry)
    const chars = 'fault' in entry || !entry.place ? 0 : entry.place.to - entry.place.from
    if (run.entries.length > 0 && !run.takes(write, chars)) {
      yield run.entries
      run = new Run()
    }
    run.add(entry, write, chars)
  }
  if (run.entries.length > 0) yield run.entries
}

class Run {
  readonly entries: AnyEntry[] = []
  readonly #names = new Set<string>()
  #kind: PlainWrite['kind'] | undefined
  #room: number = limits.fhir.batchAtOnceChars

  takes(write: PlainWrite | undefined, chars: number): boolean {
    const isSame = write !== undefined && write.kind === this.#kind && !this.#names.has(write.name)
    return isSame && chars <= this.#room && this.entries.length < limits.fhir.batchAtOnce
  }

  add(entry: AnyEntry, write: PlainWrite | undefined, chars: number): void {
    this.entries.push(entry)
    this.#kind = write?.kind
    if (write) this.#names.add(write.name)
    this.#room -= chars
  }
}

/** A create or an update by id, and what it has to itself: its resource, or the criteria that it is to be the only one of. */
interface PlainWrite {
  readonly kind: 'create' | 'conditional create' | 'update'
  readonly name: string
}

function plainWrite({ method, path, queryText, conditions, index }: Entry): PlainWrite | undefined {
  const [type = '', id = ''] = path
  if (queryText !== '' || isOperation(path)) return undefined
  if (method === 'PUT' && path.length === 2) return { kind: 'update', name: `${type}/${id}` }
  if (method !== 'POST' || path.length !== 1 || type === '_search') return undefined
  const { ifNoneExist } = conditions
  if (ifNoneExist === undefined) return { kind: 'create', name: String(index) }
  return { kind: 'conditional create', name: `${type}?${criteriaOf(ifNoneExist, type)}` }
}

async function answerEntry(deps: RestDeps, call: Call, entry: Entry | Broken): Promise<Answer> {
  try {
    if ('fault' in entry) throw entry.fault
    return await dispatchEntry(deps, call, entry)
  } catch (error) {
    const { status, outcome } = answerTo(error instanceof Fault ? placed(error, entry.at) : error)
    if (status === 500) throw error
    return { status, headers: {}, body: jsonBody(outcome) }
  }
}

/** An answer to HEAD has no body here either. */
export async function dispatchEntry(deps: RestDeps, call: Call, entry: Entry): Promise<Answer> {
  const { body, ...head } = await dispatch(deps, await entryCall(call, entry))
  return body === undefined || entry.method === 'HEAD' ? head : { ...head, body }
}

async function entryCall({ caller, prefer }: Call, entry: Entry): Promise<Call> {
  const { method, path, query, conditions, at } = entry
  const body = await (method === 'PATCH' ? patchBody(entry) : contentOf(entry))
  return { caller, method, path, query, conditions, prefer, ...body, at: `${at}.resource` }
}
