import { fault } from '../../kernel/fault.ts'
import type { Fault, Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { TypeModule } from '../definitions.ts'
import { filterOf } from './parse-filter.ts'
import { includeOf } from './parse-include.ts'
import { queryText } from './query-text.ts'
import type {
  ContainedSearch,
  Filter,
  Handling,
  Include,
  Pair,
  SearchRequest,
  Shape,
  SortKey,
} from './request.ts'
import { UnknownParameter, unknownModifier, unknownParameter } from './unknown-parameter.ts'
import { alternatives } from './values.ts'

/**
 * Checks the parameters of a search of one type.
 *
 * @throws Fault `malformed` for values that mean nothing, and, when `strict`, for unknown parameters and modifiers.
 */
export function parseRequest(module: TypeModule, pairs: readonly Pair[], handling: Handling): SearchRequest {
  if (
    pairs.reduce((size, [name, value]) => size + name.length + value.length + 2, 0) > limits.fhir.queryBytes
  ) {
    throw fault('malformed', {
      code: 'too-long',
      text: `The parameters are longer than ${String(limits.fhir.queryBytes)} characters`,
    })
  }
  const draft = new Draft(module, handling)
  for (const pair of pairs) draft.take(pair)
  return draft.request()
}

/** What says only how to answer. */
export const OF_ANSWERS: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements'])

/**
 * The conditions of criteria that say which resources are meant: always strict.
 *
 * @throws Fault `malformed` also for what would choose among these, such as `_count`, and for what has no value: without it more would be meant
 */
export function parseCriteria(module: TypeModule, pairs: readonly Pair[]): readonly Filter[] {
  for (const [name, value] of pairs) {
    if (OF_ANSWERS.has(name)) continue
    const label = `"${name.slice(0, 64)}"`
    if (CONTROLS.has(name.split(':', 1)[0] ?? ''))
      throw idle(`${label} says nothing about which resources are meant`)
    if (alternatives(value).every((each) => each.trim() === '')) throw idle(`${label} has no value`)
  }
  return parseRequest(module, pairs, 'strict').filters
}

function idle(what: string): Fault {
  return fault('malformed', { code: 'not-supported', text: `${what}: leave it out of the criteria` })
}

type Control = (draft: Draft, value: string, name: string) => void

/** What shapes the answer instead of filtering it. */
const CONTROLS = new Map<string, Control>(
  Object.entries({
    _count: (draft, value) => {
      draft.count = countOf(value)
    },
    _sort: (draft, value) => {
      draft.sort = [...draft.sort, ...sortOf(draft, value)]
    },
    _total: (draft, value) => {
      // The client of HAPI FHIR has a word of its own.
      const total = value === 'estimated' ? 'estimate' : value
      draft.total = oneOf('_total', total, ['none', 'estimate', 'accurate'] as const)
    },
    _include: (draft, value, name) => draft.addInclude(name, value),
    _revinclude: (draft, value, name) => draft.addInclude(name, value),
    _summary: (draft, value) => {
      const summary = oneOf('_summary', value, ['true', 'text', 'data', 'count', 'false'])
      if (summary !== 'false') draft.shape = { ...draft.shape, summary }
    },
    _elements: (draft, value) => {
      draft.shape = { ...draft.shape, elements: [...(draft.shape.elements ?? []), ...elementsOf(value)] }
    },
    _explain: (draft, value) => {
      draft.explain = oneOf('_explain', value, ['true', 'false']) === 'true'
    },
    _contained: (draft, value) => {
      draft.contained = oneOf('_contained', value, ['false', 'true', 'both'] as const)
    },
    _containedType: (draft, value) => {
      draft.containedType = oneOf('_containedType', value, ['container', 'contained'] as const)
    },
    _page: (draft, value) => {
      draft.page = value
    },
    _format: () => undefined,
    _pretty: () => undefined,
  } satisfies Record<string, Control>),
)

/** Parameters of every search that filter nothing, internal ones apart. */
export const RESULT_PARAMETERS: readonly string[] = [...CONTROLS.keys()].filter((name) => name !== '_page')

/** `name,gender`, also as `Patient.name`, and choices as `value[x]`; who names a part (`name.family`) gets the whole. Nothing named: everything. */
export function elementsOf(text: string): readonly string[] {
  return text.split(',').flatMap(
    (name) =>
      name
        .trim()
        .replace(/^[A-Z]\w*\./, '')
        .replace(/(?:\[x\])?(?:\..*)?$/, '') || [],
  )
}

class Draft {
  readonly module: TypeModule
  readonly #handling: Handling
  readonly #filters: Filter[] = []
  readonly #includes: Include[] = []
  readonly #controls: Pair[] = []
  readonly #used: Pair[] = []
  readonly #warnings: Issue[] = []
  sort: readonly SortKey[] = []
  count: number = limits.fhir.pageDefault
  total: SearchRequest['total'] | undefined
  shape: Shape = {}
  contained: 'false' | ContainedSearch['which'] = 'false'
  containedType: ContainedSearch['returned'] = 'container'
  explain = false
  page: string | undefined

  constructor(module: TypeModule, handling: Handling) {
    this.module = module
    this.#handling = handling
  }

  take(pair: Pair): void {
    const [name, value] = pair
    if (value === '') return
    try {
      const control = controlOf(name)
      if (control) this.#control(control, pair)
      else this.#filters.push(filterOf(this.module, pair))
      if (name === '_count') this.#used.push(['_count', String(this.count)])
      else if (name !== '_page') this.#used.push(pair)
    } catch (error) {
      if (!(error instanceof UnknownParameter)) throw error
      if (this.#handling === 'strict') throw error.fault
      for (const { code, text } of error.fault.issues)
        this.#warnings.push({ severity: 'warning', code, text })
    }
  }

  #control(control: Control, [name, value]: Pair): void {
    checkOnce(this.#controls, [name, value])
    this.#controls.push([name, value])
    control(this, value, name)
  }

  addInclude(name: string, value: string): void {
    this.#includes.push(includeOf(name, value))
  }

  request(): SearchRequest {
    const { sort, count, total, shape, contained, containedType, explain, page } = this
    return {
      filters: this.#filters,
      includes: this.#includes,
      used: this.#used,
      query: queryText(this.#used),
      warnings: this.#warnings,
      sort,
      count,
      shape,
      explain,
      ...(total === undefined ? {} : { total }),
      ...(page === undefined ? {} : { page }),
      ...(contained === 'false' ? {} : { contained: { which: contained, returned: containedType } }),
    }
  }
}

/** Those that may be given several times. */
const REPEATED: ReadonlySet<string> = new Set(['_include', '_revinclude', '_sort', '_elements'])

/** @throws Fault `malformed` when another value stood before: which one is meant would be a guess */
export function checkOnce(before: readonly Pair[], [name, value]: Pair): void {
  if (REPEATED.has(name.split(':', 1)[0] ?? '')) return
  if (before.every(([other, known]) => other !== name || known === value)) return
  throw fault('malformed', { code: 'invalid', text: `${name} is given once: here are two values` })
}

/** @throws UnknownParameter for a modifier where there is none; those of includes are looked at with their values */
function controlOf(name: string): Control | undefined {
  const [code = '', modifier] = name.split(':', 2)
  const control = CONTROLS.get(code)
  if (control && modifier !== undefined && code !== '_include' && code !== '_revinclude')
    throw unknownModifier({ code }, modifier, [])
  return control
}

function countOf(value: string): number {
  if (!/^\d{1,9}$/.test(value))
    throw fault('malformed', { code: 'value', text: '_count must be a whole number of at least 0' })
  return Math.min(Number(value), limits.fhir.pageMost)
}

function sortOf(draft: Draft, value: string): readonly SortKey[] {
  return value.split(',').map((each) => {
    const descending = each.startsWith('-')
    const code = descending ? each.slice(1) : each
    const param = draft.module.params.find((known) => known.code === code)
    if (!param) throw unknownParameter(draft.module, `_sort: "${code}"`)
    if (param.type === 'composite' || param.type === 'special') {
      throw fault('malformed', { code: 'not-supported', text: `_sort: "${code}" has no order` })
    }
    return { param, descending }
  })
}

function oneOf<Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((each) => each === value)
  if (choice === undefined)
    throw fault('malformed', { code: 'value', text: `${name} must be one of: ${choices.join(', ')}` })
  return choice
}
