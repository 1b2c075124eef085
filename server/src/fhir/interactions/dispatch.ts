import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { isId } from '../access.ts'
import { jsonBody } from '../calls/answers.ts'
import { checkCriteria, pairsOf } from '../calls/call.ts'
import type { Answer, Call, Method } from '../calls/call.ts'
import { checkConditions } from '../calls/conditions.ts'
import { checkAcceptable, checkBody } from '../calls/negotiate.ts'
import { outcomeOf } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { isOperation, methodsOf, runOperation } from '../operations/run-operation.ts'
import { COMPARTMENT_TYPES } from '../search/compartments.ts'
import { patch, patchByCriteria } from './patch-calls.ts'
import { history, read, vread } from './read-calls.ts'
import { search } from './search-calls.ts'
import type { Searched } from './search-calls.ts'
import { create, remove, removeByCriteria, update, updateByCriteria } from './write-calls.ts'

/** One interaction, whether it came as a request or inside a Bundle. Bundles themselves are the plugin's. */
export async function dispatch(deps: RestDeps, call: Call): Promise<Answer> {
  const { path } = call
  if (isOperation(path)) return runOperation(deps, call)
  const [type = '', id = '', third = '', fourth = ''] = path
  const name = placeName(path)
  const place = PLACES[name]
  if (!place) throw noSuchPlace(path)
  if (!SYSTEM.has(name)) checkType(deps, type)
  if (WITH_ID.has(name)) checkId(call, id)
  const act = place[call.method === 'HEAD' ? 'GET' : call.method]
  if (!act) return methodNotAllowed(path)
  checkBody(call)
  checkCriteria(call)
  checkConditions(call)
  return act(deps, call, { type, id, third, fourth })
}

function checkType(deps: RestDeps, type: string): void {
  if (deps.definitions.types.includes(type)) return
  throw fault('not-found', {
    code: 'not-supported',
    text: `"${type.slice(0, 64)}" is no resource type of FHIR R4`,
  })
}

interface Target {
  readonly type: string
  readonly id: string
  readonly third: string
  readonly fourth: string
}

type Act = (deps: RestDeps, call: Call, target: Target) => Promise<Answer>
type Place = Readonly<Partial<Record<Method, Act>>>
type PlaceName =
  | 'system'
  | 'system-search'
  | 'type'
  | 'search'
  | 'instance'
  | 'type-history'
  | 'system-history'
  | 'history'
  | 'version'
  | 'compartment'
  | 'compartment-search'
  | 'metadata'
  | 'none'

/** Every address below the base and the methods that it answers to. */
export const PLACES: Readonly<Record<PlaceName, Place | undefined>> = {
  system: { GET: async (deps, call) => search(deps, call, {}) },
  'system-search': { POST: async (deps, call) => search(deps, formCall(call), {}) },
  type: {
    GET: async (deps, call, { type }) => search(deps, call, { type }),
    POST: async (deps, call, { type }) => create(deps, call, type),
    PUT: async (deps, call, { type }) => updateByCriteria(deps, call, type),
    DELETE: async (deps, call, { type }) => removeByCriteria(deps, call, type),
    PATCH: async (deps, call, { type }) => patchByCriteria(deps, call, type),
  },
  search: {
    // R4 has POST only; HAPI's client can be told to ask so.
    GET: async (deps, call, { type }) => search(deps, call, { type }),
    POST: async (deps, call, { type }) => search(deps, formCall(call), { type }),
  },
  instance: {
    GET: async (deps, call, { type, id }) => read(deps, call, { type, id }),
    PUT: async (deps, call, { type, id }) => update(deps, call, { type, id }),
    DELETE: async (deps, call, { type, id }) => remove(deps, call, { type, id }),
    PATCH: async (deps, call, { type, id }) => patch(deps, call, { type, id }),
  },
  'type-history': { GET: async (deps, call, { type }) => history(deps, call, { type }) },
  'system-history': { GET: async (deps, call) => history(deps, call, {}) },
  history: { GET: async (deps, call, { type, id }) => history(deps, call, { type, id }) },
  version: {
    GET: async (deps, call, { type, id, fourth }) => vread(deps, call, { type, id, version: fourth }),
  },
  compartment: {
    GET: async (deps, call, { type, id, third }) =>
      search(deps, call, inCompartment(deps, { type, id, third })),
  },
  'compartment-search': {
    POST: async (deps, call, { type, id, third }) =>
      search(deps, formCall(call), inCompartment(deps, { type, id, third })),
  },
  metadata: { GET: async (deps, call) => deps.metadata(call) },
  none: undefined,
}

