import { fault } from '../../kernel/fault.ts'
import type { SearchParam, SearchParamType, TypeModule } from '../definitions.ts'
import { isCanonical, isHierarchical } from './hierarchies.ts'
import { listIds } from './lists.ts'
import type { Filter, Pair } from './request.ts'
import { unknownModifier, unknownParameter } from './unknown-parameter.ts'
import { alternatives } from './values.ts'

/** The modifiers of R4 by parameter type; references take the name of a type, too, and some lead into a hierarchy. */
const MODIFIERS: Readonly<Record<SearchParamType, readonly string[]>> = {
  token: ['missing', 'not', 'text', 'of-type', 'in', 'not-in', 'above', 'below'],
  reference: ['missing', 'identifier'],
  string: ['missing', 'exact', 'contains'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  uri: ['missing', 'above', 'below'],
  composite: [],
  special: ['missing'],
}

/** Ids have no text, type or hierarchy. */
const ID_MODIFIERS = ['missing', 'not']

/** What the specification has and this server has not. */
const REFUSED: Readonly<Record<string, 'unsupported' | 'malformed'>> = {
  _content: 'unsupported',
  _text: 'unsupported',
  _query: 'malformed',
  _filter: 'malformed',
}

/** One filter of a query. @throws UnknownParameter, Fault `malformed`, `unsupported` */
export function filterOf(module: TypeModule, pair: Pair): Filter {
  const [name, value] = pair
  if (name.startsWith('_has:')) return hasFilter(pair)
  if (name === '_list') return { kind: 'list', lists: listIds(value), label: `_list=${value}` }
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
  const kind = Object.hasOwn(REFUSED, code) ? REFUSED[code] : undefined
  if (kind) throw fault(kind, { code: 'not-supported', text: `${code} is not supported by this server` })
  const param = module.params.find((known) => known.code === code)
  if (!param) throw unknownParameter(module, `"${code}"`)
  return param
}

const CODED = ['CodeableConcept', 'Coding', 'code']

/** Those that ask for something which only values of these data types have. @see FHIR R4, "Search", modifiers */
const ASKS_FOR: Readonly<Record<string, readonly string[]>> = {
  text: ['CodeableConcept', 'Coding', 'Identifier'],
  'of-type': ['Identifier'],
  in: CODED,
  'not-in': CODED,
  above: CODED,
  below: CODED,
  identifier: ['Reference'],
}

/** The modifiers that a parameter takes, names of types apart. */
export function modifiersOf(param: SearchParam): readonly string[] {
  if (param.code === '_id') return ID_MODIFIERS
  const { reads } = param
  const ofType = MODIFIERS[param.type]
  const known = reads
    ? ofType.filter((each) => ASKS_FOR[each]?.some((type) => reads.includes(type)) !== false)
    : ofType
  if (isCanonical(param)) return [...known, 'below']
  return isHierarchical(param) ? [...known, 'above', 'below'] : known
}

function checkModifier(param: SearchParam, modifier: string | undefined): void {
  if (modifier === undefined) return
  const known = modifiersOf(param)
  if (known.includes(modifier)) return
  if (param.type === 'reference' && isTarget(param, modifier)) return
  throw unknownModifier(param, modifier, [...known, ...(param.target ?? [])])
}

function isTarget(param: SearchParam, type: string): boolean {
  const { target = [] } = param
  return target.includes(type) || (target.length === 0 && /^[A-Z][A-Za-z]+$/.test(type))
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
