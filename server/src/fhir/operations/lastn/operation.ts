import { fault } from '../../../kernel/fault.ts'
import type { Fault } from '../../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import type { Row } from '../../../store/port.ts'
import { bundleBytes, searchEntry } from '../../calls/bundle-bytes.hot.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { isObject, parseObject } from '../../json/parse.ts'
import { RESULT_PARAMETERS } from '../../search/parse-request.ts'
import { withQuery } from '../../search/query-text.ts'
import type { Invocation, Operation } from '../operation.ts'

/** The newest observations of each code. @see FHIR R4, Observation `$lastn` */
export const lastn: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
    name: 'LastN',
    code: 'lastn',
    description: 'Of the Observations that a search finds, gives the newest of each code.',
    affectsState: false,
    system: false,
    type: true,
    instance: false,
    resource: ['Observation'],
    takesSearch: true,
    parameter: [
      {
        name: 'max',
        use: 'in',
        min: 0,
        max: '1',
        type: 'positiveInt',
        documentation: 'Of each code; 1 if absent',
      },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle', documentation: 'A searchset' },
    ],
  },
  run: async (deps, invocation) => {
    const { given } = invocation
    const most = Number(given.text('max') ?? '1')
    if (!given.search.some(([name]) => /^(?:patient|subject)\b/.test(name)))
      throw fault('malformed', { code: 'required', text: '$lastn needs a patient or subject' })
    const shape = given.search.find(([name]) => RESULT_PARAMETERS.includes(name.split(':', 1)[0] ?? ''))
    if (shape) throw inTheWay(shape[0])
    const rows = await newestRows(deps, invocation, most)
    const used = [
      ...given.search,
      ...(given.text('max') === undefined ? [] : [['max', String(most)] as const]),
    ]
    const link = [{ relation: 'self', url: withQuery(`${deps.base}/Observation/$lastn`, used) }]
    const head = JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: rows.length, link })
    const body = bundleBytes(
      head.slice(0, -1),
      rows.map((row) => searchEntry(deps.base, row, 'match')),
    )
    return { status: 200, headers: {}, body }
  },
}

/** Another order would give other ones than the last, and who asks for less or more would miss it. */
function inTheWay(name: string): Fault {
  return fault('malformed', {
    code: 'not-supported',
    text: `$lastn gives the newest Observations of each code in one answer: leave ${name.slice(0, 64)} out`,
  })
}

/** Walks the hits from the newest on; of each code only so many are kept, whatever the number of hits. */
async function newestRows(
  deps: RestDeps,
  { call, given }: Invocation,
  most: number,
): Promise<readonly Row[]> {
  const groups: Group[] = []
  const shape = [
    ...given.search,
    ['_sort', '-date'],
    ['_count', String(limits.fhir.pageMost)],
    ['_total', 'none'],
  ] as const
  for (let next: string | undefined = ''; next !== undefined;) {
    const pairs = next === '' ? shape : ([...shape, ['_page', next]] as const)
    const page = await deps.search.find(call.caller, { type: 'Observation', pairs, handling: 'strict' })
    for (const row of page.matches) keep(groups, row, most)
    next = page.next
  }
  return groups.flatMap(({ rows }) => rows)
}

interface Group {
  readonly codes: Set<string>
  readonly rows: Row[]
}

/** Codes are the same when they share a coding; without any coding their texts count. */
function keep(groups: Group[], row: Row, most: number): void {
  const codes = codesOf(parseObject(Buffer.from(row.bytes).toString('utf8')))
  const own = groups.find((group) => codes.some((code) => group.codes.has(code)))
  if (!own) groups.push({ codes: new Set(codes), rows: [row] })
  else if (own.rows.length < most) {
    own.rows.push(row)
    for (const code of codes) own.codes.add(code)
  }
}

function codesOf({ code }: JsonObject): readonly string[] {
  if (!isObject(code)) return []
  const codings: readonly JsonValue[] = Array.isArray(code['coding'])
    ? (code['coding'] as readonly JsonValue[])
    : []
  const keys = codings
    .filter(isObject)
    .map((coding) => `${textOf(coding['system'])}|${textOf(coding['code'])}`)
  return keys.length > 0 ? keys : [`text ${textOf(code['text'])}`]
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
