import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { Lost, untilWon } from '../../kernel/turns.ts'
import type { StoredVersion } from '../../store/port.ts'
import { jsonBody, versionHeaders } from '../calls/answers.ts'
import type { Answer } from '../calls/call.ts'
import { checkConditions, checkExpected } from '../calls/conditions.ts'
import { refusal } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { memberText, withMembers } from '../json/members.ts'
import { isObject, parseObject } from '../json/parse.ts'
import type { OperationParameter } from './operation-definition.ts'
import type { Invocation } from './operation.ts'

/** Profiles, tags and security labels of `meta`: what the operations `$meta`, `$meta-add` and `$meta-delete` are about. */
const LABELS = ['profile', 'security', 'tag'] as const

export type Labels = Readonly<Partial<Record<(typeof LABELS)[number], readonly JsonValue[]>>>

export const META_IN: OperationParameter = {
  name: 'meta',
  use: 'in',
  min: 1,
  max: '1',
  type: 'Meta',
  documentation: 'Profiles, tags and security labels',
}

export const META_OUT: OperationParameter = {
  name: 'return',
  use: 'out',
  min: 1,
  max: '1',
  type: 'Meta',
  documentation: 'The meta of the resource',
}

/** The answer of all three: the meta of a version. */
export function metaAnswer(version: StoredVersion): Answer {
  const { meta } = parseObject(Buffer.from(version.bytes).toString('utf8'))
  const parameter = [{ name: 'return', valueMeta: meta ?? {} }]
  return {
    status: 200,
    headers: versionHeaders(version),
    body: jsonBody({ resourceType: 'Parameters', parameter }),
  }
}

/** Instead of an empty object, which FHIR does not know: the operation always returns a meta. */
const NO_LABELS = {
  extension: [
    { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'not-applicable' },
  ],
}

/** Labels of many resources as one meta; what nobody uses is left out. */
export function labelsAnswer(labels: Labels): Answer {
  const used = Object.entries(labels).filter(([, list]) => list.length > 0)
  const parameter = [{ name: 'return', valueMeta: used.length > 0 ? Object.fromEntries(used) : NO_LABELS }]
  return { status: 200, headers: {}, body: jsonBody({ resourceType: 'Parameters', parameter }) }
}

/** Writes the resource with other labels, everything else exactly as it was; nothing where the labels stay the same. */
export async function changeLabels(
  deps: RestDeps,
  { call, type = '', id = '', given, version }: Invocation,
  change: (before: Labels, given: Labels) => Labels,
): Promise<Answer> {
  if (version !== undefined)
    throw fault('unsupported', {
      code: 'not-supported',
      text: 'The labels of older versions stay as they are: change those of the resource',
    })
  const [argument] = given.all('meta')
  const wanted = wantedOf(isObject(argument?.value) ? argument.value : {})
  const names = [`${type}/${id}`]
  deps.access.authorise(call.caller, 'update', type)
  // It is an update of the resource: what cannot be asked of one cannot be asked of it.
  checkConditions({ ...call, method: 'PUT' })
  const tries = async (inTurn: boolean): Promise<Answer | Lost> => {
    const current = await deps.resources.read(call.caller, type, id)
    checkExpected(call, current)
    const text = withLabels(Buffer.from(current.bytes).toString('utf8'), (before) => change(before, wanted))
    if (text === undefined) return metaAnswer(current)
    const draft = {
      type,
      id,
      method: 'PUT',
      resource: parseObject(text),
      text,
      expected: current.version,
    } as const
    const result = await deps.resources.transact(call.caller, { drafts: [draft], inTurn })
    if (result.outcome === 'committed' && result.versions[0]) return metaAnswer(result.versions[0])
    if (result.outcome === 'stale' && result.why !== 'version') throw refusal(result, draft)
    return new Lost(names)
  }
  return untilWon(deps.turns, tries, names)
}

const OTHERS = new Set(['id', 'extension', 'versionId', 'lastUpdated', 'source'])

/** A label that was passed over would look like one that counts. @throws Fault `malformed` */
function wantedOf(meta: JsonObject): Labels {
  const labels = labelsOf(meta)
  const odd = Object.keys(meta).find((name) => !OTHERS.has(name) && !Object.hasOwn(labels, name))
  if (odd === undefined && Object.entries(labels).every(areLabels)) return labels
  throw fault('malformed', {
    code: 'structure',
    text: 'meta has lists of labels: profile of addresses, security and tag of Codings',
  })
}

function areLabels([name, list]: readonly [string, readonly JsonValue[]]): boolean {
  return (
    list.length > 0 && list.every((each) => (name === 'profile' ? typeof each === 'string' : isObject(each)))
  )
}

/** What of a Meta is a label. */
export function labelsOf(meta: JsonObject): Labels {
  return Object.fromEntries(
    LABELS.flatMap((name) => {
      const list = meta[name]
      return Array.isArray(list) ? [[name, list as readonly JsonValue[]]] : []
    }),
  )
}

function withLabels(text: string, change: (before: Labels) => Labels): string | undefined {
  const meta = memberText(text, 'meta') ?? '{}'
  const before = labelsOf(parseObject(meta))
  const after = change(before)
  if (LABELS.every((name) => JSON.stringify(before[name] ?? []) === JSON.stringify(after[name] ?? [])))
    return undefined
  const set = LABELS.map((name) => {
    const list = after[name] ?? []
    return [name, list.length === 0 ? undefined : JSON.stringify(list)] as const
  })
  return withMembers(text, {
    resourceType: memberText(text, 'resourceType'),
    id: memberText(text, 'id'),
    meta: withMembers(meta, Object.fromEntries(set)),
  })
}

/** Labels are the same by system and code, profiles by their address; see FHIR R4, "$meta-add". */
export function isSameLabel(a: JsonValue, b: JsonValue): boolean {
  if (isObject(a) && isObject(b)) return a['system'] === b['system'] && a['code'] === b['code']
  return a === b
}

/** One list for each kind of label. */
export function eachKind(make: (name: (typeof LABELS)[number]) => readonly JsonValue[]): Labels {
  return Object.fromEntries(LABELS.map((name) => [name, make(name)]))
}
