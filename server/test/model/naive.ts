import { listed, PARAMETERS } from './naive-parameters.ts'
import type { Amount, Parameter, Token } from './naive-parameters.ts'
import { exact, folded, halfDigit, prefixOf, spansMatch, timeSpan } from './naive-values.ts'
import type { Span } from './naive-values.ts'
import { containedOf } from './world.ts'
import type { Json, Resource } from './world.ts'

/**
 * The search specification, read naively: every filter is tried on every resource, chains by looking at every other resource. It shares
 * no code with the hub.
 */
export interface Naive {
  /** Whether the resource meets `name=value` of a query. */
  meets(resource: Resource, name: string, value: string): boolean
}

export function naiveOf(resources: readonly Resource[]): Naive {
  const meets = (resource: Resource, name: string, value: string): boolean => {
    if (name === '_list') return isListed(resources, resource, value)
    if (name.startsWith('_has:')) return meetsReverse(resource, name, value)
    const dot = name.indexOf('.')
    const [code = '', modifier] = (dot < 0 ? name : name.slice(0, dot)).split(':')
    const parameter = PARAMETERS[resource.resourceType]?.[code]
    if (!parameter) return false
    if (dot >= 0)
      return targetsOf(parameter, resource, modifier).some((target) =>
        meets(target, name.slice(dot + 1), value),
      )
    return meetsValues(resources, { parameter, modifier }, { resource, value })
  }
  const targetsOf = (
    parameter: Parameter,
    resource: Resource,
    type: string | undefined,
  ): readonly Resource[] => {
    if (parameter.kind !== 'reference') throw new Error('a chain needs a reference')
    const wanted = new Set(parameter.of(resource).map(({ reference }) => reference))
    const inside = containedOf(resource).filter(({ id }) => wanted.has(`#${id}`))
    return [...resources.filter((each) => wanted.has(nameOf(each))), ...inside].filter(
      (each) => type === undefined || each.resourceType === type,
    )
  }
  const meetsReverse = (resource: Resource, name: string, value: string): boolean => {
    const [, source = '', reference = '', ...rest] = name.split(':')
    return resources.some(
      (each) =>
        each.resourceType === source &&
        targetsOf(PARAMETERS[source]?.[reference] as Parameter, each, undefined).includes(resource) &&
        meets(each, rest.join(':'), value),
    )
  }
  return { meets }
}

export function nameOf({ resourceType, id }: Resource): string {
  return `${resourceType}/${id}`
}

function isListed(resources: readonly Resource[], resource: Resource, list: string): boolean {
  const found = resources.find((each) => each.resourceType === 'List' && each.id === list)
  return found !== undefined && (listed(found) ?? []).some(({ reference }) => reference === nameOf(resource))
}

/** Cut at what no backslash escapes. */
function cut(value: string, separator: string): readonly string[] {
  return value.split(new RegExp(`(?<!\\\\)[${separator}]`))
}

const plain = (value: string): string => value.replaceAll(/\\(.)/g, '$1')

interface Asked {
  readonly parameter: Parameter
  readonly modifier: string | undefined
}

function meetsValues(
  resources: readonly Resource[],
  { parameter, modifier }: Asked,
  { resource, value }: { resource: Resource; value: string },
): boolean {
  if (modifier === 'missing') return (parameter.of(resource).length === 0) === (value === 'true')
  const some = cut(value, ',').some((one) =>
    meetsOne(resources, { parameter, modifier }, { resource, value: one }),
  )
  return modifier === 'not' ? !some : some
}

function textsOf(
  { of, parts }: Extract<Parameter, { kind: 'string' }>,
  resource: Resource,
  modifier: string | undefined,
): readonly string[] {
  return modifier === undefined ? [...of(resource), ...(parts?.(resource) ?? [])] : of(resource)
}

function meetsOne(
  resources: readonly Resource[],
  { parameter, modifier }: Asked,
  { resource, value }: { resource: Resource; value: string },
): boolean {
  switch (parameter.kind) {
    case 'token':
      return parameter.of(resource).some((token) => isToken(token, modifier, value))
    case 'string':
      return textsOf(parameter, resource, modifier).some((text) => isText(text, modifier, plain(value)))
    case 'uri':
      return parameter.of(resource).some((uri) => isUri(uri, modifier, plain(value)))
    case 'date': {
      const [prefix, rest] = prefixOf(value)
      return parameter.of(resource).some((span) => spansMatch(prefix, span, timeSpan(rest)))
    }
    case 'number':
      return parameter.of(resource).some((span) => isNumber(span, value))
    case 'quantity':
      return parameter.of(resource).some((amount) => isAmount(amount, value))
    case 'reference':
      return parameter
        .of(resource)
        .some((reference) => isReference(resources, reference, [modifier, plain(value)]))
    case 'composite': {
      const [code = '', amount = ''] = cut(value, '$')
      return parameter
        .of(resource)
        .some(
          ({ tokens, amounts }) =>
            tokens.some((token) => isToken(token, undefined, code)) &&
            amounts.some((each) => isAmount(each, amount)),
        )
    }
    default:
      throw new Error('no such parameter')
  }
}

