import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { isId } from '../access.ts'
import { isOperation, runOperation } from '../operations/run-operation.ts'
import { jsonBody } from './answers.ts'
import { pairsOf } from './call.ts'
import type { Answer, Call, Method } from './call.ts'
import { outcomeOf } from './outcome.ts'
import { patch, patchByCriteria } from './patch-calls.ts'
import { history, read, vread } from './read-calls.ts'
import type { RestDeps } from './rest-deps.ts'
import { searchType } from './search-calls.ts'
import { create, remove, removeByCriteria, update, updateByCriteria } from './write-calls.ts'

/** One interaction, whether it came as a request or inside a Bundle. Bundles themselves and `metadata` are the plugin's. */
export async function dispatch(deps: RestDeps, call: Call): Promise<Answer> {
  const { path } = call
  if (isOperation(path)) return runOperation(deps, call)
  const [type = '', id = '', third = '', fourth = ''] = path
  const name = placeName(path)
  const place = PLACES[name]
  if (!place) throw noSuchPlace(path)
  if (type !== '_history') checkType(deps, type)
  if (WITH_ID.has(name) && !isId(id)) throw noSuchPlace(path)
  const act = place[call.method === 'HEAD' ? 'GET' : call.method]
  return act ? act(deps, call, { type, id, third, fourth }) : methodNotAllowed(place)
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
  | 'type'
  | 'search'
  | 'instance'
  | 'type-history'
  | 'system-history'
  | 'history'
  | 'version'
  | 'compartment'
  | 'none'

/** Every address below the base and the methods that it answers to. */
export const PLACES: Readonly<Record<PlaceName, Place | undefined>> = {
  type: {
    GET: async (deps, call, { type }) => searchType(deps, call, { type }),
    POST: async (deps, call, { type }) => create(deps, call, type),
    PUT: async (deps, call, { type }) => updateByCriteria(deps, call, type),
    DELETE: async (deps, call, { type }) => removeByCriteria(deps, call, type),
    PATCH: async (deps, call, { type }) => patchByCriteria(deps, call, type),
  },
  search: { POST: async (deps, call, { type }) => searchType(deps, formCall(call), { type }) },
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
    GET: async (deps, call, { type, id, third }) => {
      if (type !== 'Patient') throw noSuchPlace(call.path)
      checkType(deps, third)
      return searchType(deps, call, { type: third, compartment: `Patient/${id}` })
    },
  },
  none: undefined,
}

/** What is no id can never have been stored. */
const WITH_ID: ReadonlySet<PlaceName> = new Set(['instance', 'history', 'version', 'compartment'])

function placeName(path: readonly string[]): PlaceName {
  const [first = '', second, third] = path
  if (path.length === 1) return first === '_history' ? 'system-history' : 'type'
  if (path.length === 2)
    return second === '_history' ? 'type-history' : second === '_search' ? 'search' : 'instance'
  if (path.length === 3) return third === '_history' ? 'history' : 'compartment'
  return path.length === 4 && third === '_history' ? 'version' : 'none'
}

/** The parameters of a form count together with those of the address. */
function formCall(call: Call): Call {
  return { ...call, query: [...call.query, ...pairsOf(call.text)] }
}

function noSuchPlace(path: readonly string[]): Fault {
  return fault('not-found', {
    code: 'not-found',
    text: `There is nothing at "${path.join('/').slice(0, 128)}"`,
  })
}

function methodNotAllowed(place: Place): Answer {
  const allow = Object.keys(place).join(', ')
  const text = `This address answers to ${allow} only`
  return {
    status: 405,
    headers: { allow },
    body: jsonBody(outcomeOf([{ severity: 'error', code: 'not-supported', text }])),
  }
}
