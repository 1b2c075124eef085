import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Call } from '../calls/call.ts'
import { elementsOf, memberText } from '../json/members.ts'
import { isObject, parseObject } from '../json/parse.ts'
import type { Pair } from '../search/request.ts'
import { PRIMITIVES } from '../validation/primitives.ts'
import type { OperationDefinition, OperationParameter } from './operation-definition.ts'

/** One value that the caller gave for a parameter. */
export interface Argument {
  /** A primitive (numbers and booleans as such), or the object of a data type. */
  readonly value?: JsonValue
  readonly resource?: JsonObject
  /** Exact JSON text of the resource. */
  readonly text?: string
}

/** The arguments of one call by parameter name, checked against the definition. */
export interface Arguments {
  all(name: string): readonly Argument[]
  /** The one value of a primitive parameter as text. */
  text(name: string): string | undefined
  /** Search parameters, for operations that take them. */
  readonly search: readonly Pair[]
}

type Given = readonly [name: string, argument: Argument]

/**
 * Reads query and body: a Parameters resource, or the bare resource for the one parameter that is a resource.
 *
 * @throws Fault `malformed`
 */
export function argumentsOf(
  definition: OperationDefinition,
  call: Call,
  type: string | undefined,
): Arguments {
  const inputs = new Map(
    definition.parameter.filter(({ use }) => use === 'in').map((each) => [each.name, each]),
  )
  const isSearch = (name: string): boolean =>
    definition.takesSearch === true && !inputs.has(name) && !CONTROLS.has(name)
  const body = fromBody(definition, call, type)
  const given: readonly Given[] = [
    ...call.query
      .filter(([name]) => !CONTROLS.has(name) && !isSearch(name))
      .map((pair) => fromQuery(inputs, pair)),
    ...body.filter(([name]) => !isSearch(name)),
  ]
  const byName = Map.groupBy(given, ([name]) => name)
  for (const name of byName.keys()) if (!inputs.has(name)) throw unknown(definition, name)
  for (const input of inputs.values()) checkInput(input, byName.get(input.name) ?? [])
  const all = (name: string): readonly Argument[] => (byName.get(name) ?? []).map(([, argument]) => argument)
  return {
    all,
    search: [
      ...call.query.filter(([name]) => isSearch(name)),
      ...body.filter(([name]) => isSearch(name)).map(searchPair),
    ],
    text: (name) => {
      const value = all(name)[0]?.value
      return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
        ? String(value)
        : undefined
    },
  }
}

/** Parameters of every address, which say nothing to an operation. */
const CONTROLS = new Set(['_format', '_pretty'])

function fromQuery(inputs: ReadonlyMap<string, OperationParameter>, [name, text]: Pair): Given {
  const type = inputs.get(name)?.type ?? 'string'
  if (!Object.hasOwn(PRIMITIVES, type))
    throw fault('malformed', {
      code: 'invalid',
      text: `${name} is a ${type}: send it in a Parameters resource`,
    })
  if (NUMBERS.has(type) && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return [name, { value: Number(text) }]
  return [name, { value: type === 'boolean' && /^(?:true|false)$/.test(text) ? text === 'true' : text }]
}

/** A search parameter that came in a Parameters resource, as its address would have it. @throws Fault `malformed` */
function searchPair([name, { value }]: Given): Pair {
  const text = isObject(value) ? textOfObject(value) : value
  if (typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean')
    return [name, String(text)]
  throw fault('malformed', {
    code: 'value',
    text: `${name.slice(0, 64)}: send the text of the search parameter as valueString, or a reference or coding`,
    at: 'Parameters.parameter',
  })
}

/** Of a Reference, a Coding, an Identifier or a CodeableConcept. */
function textOfObject({ reference, system, code, value, coding }: JsonObject): string | undefined {
  if (typeof reference === 'string') return reference
  if (Array.isArray(coding))
    return (coding as readonly JsonValue[])
      .filter(isObject)
      .flatMap((each) => textOfObject(each) ?? [])
      .join(',')
  const key = code ?? value
  if (typeof key !== 'string') return undefined
  return typeof system === 'string' ? `${system}|${key}` : key
}

const NUMBERS = new Set(['integer', 'unsignedInt', 'positiveInt', 'decimal'])

function fromBody(
  definition: OperationDefinition,
  { text }: Call,
  type: string | undefined,
): readonly Given[] {
  if (text.trim() === '') return []
  const body = parseObject(text)
  const bare = definition.parameter.find((each) => each.use === 'in' && isResourceType(each.type))
  if (
    body['resourceType'] === 'Parameters' &&
    !(type === 'Parameters' && bare && !hasParameter(body, bare.name))
  )
    return fromParameters(body, text)
  if (bare) return [[bare.name, { resource: body, text }]]
  throw fault('malformed', {
    code: 'invalid',
    text: `$${definition.code} takes its parameters as a Parameters resource`,
    at: 'Parameters',
  })
}

function isResourceType(type: string): boolean {
  return type === 'Resource'
}

function hasParameter({ parameter }: JsonObject, name: string): boolean {
  return (
    Array.isArray(parameter) &&
    (parameter as readonly unknown[]).some((each) => isObject(each) && each['name'] === name)
  )
}

function fromParameters({ parameter = [] }: JsonObject, text: string): readonly Given[] {
  if (!Array.isArray(parameter)) throw noParameter(0)
  const texts = elementsOf(memberText(text, 'parameter') ?? '[]')
  return (parameter as readonly JsonValue[]).map((each, index) => {
    if (!isObject(each) || typeof each['name'] !== 'string') throw noParameter(index)
    const { name, resource } = each
    const own = memberText(texts[index] ?? '{}', 'resource')
    if (isObject(resource) && own !== undefined) return [name, { resource, text: own }]
    const value = Object.entries(each).find(([key]) => /^value[A-Z]/.test(key))?.[1]
    return [name, value === undefined ? {} : { value }]
  })
}

function noParameter(index: number): Fault {
  return fault('malformed', {
    code: 'structure',
    text: 'A parameter is an object with a name and a value or resource',
    at: `Parameters.parameter[${String(index)}]`,
  })
}

function unknown({ code, parameter }: OperationDefinition, name: string): Fault {
  const known = parameter.filter(({ use }) => use === 'in').map((each) => each.name)
  const text = `$${code} has no parameter "${name.slice(0, 64)}"; it takes: ${known.join(', ') || 'none'}`
  return fault('malformed', { code: 'not-supported', text })
}

function checkInput({ name, min, max, type }: OperationParameter, given: readonly Given[]): void {
  if (given.length < min)
    throw fault('malformed', { code: 'required', text: `The parameter ${name} is missing` })
  if (max !== '*' && given.length > Number(max))
    throw fault('malformed', {
      code: 'structure',
      text: `The parameter ${name} may be given ${max === '1' ? 'once' : `${max} times at most`}`,
    })
  for (const [, argument] of given) {
    const problem = problemOf(argument, type)
    if (problem !== undefined) throw fault('malformed', { code: 'value', text: `${name}: ${problem}` })
  }
}

function problemOf({ value, resource }: Argument, type: string): string | undefined {
  if (isResourceType(type)) return resource ? undefined : 'a resource is expected'
  if (Object.hasOwn(PRIMITIVES, type)) return PRIMITIVES[type]?.(value)
  return isObject(value) ? undefined : `a ${type} is expected`
}
