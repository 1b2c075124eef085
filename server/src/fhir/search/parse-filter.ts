import { fault } from '../../kernel/fault.ts'
import type { SearchParam, SearchParamType, TypeModule } from '../definitions.ts'
import type { Filter, Pair } from './request.ts'
import { UnknownParameter } from './unknown-parameter.ts'
import { alternatives } from './values.ts'

const MODIFIERS: Readonly<Record<SearchParamType, readonly string[]>> = {
  token: ['missing', 'not', 'text', 'of-type'],
  reference: ['missing', 'identifier'],
  string: ['missing', 'exact', 'contains'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  uri: ['missing'],
  composite: [],
  special: [],
}

/** Parameters of the specification that need an index which the hub does not have yet. */
const LATER = new Set(['_content', '_text', '_list', '_query', '_filter', '_type'])

/** One filter of a query. @throws UnknownParameter, Fault `malformed` */
export function filterOf(module: TypeModule, pair: Pair): Filter {
  const [name, value] = pair
  if (name.startsWith('_has:')) return hasFilter(pair)
  const dot = name.indexOf('.')
  const head = dot < 0 ? name : name.slice(0, dot)
  const [code, modifier] = splitOnce(head, ':')
  const param = paramOf(module, code)
  if (dot >= 0) return chainFilter(param, modifier, [name.slice(dot + 1), value])
  checkModifier(param, modifier)
  return {
    kind: 'param',
    param,
    label: `${name}=${value}`,
    values: alternatives(value),
    ...(modifier === undefined ? {} : { modifier }),
  }
}

function paramOf(module: TypeModule, code: string): SearchParam {
  if (LATER.has(code))
    throw fault('malformed', { code: 'not-supported', text: `${code} is not supported by this server yet` })
  const param = module.params.find((known) => known.code === code)
  if (!param) throw new UnknownParameter(module, `"${code}"`)
  if (param.type === 'composite' || param.type === 'special') {
    throw fault('malformed', {
      code: 'not-supported',
      text: `${code}: ${param.type} parameters are not supported by this server yet`,
    })
  }
  return param
}

function checkModifier(param: SearchParam, modifier: string | undefined): void {
  if (modifier === undefined || MODIFIERS[param.type].includes(modifier)) return
  if (param.type === 'reference' && isTarget(param, modifier)) return
  const known = [...MODIFIERS[param.type], ...(param.target ?? [])]
  throw fault('malformed', {
    code: 'not-supported',
    text: `${param.code}:${modifier} is not supported; known modifiers are: ${known.join(', ')}`,
  })
}

function isTarget(param: SearchParam, type: string): boolean {
  return (
    param.target?.includes(type) === true || (param.target?.length === 0 && /^[A-Z][A-Za-z]+$/.test(type))
  )
}

function chainFilter(param: SearchParam, target: string | undefined, rest: Pair): Filter {
  if (param.type !== 'reference')
    throw fault('malformed', {
      code: 'invalid',
      text: `${param.code} is no reference: nothing can be chained to it`,
    })
  if (target !== undefined && !isTarget(param, target)) {
    throw fault('malformed', {
      code: 'invalid',
      text: `${param.code} never refers to ${target}; it refers to: ${(param.target ?? []).join(', ')}`,
    })
  }
  const targets = target === undefined ? (param.target ?? []) : [target]
  return { kind: 'chain', param, targets, rest, label: `${param.code}.${rest.join('=')}` }
}

function hasFilter([name, value]: Pair): Filter {
  const [, source, reference, ...rest] = name.split(':')
  if (source === undefined || reference === undefined || rest.length === 0) {
    throw fault('malformed', {
      code: 'invalid',
      text: '_has is written _has:[type]:[reference parameter]:[parameter]=[value]',
    })
  }
  return { kind: 'has', source, reference, rest: [rest.join(':'), value], label: `${name}=${value}` }
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
