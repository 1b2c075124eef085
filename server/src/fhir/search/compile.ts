import { fault } from '../../kernel/fault.ts'
import type { SearchParam, SearchParamType, TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { unitRange } from '../keys/extract.ts'
import { foldText } from '../keys/folding.ts'
import { readReference, referencedType } from '../keys/references.ts'
import { ofTypeForm, tokenKey } from '../keys/tokens.ts'
import type { ZoneOffset } from '../keys/zone.ts'
import type { Clause, Test } from './clause.ts'
import { dateInterval, widened } from './date-value.ts'
import { isCanonical } from './hierarchies.ts'
import { nearTest } from './near.ts'
import { numberInterval } from './number-value.ts'
import type { Filter } from './request.ts'
import { prefixed, splitAt, tokenValue, unescaped } from './values.ts'

export interface CompileContext {
  /** Milliseconds, for `ap`. */
  readonly now: number
  /** Own absolute base: references below it are meant as relative ones. */
  readonly base: string
  /** What dates without offset are meant in. */
  readonly zone: ZoneOffset
  readonly module: TypeModule
}

export type ParamFilter = Extract<Filter, { kind: 'param' }>

/** One filter on the resource itself as a condition on keys. @throws Fault `malformed` for values of the wrong form. */
export function clauseOf(filter: ParamFilter, context: CompileContext): Clause {
  const { param, modifier, label, values } = filter
  if (modifier === 'missing') return missingClause(filter)
  const toTests = param.code === '_id' ? idTest : TESTS[param.type]
  const anyOf = values.flatMap((value) => toTests({ param, modifier, value, context }))
  return { label, anyOf, ...(modifier === 'not' ? { negated: true } : {}) }
}

function missingClause({ param, label, values }: ParamFilter): Clause {
  const [value] = values
  if (values.length !== 1 || (value !== 'true' && value !== 'false')) {
    throw fault('malformed', { code: 'value', text: `${param.code}:missing must be true or false` })
  }
  return {
    label,
    anyOf: [{ by: 'key', key: `${param.code}:missing=false` }],
    ...(value === 'true' ? { negated: true } : {}),
  }
}

interface Value {
  readonly param: SearchParam
  readonly modifier: string | undefined
  readonly value: string
  readonly context: CompileContext
}

const TESTS: Readonly<Record<SearchParamType, (value: Value) => Test | readonly Test[]>> = {
  token: tokenTest,
  reference: referenceTest,
  string: ({ param, modifier, value }) =>
    nameTest(param.code, modifier === 'exact' || modifier === 'contains' ? modifier : 'starts', value),
  uri: uriTests,
  date: ({ param: { code }, value, context }) => {
    const { comparator, text } = prefixed(value)
    const interval = widened(comparator, dateInterval(text, code, context.zone), context.now)
    return { by: 'range', param: code, comparator, interval }
  },
  number: ({ param: { code }, value }) => {
    const { comparator, text } = prefixed(value)
    return { by: 'range', param: code, comparator, interval: numberInterval(comparator, text, code) }
  },
  quantity: quantityTest,
  composite: compositeTest,
  special: ({ value }) => nearTest(value),
}

function idTest({ value }: Value): Test {
  return { by: 'id', id: unescaped(value) }
}

function tokenTest({ param: { code }, modifier, value }: Value): Test {
  if (modifier === 'text') return nameTest(`${code}:text`, 'starts', value)
  if (modifier === 'of-type') return ofTypeTest(code, value)
  return tokenKeyTest(code, value)
}

function tokenKeyTest(param: string, value: string): Test {
  const { system, code } = tokenValue(value, param)
  return { by: 'key', key: tokenKey(param, code, system) }
}

function ofTypeTest(param: string, text: string): Test {
  const [system = '', code = '', value = '', ...more] = splitAt(text, '|').map(unescaped)
  if (value === '' || code === '' || more.length > 0) {
    throw fault('malformed', { code: 'value', text: `${param}:of-type is written system|code|value` })
  }
  return { by: 'key', key: boundedKey(`${param}:of-type=${ofTypeForm({ system, code, value })}`) }
}

function referenceTest({ param, modifier, value, context }: Value): Test {
  const { code } = param
  if (modifier === 'identifier') return tokenKeyTest(`${code}:identifier`, value)
  const { type, id, version, text } = readReference(unescaped(value), context.base)
  const isAny = type !== undefined && id !== undefined && version === undefined
  const target = isAny ? `${type}/${id}` : text
  const named = type ?? foreignType(param, text)
  if (modifier !== undefined && named !== undefined && named !== modifier) {
    throw fault('malformed', { code: 'value', text: `${code}:${modifier}: the value refers to another type` })
  }
  const isId = modifier !== undefined && type === undefined && !text.includes('/')
  return { by: 'key', key: boundedKey(`${code}=${isId ? `${modifier}/${text}` : target}`) }
}

/** The type that an absolute address names; canonical ones name none, whatever they look like. */
function foreignType(param: SearchParam, text: string): string | undefined {
  const { target = [] } = param
  const type = isCanonical(param) ? undefined : referencedType(text)
  return type !== undefined && (target.length === 0 || target.includes(type)) ? type : undefined
}

function nameTest(param: string, how: 'starts' | 'contains' | 'exact', value: string): Test {
  const original = unescaped(value)
  const text = foldText(original)
  // Every text begins with nothing: a blank would mean whatever has a name.
  if (text === '') throw fault('malformed', { code: 'value', text: `${param}: this text is blank` })
  return { by: 'name', param, how, text, original }
}

/** Addresses are compared as they are; above and below count whole segments of their path. */
function uriTests({ param: { code }, modifier, value, context }: Value): Test | readonly Test[] {
  const address = unescaped(value)
  const [url = '', version = ''] = address.split('|', 2)
  // `url|version` of a definition (R4, "Search", uri).
  if (version !== '' && code === 'url' && modifier === undefined && isVersioned(context.module)) {
    const parts: readonly Test[] = [
      { by: 'key', key: boundedKey(`url=${url}`) },
      { by: 'key', key: tokenKey('version', version) },
    ]
    return { by: 'parts', composite: code, parts, perElement: false }
  }
  if (modifier === 'below') {
    return { by: 'name', param: code, how: 'below', text: address, original: address }
  }
  const meant = modifier === 'above' ? aboveOf(address) : [address]
  return meant.map((each) => ({ by: 'key', key: boundedKey(`${code}=${each}`) }))
}

function isVersioned({ params }: TypeModule): boolean {
  return params.some(({ code }) => code === 'version')
}

/** `http://h/a/b` is below `http://h/a/`, `http://h/a`, `http://h/` and `http://h`. */
function aboveOf(address: string): readonly string[] {
  const found = [address]
  const root = address.indexOf('://')
  for (let at = address.lastIndexOf('/'); at > root + 2; at = address.lastIndexOf('/', at - 1))
    found.push(address.slice(0, at + 1), address.slice(0, at))
  return [...new Set(found)]
}

function quantityTest({ param: { code }, value }: Value): Test {
  // `5.4||` says no unit either: HAPI's client sends it so.
  const [number = '', system, unit, ...more] = splitAt(value.replace(/\|\|$/, ''), '|').map(unescaped)
  const isComplete = system === undefined || (unit !== undefined && unit !== '')
  if (more.length > 0 || !isComplete) {
    throw fault('malformed', {
      code: 'value',
      text: `${code}: a quantity is "number", "number|system|code" or "number||code"`,
    })
  }
  const { comparator, text } = prefixed(number)
  const interval = numberInterval(comparator, text, code)
  if (unit === undefined) return { by: 'range', param: code, comparator, interval }
  const { suffix, amount } = unitRange(system ?? '', unit)
  const { lo, hi } = interval
  return { by: 'range', param: code + suffix, comparator, interval: { lo: amount(lo), hi: amount(hi) } }
}

/** `code$value`: each part as if it were searched by its own parameter. */
function compositeTest({ param, value, context }: Value): Test {
  const { code, components = [], perElement = false } = param
  const values = splitAt(value, '$')
  if (values.length !== components.length) {
    throw fault('malformed', { code: 'value', text: `${code} is written ${components.join('$')}` })
  }
  const parts = components.flatMap((component, index) => {
    const part = param.parts?.[index] ?? context.module.params.find((known) => known.code === component)
    if (!part) throw new Error(`${code} has the unknown part ${component}`)
    return TESTS[part.type]({ param: part, modifier: undefined, value: values[index] ?? '', context })
  })
  return { by: 'parts', composite: code, parts, perElement }
}
