import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { isId } from '../access.ts'
import { jsonBody } from '../calls/answers.ts'
import type { Answer, Call, Method } from '../calls/call.ts'
import { checkBody } from '../calls/negotiate.ts'
import { outcomeOf } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { argumentsOf } from './arguments.ts'
import type { Invocation, Operation } from './operation.ts'
import { LATER, OPERATIONS } from './registry.ts'

export function isOperation(path: readonly string[]): boolean {
  return path.some((segment) => segment.startsWith('$'))
}

/** Whether the operation that a path names may write. @throws Fault `not-found`, `unsupported` */
export function changesState(path: readonly string[]): boolean {
  return operationAt(path).definition.affectsState
}

/** The methods that the operation which a path names answers to. @throws Fault `not-found`, `unsupported` */
export function methodsOf(path: readonly string[]): readonly Method[] {
  const { affectsState, answersGet } = operationAt(path).definition
  return affectsState && answersGet !== true ? ['POST'] : ['GET', 'HEAD', 'POST']
}

/** Runs the operation at the end of a path such as `Patient/1/$everything`. @throws Fault `not-found`, `unsupported`, `malformed` */
export async function runOperation(deps: RestDeps, call: Call): Promise<Answer> {
  const operation = operationAt(call.path)
  const place = placeOf(deps, call.path)
  if (!place || !worksAt(operation, place)) throw notHere(operation, call.path)
  const { definition } = operation
  const methods = methodsOf(call.path)
  if (!methods.includes(call.method)) return otherMethod(definition.code, methods)
  checkBody(call)
  const given = argumentsOf(definition, call, place.type)
  return operation.run(deps, { ...place, call, given })
}

function operationAt(path: readonly string[]): Operation {
  const name = path.find((segment) => segment.startsWith('$')) ?? ''
  const operation = OPERATIONS.find(({ definition }) => `$${definition.code}` === name)
  if (operation && path.at(-1) === name) return operation
  if (LATER.includes(name.slice(1)))
    throw fault('unsupported', { code: 'not-supported', text: `The operation ${name} is not supported yet` })
  throw fault('not-found', {
    code: 'not-supported',
    text: `There is no operation ${name.slice(0, 64)}; known are: ${OPERATIONS.map((each) => `$${each.definition.code}`).join(', ')}`,
  })
}

type Place = Pick<Invocation, 'type' | 'id' | 'version'>

/** What stands before the operation; `undefined` when that is no place of FHIR. */
function placeOf({ definitions }: RestDeps, path: readonly string[]): Place | undefined {
  const [type, id, history, version] = path.slice(0, -1)
  if (type === undefined) return {}
  if (!definitions.types.includes(type)) return undefined
  if (id === undefined) return { type }
  if (!isId(id)) return undefined
  if (history === undefined) return { type, id }
  const isVersion = history === '_history' && path.length === 5 && /^[1-9]\d{0,14}$/.test(version ?? '')
  return isVersion ? { type, id, version: Number(version) } : undefined
}

function worksAt({ definition }: Operation, { type, id }: Place): boolean {
  if (type === undefined) return definition.system
  if (!definition.resource.includes('Resource') && !definition.resource.includes(type)) return false
  return id === undefined ? definition.type : definition.instance
}

function notHere({ definition }: Operation, path: readonly string[]): Fault {
  const place = path.slice(0, -1).join('/').slice(0, 128)
  return fault('not-found', {
    code: 'not-supported',
    text: `$${definition.code} does not exist at "${place}": it works at ${placesOf(definition).join(', ')}`,
  })
}

/** `[base]`, `Patient`, `Patient/[id]`. */
function placesOf({ system, type, instance, resource }: Operation['definition']): readonly string[] {
  const types = resource.map((name) => (name === 'Resource' ? '[type]' : name))
  return [
    ...(system ? ['[base]'] : []),
    ...(type ? types : []),
    ...(instance ? types.map((name) => `${name}/[id]`) : []),
  ]
}

function otherMethod(code: string, methods: readonly Method[]): Answer {
  const allow = [...methods, 'OPTIONS'].join(', ')
  const text = `$${code} answers to ${allow} only`
  const body = jsonBody(outcomeOf([{ severity: 'error', code: 'not-supported', text }]))
  return { status: 405, headers: { allow }, body }
}
