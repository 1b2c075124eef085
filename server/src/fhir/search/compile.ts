import { fault } from '../../kernel/fault.ts'
import type { SearchParamType } from '../definitions.ts'
import { boundedKey, boundedText } from '../keys/bounded.ts'
import { unitRange } from '../keys/extract.ts'
import { foldText } from '../keys/folding.ts'
import { readReference } from '../keys/references.ts'
import { ofTypeKey, tokenKey } from '../keys/tokens.ts'
import type { Clause, Test } from './clause.ts'
import { dateInterval, widened } from './date-value.ts'
import { numberInterval } from './number-value.ts'
import type { Filter } from './request.ts'
import { prefixed, splitAt, tokenValue, unescaped } from './values.ts'

export interface CompileContext {
  /** Milliseconds, for `ap`. */
  readonly now: number
  /** Own absolute base: references below it are meant as relative ones. */
  readonly base: string
}

type ParamFilter = Extract<Filter, { kind: 'param' }>

/** One filter on the resource itself as a condition on keys. @throws Fault `malformed` for values of the wrong form. */
export function clauseOf(filter: ParamFilter, context: CompileContext): Clause {
  const { param, modifier, label, values } = filter
  if (modifier === 'missing') return missingClause(filter)
  if (param.code === '_id') return { label, anyOf: values.map((id) => ({ by: 'id', id: unescaped(id) })) }
  const toTest = TESTS[param.type]
  const anyOf = values.map((value) => toTest({ code: param.code, modifier, value, context }))
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
  readonly code: string
  readonly modifier: string | undefined
  readonly value: string
  readonly context: CompileContext
}

const TESTS: Readonly<Record<SearchParamType, (value: Value) => Test>> = {
  token: tokenTest,
  reference: referenceTest,
  string: stringTest,
  uri: uriTest,
  date: ({ code, value, context }) => {
    const { comparator, text } = prefixed(value)
    const interval = widened(comparator, dateInterval(text, code), context.now)
    return { by: 'range', param: code, comparator, interval }
  },
  number: ({ code, value }) => {
    const { comparator, text } = prefixed(value)
    return { by: 'range', param: code, comparator, interval: numberInterval(comparator, text, code) }
  },
  quantity: quantityTest,
  composite: unsupported,
  special: unsupported,
}

function unsupported({ code }: Value): never {
  throw fault('malformed', { code: 'not-supported', text: `${code} is not supported by this server yet` })
}

function tokenTest({ code, modifier, value }: Value): Test {
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
  return { by: 'key', key: ofTypeKey(param, { system, code, value }) }
}

function referenceTest({ code, modifier, value, context }: Value): Test {
  if (modifier === 'identifier') return tokenKeyTest(`${code}:identifier`, value)
  const { type, id, text } = readReference(unescaped(value), context.base)
  const target = type === undefined || id === undefined ? text : `${type}/${id}`
  if (modifier === undefined) return { by: 'key', key: boundedKey(`${code}=${target}`) }
  if (type !== undefined && type !== modifier) {
    throw fault('malformed', { code: 'value', text: `${code}:${modifier}: the value refers to another type` })
  }
  return { by: 'key', key: boundedKey(`${code}=${type === undefined ? `${modifier}/${text}` : target}`) }
}

function stringTest({ code, modifier, value }: Value): Test {
  return nameTest(code, modifier === 'exact' || modifier === 'contains' ? modifier : 'starts', value)
}

function nameTest(param: string, how: 'starts' | 'contains' | 'exact', value: string): Test {
  const original = unescaped(value)
  return { by: 'name', param, how, text: boundedText(foldText(original)), original }
}

function uriTest({ code, value }: Value): Test {
  return { by: 'key', key: boundedKey(`${code}=${unescaped(value)}`) }
}

function quantityTest({ code, value }: Value): Test {
  const [number = '', system, unit, ...more] = splitAt(value, '|').map(unescaped)
  const isComplete = system === undefined || (unit !== undefined && unit !== '')
  if (more.length > 0 || !isComplete) {
    throw fault('malformed', {
      code: 'value',
      text: `${code}: a quantity is "number", "number|system|code" or "number||code"`,
    })
  }
  const { comparator, text } = prefixed(number)
  const interval = numberInterval(comparator, text, code)
  const param = unit === undefined ? code : unitRange(code, system ?? '', unit)
  return { by: 'range', param, comparator, interval }
}