/** Case counts where the code system says so: those of HL7 do. */
function isSameCode(token: Token, code: string, system: string | undefined): boolean {
  if (token.code === undefined) return false
  const isCased =
    system?.startsWith('http://terminology.hl7.org/') === true ||
    system?.startsWith('http://hl7.org/') === true
  return isCased ? token.code === code : token.code.toLowerCase() === code.toLowerCase()
}

function isToken(token: Token, modifier: string | undefined, value: string): boolean {
  if (modifier === 'text') return token.texts.some((text) => folded(text).startsWith(folded(plain(value))))
  const [first = '', second, third = ''] = cut(value, '|').map(plain)
  if (modifier === 'of-type')
    return token.types?.includes(`${first}|${second ?? ''}`) === true && isSameCode(token, third, undefined)
  return isCoding(token, second === undefined ? undefined : first, second ?? first)
}

function isCoding(token: Token, system: string | undefined, code: string): boolean {
  if (system === undefined) return isSameCode(token, code, undefined)
  if (system === '') return token.system === undefined && isSameCode(token, code, undefined)
  return token.system === system && (code === '' || isSameCode(token, code, system))
}

function isText(text: string, modifier: string | undefined, value: string): boolean {
  if (modifier === 'exact') return text === value
  if (modifier === 'contains') return folded(text).includes(folded(value))
  return folded(text).startsWith(folded(value))
}

function isUri(uri: string, modifier: string | undefined, value: string): boolean {
  if (modifier === 'below') return isUnder(uri, value)
  return modifier === 'above' ? isUnder(value, uri) : uri === value
}

function isUnder(lower: string, upper: string): boolean {
  return lower === upper || lower.startsWith(upper.endsWith('/') ? upper : `${upper}/`)
}

type Exact = Span<bigint | number>

function isNumber(span: Exact, value: string): boolean {
  const { prefix, searched } = numberOf(value, 1n)
  return spansMatch(prefix, span, searched)
}

/** A number of a search in a smaller unit: only equality takes the precision of its digits into account. */
function numberOf(value: string, unit: bigint): { prefix: string; searched: Exact } {
  const [prefix, text] = prefixOf(value)
  const middle = exact(text)
  const width = prefix === 'eq' || prefix === 'ne' ? halfDigit(text) : 0n
  return { prefix, searched: { lo: (middle - width) * unit, hi: (middle + width) * unit } }
}

/** Micrograms in a unit; the only dimension that the world has in several units. */
const MASS: Readonly<Record<string, bigint>> = { ug: 1n, mg: 1000n, g: 1_000_000n }

function isAmount(amount: Amount, value: string): boolean {
  const [number = '', system, code] = cut(value, '|').map(plain)
  if (code === undefined) return isNumber(amount.span, number)
  if (system === '') return (amount.code === code || amount.unit === code) && isNumber(amount.span, number)
  if (amount.system !== system || amount.code === undefined) return false
  const own = MASS[amount.code]
  const asked = MASS[code]
  if (own === undefined || asked === undefined) return amount.code === code && isNumber(amount.span, number)
  const { prefix, searched } = numberOf(number, asked)
  return spansMatch(prefix, { lo: scaled(amount.span.lo, own), hi: scaled(amount.span.hi, own) }, searched)
}

function scaled(bound: bigint | number, unit: bigint): bigint | number {
  return typeof bound === 'bigint' ? bound * unit : bound
}

function isReference(
  resources: readonly Resource[],
  { reference, identifier }: Json,
  [modifier, value]: readonly [string | undefined, string],
): boolean {
  if (modifier === 'identifier') {
    const { system, value: code } = (identifier ?? {}) as { system?: string; value?: string }
    return (
      code !== undefined &&
      isToken({ ...(system === undefined ? {} : { system }), code, texts: [] }, undefined, value)
    )
  }
  if (modifier === 'below') return lineOf(resources, String(reference)).includes(value)
  if (modifier === 'above') return lineOf(resources, value).includes(String(reference))
  if (value.includes('/')) return reference === value
  return typeof reference === 'string' && reference.split('/').length === 2 && reference.endsWith(`/${value}`)
}

/** An organization and all that it is part of. */
function lineOf(resources: readonly Resource[], name: string): readonly string[] {
  const line: string[] = []
  for (let next: string | undefined = name; next !== undefined && !line.includes(next);) {
    line.push(next)
    const current: Resource | undefined = resources.find((each) => nameOf(each) === next)
    next = (current?.['partOf'] as { reference?: string } | undefined)?.reference
  }
  return line
}
