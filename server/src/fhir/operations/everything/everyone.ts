import type { Caller } from '../../../auth/caller.ts'
import { Fault } from '../../../kernel/fault.ts'
import type { StoredVersion } from '../../../store/port.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { placeParts } from '../../search/candidates.ts'
import type { Place } from '../../search/candidates.ts'
import { hitsOf } from '../../search/hits.ts'
import type { PageState } from '../../search/page-token.ts'
import { wholeType } from '../../search/plan.ts'
import { moduleOf } from '../../write/prepare.ts'
import { everythingPage } from './walk.ts'
import type { EverythingPage, Walk } from './walk.ts'

/** A patient is looked at to its end: the next page begins with the one behind. */
const DONE = -1
/** Patients without anything that is wanted that one page passes over. */
const MOST_EMPTY = 100

/**
 * `Patient/$everything`: all patients that the caller may see, those first that were not changed for the longest time. A page holds what
 * belongs to one of them, so that nothing stands twice in it; who is changed meanwhile comes once more, at the end.
 */
export async function everyonePage(
  deps: RestDeps,
  walk: Omit<Walk, 'focus'>,
  state: PageState | undefined,
): Promise<EverythingPage> {
  const { caller } = walk
  deps.access.authorise(caller, 'search', 'Patient')
  let at = state && (await resumed(deps, caller, state))
  for (let passed = 0; passed < MOST_EMPTY; passed += 1) {
    if (at?.focus === undefined) at = await patientBehind(deps, caller, at?.place)
    if (at?.focus === undefined) return { rows: [], isWhole: false }
    const { focus, place, inner } = at
    await deps.access.noteRead(caller, 'everything', `Patient/${focus.id}`)
    const { rows, next } = await everythingPage(deps, { ...walk, focus }, inner)
    if (next) return { rows, next: stateAt(focus.id, place, next), isWhole: false }
    at = { place }
    if (rows.length > 0) {
      const isLast = (await patientBehind(deps, caller, place)) === undefined
      return { rows, isWhole: false, ...(isLast ? {} : { next: stateAt(focus.id, place) }) }
    }
  }
  return { rows: [], isWhole: false, ...(at && { next: stateAt('', at.place) }) }
}

interface At {
  readonly place: Place
  /** Absent: nothing more of the patient at the place. */
  readonly focus?: StoredVersion
  readonly inner?: PageState
}

function stateAt(id: string, place: Place, inner?: PageState): PageState {
  return { driver: inner?.driver ?? DONE, after: [id, ...placeParts(place), ...(inner?.after ?? [])] }
}

async function resumed(
  { resources }: RestDeps,
  caller: Caller,
  { driver, after: [id = '', sort = 0, tie = 0, ...after] }: PageState,
): Promise<At> {
  const place = { sort: Number(sort), tie }
  if (driver === DONE) return { place }
  try {
    return { place, focus: await resources.read(caller, 'Patient', String(id)), inner: { driver, after } }
  } catch (error) {
    // Deleted since the page before.
    if (error instanceof Fault) return { place }
    throw error
  }
}

async function patientBehind(
  { access, definitions, reader, base }: RestDeps,
  caller: Caller,
  after: Place | undefined,
): Promise<At | undefined> {
  const module = await moduleOf(definitions, 'Patient')
  const clauses = access.constraintFor(caller, 'Patient')
  const query = { reader, module, base, clauses, plan: wholeType('updated', 'asc') }
  for (const some of hitsOf(query, { wanted: 1, ...(after ? { after } : {}) })) {
    const [hit] = await some
    if (hit) return { place: hit, focus: hit.row }
  }
  return undefined
}