/** What is no id can never have been stored. */
const WITH_ID: ReadonlySet<PlaceName> = new Set([
  'instance',
  'history',
  'version',
  'compartment',
  'compartment-search',
])
const SYSTEM: ReadonlySet<PlaceName> = new Set(['system', 'system-search', 'system-history', 'metadata'])

/** Places by the length of their path, and those that end in a word of their own. */
const BY_LENGTH: readonly PlaceName[] = ['system', 'type', 'instance', 'compartment']
const BY_WORD: Readonly<Record<string, readonly PlaceName[]>> = {
  _history: ['none', 'system-history', 'type-history', 'history'],
  // An id may be this word.
  metadata: ['none', 'metadata', 'instance', 'compartment'],
  _search: ['none', 'system-search', 'search', 'compartment-search', 'compartment-search'],
}

function placeName(path: readonly string[]): PlaceName {
  const last = path.at(-1) ?? ''
  const named = Object.hasOwn(BY_WORD, last) ? BY_WORD[last]?.[path.length] : BY_LENGTH[path.length]
  return named ?? (path.length === 4 && path[2] === '_history' ? 'version' : 'none')
}

/** `*` and a bare `_search` mean all types. @throws Fault `not-found` for a type that has no compartment */
function inCompartment(deps: RestDeps, { type, id, third }: Omit<Target, 'fourth'>): Searched {
  if (!COMPARTMENT_TYPES.includes(type)) throw noSuchPlace([type, id, third])
  const compartment = `${type}/${id}`
  if (third === '*' || third === '_search') return { compartment }
  checkType(deps, third)
  return { type: third, compartment }
}

/** The parameters of a form count together with those of the address. @throws Fault `not-acceptable` */
function formCall(call: Call): Call {
  const query = [...call.query, ...pairsOf(call.text)]
  checkAcceptable(call.accept, query.findLast(([name]) => name === '_format')?.[1])
  return { ...call, query }
}

function noSuchPlace(path: readonly string[]): Fault {
  return fault('not-found', {
    code: 'not-found',
    text: `There is nothing at "${path.join('/').slice(0, 128)}"`,
  })
}

function checkId({ method, path }: Call, id: string): void {
  if (isId(id)) return
  if (method !== 'PUT') throw noSuchPlace(path)
  throw fault('malformed', {
    code: 'value',
    text: `"${id.slice(0, 80)}" cannot be an id: use 1 to 64 of the characters A-Z, a-z, 0-9, "-" and "."`,
  })
}

/** The methods of an address, for OPTIONS. @throws Fault `not-found` */
export function methodsAt(deps: RestDeps, path: readonly string[]): string {
  if (isOperation(path)) return [...methodsOf(path), 'OPTIONS'].join(', ')
  const name = placeName(path)
  const place = PLACES[name]
  if (!place || (WITH_ID.has(name) && !isId(path[1] ?? ''))) throw noSuchPlace(path)
  if (!SYSTEM.has(name)) checkType(deps, path[0] ?? '')
  return allowedAt(name)
}

function allowedAt(name: PlaceName): string {
  const methods = Object.keys(PLACES[name] ?? {}).flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : each))
  // Bundles are posted to the base.
  return [...methods, ...(name === 'system' ? ['POST'] : []), 'OPTIONS'].join(', ')
}

export function methodNotAllowed(path: readonly string[]): Answer {
  const allow = allowedAt(placeName(path))
  const text = `This address answers to ${allow} only`
  return {
    status: 405,
    headers: { allow },
    body: jsonBody(outcomeOf([{ severity: 'error', code: 'not-supported', text }])),
  }
}
