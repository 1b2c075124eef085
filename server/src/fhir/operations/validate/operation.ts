import { fault } from '../../../kernel/fault.ts'
import type { Issue } from '../../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import { jsonBody } from '../../calls/answers.ts'
import type { Answer } from '../../calls/call.ts'
import { outcomeOf } from '../../calls/outcome.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { postedProfiles } from '../../custom/profiles/posted-profiles.ts'
import { locate } from '../../json/locate.ts'
import { elementsOf, memberText } from '../../json/members.ts'
import { isObject, parseObject } from '../../json/parse.ts'
import type { Arguments } from '../arguments.ts'
import type { Invocation, Operation } from '../operation.ts'
import { checkedWithTargets, type TargetOf } from './stored-targets.ts'

const MODES = ['create', 'update', 'delete', 'profile']

/** Checks a resource without storing it; the answer lists everything that is wrong. */
export const validate: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
    name: 'Validate',
    code: 'validate',
    description: 'Checks a resource, or what a request with it would meet, and lists all issues.',
    affectsState: false,
    system: true,
    type: true,
    instance: true,
    resource: ['Resource'],
    parameter: [
      {
        name: 'resource',
        use: 'in',
        min: 0,
        max: '1',
        type: 'Resource',
        documentation: 'What is to be checked',
      },
      {
        name: 'mode',
        use: 'in',
        min: 0,
        max: '1',
        type: 'code',
        documentation: 'create, update, delete or profile',
      },
      {
        name: 'profile',
        use: 'in',
        min: 0,
        max: '*',
        type: 'uri',
        documentation: 'Profiles to check against',
      },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'OperationOutcome', documentation: 'All issues' },
    ],
  },
  run: async (deps, invocation) => {
    const { id, given } = invocation
    const mode = modeOf(given)
    const stored = await storedResource(deps, invocation)
    if (mode === 'delete') return answerWith(id === undefined ? [WHICH] : [])
    const subject = subjectOf(invocation) ?? stored
    if (!subject)
      throw fault('malformed', { code: 'required', text: 'The parameter resource is missing: POST it' })
    const profiles = given.all('profile').flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
    const found = await issuesOf(deps, subject, { ...invocation, profiles })
    return answerWith(
      [...found, ...requestIssues(subject, invocation, mode)].map((issue) => placed(issue, subject)),
    )
  },
}

const WHICH: Issue = {
  severity: 'error',
  code: 'required',
  text: 'A deletion is checked at an instance: POST [base]/[type]/[id]/$validate?mode=delete',
}

function modeOf(given: Arguments): string | undefined {
  const mode = given.text('mode')
  if (mode !== undefined && !MODES.includes(mode))
    throw fault('malformed', { code: 'value', text: `mode is one of: ${MODES.join(', ')}` })
  if (mode === 'profile' && given.all('profile').length === 0)
    throw fault('malformed', { code: 'required', text: 'The mode profile needs the parameter profile' })
  return mode
}

/** What is checked, and where its text stands in what the caller sent. */
interface Subject {
  readonly resource: JsonObject
  readonly text: string
  /** The whole text that lines are counted in, and the path of the resource there; absent for what is stored already. */
  readonly source?: { readonly text: string; readonly path: string }
}

function subjectOf({ call, given }: Invocation): Subject | undefined {
  const [argument] = given.all('resource')
  if (!argument?.resource || argument.text === undefined) return undefined
  const { resource, text } = argument
  const path = text === call.text ? '' : `Parameters.parameter[${parameterIndex(call.text)}].resource`
  return { resource, text, source: { text: call.text, path } }
}

function parameterIndex(text: string): number {
  const parameters = elementsOf(memberText(text, 'parameter') ?? '[]')
  return parameters.findIndex((each) => memberText(each, 'name') === '"resource"')
}

async function storedResource(
  { resources }: RestDeps,
  { call, type, id }: Invocation,
): Promise<Subject | undefined> {
  if (type === undefined || id === undefined) return undefined
  const { bytes } = await resources.read(call.caller, type, id)
  const text = Buffer.from(bytes).toString('utf8')
  return { resource: parseObject(text), text }
}

async function issuesOf(
  deps: RestDeps,
  { resource, text }: Subject,
  { call, type, profiles }: Pick<Invocation, 'call' | 'type'> & { readonly profiles: readonly string[] },
): Promise<readonly Issue[]> {
  const own = resource['resourceType']
  const module = await deps.definitions.load(type ?? (typeof own === 'string' ? own : ''))
  if (module) {
    const { plans, notes } = await postedProfiles(deps, call.caller, [...profiles, ...claimsOf(resource)])
    const check = (targetOf: TargetOf) =>
      module.validate(resource, limits.fhir.validateIssues, {
        text,
        profiles,
        posted: plans,
        warnings: true,
        targetOf,
      })
    return [...once(await checkedWithTargets(deps, call.caller, check)), ...notes()]
  }
  const what = 'The body needs the name of an R4 resource type as its resourceType'
  return [{ severity: 'error', code: 'structure', text: what, at: 'Resource.resourceType' }]
}

/** What R4 requires and binds already, no profile has to say again. */
function once(issues: readonly Issue[]): readonly Issue[] {
  const said = new Set(issues.flatMap((issue) => (issue.profile ? [] : nameOf(issue))))
  return issues.filter((issue) => !issue.profile || !AGAIN.has(issue.code) || !said.has(nameOf(issue)))
}

function nameOf({ severity, code, at = '' }: Issue): string {
  return `${severity} ${code} ${at}`
}

const AGAIN: ReadonlySet<string> = new Set(['required', 'code-invalid'])

/** Of the resource and of those that it holds. */
function claimsOf({ meta, contained, entry }: JsonObject): readonly string[] {
  const claimed = isObject(meta) ? listOf(meta['profile']) : []
  const inside = [
    ...listOf(contained),
    ...listOf(entry).map((each) => (isObject(each) ? each['resource'] : undefined)),
  ]
  return [
    ...claimed.filter((each) => typeof each === 'string'),
    ...inside.flatMap((each) => (isObject(each) ? claimsOf(each) : [])),
  ]
}

function listOf(value: JsonValue | undefined): readonly (JsonValue | undefined)[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

/** What the request would be refused for, beside the resource itself. */
function requestIssues(
  { resource }: Subject,
  { type = 'Resource', id }: Invocation,
  mode: string | undefined,
): readonly Issue[] {
  const given = resource['id']
  const at = `${type}.id`
  if (id !== undefined && given !== undefined && given !== id)
    return [{ severity: 'error', code: 'invalid', text: 'The resource must have the id of the address', at }]
  if (mode === 'update' && given === undefined)
    return [
      { severity: 'error', code: 'required', text: 'An update needs the id of the resource: add it', at },
    ]
  if (mode === 'create' && given !== undefined)
    return [{ severity: 'warning', code: 'informational', text: 'A create does not keep the id', at }]
  return []
}

/** With line and column in what the caller sent. */
function placed(issue: Issue, { source }: Subject): Issue {
  if (!source || issue.at === undefined || source.text.length > limits.fhir.locatedChars) return issue
  const below = issue.at.slice(issue.at.indexOf('.') + 1)
  const path = issue.at.includes('.') ? `.${below}` : ''
  return { ...issue, ...locate(source.text, `${source.path || 'Resource'}${path}`) }
}

function answerWith(issues: readonly Issue[]): Answer {
  const none: Issue = { severity: 'information', code: 'informational', text: 'No issues were found' }
  return { status: 200, headers: {}, body: jsonBody(outcomeOf(issues.length === 0 ? [none] : issues)) }
}
