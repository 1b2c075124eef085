import { Fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Definitions, SearchParam } from '../definitions.ts'
import { customParameter } from './custom-parameter.ts'
import { typesOf } from './posted.ts'
import type { CustomParameter, Posted, Vocabulary } from './posted.ts'

/** The posted parameters that are in use, by resource type. */
export type Added = ReadonlyMap<string, readonly CustomParameter[]>

/** Why an active SearchParameter could not be searched by; none for what is a draft, or says what R4 says already. */
export function postedIssues(resource: JsonObject, definitions: Definitions, added: Added): readonly Issue[] {
  if (!isNew(resource, definitions)) return []
  const posted = resource as unknown as Posted
  const isTaken = (type: string): boolean =>
    isOfR4(definitions, type, posted.code) ||
    added.get(type)?.some(({ id, param }) => param.code === posted.code && id !== posted.id) === true
  try {
    const parameter = customParameter(resource, vocabularyOf(definitions, added))
    const type = parameter.types.find(isTaken)
    return type === undefined ? [] : [taken(type, posted)]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.issues
  }
}

/** Those that can be searched by, of two with one code the first; composites find the others that they are made of. */
export function usableParameters(
  resources: readonly JsonObject[],
  definitions: Definitions,
  onError: (error: unknown) => void,
): readonly CustomParameter[] {
  const added = new Map<string, CustomParameter[]>()
  const usable: CustomParameter[] = []
  const composites = resources.filter(({ type }) => type === 'composite')
  for (const resource of [...resources.filter(({ type }) => type !== 'composite'), ...composites]) {
    const [issue] = postedIssues(resource, definitions, added)
    const name = `SearchParameter/${(resource as unknown as Posted).id}`
    if (issue) onError(new Error(`${name} can not be used: ${issue.text}`))
    if (issue || !isNew(resource, definitions)) continue
    const parameter = customParameter(resource, vocabularyOf(definitions, added))
    usable.push(parameter)
    for (const type of parameter.types) added.set(type, [...(added.get(type) ?? []), parameter])
  }
  return usable
}

/** Active, and not R4's own definition under its own url, or what a guide derived from that: it finds a subset of the same. */
function isNew(resource: JsonObject, definitions: Definitions): boolean {
  const posted = resource as unknown as Posted
  if (resource['status'] !== 'active') return false
  const types = typesOf(posted, definitions.types)
  const [origin] = posted.derivedFrom?.split('|') ?? []
  const isOwn = ({ code, type, url, progress }: SearchParam): boolean =>
    progress === undefined &&
    code === posted.code &&
    (url === posted.url || (url === origin && type === posted.type))
  return !types.every((type) => definitions.params(type).some(isOwn))
}

function isOfR4(definitions: Definitions, type: string, code: string): boolean {
  return definitions.params(type).some((param) => param.progress === undefined && param.code === code)
}

function vocabularyOf(definitions: Definitions, added: Added): Vocabulary {
  return {
    table: definitions.elements(),
    types: definitions.types,
    walkHash: definitions.walkHash,
    parameterAt: (type, url) =>
      definitions.params(type).find((param) => param.progress === undefined && param.url === url) ??
      added.get(type)?.find(({ param }) => param.url === url)?.param,
  }
}

function taken(type: string, { code }: Posted): Issue {
  const text = `${type} has a search parameter "${code.slice(0, 64)}" already: choose another code.`
  return { severity: 'error', code: 'duplicate', at: 'SearchParameter.code', text }
}
