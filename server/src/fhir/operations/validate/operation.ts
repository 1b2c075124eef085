import { fault } from '../../../kernel/fault.ts'
import type { Issue } from '../../../kernel/fault.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import { parseObject } from '../../json/parse.ts'
import { jsonBody } from '../../rest/answers.ts'
import type { Answer } from '../../rest/call.ts'
import { outcomeOf } from '../../rest/outcome.ts'
import type { RestDeps } from '../../rest/rest-deps.ts'
import { moduleOf } from '../../write/prepare.ts'
import type { Invocation, Operation } from '../operation.ts'

const BASE_PROFILE = 'http://hl7.org/fhir/StructureDefinition/'
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
    const mode = invocation.given.text('mode')
    if (mode !== undefined && !MODES.includes(mode))
      throw fault('malformed', { code: 'value', text: `mode is one of: ${MODES.join(', ')}` })
    const stored = await storedResource(deps, invocation)
    if (mode === 'delete') return answerWith([])
    const [argument] = invocation.given.all('resource')
    const resource = argument?.resource ?? stored
    if (!resource) throw fault('malformed', { code: 'required', text: 'The parameter resource is missing' })
    return answerWith([
      ...(await issuesOf(deps, resource, invocation)),
      ...profileIssues(resource, invocation),
    ])
  },
}

async function storedResource(
  { resources }: RestDeps,
  { call, type, id }: Invocation,
): Promise<JsonObject | undefined> {
  if (type === undefined || id === undefined) return undefined
  const { bytes } = await resources.read(call.caller, type, id)
  return parseObject(Buffer.from(bytes).toString('utf8'))
}

async function issuesOf(
  { definitions }: RestDeps,
  resource: JsonObject,
  { type = resource['resourceType'], id }: Pick<Invocation, 'id'> & { readonly type?: unknown },
): Promise<readonly Issue[]> {
  const module = await moduleOf(definitions, String(type))
  const issues = module.validate(resource, limits.fhir.validateIssues)
  const isOther = id !== undefined && resource['id'] !== undefined && resource['id'] !== id
  const text = 'The resource must have the id of the address'
  return isOther ? [...issues, { severity: 'error', code: 'invalid', text, at: `${module.type}.id` }] : issues
}

function profileIssues(resource: JsonObject, { given }: Invocation): readonly Issue[] {
  return given.all('profile').flatMap(({ value }): readonly Issue[] => {
    const profile = typeof value === 'string' ? value : ''
    const type = typeof resource['resourceType'] === 'string' ? resource['resourceType'] : ''
    if (profile.split('|', 1)[0] === `${BASE_PROFILE}${type}`) return []
    const text = `The profile ${profile.slice(0, 200)} is not known to this server`
    return [{ severity: 'error', code: 'not-found', text }]
  })
}

function answerWith(issues: readonly Issue[]): Answer {
  const none: Issue = { severity: 'information', code: 'informational', text: 'No issues were found' }
  return { status: 200, headers: {}, body: jsonBody(outcomeOf(issues.length === 0 ? [none] : issues)) }
}
