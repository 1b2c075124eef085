import { fault } from '../../../kernel/fault.ts'
import { limits } from '../../../kernel/limits.ts'
import type { StoredVersion } from '../../../store/port.ts'
import { searchsetBytes } from '../../calls/bundle-bytes.hot.ts'
import type { Answer, Call } from '../../calls/call.ts'
import { pageLinks } from '../../calls/page-links.ts'
import type { Link } from '../../calls/page-links.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { dateInterval } from '../../search/date-value.ts'
import type { Around } from '../../search/page-token.ts'
import { withQuery } from '../../search/query-text.ts'
import type { Invocation, Operation } from '../operation.ts'
import { everyonePage } from './everyone.ts'
import { everythingPage } from './walk.ts'
import type { Given, Span, Walk } from './walk.ts'

/** All that is known about a patient or a visit, a page at a time. @see FHIR R4, Patient `$everything`, Encounter `$everything` */
export const everything: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
    urlOf: { Encounter: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything' },
    name: 'Everything',
    code: 'everything',
    description:
      'Gives a patient or encounter, its whole compartment, and what those resources refer to; without an id all patients, one or more pages each.',
    affectsState: false,
    system: false,
    type: true,
    instance: true,
    resource: ['Encounter', 'Patient'],
    parameter: [
      {
        name: 'start',
        use: 'in',
        min: 0,
        max: '1',
        type: 'date',
        documentation: 'Care at or after this day',
      },
      { name: 'end', use: 'in', min: 0, max: '1', type: 'date', documentation: 'Care at or before this day' },
      {
        name: '_since',
        use: 'in',
        min: 0,
        max: '1',
        type: 'instant',
        documentation: 'Changed at or after this',
      },
      {
        name: '_type',
        use: 'in',
        min: 0,
        max: '*',
        type: 'code',
        documentation: 'Only these types, by commas',
      },
      {
        name: '_count',
        use: 'in',
        min: 0,
        max: '1',
        type: 'integer',
        documentation: 'Resources of one page',
      },
      {
        name: '_page',
        use: 'in',
        min: 0,
        max: '1',
        type: 'string',
        documentation: 'Set by the link to the next page',
      },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle', documentation: 'A searchset' },
    ],
  },
  run: async (deps, invocation) => {
    const { call, type = '', id, given } = invocation
    const types = typesOf(deps, invocation)
    const walk: Omit<Walk, 'focus'> = {
      caller: call.caller,
      span: spanOf(deps, invocation),
      count: countOf(given.text('_count')),
      ...(types ? { types } : {}),
    }
    const page = given.text('_page')
    const identity = identityOf(invocation)
    const state = page === undefined ? undefined : deps.tokens.open(page, identity)
    const { rows, next, isWhole } =
      id === undefined
        ? await everyonePage(deps, only(type, walk), state)
        : await everythingPage(deps, { ...walk, focus: await focusOf(deps, call, { type, id }) }, state)
    const links = linksOf(
      deps,
      invocation,
      deps.tokens.around(page, next, () => identity),
    )
    const head = JSON.stringify({
      resourceType: 'Bundle',
      type: 'searchset',
      ...(isWhole ? { total: rows.length } : {}),
      link: links,
    })
    const rowsOf = (wanted: Given['mode']) => rows.flatMap(({ row, mode }) => (mode === wanted ? [row] : []))
    const body = searchsetBytes(head.slice(0, -1), {
      base: deps.base,
      matches: rowsOf('match'),
      included: rowsOf('include'),
    })
    return { status: 200, headers: {}, body } satisfies Answer
  },
}

/** Tells who may not read it, and what is not there. */
async function focusOf(
  { resources, access }: RestDeps,
  { caller }: Call,
  { type, id }: { type: string; id: string },
): Promise<StoredVersion> {
  const focus = await resources.read(caller, type, id)
  await access.noteRead(caller, 'everything', `${type}/${id}`)
  return focus
}

/** R4 has it without an id for patients only. @throws Fault `not-found` */
function only<Wanted>(type: string, wanted: Wanted): Wanted {
  if (type === 'Patient') return wanted
  const text = `$everything of all resources is for patients only: ask ${type}/[id]/$everything`
  throw fault('not-found', { code: 'not-supported', text })
}

function typesOf({ definitions }: RestDeps, { given }: Invocation): ReadonlySet<string> | undefined {
  const named = given.all('_type').flatMap(({ value }) => (typeof value === 'string' ? value.split(',') : []))
  const types = named.map((type) => type.trim()).filter((type) => type !== '')
  const unknown = types.find((type) => !definitions.types.includes(type))
  if (unknown !== undefined)
    throw fault('malformed', {
      code: 'value',
      text: `_type: "${unknown.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  return types.length === 0 ? undefined : new Set(types)
}

function spanOf({ definitions: { zone } }: RestDeps, { given }: Invocation): Span {
  const bound = (name: string): { lo: number; hi: number } | undefined => {
    const text = given.text(name)
    return text === undefined ? undefined : dateInterval(text, name, zone)
  }
  return {
    start: bound('start')?.lo ?? -Infinity,
    end: bound('end')?.hi ?? Infinity,
    since: bound('_since')?.lo ?? -Infinity,
  }
}

function countOf(text: string | undefined): number {
  const count = text === undefined ? limits.fhir.pageMost : Number(text)
  if (count < 1)
    throw fault('malformed', { code: 'value', text: '_count must be a whole number of at least 1' })
  return Math.min(count, limits.fhir.pageMost)
}

function usedOf({ given }: Invocation): readonly (readonly [string, string])[] {
  return ['start', 'end', '_since', '_type', '_count'].flatMap((name) =>
    given.all(name).map(({ value }) => [name, String(value as string | number)] as const),
  )
}

function identityOf(invocation: Invocation): string {
  const { call, type, id } = invocation
  return JSON.stringify([
    'everything',
    type,
    id,
    usedOf(invocation),
    call.caller.facilities,
    call.caller.patient,
  ])
}

function linksOf({ base }: RestDeps, invocation: Invocation, around: Around): readonly Link[] {
  const place = [invocation.type, invocation.id].filter((each) => each !== undefined).join('/')
  const address = `${base}/${place}/$everything`
  const used = usedOf(invocation)
  return pageLinks({ ...around, page: invocation.given.text('_page') }, (page) =>
    withQuery(address, page === undefined ? used : [...used, ['_page', page]]),
  )
}
